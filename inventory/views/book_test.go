// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package views

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBook(t *testing.T) {
	t.Parallel()
	b := NewBook()
	a := &Answer{At: noon, Days: from(today, []counts{{0, 3, 1}})}
	b.Note(1, a, today)
	if dirty := b.TakeDirty(); len(dirty) > 0 {
		t.Errorf("%v are dirty, though nothing is tracked", dirty)
	}
	b.Track()
	if g := b.Note(2, a, today); g != (Growth{3, 1}) {
		t.Errorf("growth %+v", g)
	}
	if g := b.Note(2, a, today); g != (Growth{}) {
		t.Errorf("growth %+v of the same answer", g)
	}
	b.Drop(1)
	b.Drop(7) // Nothing was noted of it.
	expect := func(want ...uint32) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(b.TakeDirty()))); diff != "" {
			t.Errorf("dirty (-want +got):\n%s", diff)
		}
	}
	expect(1, 2)
	if b.Len() != 1 || b.Of(1) != nil || b.Of(2) == nil {
		t.Errorf("%d noted: %v, %v", b.Len(), b.Of(1), b.Of(2))
	}
	b.MarkDirty(9)
	expect(9)
	b.MarkAllDirty()
	expect(2)
}
