// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/binary"
	"os"
	"strconv"
	"testing"

	"github.com/go-kit/log"
)

// TestDamagedPages writes a store of many pages, and damages the header of each or its first
// element in every way that the check knows.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	large := content{"a": {}}
	for i := range 2000 {
		large["a"][strconv.Itoa(i)] = "a value of some length, so that there are branch pages"
	}
	commit(t, s, large.batches()...)
	closeStore(t, s)
	sound, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	const pageSize = 4096
	for name, damage := range map[string]func(page []byte){
		"another number":             func(page []byte) { page[0] ^= 0xff },
		"flags of no page":           func(page []byte) { page[pageFlagsAt] = 0x77 },
		"more elements than fit":     func(page []byte) { binary.NativeEndian.PutUint16(page[pageCountAt:], 0xffff) },
		"more pages than there are":  func(page []byte) { binary.NativeEndian.PutUint32(page[pageOverflowAt:], 1<<30) },
		"an element beyond the page": func(page []byte) { binary.NativeEndian.PutUint32(page[pageHeaderSize+4:], 1<<30) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damagedDir := t.TempDir()
			noticed := 0
			for at := 2 * pageSize; at < len(sound); at += pageSize {
				damaged := append([]byte(nil), sound...)
				damage(damaged[at:])
				if err := os.WriteFile(pathIn(damagedDir), damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				held := content{}
				o := &opening{Options: Options{Logger: log.NewNopLogger(), Load: held.load}, path: pathIn(damagedDir)}
				err := damageOnPanic(func() error { _, err := o.read(); return err })
				if err != nil {
					noticed++
				} else if len(held["a"]) != 2000 {
					t.Errorf("page %d: %d values are loaded without an error", at/pageSize, len(held["a"]))
				}
			}
			if noticed == 0 {
				t.Error("it was noticed on no page")
			}
		})
	}
}
