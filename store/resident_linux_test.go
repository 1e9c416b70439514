// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestResident opens a store of several MiB, of which little must be resident then.
func TestResident(t *testing.T) {
	t.Parallel()
	const values = 5000
	dir, want := t.TempDir(), content{"a": {}}
	for i := range values {
		want["a"][strconv.Itoa(i)] = strings.Repeat("x", 1000)
	}
	first, _ := open(t, dir)
	commit(t, first, want.batches()...)
	closeStore(t, first)

	s, held := open(t, dir)
	if n := len(held["a"]); n != values {
		t.Fatalf("%d values were loaded, want %d", n, values)
	}
	resident := residentIn(t, pathIn(dir))
	if most := s.db.size / 8; resident > most {
		t.Errorf("%d bytes of %d are resident, want %d at the most", resident, s.db.size, most)
	}
	if err := s.Verify(); err != nil {
		t.Errorf("reading it again: %v", err)
	}
	if again := residentIn(t, pathIn(dir)); again <= resident {
		t.Errorf("%d bytes are resident after all of it was read, and were %d", again, resident)
	}
}

// residentIn returns how many bytes of a mapped file are in the resident memory of the process.
func residentIn(t *testing.T, path string) int64 {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	var (
		total, kib int64
		isFile     bool
	)
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		switch {
		case !strings.HasSuffix(fields[0], ":"): // A mapping begins with its addresses.
			isFile = fields[len(fields)-1] == path
		case isFile && fields[0] == "Rss:":
			if kib, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
				t.Fatal(err)
			}
			total += kib << 10
		}
	}
	return total
}
