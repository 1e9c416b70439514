// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// snapshots returns the names of the files in the directory of snapshots.
func snapshots(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, snapshotsDir))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// restored returns what a store holds whose file is a snapshot.
func restored(t *testing.T, dir, name string) content {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, snapshotsDir, name))
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.WriteFile(pathIn(to), data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, held := open(t, to)
	return held
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	earlier := content{"a": {"1": "one"}}
	commit(t, s, earlier.batches()...)
	first, err := s.Snapshot(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	later := content{"a": {"1": "another", "2": "two"}}
	commit(t, s, later.batches()...)
	second, err := s.Snapshot(t.Context(), noon.Add(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}

	want := []string{"state-20260302T120000.000Z.db", "state-20260302T120000.001Z.db"}
	if diff := cmp.Diff(want, []string{first, second}); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, snapshots(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(earlier, restored(t, dir, first)); diff != "" {
		t.Errorf("the first one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(later, restored(t, dir, second)); diff != "" {
		t.Errorf("the second one (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, snapshotsDir, first))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
}

// TestSnapshotOfARebuiltStore copies the file that the store has now, whatever its first name was.
func TestSnapshotOfARebuiltStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	want := content{"a": {"1": "one"}}
	if err := os.Remove(pathIn(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Rebuild(noon, want.batches()); err != nil {
		t.Fatal(err)
	}
	name, err := s.Snapshot(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, restored(t, dir, name)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSnapshotsDuringCommits has each commit whole in a snapshot, or not in it at all.
func TestSnapshotsDuringCommits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": "0"}, "b": {"1": "0"}}.batches()...)
	var committing sync.WaitGroup
	defer committing.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	committing.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			n := strconv.Itoa(i)
			padding := strings.Repeat("x", 200*i%100_000) // which has the file grow
			commit(t, s, content{"a": {"1": n, "2": padding}, "b": {"1": n, "2": padding}}.batches()...)
		}
	})
	for i := range 20 {
		name, err := s.Snapshot(ctx, noon.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		held := restored(t, dir, name)
		if diff := cmp.Diff(held["a"], held["b"]); diff != "" || held["a"] == nil {
			t.Errorf("%s: two groups of one commit (-a +b):\n%s", name, diff)
		}
	}
}

func TestSnapshotsThatFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ended bool // the context
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"the client is gone": {
			ended: true,
			spoil: func(*testing.T, string) {},
			want:  "the client is gone",
		},

		"a damaged value": {
			spoil: func(t *testing.T, dir string) {
				t.Helper()
				data, err := os.ReadFile(pathIn(dir))
				if err != nil {
					t.Fatal(err)
				}
				spoilt := strings.Replace(string(data), "a value to be found", "a value to be FOUND", 1)
				if err := os.WriteFile(pathIn(dir), []byte(spoilt), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: "it is damaged",
		},

		"a file that is cut off": {
			spoil: func(t *testing.T, dir string) {
				t.Helper()
				if err := os.Truncate(pathIn(dir), 3*int64(os.Getpagesize())); err != nil {
					t.Fatal(err)
				}
			},
			want: "EOF",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, _ := open(t, dir)
			commit(t, s, content{"a": {"1": "a value to be found"}}.batches()...)
			test.spoil(t, dir)
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			if test.ended {
				end(errors.New("the client is gone"))
			}
			if _, err := s.Snapshot(ctx, noon); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if left := snapshots(t, dir); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestSnapshotWithoutAStore(t *testing.T) {
	t.Parallel()
	if _, err := InMemory().Snapshot(t.Context(), noon); !errors.Is(err, ErrNotConfigured) {
		t.Errorf("none configured: %v", err)
	}
	broken := memory{Status{Configured: true}}
	if _, err := broken.Snapshot(t.Context(), noon); err == nil || errors.Is(err, ErrNotConfigured) {
		t.Errorf("one that cannot be written: %v", err)
	}
}
