// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestWhatANewListTakesAway lists one recording, and then none.
func TestWhatANewListTakesAway(t *testing.T) {
	t.Parallel()
	const second, minute, hour, long = time.Second, time.Minute, time.Hour, 90 * day
	for name, test := range map[string]struct {
		had      wecom.Recording
		lookback time.Duration // a month, if 0
		later    time.Duration // from noon to the new list
		span     time.Duration // that the new list asks for; a month, if 0
		stays    bool
	}{
		"a recording well inside the span": {
			had: listed("r", day, day), later: hour,
		},
		"one that has just begun": {
			had: listed("r", second, 0), later: 10 * second,
		},
		"one at the start of the span": {
			had: listed("r", month-minute, 0), later: 30 * second, stays: true,
		},
		"one that left the lookback": {
			had: listed("r", month-minute, 0), later: 2 * minute,
		},
		"a meeting that left, a recording that did not": {
			had: listed("r", month-minute, month-hour), later: 2 * minute, stays: true,
		},
		"both left": {
			had: listed("r", month-minute, month-hour), later: 2 * hour,
		},
		"one older than the span, within the lookback": {
			had: listed("r", 40*day, 40*day), lookback: long, later: hour, stays: true,
		},
		"the same, if the whole lookback is asked for": {
			had: listed("r", 40*day, 40*day), lookback: long, later: hour, span: long,
		},
		"one over the start of the span": {
			had: listed("r", 31*day+hour, 31*day-hour), lookback: long, later: minute, stays: true,
		},
		"one that has no times": {
			had: listed("r", 0, 0), later: hour,
		},
		"the same, if not all of the lookback is asked for": {
			had: listed("r", 0, 0), lookback: long, later: hour, stays: true,
		},
		"one whose clock is ahead of ours": {
			had: listed("r", -minute, 0), later: 10 * second, stays: true,
		},
		"the same, a little later": {
			had: listed("r", -minute, 0), later: 2 * minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lookback, span := max(test.lookback, month), max(test.span, month)
			inv := New(lookback, noon)
			inv.list(li, wecom.Window{Start: noon.Add(-lookback), End: noon}, test.had)
			if got := inv.ids(noon); len(got) != 1 {
				t.Fatalf("the inventory has %v at first", got)
			}
			now := at(test.later)
			held := inv.list(li, wecom.Window{Start: now.Add(-span), End: now})
			if stays := len(inv.ids(now)) == 1; stays != test.stays || (held == 1) != test.stays {
				t.Errorf("it stays: %t, want %t; %d held", stays, test.stays, held)
			}
		})
	}
}

// TestIncompleteListTakesNothingAway lists half of what there was, first as an incomplete list and
// then as a whole one.
func TestIncompleteListTakesNothingAway(t *testing.T) {
	t.Parallel()
	recordings := make([]wecom.Recording, 0, 40)
	for i := range 40 {
		start := time.Duration(i+1) * time.Hour
		recordings = append(recordings, listed(strconv.Itoa(i), start, start))
	}
	span := wecom.Window{Start: noon.Add(-month), End: noon}
	inv := New(month, noon)
	inv.list(li, span, recordings...)
	half := inv.listing(li, span, recordings[:20]...)
	half.Incomplete, half.Succeeded = true, false
	held, _ := inv.Apply(half)
	if counted := inv.counted(); held != 40 || counted.Removed != 0 {
		t.Errorf("%d are held and %d removed after half a list, want 40 and none", held, counted.Removed)
	}
	if held, counted := inv.list(li, span, recordings[:20]...), inv.counted(); held != 20 || counted.Removed != 20 {
		t.Errorf("%d are held and %d removed after a whole list, want 20 of each", held, counted.Removed)
	}
}

func TestUnfinishedRecordings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		states []wecom.State
		want   int
	}{
		"none": {},
		"completed": {
			states: []wecom.State{wecom.StateCompleted, wecom.StateCompleted},
		},
		"one is being recorded": {
			states: []wecom.State{wecom.StateCompleted, wecom.StateRecording},
			want:   1,
		},
		"one is being transcoded": {
			states: []wecom.State{wecom.StateTranscoding, wecom.StateCompleted},
			want:   1,
		},
		"an unknown state": {
			states: []wecom.State{wecom.StateUnknown},
			want:   1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recordings := make([]wecom.Recording, 0, len(test.states))
			for i, state := range test.states {
				r := listed(strconv.Itoa(i), day, day)
				r.State = state
				recordings = append(recordings, r)
			}
			inv := New(month, noon)
			span := wecom.Window{Start: noon.Add(-month), End: noon}
			_, got := inv.Apply(inv.listing(li, span, recordings...))
			if held := inv.Holdings()[li].Unfinished; got != test.want || held != test.want {
				t.Errorf("unfinished after the list: %d, of the holding: %d, want %d", got, held, test.want)
			}
			half := inv.listing(li, span)
			half.Incomplete, half.Succeeded = true, false
			if _, got := inv.Apply(half); got != test.want {
				t.Errorf("unfinished after an incomplete list: %d, want %d", got, test.want)
			}
		})
	}
}

func TestListsOfSeveralTargets(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	span := wecom.Window{Start: noon.Add(-month), End: noon}
	apply := func(target wecom.Target, want []string, recordings ...wecom.Recording) {
		t.Helper()
		inv.list(target, span, recordings...)
		if diff := cmp.Diff(want, inv.ids(noon)); diff != "" {
			t.Errorf("inventory (-want +got):\n%s", diff)
		}
	}
	a, b := listed("a", day, day), listed("b", 2*day, 2*day)
	apply(li, []string{"a", "b"}, a, b)
	apply(wang, []string{"a", "b"}, b)
	version := inv.version
	apply(wang, []string{"a", "b"}, b)
	if inv.version != version {
		t.Error("the same list is a new version")
	}
	apply(li, []string{"b"})
	apply(li, []string{"b"})
	apply(wang, []string{})
	apply(li, []string{"a"}, a)
	inv.Drop(li, noon)
	apply(wang, []string{})
	changed := a
	changed.State = wecom.StateTranscoding
	apply(li, []string{"a"}, a)
	version = inv.version
	apply(li, []string{"a"}, changed)
	if inv.version == version {
		t.Error("a changed recording is no new version")
	}
}

func TestInventoryAgesWithoutLists(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	sample := wecom.Recording{ID: "1970", MeetingStart: 177777777}
	unfinished := wecom.Recording{ID: "unfinished", MeetingStart: wecom.InstantOf(at(-40 * day))}
	inv.list(li, wecom.Window{Start: noon.Add(-month), End: noon},
		listed("old", 30*day, 30*day), listed("new", day, day), sample, unfinished)
	for _, test := range []struct {
		later time.Duration
		want  []string
	}{
		{later: 0, want: []string{"1970", "new", "old", "unfinished"}},
		{later: day, want: []string{"1970", "new", "old", "unfinished"}}, // its file ended an hour later
		{later: day + 2*time.Hour, want: []string{"1970", "new", "unfinished"}},
		{later: 40 * day, want: []string{"1970", "unfinished"}},
	} {
		if diff := cmp.Diff(test.want, inv.ids(at(test.later))); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", test.later, diff)
		}
	}
}

// TestListsThatAreNeverComplete has a target hold nothing that left the lookback, though none of
// its lists says what is gone.
func TestListsThatAreNeverComplete(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	const days = 100
	for i := range days {
		now := at(time.Duration(i) * day)
		start := wecom.InstantOf(now)
		l := &Listing{Target: li, Asked: inv.Generation(), At: now, Incomplete: true}
		l.Add([]wecom.Recording{{ID: strconv.Itoa(i), Host: "li", MeetingStart: start, State: wecom.StateCompleted}})
		inv.Apply(l)
		inv.expire(now)
	}
	if held := inv.Holdings()[li].Recordings; held != 32 {
		t.Errorf("%d recordings are held, want those of 31 days", held)
	}
	if known := inv.Status().Recordings; known > 34 {
		t.Errorf("%d recordings are known, want those of 31 days and a day", known)
	}
	if want := (counted{Recordings: days}); inv.counted() != want {
		t.Errorf("counted %+v, want %+v", inv.counted(), want)
	}
}

func TestAHostThatChanges(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	start := wecom.InstantOf(at(time.Hour))
	r := wecom.Recording{ID: "r", MeetingStart: start, Files: []wecom.File{{ID: "f", Start: start, End: start}}}
	for i, list := range []struct {
		host  string
		state wecom.State
		size  int64
	}{
		{host: "li", state: wecom.StateRecording, size: 100},
		{host: "wang", state: wecom.StateRecording, size: 130},
		{host: "", state: wecom.StateCompleted, size: 150},
		{host: "li", state: wecom.StateCompleted, size: 150},
	} {
		r.Host, r.State, r.Files[0].Size = list.host, list.state, list.size
		inv.poll(li, at(time.Duration(i+2)*time.Hour), month, r)
	}
	got := map[string][2]int64{}
	for host, totals := range inv.ledger.Hosts() {
		got[host] = [2]int64{int64(totals.Recordings), totals.Bytes}
	}
	// What was counted of one host stays, and only what is new is another's.
	if diff := cmp.Diff(map[string][2]int64{"li": {1, 100}, "wang": {0, 30}, "": {0, 20}}, got); diff != "" {
		t.Errorf("recordings and bytes by host (-want +got):\n%s", diff)
	}
}

// A step is a list, or something else that happens to an inventory, and what has been
// counted after it.
type step struct {
	does func(inv *Inventory)
	want counted
}

// listOf returns a step: a list of a span, some time after noon.
func listOf(later, span time.Duration, target wecom.Target, want counted, recordings ...wecom.Recording) step {
	return step{
		does: func(inv *Inventory) { inv.poll(target, at(later), span, recordings...) },
		want: want,
	}
}

func list(later time.Duration, target wecom.Target, want counted, recordings ...wecom.Recording) step {
	return listOf(later, month, target, want, recordings...)
}

func drop(later time.Duration, target wecom.Target, want counted) step {
	return step{
		does: func(inv *Inventory) { inv.Drop(target, at(later)) },
		want: want,
	}
}

// longLookback returns a step: from then on the lookback is of 90 days.
func longLookback(want counted) step {
	return step{
		does: func(inv *Inventory) { inv.SetLookback(90 * day) },
		want: want,
	}
}

// TestListsAreCounted lists recordings whose files are of an hour and have no size.
// Counting begins at noon.
func TestListsAreCounted(t *testing.T) {
	t.Parallel()
	const minute, hour, long = time.Minute, time.Hour, 90 * day
	code := wecom.Target{Selector: wecom.ByMeetingCode, ID: "123"}
	var (
		none    counted
		gone    = counted{Removed: 1}
		file    = counted{Files: 1, Seconds: 3600}
		begun   = counted{Recordings: 1, Files: 1, Seconds: 3600}
		all     = counted{Recordings: 1, Files: 1, Seconds: 3600, Transcodings: 1}
		removed = counted{Recordings: 1, Files: 1, Seconds: 3600, Transcodings: 1, Removed: 1}

		old        = listed("r", 2*hour, 2*hour)
		straddling = listed("r", hour/2, hour/2)
		young      = listed("r", -hour, -hour)
		running    = listed("r", 2*hour, 0)
		stopped    = listed("r", 2*hour, hour/2)
		ancient    = listed("r", 40*day, 40*day)
		timeless   = listed("r", 0, 0)
		edge       = listed("r", month-10*minute, 0)
	)
	running.State = wecom.StateRecording
	oldMeeting := wecom.Recording{ID: "r", State: wecom.StateRecording, MeetingStart: wecom.InstantOf(at(-40 * day))}
	slides := edge
	slides.State = wecom.StateTranscoding
	for name, steps := range map[string][]step{
		"a baseline, and what comes after it": {
			list(minute, li, none, old),
			list(hour, li, all, old, listed("s", hour, hour)),
		},
		"a baseline of what ended after birth": {
			list(hour, li, file, straddling),
			list(2*hour, li, file, straddling),
		},
		"a baseline of what began after birth": {
			list(3*hour, li, begun, young),
			list(4*hour, li, begun, young),
		},
		"recorded at first, then completed": {
			list(minute, li, none, running),
			list(hour, li, counted{Files: 1, Seconds: 3600, Transcodings: 1}, stopped),
		},
		"going on in an old meeting, then completed": {
			list(minute, li, none),
			list(hour, li, counted{Recordings: 1}, oldMeeting),
			list(2*hour, li, all, listed("r", 40*day, -hour)),
		},
		"going on in an old meeting at first": {
			list(minute, li, none, oldMeeting),
			list(2*hour, li, counted{Files: 1, Seconds: 3600, Transcodings: 1}, listed("r", 40*day, -hour)),
		},
		"going on in an old meeting, then removed": {
			list(minute, li, none),
			list(hour, li, counted{Recordings: 1}, oldMeeting),
			list(2*hour, li, counted{Recordings: 1, Removed: 1}),
		},
		"slid out of the window unfinished": {
			list(minute, li, none, slides),
			list(9*minute, li, none, slides),
			list(11*minute, li, none),
		},
		"an empty list is a baseline, too": {
			list(minute, li, none),
			list(hour, li, all, old),
		},
		"every target has a baseline of its own": {
			list(minute, li, none),
			list(hour, wang, none, old),
			list(2*hour, li, none, old),
		},
		"several targets add once": {
			list(minute, li, none),
			list(2*hour, li, all, young),
			list(2*hour, wang, all, young),
			list(2*hour, code, all, young),
		},
		"a target that is dropped and comes again": {
			list(minute, li, none),
			list(3*hour, li, all, young),
			drop(4*hour, li, all),
			list(5*hour, li, all, young),
		},
		"a longer span has a baseline": {
			list(minute, li, none),
			longLookback(none),
			listOf(hour, long, li, none, ancient),
			listOf(2*hour, long, li, none, ancient),
		},
		"removed": {
			list(minute, li, none),
			list(3*hour, li, all, young),
			list(4*hour, li, removed),
			list(5*hour, li, removed),
		},
		"removed, though it was not counted": {
			list(minute, li, none, old),
			list(hour, li, gone),
		},
		"removed, back and removed": {
			list(minute, li, none),
			list(3*hour, li, all, young),
			list(4*hour, li, removed),
			list(5*hour, li, removed, young),
			list(6*hour, li, removed),
		},
		"removed once the last target lacks it": {
			list(minute, li, none, old),
			list(minute, wang, none, old),
			list(hour, li, none),
			list(hour, wang, gone),
		},
		"one target is dropped, and the other lacks it": {
			list(minute, li, none, old),
			list(minute, wang, none, old),
			drop(hour, li, none),
			list(hour, wang, gone),
		},
		"dropped is not removed": {
			list(minute, li, none, old),
			drop(hour, li, none),
			list(2*hour, wang, none),
		},
		"slid out of the window": {
			list(minute, li, none, old),
			list(month, li, none),
		},
		"at the edge of the window": {
			list(minute, li, none, edge),
			list(9*minute, li, none),
			list(11*minute, li, none),
		},
		"older than a short span": {
			longLookback(none),
			listOf(minute, long, li, none, ancient),
			list(hour, li, none),
			listOf(2*hour, long, li, gone),
		},
		"no times": {
			list(minute, li, none, timeless),
			list(hour, li, none),
		},
		"a lookback that grows after it was forgotten": {
			list(minute, li, none),
			list(3*hour, li, all, young),
			list(month+2*hour, li, all),
			list(month+2*day, li, all),
			longLookback(all),
			listOf(month+3*day, long, li, all, young),
			// A new target knows nothing of it, either.
			listOf(month+3*day, long, wang, all, young, listed("s", -hour, -hour)),
		},
		"a lookback that grows before it was forgotten": {
			list(minute, li, none),
			list(3*hour, li, all, young),
			list(month+3*hour, li, all),
			longLookback(all),
			listOf(month+5*day, long, li, all, young),
			listOf(month+6*day, long, li, removed),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := New(month, noon)
			for i, s := range steps {
				s.does(inv)
				if diff := cmp.Diff(s.want, inv.counted()); diff != "" {
					t.Errorf("after step %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestTombstonesExpire polls for half a year what is new every day, and removed or not.
func TestTombstonesExpire(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	var recordings []wecom.Recording
	for d := range 180 {
		now := at(time.Duration(d) * day)
		inv.poll(li, now, month, recordings...)
		// One is removed, and WeCom lists no more than a month.
		recordings = recordings[min(1, len(recordings)):]
		for i := range 10 {
			began := -time.Duration(d)*day - time.Hour
			recordings = append(recordings, listed(fmt.Sprintf("%d-%d", d, i), began, began))
		}
		for len(recordings) > 0 && recordings[0].MeetingStart < wecom.InstantOf(now.Add(day-month)) {
			recordings = recordings[1:]
		}
		if most := 10 * int((month+retentionMargin)/day+2); inv.items.count > most {
			t.Fatalf("%d recordings are known on day %d, and at most %d were in the lookback", inv.items.count, d, most)
		}
	}
	if got := inv.counted(); got.Recordings != 1790 || got.Files != 1790 {
		t.Errorf("counted %+v, want all recordings of 179 days", got)
	}
}

// TestClockThatIsAheadForAWhile forgets a removed recording 40 days too early.
func TestClockThatIsAheadForAWhile(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	first := listed("first", -time.Hour, -time.Hour)
	inv.poll(li, noon, month)
	inv.poll(li, at(3*time.Hour), month, first)
	inv.poll(li, at(4*time.Hour), month)
	inv.expire(at(40 * day))
	if inv.items.count != 0 {
		t.Fatalf("%d recordings are known, want none", inv.items.count)
	}
	inv.poll(li, at(5*time.Hour), month, first, listed("second", -4*time.Hour, -4*time.Hour))
	if got := inv.counted(); got.Recordings != 2 || got.Files != 2 {
		t.Errorf("counted %+v, want each of two recordings once", got)
	}
	inv.poll(li, at(6*time.Hour), month)
	inv.expire(at(33 * day))
	if inv.items.count != 0 {
		t.Errorf("%d recordings are known, want none: what was dropped for good", inv.items.count)
	}
}

// TestAnswersThatOvertake has one target polled before another one, and answered after it.
func TestAnswersThatOvertake(t *testing.T) {
	t.Parallel()
	shared := func(on bool) wecom.Recording {
		r := listed("r", 2*time.Hour, 2*time.Hour)
		r.Files[0].Sharing.On = on
		return r
	}
	span := wecom.Window{Start: at(-month), End: at(time.Hour)}
	for name, test := range map[string]struct {
		before   map[wecom.Target][]wecom.Recording // at first
		newer    []wecom.Recording                  // of wang, asked for later
		older    []wecom.Recording                  // of li, asked for before
		then     []wecom.Recording                  // of both, in the end
		want     counted
		wantHeld []string
	}{
		"a change is counted once": {
			before:   map[wecom.Target][]wecom.Recording{li: {shared(false)}, wang: {shared(false)}},
			newer:    []wecom.Recording{shared(true)},
			older:    []wecom.Recording{shared(false)},
			then:     []wecom.Recording{shared(true)},
			want:     counted{Enabled: 1},
			wantHeld: []string{"r"},
		},
		"a change that only the older one has": {
			before:   map[wecom.Target][]wecom.Recording{li: {shared(false)}, wang: {shared(false)}},
			newer:    []wecom.Recording{shared(false)},
			older:    []wecom.Recording{shared(true)},
			then:     []wecom.Recording{shared(true)},
			want:     counted{Enabled: 1},
			wantHeld: []string{"r"},
		},
		"a removal is counted once": {
			before:   map[wecom.Target][]wecom.Recording{li: nil, wang: {shared(false)}},
			older:    []wecom.Recording{shared(false)},
			want:     counted{Removed: 1},
			wantHeld: []string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := New(month, noon)
			for _, target := range []wecom.Target{li, wang} {
				inv.list(target, span, test.before[target]...)
			}
			older := inv.listing(li, span, test.older...)
			inv.list(wang, span, test.newer...)
			inv.Apply(older)
			// What is stored in between must be what can be loaded again.
			for it := range inv.items.all() {
				gone := it.recordOf().Gone
				if (it.holders == 0) != (gone != 0) || (it.holders == 0) != it.isTombstone() {
					t.Errorf("%s has %d holders, and is gone since %d", it.recordOf().ID, it.holders, gone)
				}
			}
			for _, target := range []wecom.Target{li, wang} {
				inv.list(target, span, test.then...)
			}
			if diff := cmp.Diff(test.want, inv.counted()); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantHeld, inv.ids(noon)); diff != "" {
				t.Errorf("inventory (-want +got):\n%s", diff)
			}
		})
	}
}
