// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// stored is what is kept of an inventory over a restart.
type stored struct {
	Items     map[string]string // records by ID
	Held      map[wecom.Target][]string
	Covered   map[wecom.Target]wecom.Instant
	Holdings  map[wecom.Target]Holding
	Hosts     map[string]ledger.Totals
	Counted   counted
	Folded    ledger.Totals
	Status    Status
	Horizon   wecom.Instant
	Admission admission
	Number    uint32
	Changes   []uint32
	Since     time.Time
}

func (inv *Inventory) stored() stored {
	s := stored{
		Items: map[string]string{}, Held: map[wecom.Target][]string{}, Covered: map[wecom.Target]wecom.Instant{},
		Holdings: inv.Holdings(), Hosts: map[string]ledger.Totals{}, Counted: inv.counted(), Status: inv.Status(),
		Folded: inv.ledger.Folded, Horizon: inv.horizon, Admission: inv.admission, Number: inv.number,
		Changes: inv.numbers(), Since: inv.ChangesSince(),
	}
	for it := range inv.items.all() {
		s.Items[it.recordOf().ID] = it.encoded
	}
	for t, h := range inv.holdings {
		s.Covered[t] = h.covered
		for _, it := range h.items {
			s.Held[t] = append(s.Held[t], it.recordOf().ID)
		}
	}
	for host, totals := range inv.ledger.Hosts() {
		s.Hosts[host] = *totals
	}
	return s
}

// openIn opens the store in a directory, and loads its only inventory, if it has one.
func openIn(t *testing.T, dir string) (s store.Store, inv *Inventory) {
	t.Helper()
	s, err := store.Open(dir, store.Options{Logger: log.NewNopLogger(), Migrations: migrations, Load: func(groups []*store.Group) (err error) {
		for _, g := range groups {
			inv, err = Load(g)
		}
		return err
	}})
	if err != nil || !s.Keeps() {
		t.Fatalf("opening the store: %v", err)
	}
	return s, inv
}

// TestDamagedRecordings loads entries that no program has written.
func TestDamagedRecordings(t *testing.T) {
	t.Parallel()
	encoded := func(id string) []byte {
		r := recording.Record{ID: id, Host: "li", State: wecom.StateCompleted}
		return r.AppendTo(nil)
	}
	l := loader{inventory: New(0, time.Time{})}
	if err := l.loadItem(numberKey(7), encoded("r7")); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a short number":           l.loadItem([]byte{8}, encoded("r8")),
		"a record that is cut off": l.loadItem(numberKey(8), encoded("r8")[:3]),
		"the same number":          l.loadItem(numberKey(7), encoded("r8")),
		"an earlier number":        l.loadItem(numberKey(6), encoded("r8")),
		"the same recording":       l.loadItem(numberKey(8), encoded("r7")),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := l.loadItem(numberKey(9), encoded("r9")); err != nil {
		t.Error(err)
	}
	for _, number := range []uint32{7, 9} {
		if it := l.item(number); it == nil || it.number != number {
			t.Errorf("item(%d) = %v", number, it)
		}
	}
	for _, number := range []uint32{6, 8, 10} {
		if it := l.item(number); it != nil {
			t.Errorf("item(%d) = %v, want none", number, it)
		}
	}
}

func TestClampTimes(t *testing.T) {
	t.Parallel()
	ahead := at(40 * day)
	inv := New(month, ahead)
	inv.horizon, inv.lastSuccess = wecom.InstantOf(ahead), ahead
	inv.ClampTimes(noon)
	if !inv.ledger.Birth.Equal(noon) || !inv.lastSuccess.Equal(noon) || inv.horizon != wecom.InstantOf(noon) {
		t.Errorf("born %s, horizon %s, last success %s, want noon", inv.ledger.Birth, inv.horizon.Time(), inv.lastSuccess)
	}
	inv.ClampTimes(at(day))
	if !inv.ledger.Birth.Equal(noon) || !inv.lastSuccess.Equal(noon) || inv.horizon != wecom.InstantOf(noon) {
		t.Error("times that are past have changed")
	}
}

func save(t *testing.T, s store.Store, inv *Inventory) {
	t.Helper()
	b, changed, err := inv.TakeBatch("group")
	if err != nil {
		t.Fatal(err)
	}
	if !changed {
		return
	}
	if err := s.Commit(noon, []store.Batch{b.Batch}); err != nil {
		t.Fatal(err)
	}
	b.Release()
}

func TestInventoryIsStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	for _, step := range []func(){
		func() {}, // Its birth is stored, too.
		func() { inv.withBytes(map[string]int64{"li": 1, "wang": 2, "zhao": 3}) },
		func() { inv.SetReady() },
		func() { inv.View(noon, 2) }, // Two of three hosts are admitted.
		func() { inv.poll(wang, at(time.Hour), month, listed("new", -time.Hour, -time.Hour)) },
		func() { inv.Drop(li, at(2*time.Hour)) },
		func() { inv.poll(wang, at(40*day), month) },
		func() { inv.View(at(40*day), 2) }, // One of three hosts is folded, and gone.
		func() { inv.SetLookback(2 * month) },
	} {
		step()
		save(t, s, inv)
		if _, changed, err := inv.TakeBatch("group"); changed || err != nil {
			t.Errorf("something is left to store: %v", err)
		}
		want := inv.stored()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var loaded *Inventory
		s, loaded = openIn(t, dir)
		if loaded == nil {
			t.Fatal("nothing was stored")
		}
		if diff := cmp.Diff(want, loaded.stored(), cmp.AllowUnexported(admission{})); diff != "" {
			t.Errorf("inventory (-stored +loaded):\n%s", diff)
		}
		inv = loaded
		inv.Track()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBatchThatCouldNotBeStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.withBytes(map[string]int64{"li": 1, "wang": 2})
	lost, changed, err := inv.TakeBatch("group")
	if !changed || err != nil {
		t.Fatalf("changed: %t, error: %v", changed, err)
	}
	// In between, one recording is dropped for good and another one changes.
	inv.Drop(li, noon)
	inv.expire(at(40 * day))
	inv.withBytes(map[string]int64{"wang": 5})
	lost.PutBack()
	save(t, s, inv)
	want := inv.stored()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, loaded := openIn(t, dir)
	if diff := cmp.Diff(want, loaded.stored(), cmp.AllowUnexported(admission{})); diff != "" {
		t.Errorf("inventory (-stored +loaded):\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsTrackedUnlessAsked(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.withBytes(map[string]int64{"li": 1})
	inv.Drop(li, noon)
	inv.expire(at(40 * day))
	if n := len(inv.unsaved.items) + len(inv.unsaved.dropped) + len(inv.unsaved.targets); n != 0 {
		t.Errorf("%d changes are tracked", n)
	}
}

// TestFoldedHostsLeaveTheStore folds hosts, as many as an earlier version left, in one batch with
// their total; a batch that cannot be stored loses none of them.
func TestFoldedHostsLeaveTheStore(t *testing.T) {
	t.Parallel()
	const hosts, limit = 500, 3
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.SetReady()
	recordings := make([]wecom.Recording, 0, hosts)
	for i := range hosts {
		r := listed(fmt.Sprintf("r%03d", i), -time.Hour, -time.Hour)
		r.Host = fmt.Sprintf("host%03d", i)
		recordings = append(recordings, r)
	}
	inv.poll(li, at(time.Hour), month, recordings...)
	inv.View(at(time.Hour), limit)
	// They go, and nobody takes a view.
	inv.poll(li, at(2*time.Hour), month)
	want := inv.counted()
	save(t, s, inv)
	reload := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, inv = openIn(t, dir)
		inv.Track()
	}
	expect := func(what string, hosts int) {
		t.Helper()
		if n := len(inv.ledger.Hosts()); n != hosts || inv.counted() != want {
			t.Errorf("%s: %d hosts, counted %+v; want %d, %+v", what, n, inv.counted(), hosts, want)
		}
	}
	reload()
	expect("as an earlier version left it", hosts)
	inv.View(at(2*time.Hour), limit)
	expect("folded", limit)
	reload()
	expect("not stored", hosts)
	inv.View(at(2*time.Hour), limit)
	lost, _, err := inv.TakeBatch("group")
	if err != nil {
		t.Fatal(err)
	}
	lost.PutBack()
	save(t, s, inv)
	reload()
	expect("stored", limit)
	inv.MarkUnsaved()
	save(t, s, inv)
	reload()
	expect("stored as a whole", limit)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
