// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// note adds removals that are noticed at the given seconds, and gives them numbers.
func (l *Log) note(s *Sequence, seconds ...int) {
	for _, second := range seconds {
		l.Add(&ledger.Change{At: birth + wecom.Instant(1000*second), Kind: ledger.Removed, Recording: strconv.Itoa(second)})
	}
	l.Number(s, "corp")
}

// numbers returns the numbers of all changes, the newest first.
func (l *Log) numbers() []uint32 {
	numbers := []uint32{}
	_ = l.Snapshot(false).Scan(&Filter{Before: 1 << 31}, func() error { return nil }, func(number uint32) bool {
		numbers = append(numbers, number)
		return true
	})
	return numbers
}

func (l *Log) take() Unsaved {
	u := l.Take()
	slices.Sort(u.Written)
	slices.Sort(u.Deleted)
	return u
}

func TestWhatAStoreIsToWrite(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	l.note(s, 1)
	l.Track()
	l.note(s, 2, 3)
	l.Add(&ledger.Change{Recording: "pending"})
	if l.IsSaved() {
		t.Error("saved before anything was taken")
	}
	l.Number(s, "corp")
	first := l.take()
	if diff := cmp.Diff(Unsaved{Written: []uint32{1, 2, 3, 4}}, first); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}
	l.note(s, 5)
	l.PutBack(&first)
	l.Expire(birth + 2000)
	second := l.take()
	if diff := cmp.Diff(Unsaved{Written: []uint32{1, 2, 3, 4, 5}, Deleted: []uint32{1, 4}}, second); diff != "" {
		t.Errorf("put back (-want +got):\n%s", diff)
	}
	for number, want := range map[uint32]bool{1: false, 2: true, 3: true, 4: false, 5: true, 6: false} {
		if _, got := l.Value(number); got != want || l.Has(number) != want {
			t.Errorf("%d in memory: %t, there: %t, want %t", number, got, l.Has(number), want)
		}
	}
	l.Release(&second)
	if _, inMemory := l.Value(2); inMemory || !l.Has(2) || !l.IsSaved() || len(l.values) != 0 {
		t.Error("what is stored is still in memory, or no longer there")
	}
}

func TestLose(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	l.Track()
	l.note(s, 1, 2)
	stored := l.take()
	l.Release(&stored)
	l.note(s, 3)
	l.Take() // The write of it is under way.
	l.note(s, 4)
	if lost := l.Lose(); lost != 2 {
		t.Errorf("%d lost, want 2", lost)
	}
	if diff := cmp.Diff(Unsaved{Written: []uint32{3, 4}, Deleted: []uint32{1, 2}}, l.take()); diff != "" {
		t.Errorf("to be written again (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint32{4, 3}, l.numbers()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	l.Since = birth
	l.note(s, 5, 1, 6, 2, 7) // The clock was set.
	if l.Expire(birth+500) || l.Since != birth {
		t.Errorf("something expired; all there since %d", l.Since-birth)
	}
	before := l.Snapshot(false)
	if !l.Expire(birth+2500) || l.Since != birth+2000 {
		t.Errorf("nothing expired, or all there since %d, want 2000", l.Since-birth)
	}
	if diff := cmp.Diff([]uint32{5, 4, 3, 1}, l.numbers()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if n := len(before.chunks[0]); n != 5 || before.chunks[0][1].number != 2 {
		t.Errorf("the snapshot has changed: %v", before.chunks)
	}
	l.Expire(birth + 10_000)
	if l.Len() != 0 || len(l.chunks) != 0 || l.Since != birth+10_000 {
		t.Errorf("%d left in %d chunks, since %d", l.Len(), len(l.chunks), l.Since-birth)
	}
}

func TestWithoutAStoreTheLastAreKept(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	for second := range MaxInMemory + chunkSize {
		l.note(s, second)
	}
	if l.Len() != MaxInMemory || len(l.values) != MaxInMemory || len(l.hosts.numbers) != 1 {
		t.Errorf("%d changes, %d values", l.Len(), len(l.values))
	}
	if want := birth + 1000*(chunkSize-1) + 1; l.Since != want {
		t.Errorf("all there since %d, want %d", l.Since, want)
	}
	if numbers := l.numbers(); numbers[len(numbers)-1] != chunkSize+1 {
		t.Errorf("the oldest is %d", numbers[len(numbers)-1])
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	l := New()
	l.Track()
	value := string(appendTo(nil, &ledger.Change{At: birth, Kind: ledger.Removed, Recording: "r", Host: "li"}))
	for _, test := range []struct {
		number uint32
		value  string
		ok     bool
	}{
		{number: 0, value: value},
		{number: 7, value: value, ok: true},
		{number: 7, value: value},
		{number: 6, value: value},
		{number: 8, value: value[1:]},
		{number: 9, value: value, ok: true},
	} {
		if err := l.Restore(test.number, test.value); (err == nil) != test.ok {
			t.Errorf("%d, %q: %v", test.number, test.value, err)
		}
	}
	if diff := cmp.Diff([]uint32{9, 7}, l.numbers()); diff != "" || !l.IsSaved() {
		t.Errorf("restored, saved: %t (-want +got):\n%s", l.IsSaved(), diff)
	}
}
