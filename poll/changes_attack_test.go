//go:build attack

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.etcd.io/bbolt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	manyHosts = 20_000
	eachHost  = 50
	many      = manyHosts * eachHost
)

// listMany lists the recordings of one of many hosts, shared or not.
func listMany(inv *inventory.Inventory, h int, on bool, at time.Time) {
	host := fmt.Sprintf("user%05d", h)
	l := &inventory.Listing{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: host},
		Span:   wecom.Window{Start: at.Add(-31 * rig.Day), End: at},
		Asked:  inv.Generation(), At: at, Succeeded: true,
	}
	recordings := make([]wecom.Recording, 0, eachHost)
	for i := range eachHost {
		start := wecom.InstantOf(rig.LargeNow.Add(-time.Duration(h%20+1)*rig.Day - time.Duration(i)*time.Hour))
		recordings = append(recordings, wecom.Recording{
			ID: fmt.Sprintf("wr%05dx%010d", h, i), Host: host, MeetingStart: start, State: wecom.StateCompleted,
			Files: []wecom.File{{
				ID: fmt.Sprintf("wf%05dx%010d", h, i), Start: start, End: start + 3_600_000, Size: 400<<20 + int64(i)<<10,
				Sharing: wecom.Sharing{On: on, Expire: start + 90*24*3_600_000},
			}},
		})
	}
	l.Add(recordings)
	inv.Apply(l)
}

// storeMany stores what has changed of an inventory in a new store, and returns how many bytes are
// in use.
func storeMany(t *testing.T, dir string, inv *inventory.Inventory) (bytes int64) {
	t.Helper()
	s, err := store.Open(dir, store.Options{
		Logger: log.NewNopLogger(), Migrations: poll.Migrations(), Load: func([]*store.Group) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := rig.ConfigOf("nobody")
	b, _, err := inv.TakeBatch(cfg.Corps[0].Name + "\x00" + cfg.Corps[0].CorpID)
	if err == nil {
		err = s.Commit(rig.LargeNow, []store.Batch{b.Batch})
	}
	if err == nil {
		b.Release()
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		bytes = tx.Size() - int64(db.Stats().FreePageN*db.Info().PageSize)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// loadMany returns a manager of what was stored, and the live heap that it takes.
func loadMany(t *testing.T, dir string) (m *poll.Manager, heap float64) {
	t.Helper()
	before := rig.LiveHeap()
	m, err := poll.NewManager(rig.Storing(dir, rig.ConfigOf("nobody")), poll.Options{
		Logger: log.NewNopLogger(), Transport: rig.Away,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, rig.LiveHeap() - before
}

func end(t *testing.T, m *poll.Manager) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.Run(ctx)
}

// TestAttackMillionChanges measures a million changes beside a million recordings: memory and disk
// with them and without, and the first page of a host. It runs with the attacks because they run one
// after the other and without the race detector, which makes pages ten times slower.
//
//nolint:paralleltest // It measures the heap.
func TestAttackMillionChanges(t *testing.T) {
	with, without := t.TempDir(), t.TempDir()
	inv := inventory.New(31*rig.Day, rig.LargeNow.Add(-31*rig.Day))
	inv.Track()
	for h := range manyHosts {
		listMany(inv, h, false, rig.LargeNow)
	}
	for h := range manyHosts {
		listMany(inv, h, true, rig.LargeNow.Add(time.Duration(h)*time.Second))
	}
	withBytes := storeMany(t, with, inv)
	start := time.Now()
	inv.SetChangesRetention(time.Second)
	listMany(inv, 0, true, rig.LargeNow.Add(rig.Day))
	inv.View(rig.LargeNow.Add(rig.Day), inventory.NoHostSeries)
	dropping := time.Since(start)
	if lost := inv.MarkUnsaved(); lost != 0 {
		t.Errorf("%d changes are left that should be dropped", lost)
	}
	withoutBytes := storeMany(t, without, inv)
	inv = nil //nolint:wastedassign // It is not to be in the heap that is measured.

	m, withoutHeap := loadMany(t, without)
	if page, _, err := m.Changes(t.Context(), &poll.ChangeQuery{Limit: 100}); err != nil || len(page) != 0 {
		t.Errorf("%d changes are stored that were dropped: %v", len(page), err)
	}
	end(t, m)
	m, withHeap := loadMany(t, with)
	defer end(t, m)
	slowest := time.Duration(0)
	for _, host := range []string{"user00000", "user10000", "user19999"} {
		first, best := firstPage(t, m, host)
		slowest = max(slowest, best)
		t.Logf("first page of %s: %s at first, %s at best", host, first.Round(10*time.Microsecond), best.Round(10*time.Microsecond))
	}
	start = time.Now()
	n := 0
	for q := (poll.ChangeQuery{Limit: 1000}); ; {
		page, next, err := m.Changes(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page)
		if q.Before = next; next == 0 {
			break
		}
	}
	t.Logf("all %d changes, 1,000 a page: %s", n, time.Since(start).Round(time.Millisecond))
	heap, bytes := (withHeap-withoutHeap)/(1<<20), float64(withBytes-withoutBytes)/many
	t.Logf("heap %.0f MiB without changes, %.1f MiB more with them; file %.0f MiB, %.0f MiB; %.1f bytes a change",
		withoutHeap/(1<<20), heap, float64(withoutBytes)/(1<<20), float64(withBytes)/(1<<20), bytes)
	t.Logf("dropping all of them with the next list: %s", dropping.Round(time.Millisecond))
	if n != many || slowest > 100*time.Millisecond || heap > 20 || bytes > 150 {
		t.Errorf("%d changes, the slowest page %s, heap %.1f MiB, %.1f bytes a change; want %d, 100ms, 20 MiB, 150 bytes at the most",
			n, slowest, heap, bytes, many)
	}
}

// firstPage reads the newest changes of a host several times, and returns how long
// the first read took and how long the fastest. The first read includes what the machine
// does at that moment, the disk above all.
func firstPage(t *testing.T, m *poll.Manager, host string) (first, best time.Duration) {
	t.Helper()
	q := poll.ChangeQuery{MatchHost: func(name string, _ bool) bool { return name == host }, Limit: 100}
	for i := range 5 {
		start := time.Now()
		page, _, err := m.Changes(t.Context(), &q)
		took := time.Since(start)
		if err != nil || len(page) != eachHost || page[0].Host != host {
			t.Errorf("%d changes of %s: %v", len(page), host, err)
		}
		if i == 0 {
			first, best = took, took
		}
		best = min(best, took)
	}
	return first, best
}
