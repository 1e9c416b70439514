// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// largeInventory returns an inventory of hosts with as many recordings each, all
// of one file, told by as many targets.
func largeInventory(hosts, each int) *inventory {
	inv := newInventory(month, noon.Add(-month))
	for h := range hosts {
		inv.apply(largeListing(inv, h, each, wecom.StateCompleted))
	}
	return inv
}

func largeListing(inv *inventory, h, each int, state wecom.State) *listing {
	host := fmt.Sprintf("user%05d", h)
	l := &listing{
		target: wecom.Target{Selector: wecom.ByUserID, ID: host}, span: wecom.Window{Start: noon.Add(-month), End: noon},
		asked: inv.now(), at: noon, succeeded: true, whole: true,
	}
	for i := range each {
		start := wecom.InstantOf(noon.Add(-time.Duration(h%20+1)*day - time.Duration(i)*time.Hour))
		l.recordings = append(l.recordings, wecom.Recording{
			ID: fmt.Sprintf("wr%05dx%010d", h, i), Host: host, MeetingStart: start, State: state,
			Files: []wecom.File{{
				ID: fmt.Sprintf("wf%05dx%010d", h, i), Start: start, End: start + 3_600_000, Size: 400<<20 + int64(i)<<10,
				Sharing: wecom.Sharing{On: i%4 == 0, SameCorp: i%8 == 0, Expire: start + 90*24*3_600_000},
			}},
		})
	}
	return l
}

func liveHeap() float64 {
	var m runtime.MemStats
	for range 2 { // The first one leaves what is in pools.
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkStore measures what a million known recordings cost: in memory, on
// disk, at the start, and for each commit of the changes of twenty polls.
func BenchmarkStore(b *testing.B) {
	const hosts, each = 20_000, 50
	dir, key := b.TempDir(), corpKey{"acme", "ww"}
	s, err := openStore(dir, nil, log.NewNopLogger())
	if err != nil {
		b.Fatal(err)
	}
	before := liveHeap()
	inv := largeInventory(hosts, each)
	commit := func() {
		set, err := inv.changes(key)
		if err != nil {
			b.Fatal(err)
		}
		s.commit(noon, []*changeSet{set})
		if !s.written {
			b.Fatal("not written")
		}
	}
	started := time.Now()
	commit()
	first := time.Since(started)
	heap := liveHeap() - before

	poll, state := 0, wecom.StateTranscoding
	b.Run("commit of 20 polls", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			for range 20 {
				l := largeListing(inv, poll%hosts, each, wecom.StateCompleted)
				l.recordings[poll/hosts%each].State = state // One recording is another in each list.
				inv.apply(l)
				poll++
			}
			b.StartTimer()
			commit()
		}
	})
	s.close()

	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			s, err := openStore(dir, nil, log.NewNopLogger())
			if err != nil {
				b.Fatal(err)
			}
			if inv, err := s.take(key); err != nil || len(inv.items) != hosts*each {
				b.Fatal(err)
			}
			s.close()
		}
		info, err := os.Stat(s.path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/(hosts*each), "disk-B/recording")
		b.ReportMetric(heap/(hosts*each), "heap-B/recording")
		b.ReportMetric(first.Seconds(), "s/first-commit")
	})
	runtime.KeepAlive(inv)
}

// BenchmarkApply measures the exporter's own work for a page of 20 recordings:
// nothing has changed, or one has.
func BenchmarkApply(b *testing.B) {
	inv := largeInventory(1000, 20)
	same := largeListing(inv, 7, 20, wecom.StateCompleted)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			same.asked = inv.now()
			inv.apply(same)
		}
	})
	states := []wecom.State{wecom.StateTranscoding, wecom.StateCompleted}
	b.Run("one changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			same.asked = inv.now()
			same.recordings[3].State = states[i%2]
			inv.apply(same)
		}
	})
}
