// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const birth wecom.Instant = 1_772_413_200_000

// chanceOf returns any change, noticed in the given second.
func chanceOf(dice *rand.Rand, second int) ledger.Change {
	c := ledger.Change{
		At:        birth + wecom.Instant(1000*second+dice.IntN(1000)),
		Kind:      ledger.Kind(dice.IntN(ledger.NumKinds)),
		Recording: fmt.Sprint("r", dice.IntN(50)),
		Host:      fmt.Sprint("host", dice.IntN(20)),
	}
	if c.Kind < ledger.Removed {
		c.After = &ledger.Sharing{Exposed: dice.IntN(2) == 0}
	}
	return c
}

// find returns the numbers of the changes that a filter selects, as it is to be done: by the
// index first, and then exactly.
func (l *Log) find(f *Filter) []uint32 {
	numbers := []uint32{}
	_ = l.Snapshot(f.MatchHost != nil).Scan(f, func() error { return nil }, func(number uint32) bool {
		encoded, _ := l.Value(number)
		if c, err := Decode(encoded); err == nil && f.Matches(&c) {
			numbers = append(numbers, number)
		}
		return true
	})
	return numbers
}

// TestFiltersFindWhatMatches compares the index with a look at every change, for any filters,
// while changes come and expire.
func TestFiltersFindWhatMatches(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	l, s := New(), &Sequence{}
	l.Track()
	all := map[uint32]ledger.Change{}
	for second := range 2 * chunkSize {
		c := chanceOf(dice, second)
		l.Add(&c)
		s.next("another corp", "") // Its numbers are between ours.
		l.Number(s, "corp")
		all[s.Last()] = c
		if second%700 != 0 {
			continue
		}
		horizon := birth + wecom.Instant(1000*dice.IntN(second+1)/2)
		l.Expire(horizon)
		for number, c := range all {
			if c.At < horizon/1000*1000 {
				delete(all, number)
			}
		}
		for range 20 {
			f := anyFilter(dice, second)
			if diff := cmp.Diff(matching(all, &f), l.find(&f)); diff != "" {
				t.Errorf("filter %+v (-want +got):\n%s", f, diff)
			}
		}
		if l.Len() != len(all) {
			t.Errorf("%d changes, want %d", l.Len(), len(all))
		}
	}
}

func matching(all map[uint32]ledger.Change, f *Filter) []uint32 {
	numbers := []uint32{}
	for number, c := range all {
		if number < f.Before && f.Matches(&c) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers
}

func anyFilter(dice *rand.Rand, second int) Filter {
	f := Filter{Before: uint32(min(1+dice.IntN(4*second+4), 2*second+3))}
	if dice.IntN(2) == 0 {
		f.Kind = new(ledger.Kind(dice.IntN(ledger.NumKinds)))
	}
	if dice.IntN(2) == 0 {
		f.Exposed = new(dice.IntN(2) == 0)
	}
	if dice.IntN(4) == 0 {
		f.Recording = fmt.Sprint("r", dice.IntN(50))
	}
	if dice.IntN(2) == 0 {
		f.Since = birth + wecom.Instant(dice.IntN(1000*(second+1)))
	}
	if dice.IntN(2) == 0 {
		f.Until = birth + wecom.Instant(dice.IntN(1000*(second+1)))
	}
	if dice.IntN(2) == 0 {
		host := fmt.Sprint("host", dice.IntN(20))
		f.MatchHost = func(name string) bool { return name == host }
	}
	return f
}

func TestScanEnds(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	for second := range chunkSize + 1 {
		c := chanceOf(rand.New(rand.NewPCG(1, 2)), second)
		l.Add(&c)
	}
	l.Number(s, "corp")
	f := Filter{Before: s.Last() + 1}
	visited := 0
	err := l.Snapshot(false).Scan(&f, func() error { return nil }, func(uint32) bool { visited++; return visited < 3 })
	if err != nil || visited != 3 {
		t.Errorf("%d visited: %v; want 3", visited, err)
	}
	visited = 0
	ended := errors.New("ended")
	err = l.Snapshot(false).Scan(&f, func() error {
		if visited > 0 {
			return ended
		}
		return nil
	}, func(uint32) bool { visited++; return true })
	if !errors.Is(err, ended) || visited != 1 {
		t.Errorf("%d visited: %v; want the last chunk, and the error", visited, err)
	}
}

func TestHostsOfExpiredChangesAreFreed(t *testing.T) {
	t.Parallel()
	l, s := New(), &Sequence{}
	l.Track()
	for second := range 10 * chunkSize {
		c := ledger.Change{At: birth + wecom.Instant(1000*second), Kind: ledger.Removed, Recording: "r", Host: strconv.Itoa(second)}
		l.Add(&c)
		l.Number(s, "corp")
		if second%chunkSize == 0 {
			l.Expire(c.At - 100_000)
		}
	}
	l.Expire(birth + 1000*wecom.Instant(10*chunkSize-100))
	if len(l.hosts.numbers) != 100 || len(l.hosts.names) > 2*chunkSize || len(l.chunks) != 1 {
		t.Errorf("%d hosts in %d numbers, %d chunks, want 100, about %d, and 1",
			len(l.hosts.numbers), len(l.hosts.names), len(l.chunks), chunkSize)
	}
}
