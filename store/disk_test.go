// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func TestCommittedValuesAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, held := open(t, dir)
	if len(held) != 0 {
		t.Errorf("a new store holds %v", held)
	}
	want := content{"a": {"1": "one", "2": "", "3": strings.Repeat("x", 10_000)}, "b": {}}
	commit(t, first, want.batches()...)
	// A key that is deleted is gone, and one that is set again has the new value.
	commit(t, first, Batch{Group: "a", Head: []byte("2"), Tables: []Table{{Name: "things", Entries: []Entry{
		{Key: []byte("3")}, {Key: []byte("1"), Value: []byte("another")},
	}}}})
	want["a"] = map[string]string{"1": "another", "2": ""}

	read := content{}
	for _, name := range []string{"a", "b"} {
		found, err := first.Read(name, func(g *Group) (err error) {
			read[name], err = loadGroup(g)
			return err
		})
		if !found || err != nil {
			t.Errorf("group %s: found: %t, error: %v", name, found, err)
		}
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("read from the open store (-want +got):\n%s", diff)
	}
	if found, err := first.Read("c", func(*Group) error { return errors.New("called") }); found || err != nil {
		t.Errorf("a group that does not exist: found: %t, error: %v", found, err)
	}
	closeStore(t, first)
	second, held := open(t, dir)
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	if got, want := second.Status().SizeBytes, sizeIn(t, dir); got != want {
		t.Errorf("size %d before the first write, want %d", got, want)
	}
	if err := second.Delete([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, second)
	_, held = open(t, dir)
	if diff := cmp.Diff(content{"b": {}}, held); diff != "" {
		t.Errorf("loaded after a group was deleted (-want +got):\n%s", diff)
	}
}

func TestCommitsThatFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	logger, text := logged()
	s.logger = logger
	small := content{"a": {"1": "one"}}
	commit(t, s, small.batches()...)
	limit := func(size int) {
		t.Helper()
		if err := s.db.update(func(*bbolt.Tx) error { s.db.MaxSize = size; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	large := content{"a": {"1": "one", "2": strings.Repeat("x", 1<<20)}}
	now := noon
	for i, seconds := range []int{2, 4, 8, 16, 32, 60, 60} {
		wait := time.Duration(seconds) * time.Second
		if err := s.Commit(now, large.batches()); err == nil {
			t.Fatalf("commit %d beyond the size of the disk succeeds", i)
		}
		if s.Due(now.Add(wait-1)) || !s.Due(now.Add(wait)) {
			t.Errorf("commit %d may not be tried again after %s exactly", i, wait)
		}
		now = now.Add(wait)
	}
	if got, want := s.Status(), (Status{Configured: true, LastWrite: noon, SizeBytes: sizeIn(t, dir)}); got != want {
		t.Errorf("status %+v, want %+v", got, want)
	}
	limit(math.MaxInt)
	if err := s.Commit(now, large.batches()); err != nil {
		t.Fatal(err)
	}
	want := Status{Configured: true, Successful: true, LastWrite: now, SizeBytes: sizeIn(t, dir)}
	if got := s.Status(); got != want {
		t.Errorf("status %+v, want %+v", got, want)
	}
	for _, line := range []string{"the store cannot be written", "the store can be written again"} {
		if n := strings.Count(text.String(), line); n != 1 {
			t.Errorf("%q was logged %d times:\n%s", line, n, text)
		}
	}
}

// TestRefusedGroups has groups that cannot be written, which costs the others nothing.
func TestRefusedGroups(t *testing.T) {
	t.Parallel()
	tooLong := strings.Repeat("x", bbolt.MaxKeySize+1)
	for name, test := range map[string]struct {
		all  content
		want content // is written
	}{
		"the first": {
			all:  content{"a": {"1": "one", tooLong: ""}, "b": {"1": "one"}},
			want: content{"b": {"1": "one"}},
		},

		"the last": {
			all:  content{"a": {"1": "one"}, "b": {tooLong: ""}},
			want: content{"a": {"1": "one"}},
		},

		"two of three": {
			all:  content{"a": {tooLong: ""}, "b": {"1": "one"}, "c": {tooLong: ""}},
			want: content{"b": {"1": "one"}},
		},

		"all": {
			all:  content{"a": {tooLong: ""}},
			want: content{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, _ := open(t, dir)
			err := s.Commit(noon, test.all.batches())
			refused, ok := errors.AsType[*RefusedError](err)
			if !ok {
				t.Fatalf("error %v, want a RefusedError", err)
			}
			for group := range test.all {
				if _, written := test.want[group]; written == (refused.Groups[group] != nil) {
					t.Errorf("group %.10s: written: %t, refused: %v", group, written, refused.Groups[group])
				}
			}
			if want := (Status{Configured: true, Successful: true, LastWrite: noon, SizeBytes: sizeIn(t, dir)}); s.Status() != want {
				t.Errorf("status %+v, want %+v", s.Status(), want)
			}
			closeStore(t, s)
			_, held := open(t, dir)
			if diff := cmp.Diff(test.want, held); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMemoryKeepsNothing(t *testing.T) {
	t.Parallel()
	s := InMemory()
	commit(t, s, content{"a": {"1": "one"}}.batches()...)
	found, err := s.Read("a", func(*Group) error { return nil })
	if s.Keeps() || s.Due(noon) || found || err != nil || s.Status() != (Status{}) {
		t.Errorf("keeps: %t, due: %t, found: %t, error: %v, status: %+v", s.Keeps(), s.Due(noon), found, err, s.Status())
	}
}

func TestRemedyOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a full disk":         {err: &fs.PathError{Op: "write", Err: syscall.ENOSPC}, want: "free up space"},
		"a quota":             {err: syscall.EDQUOT, want: "free up space"},
		"a read-only disk":    {err: syscall.EROFS, want: "give the exporter's user write access"},
		"a foreign directory": {err: &fs.PathError{Op: "open", Err: fs.ErrPermission}, want: "give the exporter's user write access"},
		"anything else":       {err: syscall.EIO, want: "check whether the disk is healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := remedyOf(fmt.Errorf("writing: %w", test.err)); !strings.HasPrefix(got.english, test.want) || got.chinese == "" {
				t.Errorf("remedy %q, want %q", got, test.want)
			}
		})
	}
}
