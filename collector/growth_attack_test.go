//go:build attack

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// hostsThere is how many hosts have a recording at a time. All are others a day later.
const hostsThere = 2000

// A growth is a company whose hosts come and go, as the exporter sees it: an inventory, its store
// and what is rendered of it. It has no calls and no clock, so a year takes seconds.
type growth struct {
	t     *testing.T
	dir   string
	store store.Store
	inv   *inventory.Inventory
	limit int
	days  int

	published *publication
	view      *inventory.View

	// What was counted apart from the exporter, and what it said of the folded hosts.
	recordings, bytes int64
	other             float64
}

func newGrowth(t *testing.T, limit int) *growth {
	t.Helper()
	g := &growth{t: t, dir: t.TempDir(), inv: inventory.New(24*time.Hour, noon), limit: limit}
	g.open()
	g.inv.Track()
	g.inv.Apply(g.listing(nil)) // Nothing is there before counting begins.
	g.inv.SetReady()
	g.publish()
	return g
}

// open opens the store. It returns what is stored there.
func (g *growth) open() (stored *inventory.Inventory) {
	g.t.Helper()
	var err error
	g.store, err = store.Open(g.dir, store.Options{
		Logger:     log.NewNopLogger(),
		Migrations: []store.Migration{inventory.MigrateToSchema2, inventory.MigrateToSchema3, inventory.MigrateToSchema4},
		Load: func(groups []*store.Group) (err error) {
			for _, group := range groups {
				stored, err = inventory.Load(group)
			}
			return err
		},
	})
	if err != nil || !g.store.Keeps() {
		g.t.Fatalf("opening the store: %v", err)
	}
	return stored
}

func (g *growth) now() time.Time { return noon.Add(time.Duration(g.days) * 24 * time.Hour) }

func (g *growth) listing(recordings []wecom.Recording) *inventory.Listing {
	now := g.now()
	l := &inventory.Listing{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: "li"},
		Span:   wecom.Window{Start: now.Add(-24 * time.Hour), End: now},
		Asked:  g.inv.Generation(), At: now, Succeeded: true,
	}
	l.Add(recordings)
	return l
}

// list has the hosts of today be those that there are. The first of them has grown by some bytes.
func (g *growth) list(more int64) {
	recordings := make([]wecom.Recording, 0, hostsThere)
	start := wecom.InstantOf(g.now().Add(-2 * time.Hour))
	for i := range hostsThere {
		n := g.days*hostsThere + i
		recordings = append(recordings, wecom.Recording{
			ID: fmt.Sprintf("wr%012d", n), Host: fmt.Sprintf("user%08d", n), MeetingStart: start, State: wecom.StateTranscoding,
			Files: []wecom.File{{ID: fmt.Sprintf("wf%012d", n), Start: start, End: start + 3_600_000, Size: int64(1000 + n%7)}},
		})
	}
	recordings[0].Files[0].Size += more
	g.inv.Apply(g.listing(recordings))
}

// day has all hosts go, and others come.
func (g *growth) day() {
	g.days++
	g.list(0)
	for i := range hostsThere {
		g.recordings++
		g.bytes += int64(1000 + (g.days*hostsThere+i)%7)
	}
	g.publish()
}

// publish publishes as the manager does, and returns how long that takes without the disk.
func (g *growth) publish() time.Duration {
	started := time.Now()
	g.view = g.inv.View(g.now(), g.limit)
	g.published = g.published.next(&poll.View{
		Metrics: &config.Metrics{HostLabel: config.HostLabelPlain}, Corps: []poll.CorpView{{View: g.view, Name: "acme"}},
	})
	took := time.Since(started)
	sum, other, size := 0.0, 0.0, 0.0
	for _, family := range g.published.snapshot.Gather() {
		for _, m := range family.GetMetric() {
			switch value := m.GetCounter().GetValue(); family.GetName() {
			case discovered.Name:
				sum += value
				if m.GetLabel()[1].GetValue() == hostOther {
					other = value
				}
			case discoveredBytes.Name:
				size += value
			}
		}
	}
	if sum != float64(g.recordings) || size != float64(g.bytes) || other < g.other {
		g.t.Fatalf("day %d: %.0f recordings of %.0f bytes, want %d of %d; %.0f recordings of other hosts, after %.0f",
			g.days, sum, size, g.recordings, g.bytes, other, g.other)
	}
	g.other = other
	return took
}

func (g *growth) commit() {
	batch, changed, err := g.inv.TakeBatch("group")
	if err == nil && changed {
		err = g.store.Commit(g.now(), []store.Batch{batch.Batch})
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// text returns what is served, as text.
func (g *growth) text() string {
	var text bytes.Buffer
	for _, family := range g.published.snapshot.Gather() {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			g.t.Fatal(err)
		}
	}
	return text.String()
}

// figures are what a company costs.
type figures struct {
	heap      float64 // bytes
	publish   time.Duration
	disk      int64
	hostsKept int
}

func (f figures) String() string {
	return fmt.Sprintf("%.1f MiB of heap, %s a publication, %.1f MiB on disk, %d hosts kept",
		f.heap/(1<<20), f.publish.Round(10*time.Microsecond), float64(f.disk)/(1<<20), f.hostsKept)
}

// after returns what the company takes after some days, but for the time.
func (g *growth) after(days int) figures {
	g.t.Helper()
	before := liveHeap() // of another company
	for g.days < days {
		g.day()
		if g.days%25 == 0 { // A disk may be slow.
			g.commit()
		}
	}
	g.commit()
	f := figures{heap: liveHeap() - before, hostsKept: g.view.Hosts.Len()}
	info, err := os.Stat(filepath.Join(g.dir, "state.db"))
	if err != nil {
		g.t.Fatal(err)
	}
	f.disk = info.Size()
	return f
}

// measure measures publications when one host has changed, of companies in turn, so that what
// else the machine does slows all of them down.
func (f *figures) measure(g *growth, round int) {
	g.list(int64(round + 1))
	g.bytes++
	if took := g.publish(); round == 0 || took < f.publish {
		f.publish = took
	}
}

func liveHeap() float64 {
	for range 2 { // The first one leaves what is in pools.
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// restart goes on from what is stored.
func (g *growth) restart() {
	g.t.Helper()
	g.commit()
	g.close()
	g.inv, g.published = g.open(), nil
	g.inv.Track()
	g.publish()
}

func (g *growth) close() {
	g.t.Helper()
	if err := g.store.Close(); err != nil {
		g.t.Fatal(err)
	}
}

// TestAttackGrowthOfHosts has a million hosts come and go, 2,000 at a time, and compares what
// that costs with a company of whose hosts 20,000 have come and gone.
//
//nolint:paralleltest // It measures the heap and the time.
func TestAttackGrowthOfHosts(t *testing.T) {
	const days, daysBefore = 1_000_000 / hostsThere, 20_000 / hostsThere
	for _, limit := range []int{100, 10_000} {
		t.Run(fmt.Sprintf("max-hosts=%d", limit), func(t *testing.T) {
			young, old := newGrowth(t, limit), newGrowth(t, limit)
			before, f := young.after(daysBefore), old.after(days)
			for round := range 50 {
				before.measure(young, round)
				f.measure(old, round)
			}
			t.Logf("growth: --metrics.max-hosts=%d, %d hosts at a time: after %d hosts %s; after %d hosts %s",
				limit, hostsThere, daysBefore*hostsThere, before, days*hostsThere, f)
			if most := 1.2*before.heap + 1<<20; f.heap > most {
				t.Errorf("%.0f bytes of heap, want %.0f at the most", f.heap, most)
			}
			if most := before.publish*12/10 + 2*time.Millisecond; f.publish > most {
				t.Errorf("a publication takes %s, want %s at the most", f.publish, most)
			}
			if most := limit + hostsThere; f.hostsKept > most {
				t.Errorf("%d hosts are kept, want %d at the most", f.hostsKept, most)
			}
			served := old.text()
			old.restart()
			if old.text() != served {
				t.Error("something else is served after a restart")
			}
			young.close()
			old.close()
		})
	}
}

// TestAttackGrowthWithoutALimit measures what a host costs that has series of its own and no
// recordings any more.
//
//nolint:paralleltest // It measures the heap and the time.
func TestAttackGrowthWithoutALimit(t *testing.T) {
	const days, daysBefore = 100_000 / hostsThere, 20_000 / hostsThere
	young, old := newGrowth(t, 0), newGrowth(t, 0)
	before, f := young.after(daysBefore), old.after(days)
	for round := range 20 {
		before.measure(young, round)
		f.measure(old, round)
	}
	each := (f.heap - before.heap) / ((days - daysBefore) * hostsThere)
	t.Logf("growth: --metrics.max-hosts=0: after %d hosts %s; after %d hosts %s; %.0f bytes of heap a host that is gone",
		daysBefore*hostsThere, before, days*hostsThere, f, each)
	if each > 4096 {
		t.Errorf("%.0f bytes of heap a host that is gone", each)
	}
	young.close()
	old.close()
}

// TestAttackGrowthOfFiles has a server give the hundred files of a recording other IDs in each of
// 5,000 lists.
//
//nolint:paralleltest // It measures the heap and the time.
func TestAttackGrowthOfFiles(t *testing.T) {
	const files, lists, listsBefore = 100, 5000, 100
	g := newGrowth(t, 100)
	g.days++
	start := wecom.InstantOf(g.now().Add(-2 * time.Hour))
	// after returns the shortest time of the last ten lists.
	next := 0
	after := func(n int) (took time.Duration) {
		took = time.Hour
		for ; next < n; next++ {
			r := wecom.Recording{ID: "wr", Host: "li", MeetingStart: start, State: wecom.StateCompleted}
			for i := range files {
				r.Files = append(r.Files, wecom.File{
					ID: fmt.Sprintf("wf%06d-%03d", next, i), Start: start + wecom.Instant(i), End: start + 3_600_000, Size: 1000,
				})
			}
			l := g.listing([]wecom.Recording{r})
			started := time.Now()
			g.inv.Apply(l)
			if next >= n-10 {
				took = min(took, time.Since(started))
			}
		}
		return took
	}
	before := after(listsBefore)
	took := after(lists)
	v := g.inv.View(g.now(), g.limit)
	t.Logf("growth: %d files with other IDs in each list: %s a list after %d lists, %s after %d; %d files counted",
		files, before, listsBefore, took, lists, v.FileSizes.Count)
	if took > 2*before+time.Millisecond {
		t.Errorf("a list takes %s after %d, and %s after %d", took, lists, before, listsBefore)
	}
	g.close()
}
