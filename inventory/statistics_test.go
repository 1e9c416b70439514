// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// linked returns a recording that is shared.
func linked(id, host string, sharing wecom.Sharing) wecom.Recording {
	r := listed(id, 2*time.Hour, 2*time.Hour)
	r.Host = host
	sharing.On = true
	r.Files[0].Sharing = sharing
	return r
}

// answer is about one day some time after noon.
func answer(later time.Duration, viewed, downloaded int64) *views.Answer {
	return &views.Answer{At: at(later), Days: []wecom.DailyViews{
		{Date: wecom.DateOf(at(later)), Views: viewed, Downloads: downloaded},
	}}
}

// viewed are the views and downloads of hosts.
func (inv *Inventory) viewed() map[string][2]uint64 {
	all := map[string][2]uint64{}
	for host, t := range inv.ledger.Hosts() {
		if t.Views > 0 || t.Downloads > 0 {
			all[host] = [2]uint64{t.Views, t.Downloads}
		}
	}
	return all
}

// noted is what was noted of recordings, by ID.
func (inv *Inventory) noted() map[string]string {
	all := map[string]string{}
	for it := range inv.items.all() {
		if n := inv.book.Of(it.number); n != nil {
			all[it.recordOf().ID] = string(n.AppendTo(nil))
		}
	}
	return all
}

func (inv *Inventory) expectViews(t *testing.T, what string, want map[string][2]uint64) {
	t.Helper()
	if diff := cmp.Diff(want, inv.viewed()); diff != "" {
		t.Errorf("%s: views and downloads (-want +got):\n%s", what, diff)
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	all := []wecom.Recording{
		listed("private", 2*time.Hour, 2*time.Hour),
		linked("exposed", "li", wecom.Sharing{}),
		linked("company", "wang", wecom.Sharing{SameCorp: true}),
		linked("expired", "wang", wecom.Sharing{Expire: wecom.InstantOf(at(-time.Hour))}),
	}
	inv.poll(li, noon, month, all...)
	inv.poll(wang, noon, month, all[1]) // found through two targets
	inv.ObserveViews("company", answer(0, 3, 0))
	want := []Shared{{ID: "company", Asked: wecom.InstantOf(noon)}, {ID: "expired"}, {ID: "exposed", Exposed: true}}
	for _, summed := range []bool{false, true} {
		if summed {
			inv.View(noon, 0) // Hosts without shared files are passed over then.
		}
		got, err := inv.Shared(t.Context(), noon)
		slices.SortFunc(got, func(a, b Shared) int { return strings.Compare(a.ID, b.ID) })
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v; shared (-want +got):\n%s", err, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := inv.Shared(ctx, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after the context has ended", err)
	}
}

func TestViewsOfARecording(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, noon, month, linked("a", "li", wecom.Sharing{}), linked("b", "li", wecom.Sharing{}))
	inv.ObserveViews("a", answer(0, 3, 1))
	inv.ObserveViews("unknown", answer(0, 3, 1))
	got := map[string][2]*int64{}
	err := inv.Find(t.Context(), &Query{}, noon, func(m Match, _ *sums.Sums) {
		r := inv.Recording(&m, noon)
		got[r.ID] = [2]*int64{r.Views, r.Downloads}
	})
	if diff := cmp.Diff(map[string][2]*int64{"a": {new(int64(3)), new(int64(1))}, "b": {}}, got); diff != "" || err != nil {
		t.Errorf("error %v; views and downloads (-want +got):\n%s", err, diff)
	}
	inv.expectViews(t, "two recordings", map[string][2]uint64{"li": {3, 1}})
}

// TestViewsOfARecordingThatIsGone has one disappear and come back: nothing of it counts twice,
// and nothing is kept of it once it is forgotten.
func TestViewsOfARecordingThatIsGone(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	r := linked("r", "li", wecom.Sharing{})
	inv.poll(li, noon, month, r)
	inv.ObserveViews("r", answer(0, 3, 1))
	inv.poll(li, at(time.Hour), month)
	inv.ObserveViews("r", answer(time.Hour, 9, 9))
	inv.expectViews(t, "an answer about one that is gone", map[string][2]uint64{"li": {3, 1}})
	inv.poll(li, at(2*time.Hour), month, r)
	inv.ObserveViews("r", answer(0, 4, 1))
	inv.expectViews(t, "it is back", map[string][2]uint64{"li": {4, 1}})
	inv.poll(li, at(3*time.Hour), month)
	inv.poll(li, at(40*day), month)
	if inv.book.Len() != 0 || inv.items.count != 0 {
		t.Errorf("something is kept of %d recordings, and views of %d", inv.items.count, inv.book.Len())
	}
	inv.expectViews(t, "it is forgotten", map[string][2]uint64{"li": {4, 1}})
}

func TestViewsOfARecordingWhoseHostChanges(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, noon, month, linked("r", "li", wecom.Sharing{}))
	inv.ObserveViews("r", answer(0, 3, 1))
	inv.poll(li, at(time.Hour), month, linked("r", "wang", wecom.Sharing{}))
	inv.ObserveViews("r", answer(0, 5, 1))
	inv.expectViews(t, "another host", map[string][2]uint64{"li": {3, 1}, "wang": {2, 0}})
}

// TestViewsOfFoldedHosts folds a host: the sum over everything stays.
func TestViewsOfFoldedHosts(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.SetReady()
	a, b := linked("a", "li", wecom.Sharing{}), linked("b", "wang", wecom.Sharing{})
	a.Files[0].Size = 1
	inv.poll(li, noon, month, a, b)
	inv.ObserveViews("a", answer(0, 3, 1))
	inv.ObserveViews("b", answer(0, 4, 2))
	v := inv.View(noon, 1)
	if !v.Admitted["li"] || v.Admitted["wang"] {
		t.Fatalf("admitted: %v", v.Admitted)
	}
	inv.poll(li, at(time.Hour), month, a)
	v = inv.View(at(time.Hour), 1)
	want := ledger.Totals{Views: 4, Downloads: 2, Created: wecom.InstantOf(noon)}
	if diff := cmp.Diff(want, v.Folded); diff != "" {
		t.Errorf("folded (-want +got):\n%s", diff)
	}
	if hosts := slices.Collect(v.Hosts.All()); len(hosts) != 1 || hosts[0].Totals.Views != 3 {
		t.Errorf("hosts: %+v", hosts)
	}
}

// TestViewsAreStored stores views after each step, and loads them. They are in the batch with the
// totals, so that neither is stored without the other.
func TestViewsAreStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.SetReady()
	all := []wecom.Recording{linked("a", "li", wecom.Sharing{}), linked("b", "wang", wecom.Sharing{})}
	inv.poll(li, noon, month, all...)
	for _, step := range []struct {
		what       string
		does       func()
		want       map[string][2]uint64
		noted      int
		hasChanged bool
	}{
		{"nothing was asked", func() {}, map[string][2]uint64{}, 0, true},
		{"views", func() { inv.ObserveViews("a", answer(0, 3, 1)) }, map[string][2]uint64{"li": {3, 1}}, 1, true},
		{"no views", func() { inv.ObserveViews("b", answer(0, 0, 0)) }, map[string][2]uint64{"li": {3, 1}}, 2, true},
		{"nothing", func() {}, map[string][2]uint64{"li": {3, 1}}, 2, false},
		{"the same answer", func() { inv.ObserveViews("a", answer(0, 3, 1)) }, map[string][2]uint64{"li": {3, 1}}, 2, true},
		{
			"a batch that could not be stored",
			func() {
				inv.ObserveViews("b", answer(0, 0, 2))
				lost, _, err := inv.TakeBatch("group")
				if err != nil {
					t.Fatal(err)
				}
				lost.PutBack()
			},
			map[string][2]uint64{"li": {3, 1}, "wang": {0, 2}},
			2, true,
		},
		{
			"the store is lost", // It is made again from memory.
			func() {
				if err := s.Delete([]string{"group"}); err != nil {
					t.Fatal(err)
				}
				inv.MarkUnsaved()
			},
			map[string][2]uint64{"li": {3, 1}, "wang": {0, 2}},
			2, true,
		},
		{
			"a host is folded, its recording forgotten",
			func() {
				inv.poll(li, at(time.Hour), month, all[0])
				inv.poll(li, at(40*day), month)
				inv.View(at(40*day), 1)
			},
			map[string][2]uint64{"li": {3, 1}},
			0, true,
		},
	} {
		step.does()
		b, changed, err := inv.TakeBatch("group")
		if changed != step.hasChanged || err != nil {
			t.Errorf("%s: changed %t, error %v", step.what, changed, err)
		}
		if changed {
			if err := s.Commit(noon, []store.Batch{b.Batch}); err != nil {
				t.Fatal(err)
			}
		}
		want, noted := inv.stored(), inv.noted()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, inv = openIn(t, dir)
		inv.Track()
		if diff := cmp.Diff(want, inv.stored(), cmp.AllowUnexported(admission{})); diff != "" {
			t.Errorf("%s: inventory (-stored +loaded):\n%s", step.what, diff)
		}
		if diff := cmp.Diff(noted, inv.noted()); diff != "" {
			t.Errorf("%s: views of recordings (-stored +loaded):\n%s", step.what, diff)
		}
		inv.expectViews(t, step.what, step.want)
		if inv.book.Len() != step.noted {
			t.Errorf("%s: views of %d recordings, want %d", step.what, inv.book.Len(), step.noted)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedViews loads entries that no program has written.
func TestDamagedViews(t *testing.T) {
	t.Parallel()
	l := loader{inventory: New(0, time.Time{}), items: []*item{{number: 7}}}
	l.inventory.ledger.Restore("li", ledger.Totals{})
	good := (&views.Noted{}).AppendTo(nil)
	for name, err := range map[string]error{
		"a short number":            l.loadViews([]byte{7}, good),
		"an unknown recording":      l.loadViews(numberKey(8), good),
		"views that are cut off":    l.loadViews(numberKey(7), good[:1]),
		"an unknown host":           l.loadViewTotals([]byte("@wang"), []byte{1, 1}),
		"no host":                   l.loadViewTotals([]byte("li"), []byte{1, 1}),
		"totals that are cut off":   l.loadViewTotals([]byte("@li"), []byte{1}),
		"totals without any number": l.loadViewTotals([]byte("@li"), []byte{0, 0}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := errors.Join(l.loadViews(numberKey(7), good), l.loadViewTotals([]byte("@li"), []byte{1, 1})); err != nil {
		t.Error(err)
	}
}
