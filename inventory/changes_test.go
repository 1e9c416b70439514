// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// numbers returns the numbers of all changes, the newest first.
func (inv *Inventory) numbers() []uint32 {
	var numbers []uint32
	_ = inv.changes.log.Snapshot(false).Scan(&changelog.Filter{Before: 1 << 31}, func() error { return nil }, func(n uint32) bool {
		numbers = append(numbers, n)
		return true
	})
	return numbers
}

// readFrom reads the only group of a store.
func readFrom(s store.Store) GroupReader {
	return func(load func(*store.Group) error) error {
		_, err := s.Read("group", load)
		return err
	}
}

// unread fails, since nothing should be read.
func unread(func(*store.Group) error) error { return errors.New("the store was read") }

// changesOf returns all changes of an inventory, the newest first.
func changesOf(t *testing.T, inv *Inventory, read GroupReader) []Change {
	t.Helper()
	q := &ChangeQuery{Filter: changelog.Filter{Before: inv.LastChange() + 1}, Limit: 100_000}
	found, err := inv.Changes(t.Context(), q, read)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// shared returns a recording whose file is shared.
func shared(r wecom.Recording, s wecom.Sharing) wecom.Recording {
	r.Files[0].Sharing = s
	return r
}

var (
	openLink = wecom.Sharing{On: true}
	company  = wecom.Sharing{On: true, SameCorp: true}
)

// kindsOf returns how many changes there are of each kind.
func kindsOf(changes []Change) (kinds [ledger.NumKinds]uint64) {
	for i := range changes {
		kinds[changes[i].Kind]++
	}
	return kinds
}

// countedKinds returns what the counters say.
func (inv *Inventory) countedKinds() (kinds [ledger.NumKinds]uint64) {
	copy(kinds[:], inv.ledger.SharingChanges[:])
	kinds[ledger.Removed] = inv.ledger.Removed
	return kinds
}

// TestTheChangesAreWhatWasCounted has things happen to a company by chance, over many rounds with
// restarts and batches that cannot be stored, and compares the changes with the counters at every
// commit. Nothing of it is lost, doubled or in another order.
func TestTheChangesAreWhatWasCounted(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	sequence := &changelog.Sequence{}
	inv := New(month, noon)
	begin := func() {
		inv.Track()
		inv.NumberChanges(sequence, "corp", noon)
	}
	begin()
	sharings := []wecom.Sharing{{}, openLink, company, {On: true, HasPassword: true}, {On: true, Expire: wecom.InstantOf(at(day))}}
	var before []Change
	for round := range 60 {
		now := at(time.Duration(round) * time.Minute)
		for _, target := range []wecom.Target{li, wang} {
			var list []wecom.Recording
			for i := range 40 {
				if dice.IntN(20) > 0 {
					r := listed(fmt.Sprint(target.ID, i), time.Duration(20-i)*time.Minute+time.Second, time.Duration(20-i)*time.Minute+time.Second)
					r.Host = []string{"li", "wang"}[dice.IntN(2)]
					list = append(list, shared(r, sharings[dice.IntN(len(sharings))]))
				}
			}
			inv.list(target, wecom.Window{Start: now.Add(-month), End: now}, list...)
		}
		if dice.IntN(3) == 0 {
			b, _, err := inv.TakeBatch("group")
			if err != nil {
				t.Fatal(err)
			}
			b.PutBack()
		}
		if dice.IntN(3) == 0 {
			inv.GiveNumbers()
		}
		save(t, s, inv)
		if dice.IntN(5) == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			sequence = &changelog.Sequence{}
			s, inv = openIn(t, dir)
			begin()
		}
		after := changesOf(t, inv, readFrom(s))
		if got, want := kindsOf(after), inv.countedKinds(); got != want {
			t.Fatalf("round %d: %v changes by kind, counted %v", round, got, want)
		}
		if len(before) > 0 && !reflect.DeepEqual(before, after[len(after)-len(before):]) {
			t.Fatalf("round %d: earlier changes are other ones", round)
		}
		for i := range after {
			if want := uint32(len(after) - i); after[i].Number != want {
				t.Fatalf("round %d: number %d, want %d", round, after[i].Number, want)
			}
		}
		before = after
	}
	if n := len(before); n < 1000 || inv.ledger.Removed == 0 {
		t.Errorf("%d changes, %d of them removals: too few to prove anything", n, inv.ledger.Removed)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.NumberChanges(&changelog.Sequence{}, "acme", noon)
	r := func(s wecom.Sharing) wecom.Recording {
		r := shared(listed("r", -time.Hour, -time.Hour), s)
		r.Title = "secret plans"
		return r
	}
	inv.poll(li, at(2*time.Hour), month, r(company))
	inv.poll(li, at(3*time.Hour), month, r(openLink))
	save(t, s, inv)
	inv.poll(li, at(4*time.Hour), month, r(wecom.Sharing{}))
	inv.GiveNumbers()
	change := func(number uint32, hours int, kind ledger.Kind, before, after *ledger.Sharing) Change {
		return Change{Title: "secret plans", Numbered: changelog.Numbered{
			Number: number, Corp: "acme",
			Change: ledger.Change{
				At: wecom.InstantOf(at(time.Duration(hours) * time.Hour)), Kind: kind, Recording: "r", File: "r-file", Host: "li",
				Start: wecom.InstantOf(at(time.Hour)), Before: before, After: after,
			},
		}}
	}
	within, anyone := &ledger.Sharing{Audience: 1}, &ledger.Sharing{Exposed: true}
	want := []Change{
		change(3, 4, ledger.Disabled, anyone, nil),
		change(2, 3, ledger.Widened, within, anyone),
		change(1, 2, ledger.Enabled, nil, within),
	}
	if diff := cmp.Diff(want, changesOf(t, inv, readFrom(s))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for name, test := range map[string]struct {
		query ChangeQuery
		want  []Change
	}{
		"the newest is in memory": {query: ChangeQuery{Limit: 1}, want: want[:1]},
		"below a number, one":     {query: ChangeQuery{Filter: changelog.Filter{Before: 3}, Limit: 1}, want: want[1:2]},
		"exposed":                 {query: ChangeQuery{Filter: changelog.Filter{Exposed: new(true)}, Limit: 9}, want: want[1:2]},
		"of another recording":    {query: ChangeQuery{Filter: changelog.Filter{Recording: "s"}, Limit: 9}, want: []Change{}},
		"of a time that cuts a second": {
			query: ChangeQuery{Filter: changelog.Filter{Since: wecom.InstantOf(at(2*time.Hour)) + 1}, Limit: 1000},
			want:  want[:2],
		},
		"until then": {
			query: ChangeQuery{Filter: changelog.Filter{Until: wecom.InstantOf(at(2*time.Hour)) + 1}, Limit: 1},
			want:  want[2:],
		},
		"of a host": {
			query: ChangeQuery{MatchHost: func(host string, folded bool) bool { return host == "li" && !folded }, Limit: 9},
			want:  want,
		},
		"of another host": {
			query: ChangeQuery{MatchHost: func(host string, _ bool) bool { return host == "wang" }, Limit: 9},
			want:  []Change{},
		},
	} {
		if test.query.Before == 0 {
			test.query.Before = 4
		}
		read := readFrom(s)
		if name == "the newest is in memory" {
			read = unread
		}
		got, err := inv.Changes(t.Context(), &test.query, read)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if _, err := inv.Changes(t.Context(), &ChangeQuery{Filter: changelog.Filter{Before: 4}, Limit: 9}, unread); err == nil {
		t.Error("no error of the store")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	cancel(ended)
	if _, err := inv.Changes(ctx, &ChangeQuery{Filter: changelog.Filter{Before: 4}, Limit: 9}, unread); !errors.Is(err, ended) {
		t.Errorf("the context has ended: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAChangeThatTheStoreLacks is an error, unless it was dropped while it was read.
func TestAChangeThatTheStoreLacks(t *testing.T) {
	t.Parallel()
	s, _ := openIn(t, t.TempDir())
	inv := New(month, noon)
	inv.Track()
	inv.poll(li, at(2*time.Hour), month, shared(listed("r", -time.Hour, -time.Hour), openLink))
	b, _, err := inv.TakeBatch("group")
	if err != nil {
		t.Fatal(err)
	}
	q := &ChangeQuery{Filter: changelog.Filter{Before: 9}, Limit: 9}
	if found, err := inv.Changes(t.Context(), q, unread); err != nil || len(found) != 1 {
		t.Errorf("while it is written: %v, %v", found, err)
	}
	b.Release() // But nothing was written.
	if found, err := inv.Changes(t.Context(), q, readFrom(s)); err == nil {
		t.Errorf("found %v, and no error", found)
	}
	found, err := inv.Changes(t.Context(), q, func(func(*store.Group) error) error {
		inv.MarkUnsaved()
		return nil
	})
	if err != nil || len(found) != 0 {
		t.Errorf("lost while it was read: %v, %v", found, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestChangesExpire(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.SetChangesRetention(5 * day)
	share := func(day_ int, s wecom.Sharing) {
		now := at(time.Duration(day_) * day)
		inv.poll(li, now, month, shared(listed("r", time.Hour, -time.Hour), s))
		inv.View(now, 0)
	}
	share(1, openLink)
	share(2, company)
	save(t, s, inv)
	share(6, wecom.Sharing{})
	if diff := cmp.Diff([]uint32{2, 1}, inv.numbers()); diff != "" || !inv.ChangesSince().Equal(noon) {
		t.Errorf("since %s, numbers (-want +got):\n%s", inv.ChangesSince(), diff)
	}
	save(t, s, inv)
	inv.SetReady() // The head would be written without the change of the table.
	save(t, s, inv)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// An exporter that was away for long drops them when it has a list.
	s, inv = openIn(t, dir)
	inv.Track()
	inv.SetChangesRetention(5 * day)
	inv.NumberChanges(&changelog.Sequence{}, "corp", at(10*day))
	inv.View(at(10*day), 0)
	if n := len(inv.numbers()); n != 3 {
		t.Errorf("%d changes before it is known which clock is right, want 3", n)
	}
	share(10, openLink)
	save(t, s, inv)
	if diff := cmp.Diff([]uint32{4, 3}, inv.numbers()); diff != "" || !inv.ChangesSince().Equal(at(5*day)) {
		t.Errorf("since %s, numbers (-want +got):\n%s", inv.ChangesSince(), diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, inv = openIn(t, dir) // It checks how many there are.
	if diff := cmp.Diff([]uint32{4, 3}, inv.numbers()); diff != "" || !inv.ChangesSince().Equal(at(5*day)) {
		t.Errorf("loaded: since %s, numbers (-want +got):\n%s", inv.ChangesSince(), diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestChangesThatAreKeptForMinutes go soon after.
func TestChangesThatAreKeptForMinutes(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.NumberChanges(&changelog.Sequence{}, "corp", noon)
	inv.SetChangesRetention(10 * time.Minute)
	for minutes, want := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 11} {
		now := at(time.Duration(minutes) * time.Minute)
		link := wecom.Sharing{On: minutes%2 == 1}
		inv.poll(li, now, month, shared(listed("r", time.Hour, -time.Hour), link))
		inv.GiveNumbers()
		inv.View(now, 0)
		if n := len(inv.numbers()); n != want {
			t.Errorf("%d changes after %d minutes, want %d", n, minutes, want)
		}
	}
}

// TestALostStoreLosesItsChanges but not those that are in memory, and nothing of the counters.
func TestALostStoreLosesItsChanges(t *testing.T) {
	t.Parallel()
	s, _ := openIn(t, t.TempDir())
	inv := New(month, noon)
	inv.Track()
	share := func(hours int, s wecom.Sharing) {
		inv.poll(li, at(time.Duration(hours)*time.Hour), month, shared(listed("r", time.Hour, -time.Hour), s))
	}
	share(1, openLink)
	share(2, company)
	save(t, s, inv)
	share(3, openLink)
	if _, _, err := inv.TakeBatch("group"); err != nil { // It meets the lost store.
		t.Fatal(err)
	}
	if lost := inv.MarkUnsaved(); lost != 2 {
		t.Errorf("%d changes lost, want 2", lost)
	}
	if since := at(3*time.Hour + time.Millisecond); !inv.ChangesSince().Equal(since) {
		t.Errorf("all there since %s, want %s", inv.ChangesSince(), since)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, _ = openIn(t, dir)
	save(t, s, inv)
	want := inv.countedKinds()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, inv = openIn(t, dir)
	got := changesOf(t, inv, readFrom(s))
	if len(got) != 1 || got[0].Number != 3 || inv.countedKinds() != want {
		t.Errorf("%v, counted %v; want the third, and %v", got, inv.countedKinds(), want)
	}
	if lost := inv.MarkUnsaved(); lost != 1 {
		t.Errorf("%d changes lost, want 1", lost)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAStoreThatCannotBeWritten was read at the start, and nothing is tracked.
func TestAStoreThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := openIn(t, dir)
	inv := New(month, noon)
	inv.Track()
	inv.poll(li, at(time.Hour), month, shared(listed("r", time.Hour, -time.Hour), openLink))
	save(t, s, inv)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, inv = openIn(t, dir)
	sequence := &changelog.Sequence{}
	inv.NumberChanges(sequence, "corp", at(day))
	if n := len(inv.numbers()); n != 0 || !inv.ChangesSince().Equal(at(day)) {
		t.Errorf("%d changes, since %s", n, inv.ChangesSince())
	}
	inv.poll(li, at(2*day), month, shared(listed("r", time.Hour, -time.Hour), company))
	inv.GiveNumbers()
	if got := changesOf(t, inv, unread); len(got) != 1 || got[0].Number != 2 {
		t.Errorf("%v, want the second", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSchema3IsMigrated loads testdata/schema3.db, which an earlier version wrote. Its totals
// stay, and its list of changes begins.
func TestSchema3IsMigrated(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile(filepath.Join("testdata", "schema3.db"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.db"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	counts := counted{Recordings: 2, Files: 2, Removed: 1, Transcodings: 2, Enabled: 2, Seconds: 7200}
	kinds := [ledger.NumKinds]uint64{2, 1, 1, 0, 1}
	expect := func(inv *Inventory) {
		t.Helper()
		if inv.counted() != counts || inv.countedKinds() != kinds {
			t.Errorf("counted %+v, %v; want %+v, %v", inv.counted(), inv.countedKinds(), counts, kinds)
		}
	}
	s, inv := openIn(t, dir)
	expect(inv)
	inv.Track()
	inv.NumberChanges(&changelog.Sequence{}, "corp", at(day))
	save(t, s, inv)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, inv = openIn(t, dir)
	inv.NumberChanges(&changelog.Sequence{}, "corp", at(2*day))
	expect(inv)
	if n := len(inv.numbers()); n != 0 || !inv.ChangesSince().Equal(at(day)) {
		t.Errorf("%d changes, since %s, want none since %s", n, inv.ChangesSince(), at(day))
	}
	inv.ClampTimes(noon)
	if !inv.ChangesSince().Equal(noon) {
		t.Errorf("since %s, and the clock that WeCom confirms says %s", inv.ChangesSince(), noon)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNumbersOfSeveralCorps(t *testing.T) {
	t.Parallel()
	sequence := &changelog.Sequence{}
	corps := make([]*Inventory, 0, 2)
	for _, name := range []string{"acme", "beta"} {
		inv := New(month, noon)
		inv.Track()
		inv.NumberChanges(sequence, name, noon)
		corps = append(corps, inv)
	}
	for round := range 3 {
		for _, inv := range corps {
			now := at(time.Duration(round+1) * time.Hour)
			inv.poll(li, now, month, shared(listed("r", -time.Minute, -time.Minute), []wecom.Sharing{openLink, {}}[round%2]))
		}
		if sequence.Last() != uint32(2*round) {
			t.Errorf("%d numbers were given when changes were noticed", sequence.Last())
		}
		for _, inv := range corps {
			if _, _, err := inv.TakeBatch("group"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a, b := corps[0].numbers(), corps[1].numbers(); !slices.Equal(a, []uint32{5, 3, 1}) || !slices.Equal(b, []uint32{6, 4, 2}) {
		t.Errorf("numbers %v and %v", a, b)
	}
}

// TestChangesOfOneSecond are told apart by their own times, though the index cannot.
func TestChangesOfOneSecond(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	for i := range 5 {
		inv.poll(li, at(time.Hour+time.Duration(i)*time.Millisecond), month,
			shared(listed("r", time.Hour, -time.Minute), []wecom.Sharing{openLink, {}}[i%2]))
	}
	inv.GiveNumbers()
	second := wecom.InstantOf(at(time.Hour))
	q := &ChangeQuery{Filter: changelog.Filter{Before: 6, Since: second + 1, Until: second + 3}, Limit: 1}
	for _, want := range []uint32{3, 2} {
		found, err := inv.Changes(t.Context(), q, unread)
		if err != nil || len(found) != 1 || found[0].Number != want {
			t.Fatalf("%v, %v, want %d", found, err, want)
		}
		q.Before = want
	}
	if found, err := inv.Changes(t.Context(), q, unread); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// What a policy accepts at the time of a change is not exposed by it.
func TestChangesOfAcceptedFiles(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.NumberChanges(&changelog.Sequence{}, "acme", noon)
	inv.poll(li, noon, month, listed("r", day, day))
	p := accepting("r")
	p.Accepted["r"].Until = noon.Truncate(day)
	inv.SetPolicy(p)
	inv.poll(li, noon.Add(time.Minute), month, shared(listed("r", day, day), openLink))
	inv.poll(li, noon.Add(2*time.Minute), month, listed("r", day, day))
	inv.poll(li, noon.Add(day), month, shared(listed("r", day, day), openLink))
	inv.GiveNumbers()
	changes := changesOf(t, inv, unread)
	got := make([]bool, 0, 2*len(changes))
	for _, c := range changes {
		got = append(got, c.After != nil && c.After.Exposed, c.Before != nil && c.Before.Exposed)
	}
	// The newest first: enabled after the acceptance ended, disabled, and enabled while it held.
	if want := []bool{true, false, false, false, false, false}; !slices.Equal(got, want) {
		t.Errorf("exposed after and before each change: %t, want %t", got, want)
	}
}
