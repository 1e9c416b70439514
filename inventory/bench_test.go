// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// BenchmarkApply measures the exporter's own work for a page of 20 recordings: nothing has
// changed, or one has.
func BenchmarkApply(b *testing.B) {
	inv := rig.Large(1000, 20)
	listings := [...]*inventory.Listing{
		rig.LargeListing(inv, 7, 20, wecom.StateCompleted),
		rig.LargeListing(inv, 7, 20, wecom.StateTranscoding),
	}
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			listings[0].Asked = inv.Generation()
			inv.Apply(listings[0])
		}
	})
	b.Run("one changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l := listings[i%2]
			l.Asked = inv.Generation()
			inv.Apply(l)
		}
	})
}

// BenchmarkStore measures what a million known recordings cost: in memory, on disk, at the
// start, and for each commit of the changes of twenty polls.
func BenchmarkStore(b *testing.B) {
	const hosts, each = 20_000, 50
	dir := b.TempDir()
	open := func() (s store.Store, loaded *inventory.Inventory) {
		s, err := store.Open(dir, store.Options{Logger: log.NewNopLogger(), Load: func(groups []*store.Group) (err error) {
			for _, g := range groups {
				loaded, err = inventory.Load(g)
			}
			return err
		}})
		if err != nil || !s.Keeps() {
			b.Fatal(err)
		}
		return s, loaded
	}
	closeStore := func(s store.Store) {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	s, _ := open()
	before := rig.LiveHeap()
	inv := inventory.New(31*rig.Day, rig.LargeNow.Add(-31*rig.Day))
	inv.Track()
	for h := range hosts {
		inv.Apply(rig.LargeListing(inv, h, each, wecom.StateCompleted))
	}
	commit := func() {
		batch, _, err := inv.TakeBatch("group")
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Commit(rig.LargeNow, []store.Batch{batch.Batch}); err != nil {
			b.Fatal(err)
		}
	}
	started := time.Now()
	commit()
	first := time.Since(started)
	heap := rig.LiveHeap() - before

	poll, state := 0, wecom.StateTranscoding
	b.Run("commit of 20 polls", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			for range 20 {
				inv.Apply(rig.LargeListing(inv, poll%hosts, each, state)) // One recording is another in each list.
				poll++
				if poll%hosts == 0 {
					state = wecom.StateTranscoding + wecom.StateCompleted - state
				}
			}
			b.StartTimer()
			commit()
		}
	})
	closeStore(s)

	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			s, loaded := open()
			if loaded == nil || loaded.Status().Recordings != hosts*each {
				b.Fatal("not loaded")
			}
			closeStore(s)
		}
		info, err := os.Stat(filepath.Join(dir, "state.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/(hosts*each), "disk-B/recording")
		b.ReportMetric(heap/(hosts*each), "heap-B/recording")
		b.ReportMetric(first.Seconds(), "s/first-commit")
	})
	runtime.KeepAlive(inv)
}

// BenchmarkFind measures a query over 300,000 recordings.
func BenchmarkFind(b *testing.B) {
	inv := rig.Large(6000, 50)
	for _, order := range inventory.Orders() {
		b.Run(string(order), func(b *testing.B) {
			for b.Loop() {
				n := 0
				err := inv.Find(b.Context(), &inventory.Query{Order: order}, rig.LargeNow, func(inventory.Match, *sums.Sums) { n++ })
				if n != 300_000 || err != nil {
					b.Fatalf("%d recordings: %v", n, err)
				}
			}
		})
	}
}

// BenchmarkFindID finds one of 300,000 recordings by its ID, as the links of changes do.
func BenchmarkFindID(b *testing.B) {
	inv := rig.Large(6000, 50)
	q := &inventory.Query{ID: "wr00007x0000000007"}
	for b.Loop() {
		n := 0
		err := inv.Find(b.Context(), q, rig.LargeNow, func(inventory.Match, *sums.Sums) { n++ })
		if n != 1 || err != nil {
			b.Fatalf("%d recordings: %v", n, err)
		}
	}
}

// BenchmarkShared finds what is shared among 300,000 recordings, as is done every few seconds
// where views are asked for: hosts without shared files are passed over once they are summed up.
func BenchmarkShared(b *testing.B) {
	inv := rig.Large(6000, 50)
	find := func(b *testing.B) {
		b.Helper()
		for b.Loop() {
			if _, err := inv.Shared(b.Context(), rig.LargeNow); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("not summed up", find)
	inv.View(rig.LargeNow, 0)
	b.Run("summed up", find)
}
