// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"errors"
	"fmt"
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
		// Group "a" is in the middle of the file, and what is committed then does not touch it.
		"the middle is noise": {does: func(path string, _ []byte) error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			noisy := bytes.ReplaceAll(content, []byte("xxxxxxxx"), []byte("yyyyyyyy"))
			if bytes.Equal(noisy, content) {
				return errors.New("the value is not in it")
			}
			return overwrite(path, 0, noisy)
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
			if !strings.Contains(text.String(), "was rebuilt from memory") {
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

// overwrite writes into a file until its time has changed: the clock of files may have ticks.
func overwrite(path string, at int64, content []byte) error {
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for after := before; after.ModTime().Equal(before.ModTime()); {
		if _, err = f.WriteAt(content, at); err == nil {
			after, err = f.Stat()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestFileThatIsTouched has something change the time of the file, and nothing else.
func TestFileThatIsTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": "one"}}.batches()...)
	if err := os.Chtimes(pathIn(dir), noon, noon); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	commit(t, s, content{"a": {"1": "one", "2": "two"}}.batches()...)
}

// TestMetaPageThatIsOverwritten has a damage that a write may have left: its time does not show
// it, and bbolt goes on with the other page.
func TestMetaPageThatIsOverwritten(t *testing.T) {
	t.Parallel()
	for page := range int64(metaPages) {
		dir := t.TempDir()
		s, _ := open(t, dir)
		all := content{"a": {"1": "one"}}
		commit(t, s, all.batches()...)
		info, err := os.Stat(pathIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := overwrite(pathIn(dir), page*int64(s.db.Info().PageSize), make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(pathIn(dir), info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(noon, all.batches()); !errors.Is(err, ErrLost) {
			t.Errorf("page %d: a commit returns %v, want ErrLost", page, err)
		}
	}
}

// TestMetaPageThatIsDamagedAtTheStart has the other one be used, and both be written again. The
// log says so, since the damaged one may be that of the last write.
func TestMetaPageThatIsDamagedAtTheStart(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]struct {
		at      int64
		content []byte
	}{
		"zeroed":          {content: make([]byte, 4096)},
		"noise":           {content: bytes.Repeat([]byte{0xff}, 100)},
		"a bit of its ID": {at: pageHeaderSize + 48, content: []byte{0x55}},
	} {
		for page := range int64(metaPages) {
			t.Run(fmt.Sprintf("%s, %d", name, page), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s, _ := open(t, dir)
				want := content{"a": {"1": "one"}}
				commit(t, s, want.batches()...)
				commit(t, s, want.batches()...) // Both pages have it.
				pageSize := int64(s.db.Info().PageSize)
				closeStore(t, s)
				if err := overwrite(pathIn(dir), page*pageSize+damage.at, damage.content); err != nil {
					t.Fatal(err)
				}
				var lines strings.Builder
				again, err := Open(dir, Options{Logger: log.NewLogfmtLogger(&lines), Load: loadNothing})
				if err != nil {
					t.Fatal(err)
				}
				commit(t, again, want.batches()...)
				closeStore(t, again)
				if n := strings.Count(lines.String(), "first two pages of the store was damaged"); n != 1 {
					t.Errorf("said %d times:\n%s", n, &lines)
				}
				sound, held := open(t, dir)
				closeStore(t, sound)
				if diff := cmp.Diff(want, held); diff != "" {
					t.Errorf("held (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestPageThatIsOverwrittenWhileItIsWritten has bbolt panic in the next write, which needs the
// page. If that rolled back, bbolt would panic again in a goroutine, and end the process.
func TestPageThatIsOverwrittenWhileItIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	all := content{"a": {"1": strings.Repeat("x", 50_000)}, "b": {"2": "two"}}
	commit(t, s, all.batches()...)
	info, err := os.Stat(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	pageSize := int64(s.db.Info().PageSize)
	for page := int64(metaPages); page < info.Size()/pageSize; page++ {
		if err := overwrite(pathIn(dir), page*pageSize, make([]byte, pageSize)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(pathIn(dir), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(noon, all.batches()); !errors.Is(err, ErrLost) {
		t.Fatalf("a commit returns %v, want ErrLost", err)
	}
	if err := s.Rebuild(noon, all.batches()); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	again, held := open(t, dir)
	closeStore(t, again)
	if diff := cmp.Diff(all, held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// TestFileThatIsCutOffWhileItIsWritten has that be noticed at the end of the write.
func TestFileThatIsCutOffWhileItIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": strings.Repeat("x", 50_000)}}.batches()...)
	size := sizeIn(t, dir)
	err := s.db.update(func(*bbolt.Tx) error { return os.Truncate(pathIn(dir), size-1) })
	if !errors.Is(err, ErrLost) {
		t.Errorf("it returns %v, want ErrLost", err)
	}
}

// TestVerify finds a damage whose time is that of the last write.
func TestVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": strings.Repeat("x", 50_000)}}.batches()...)
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := overwrite(pathIn(dir), 0, bytes.ReplaceAll(written, []byte("xxxxxxxx"), []byte("yyyyyyyy"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(pathIn(dir), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); !errors.Is(err, ErrLost) {
		t.Errorf("error %v, want ErrLost", err)
	}
}

// TestRebuildThatFails leaves what is in the place of the store alone, and succeeds later.
func TestRebuildThatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	all := content{"a": {"1": "one"}}
	commit(t, s, all.batches()...)
	if err := os.WriteFile(pathIn(dir), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(noon, all.batches()); !errors.Is(err, ErrLost) {
		t.Errorf("a commit returns %v, want ErrLost", err)
	}
	obstacle := filepath.Join(pathIn(dir)+newSuffix, "in the way")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Rebuild(noon, all.batches()); err == nil || s.Status().Successful {
		t.Errorf("error %v, status %+v", err, s.Status())
	}
	if got, err := os.ReadFile(pathIn(dir)); err != nil || string(got) != "garbage" {
		t.Errorf("the file holds %.40q (%v)", got, err)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	if err := s.Rebuild(noon, all.batches()); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if _, held := open(t, dir); !cmp.Equal(all, held) {
		t.Errorf("loaded %v", held)
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
