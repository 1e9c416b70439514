// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
)

// soundStore returns the file of a store as it was after each of two commits, and what it
// held then.
func soundStore(f *testing.F) (files [][]byte, contents []content) {
	f.Helper()
	dir := f.TempDir()
	s, err := Open(dir, Options{Logger: log.NewNopLogger(), Load: loadNothing})
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	long := strings.Repeat("0123456789", 500) // A page does not hold it.
	contents = []content{
		{"a": {"1": "one", "2": "two"}, "b": {"3": "three"}},
		{"a": {"1": "one", "2": "2", "4": long}, "b": {"3": "three"}, "c": {"5": "five"}},
	}
	for _, c := range contents {
		if err := s.Commit(noon, c.batches()); err != nil {
			f.Fatal(err)
		}
		file, err := os.ReadFile(pathIn(dir))
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, file)
	}
	return files, contents
}

// What the two lowest flags of a damage say. The others are where it is cut off.
const (
	repairs = 1 << iota
	cuts
)

// damaged returns a file with damages, each of which is 6 bytes: two for where, of which the
// two lowest bits say what, and four of content. Flags cut the file off and repair the
// checksums of its meta pages, without which bbolt reads nothing that they lead to.
func damaged(sound, damages []byte, flags uint8) []byte {
	const damageSize, metaSize, metaSumAt = 6, 64, 56
	file := append([]byte(nil), sound...)
	for ; len(damages) >= damageSize; damages = damages[damageSize:] {
		where := int(binary.LittleEndian.Uint16(damages))
		content := damages[2:damageSize]
		at := where >> 2 * 4 % len(file)
		switch where & 3 {
		case 0:
			copy(file[at:], content)
		case 1: // As a write to a wrong place leaves it.
			from := int(binary.LittleEndian.Uint16(content)) % len(file)
			copy(file[at:min(len(file), at+int(content[2])*16)], sound[from:])
		case 2:
			clear(file[at:min(len(file), at+int(content[0])*64)])
		case 3:
			file[at+int(content[0])%4] ^= content[1]
		}
	}
	pageSize := os.Getpagesize()
	if flags&repairs != 0 {
		for page := range 2 {
			meta := file[page*pageSize+pageHeaderSize:][:metaSize]
			sum := fnv.New64a()
			_, _ = sum.Write(meta[:metaSumAt])
			binary.NativeEndian.PutUint64(meta[metaSumAt:], sum.Sum64())
		}
	}
	if flags&cuts != 0 {
		file = file[:len(file)*int(flags>>2)/64]
	}
	return file
}

// hang ends the process if a call takes too long, which the fuzzing engine does not notice.
func hang(what string) (stop func() bool) {
	return time.AfterFunc(time.Minute, func() { panic(what + " does not end") }).Stop
}

// A store that was damaged, or any other file, is loaded as it was after some commit, or is set aside. In either case it
// can be written then, and is read as it was written, unless the damage is one that only
// somebody makes who knows how a checksum is made.
func FuzzOpen(f *testing.F) {
	files, contents := soundStore(f)
	f.Add(uint8(0), []byte{}, uint8(0))
	f.Add(uint8(1), []byte{0x40, 0, 1, 2, 3, 4}, uint8(1))
	f.Add(uint8(1), []byte{0x01, 0x40, 0, 0x30, 200, 0, 2, 0x50, 9, 0, 0, 0}, uint8(1))
	f.Add(uint8(1), []byte{0x03, 0x10, 1, 0xff, 0, 0}, uint8(2|33<<2))
	f.Add(uint8(1), []byte{0x20, 0x00, 3, 0, 0, 0, 0x20, 0x10, 3, 0, 0, 0}, uint8(1))
	f.Add(uint8(2), files[0][:2*os.Getpagesize()], uint8(0))
	f.Add(uint8(2), []byte("not a store"), uint8(0))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, damages []byte, flags uint8) {
		defer hang("opening a store")()
		file := damages // Any file at all.
		if sound := int(which) % (len(files) + 1); sound < len(files) {
			file = damaged(files[sound], damages, flags)
		}
		s, held := openFuzzed(t, dir, file)
		defer empty(t, dir)
		if s == nil {
			return
		}
		if !slices.ContainsFunc(append(contents, content{}), func(c content) bool { return reflect.DeepEqual(c, held) }) {
			t.Errorf("what was never stored is loaded: %q", held)
		}
		switch {
		case which>>2%4 == 0: // Not always, since it takes longer than all of the rest.
			checkWriting(t, dir, s, held, flags&repairs != 0)
		case s.Close() != nil:
			t.Error("the store cannot be closed")
		}
	})
}

// openFuzzed opens a store whose file has a content, and returns what was loaded. The store
// is nil if a later version of the program wrote it.
func openFuzzed(t *testing.T, dir string, file []byte) (Store, content) {
	t.Helper()
	if err := os.WriteFile(pathIn(dir), file, 0o600); err != nil {
		t.Fatal(err)
	}
	held := content{}
	s, err := Open(dir, Options{Logger: log.NewNopLogger(), Load: held.load})
	if errors.Is(err, ErrNewerSchema) {
		return nil, nil
	}
	if err != nil || !s.Keeps() {
		t.Fatalf("the store is not opened: %v", err)
	}
	return s, held
}

// checkWriting writes a store, closes it, and opens it again. One that was forged may be set
// aside then.
func checkWriting(t *testing.T, dir string, s Store, held content, isForged bool) {
	t.Helper()
	written := content{"a": {"1": "another"}}
	err := errors.Join(s.Delete(slices.Collect(maps.Keys(held))), s.Commit(noon, written.batches()), s.Close())
	if err != nil && !isForged {
		t.Fatalf("writing it: %v", err)
	}
	again := content{}
	s, err = Open(dir, Options{Logger: log.NewNopLogger(), Load: again.load})
	if isForged && errors.Is(err, ErrInUse) {
		return // bbolt panicked over it, so that it is closed with the process: see database.close.
	}
	if err != nil || !reflect.DeepEqual(written, again) && !isForged {
		t.Fatalf("read again: %q, %v", again, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// empty removes the files of a directory.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.Remove(dir + "/" + entry.Name()); err != nil {
			t.Error(err)
		}
	}
}

// A value is returned only by the key that it was stored under, and as it was.
func FuzzSeal(f *testing.F) {
	f.Add([]byte("key"), []byte("value"), uint16(3), uint8(1))
	f.Add([]byte{}, []byte{}, uint16(0), uint8(0x80))
	f.Fuzz(func(t *testing.T, key, value []byte, at uint16, flip uint8) {
		sealed := seal(key, value)
		got, err := unseal(key, sealed)
		if err != nil || string(got) != string(value) {
			t.Fatalf("%q: %v", got, err)
		}
		if flip != 0 {
			sealed[int(at)%len(sealed)] ^= flip
			if got, err := unseal(key, sealed); err == nil {
				t.Errorf("damaged, it is read as %q", got)
			}
		}
		if got, err := unseal(fmt.Append(nil, string(key), "x"), seal(key, value)); err == nil {
			t.Errorf("by another key it is read as %q", got)
		}
	})
}
