// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// TestFileThatSomethingElseChanges has the file of an open store change before a commit.
func TestFileThatSomethingElseChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// does changes the file at a path. The copy is of an earlier commit.
		does    func(path string, earlier []byte) error
		nothing bool // is set aside
	}{
		"cut off to nothing": {does: func(path string, _ []byte) error { return os.Truncate(path, 0) }},
		"cut off in part":    {does: func(path string, _ []byte) error { return os.Truncate(path, 8192) }},
		"cut off and filled": {does: func(path string, _ []byte) error {
			info, err := os.Stat(path)
			return errors.Join(err, os.Truncate(path, 0), os.Truncate(path, info.Size()))
		}},
		"deleted":             {does: func(path string, _ []byte) error { return os.Remove(path) }, nothing: true},
		"deleted with folder": {does: func(path string, _ []byte) error { return os.RemoveAll(filepath.Dir(path)) }, nothing: true},
		"replaced": {does: func(path string, earlier []byte) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, earlier, 0o600))
		}},
		"overwritten": {does: func(path string, earlier []byte) error { return os.WriteFile(path, earlier, 0o600) }},
		"written by something else": {does: func(path string, _ []byte) error {
			elsewhere := path + ".elsewhere"
			content, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(elsewhere, content, 0o600)
			}
			if err != nil {
				return err
			}
			db, err := bbolt.Open(elsewhere, 0o600, &bbolt.Options{NoFreelistSync: true})
			if err != nil {
				return err
			}
			// bbolt panics on pages that are not its own; an empty transaction writes none.
			err = errors.Join(db.Update(func(*bbolt.Tx) error { return nil }), db.Close())
			content, readErr := os.ReadFile(elsewhere)
			return errors.Join(err, readErr, os.WriteFile(path, content, 0o600))
		}},
		"the first pages are zeroed": {does: func(path string, _ []byte) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, 8192), 0)
			return errors.Join(err, f.Close())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "store")
			s, _ := open(t, dir)
			logger, text := logged()
			s.logger = logger
			all := content{"a": {"1": strings.Repeat("x", 50_000)}, "b": {"1": "one"}}
			commit(t, s, all.batches()...)
			earlier, err := os.ReadFile(pathIn(dir))
			if err != nil {
				t.Fatal(err)
			}
			all["b"]["2"] = "two"
			commit(t, s, all.batches()...)

			if err := test.does(pathIn(dir), earlier); err != nil {
				t.Fatal(err)
			}
			all["b"]["3"] = "three"
			if err := s.Commit(noon, all.batches()[1:]); !errors.Is(err, ErrLost) {
				t.Fatalf("a commit returns %v, want ErrLost", err)
			}
			if err := s.Rebuild(noon.Add(time.Second), all.batches()); err != nil {
				t.Fatal(err)
			}
			want := Status{Configured: true, Successful: true, LastWrite: noon.Add(time.Second), SizeBytes: sizeIn(t, dir)}
			if s.Status() != want {
				t.Errorf("status %+v, want %+v", s.Status(), want)
			}
			if !strings.Contains(text.String(), "was made again from memory") {
				t.Errorf("log:\n%s", text)
			}
			all["b"]["4"] = "four"
			commit(t, s, all.batches()[1])
			closeStore(t, s)
			aside, err := filepath.Glob(pathIn(dir) + ".damaged-*")
			if err != nil || (len(aside) == 0) != test.nothing {
				t.Errorf("set aside: %v, %v", aside, err)
			}
			_, held := open(t, dir)
			if diff := cmp.Diff(all, held); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnotherProcessTookThePlace has another process make a store after the file was deleted.
func TestAnotherProcessTookThePlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	all := content{"a": {"1": "one"}}
	commit(t, s, all.batches()...)
	if err := os.Remove(pathIn(dir)); err != nil {
		t.Fatal(err)
	}
	other, _ := open(t, dir)
	if err := s.Commit(noon, all.batches()); !errors.Is(err, ErrLost) {
		t.Errorf("a commit returns %v, want ErrLost", err)
	}
	if err := s.Rebuild(noon, all.batches()); !errors.Is(err, ErrInUse) {
		t.Errorf("making it again returns %v, want ErrInUse", err)
	}
	if s.Due(noon) || s.Status().Successful {
		t.Error("it does not wait, or has succeeded")
	}
	commit(t, other, content{"b": {}}.batches()...)
	closeStore(t, other)
	if err := s.Rebuild(noon, all.batches()); err != nil {
		t.Errorf("the other one has ended: %v", err)
	}
}

// TestReadFromADamagedFile has a panic of bbolt become an error.
func TestReadFromADamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": "one"}}.batches()...)
	if err := os.Truncate(pathIn(dir), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read("a", func(*Group) error { return nil }); err == nil {
		t.Error("no error")
	}
	if _, err := Open(dir, Options{Logger: log.NewNopLogger(), Load: loadNothing}); !errors.Is(err, ErrInUse) {
		t.Errorf("another one opens it: %v", err)
	}
}
