// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
)

func itemWithID(i int) *item {
	r := recording.Record{ID: fmt.Sprintf("wr%d", i)}
	return &item{encoded: string(r.AppendTo(nil)), number: uint32(i)}
}

// TestItemIndex compares an index with a map after every step, while it grows, shrinks and grows
// again, so that it has every number of buckets.
func TestItemIndex(t *testing.T) {
	t.Parallel()
	const most = 200
	x, want := newItemIndex(), map[string]*item{}
	check := func(step string) {
		t.Helper()
		for i := range most {
			id := fmt.Sprintf("wr%d", i)
			if got := x.find(id); got != want[id] {
				t.Fatalf("%s: find(%q) = %v, want %v", step, id, got, want[id])
			}
		}
		n := 0
		for it := range x.all() {
			if want[recording.IDOf(it.encoded)] != it {
				t.Fatalf("%s: item %d is visited and was removed", step, it.number)
			}
			n++
		}
		if n != len(want) || x.count != len(want) {
			t.Fatalf("%s: %d items are visited and %d are counted, want %d", step, n, x.count, len(want))
		}
	}
	insert := func(i int) {
		it := itemWithID(i)
		x.insert(it)
		want[recording.IDOf(it.encoded)] = it
		check(fmt.Sprintf("insert %d", i))
	}
	check("empty")
	for i := range most / 2 {
		insert(i)
	}
	for it := range x.all() {
		if it.number%3 != 0 {
			x.remove(it)
			delete(want, recording.IDOf(it.encoded))
		}
	}
	check("remove in the loop")
	for i := most / 2; i < most; i++ {
		insert(i)
	}
}

// TestItemIndexSpreads fails if many items share a bucket.
func TestItemIndexSpreads(t *testing.T) {
	t.Parallel()
	const items, most = 10_000, 16 // 8 in the fullest bucket are usual.
	x := newItemIndex()
	for i := range items {
		x.insert(itemWithID(i))
	}
	if len(x.buckets) != items {
		t.Errorf("%d buckets, want %d", len(x.buckets), items)
	}
	for i, it := range x.buckets {
		n := 0
		for ; it != nil; it = it.next {
			n++
		}
		if n > most {
			t.Errorf("bucket %d has %d items, want %d at the most", i, n, most)
		}
	}
}
