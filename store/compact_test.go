// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shrunk returns the directory of a store that held much, and what it holds now.
func shrunk(t *testing.T) (dir string, held content) {
	t.Helper()
	dir = t.TempDir()
	s, _ := open(t, dir)
	much := Table{Name: "things"}
	for i := range 40_000 {
		key := binary.BigEndian.AppendUint32(nil, uint32(i))
		much.Entries = append(much.Entries, Entry{Key: key, Value: []byte(strings.Repeat("x", 1000))})
	}
	commit(t, s, Batch{Group: "a", Head: []byte("40000"), Tables: []Table{much}})
	held = content{"a": {}, "b": {"1": "one"}}
	for i := range much.Entries {
		if i%10 == 0 {
			held["a"][string(much.Entries[i].Key)] = string(much.Entries[i].Value)
		} else {
			much.Entries[i].Value = nil
		}
	}
	commit(t, s, Batch{Group: "a", Head: fmt.Append(nil, len(held["a"])), Tables: []Table{much}}, held.batches()[1])
	closeStore(t, s)
	return dir, held
}

func TestCompactionAtTheStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// before happens before the store is opened again.
		before func(path string) error
		log    string
		large  bool // it is as large as before
	}{
		"most is free": {
			log: "the store was compacted",
		},

		"an attempt that was killed": {
			before: func(path string) error { return os.WriteFile(path+newSuffix, []byte("half"), 0o600) },
			log:    "the store was compacted",
		},

		"no room for another file": {
			before: func(path string) error { return os.MkdirAll(filepath.Join(path+newSuffix, "in the way"), 0o700) },
			log:    "could not be compacted",
			large:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, want := shrunk(t)
			if test.before != nil {
				if err := test.before(pathIn(dir)); err != nil {
					t.Fatal(err)
				}
			}
			before := sizeIn(t, dir)
			logger, text := logged()
			held := content{}
			s, err := Open(dir, Options{Logger: logger, Load: held.load})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text.String(), test.log) {
				t.Errorf("log:\n%s", text)
			}
			if size := sizeIn(t, dir); (size > before/2) != test.large {
				t.Errorf("it has %d bytes, after %d", size, before)
			}
			want["b"]["2"] = "two"
			commit(t, s, want.batches()[1])
			closeStore(t, s)
			_, held = open(t, dir)
			if diff := cmp.Diff(want, held); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoCompaction has a store that is mostly in use, and a small one.
func TestNoCompaction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	commit(t, s, content{"a": {"1": strings.Repeat("x", 1<<20)}}.batches()...)
	commit(t, s, Batch{Group: "a", Head: []byte("0"), Tables: []Table{{Name: "things", Entries: []Entry{{Key: []byte("1")}}}}})
	closeStore(t, s)
	before, err := os.Stat(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if after, err := os.Stat(pathIn(dir)); err != nil || !os.SameFile(before, after) {
		t.Errorf("it is another file (%v)", err)
	}
}
