// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// totals are what a ledger has counted, over all hosts.
type totals struct {
	Recordings, Files, Removed, Transcodings, Enabled, Disabled, Widened, Narrowed uint64
	Bytes, Seconds                                                                 int64
}

func (l *ledger) totals() totals {
	c := l.SharingChanges
	t := totals{
		Files: l.FileSizes.Count, Removed: l.Removed, Transcodings: l.Transcodings.Count,
		Enabled: c[sharingEnabled], Disabled: c[sharingDisabled], Widened: c[sharingWidened], Narrowed: c[sharingNarrowed],
	}
	for _, h := range l.hosts {
		t.Recordings += h.recordings
		t.Bytes += h.bytes
		t.Seconds += h.milliseconds / 1000
	}
	return t
}

// at returns a time some time after noon.
func at(later time.Duration) time.Time { return noon.Add(later) }

// fileOf returns a file of so many seconds that began an hour after noon.
func fileOf(id string, size int64, seconds int, shares ...wecom.Sharing) wecom.File {
	start := wecom.InstantOf(at(time.Hour))
	f := wecom.File{ID: id, Start: start, End: start + wecom.Instant(1000*seconds), Size: size}
	for _, s := range shares {
		f.Sharing = s
	}
	return f
}

// meeting returns a recording of a meeting that began an hour after noon.
func meeting(state wecom.State, files ...wecom.File) wecom.Recording {
	return wecom.Recording{ID: "r", Host: "li", MeetingStart: wecom.InstantOf(at(time.Hour)), State: state, Files: files}
}

// TestLedgerSees shows a recording to a ledger several times, an hour from one to
// the next, as lists would have it that came after another one.
func TestLedgerSees(t *testing.T) {
	t.Parallel()
	const running, transcoding, completed = wecom.StateRecording, wecom.StateTranscoding, wecom.StateCompleted
	open := wecom.Sharing{On: true, Download: true}
	closed := wecom.Sharing{On: true, HasPassword: true}
	later := fileOf("", 50, 5)
	later.Start++
	later.End++
	endless := fileOf("f", 100, 0)
	endless.End = 0
	for name, test := range map[string]struct {
		sights []wecom.Recording
		want   totals
	}{
		"a recording": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"the same again and again": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 100, 10))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"from its start to its end": {
			[]wecom.Recording{meeting(running), meeting(running), meeting(transcoding), meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 100, 10))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"completed twice": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10)), meeting(transcoding), meeting(completed, fileOf("f", 100, 10))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"completed without a file": {
			[]wecom.Recording{meeting(running), meeting(completed)},
			totals{Recordings: 1},
		},
		"a file that grows until it is completed": {
			[]wecom.Recording{meeting(running, fileOf("f", 10, 1)), meeting(transcoding, fileOf("f", 60, 1)), meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 900, 90))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"a file that grows after it was completed once": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10)), meeting(running, fileOf("f", 200, 20)), meeting(running, fileOf("f", 300, 30))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"a file that shrinks and grows back": {
			[]wecom.Recording{meeting(running, fileOf("f", 100, 10)), meeting(running, fileOf("f", 40, 4)), meeting(running, fileOf("f", 100, 10)), meeting(running, fileOf("f", 110, 11))},
			totals{Recordings: 1, Files: 1, Bytes: 110, Seconds: 11},
		},
		"a file that has no end yet": {
			[]wecom.Recording{meeting(running, endless), meeting(completed, fileOf("f", 100, 10))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"a file that goes and comes back": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10), fileOf("g", 1, 1)), meeting(completed, fileOf("g", 1, 1)), meeting(completed), meeting(completed, fileOf("f", 100, 10), fileOf("g", 1, 1))},
			totals{Recordings: 1, Files: 2, Bytes: 101, Seconds: 11, Transcodings: 1},
		},
		"a file that comes late": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 100, 10), fileOf("g", 1, 1))},
			totals{Recordings: 1, Files: 2, Bytes: 101, Seconds: 11, Transcodings: 1},
		},
		"files without an ID are known by their start": {
			[]wecom.Recording{meeting(running, fileOf("", 100, 10)), meeting(running, fileOf("", 120, 12), later), meeting(completed, later, fileOf("", 120, 12))},
			totals{Recordings: 1, Files: 2, Bytes: 170, Seconds: 17, Transcodings: 1},
		},
		"two files of one start, neither with an ID": {
			[]wecom.Recording{meeting(running, fileOf("", 100, 10, open), fileOf("", 120, 12)), meeting(running, fileOf("", 100, 10, open), fileOf("", 120, 12)), meeting(running, fileOf("", 100, 10, open), fileOf("", 120, 12))},
			totals{Recordings: 1, Files: 2, Bytes: 220, Seconds: 22},
		},
		"sharing that was there at first": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10, open)), meeting(completed, fileOf("f", 100, 10, open))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1},
		},
		"sharing on, closer, wider, off": {
			[]wecom.Recording{
				meeting(completed, fileOf("f", 100, 10)), meeting(completed, fileOf("f", 100, 10, open)), meeting(completed, fileOf("f", 100, 10, open)),
				meeting(completed, fileOf("f", 100, 10, closed)), meeting(completed, fileOf("f", 100, 10, open)), meeting(completed, fileOf("f", 100, 10)),
			},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1, Enabled: 1, Narrowed: 1, Widened: 1, Disabled: 1},
		},
		"a file that comes back shared": {
			[]wecom.Recording{meeting(completed, fileOf("f", 100, 10)), meeting(completed), meeting(completed, fileOf("f", 100, 10, open))},
			totals{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1, Enabled: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(noon)
			var known *recording.Record
			last := totals{}
			for i := range test.sights {
				r := l.see(known, &test.sights[i], sight{at: at(time.Duration(2+i) * time.Hour)})
				known = &recording.Record{}
				if err := known.Decode(string(r.AppendTo(nil))); err != nil {
					t.Fatal(err)
				}
				now := l.totals()
				if now.Bytes < last.Bytes || now.Seconds < last.Seconds {
					t.Errorf("sight %d took from the totals: %+v", i, now)
				}
				last = now
			}
			if diff := cmp.Diff(test.want, l.totals()); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFirstSight shows a recording of an hour, completed or not, to a ledger that
// was born at noon.
func TestFirstSight(t *testing.T) {
	t.Parallel()
	whole := totals{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600, Transcodings: 1}
	for name, test := range map[string]struct {
		began  time.Duration // before noon
		state  wecom.State
		sight  sight
		change func(*wecom.Recording)
		want   totals
	}{
		"before birth, in a first list":                {2 * time.Hour, wecom.StateCompleted, sight{first: true}, nil, totals{}},
		"before birth, in a later list":                {2 * time.Hour, wecom.StateCompleted, sight{}, nil, whole},
		"began before birth, ended after":              {30 * time.Minute, wecom.StateCompleted, sight{first: true}, nil, totals{Files: 1, Bytes: 7, Seconds: 3600}},
		"ended at birth":                               {time.Hour, wecom.StateCompleted, sight{first: true}, nil, totals{Files: 1, Bytes: 7, Seconds: 3600}},
		"ended just before birth":                      {time.Hour + time.Millisecond, wecom.StateCompleted, sight{first: true}, nil, totals{}},
		"began at birth":                               {0, wecom.StateCompleted, sight{first: true}, nil, totals{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600}},
		"before birth, no end, being recorded":         {2 * time.Hour, wecom.StateRecording, sight{first: true}, func(r *wecom.Recording) { r.Files[0].End = 0 }, totals{Files: 1, Bytes: 7}},
		"before birth, no end, transcoded":             {2 * time.Hour, wecom.StateTranscoding, sight{first: true}, func(r *wecom.Recording) { r.Files[0].End = 0 }, totals{Files: 1, Bytes: 7}},
		"before birth, no end, completed":              {2 * time.Hour, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.Files[0].End = 0 }, totals{}},
		"a meeting before birth, a file after, no end": {-time.Minute, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.MeetingStart, r.Files[0].End = wecom.InstantOf(at(-day)), 0 }, totals{Files: 1, Bytes: 7}},
		"no times but the meeting's, before":           {2 * time.Hour, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.Files[0] = wecom.File{Size: 7} }, totals{}},
		"no times but the meeting's, after":            {-time.Hour, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.Files[0] = wecom.File{Size: 7} }, totals{Recordings: 1, Files: 1, Bytes: 7}},
		"no times but the file's":                      {-time.Hour, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.MeetingStart = 0 }, totals{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600}},
		"no times, in a first list":                    {0, wecom.StateCompleted, sight{first: true}, func(r *wecom.Recording) { r.MeetingStart, r.Files[0] = 0, wecom.File{Size: 7} }, totals{}},
		"no times, in a later list":                    {0, wecom.StateCompleted, sight{}, func(r *wecom.Recording) { r.MeetingStart, r.Files[0] = 0, wecom.File{Size: 7} }, totals{Recordings: 1, Files: 1, Bytes: 7}},
		"older than what was forgotten":                {50 * day, wecom.StateCompleted, sight{forgotten: wecom.InstantOf(at(-40 * day))}, nil, totals{}},
		"as old as what was forgotten":                 {40*day + time.Hour, wecom.StateCompleted, sight{forgotten: wecom.InstantOf(at(-40 * day))}, nil, whole},
		"a meeting that is older, a file not":          {40 * day, wecom.StateCompleted, sight{forgotten: wecom.InstantOf(at(-40 * day))}, nil, whole},
		"an end that is yet to come":                   {-23 * time.Hour, wecom.StateCompleted, sight{}, nil, whole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := wecom.InstantOf(at(-test.began))
			r := wecom.Recording{ID: "r", Host: "li", MeetingStart: start, State: test.state, Files: []wecom.File{{ID: "f", Start: start, End: start + 3_600_000, Size: 7}}}
			if test.change != nil {
				test.change(&r)
			}
			l := newLedger(noon)
			test.sight.at = at(time.Hour)
			l.see(nil, &r, test.sight)
			if diff := cmp.Diff(test.want, l.totals()); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if l.Transcodings.Sum < 0 {
				t.Errorf("transcoding took %g s", l.Transcodings.Sum)
			}
		})
	}
}

func TestTranscodingTime(t *testing.T) {
	t.Parallel()
	l := newLedger(noon)
	files := []wecom.File{fileOf("f", 1, 1800), fileOf("g", 1, 3600), fileOf("h", 1, 60)}
	first := meeting(wecom.StateTranscoding, files...)
	known := l.see(nil, &first, sight{at: at(2 * time.Hour)})
	then := meeting(wecom.StateCompleted, files...)
	l.see(&known, &then, sight{at: at(2*time.Hour + 90*time.Second)})
	if l.Transcodings.Count != 1 || l.Transcodings.Sum != 90 {
		t.Errorf("%d observed, %g s in all; want 90 s from the end of the last file", l.Transcodings.Count, l.Transcodings.Sum)
	}
}

func TestAHostThatChanges(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
	r := meeting(wecom.StateRecording, fileOf("f", 100, 0))
	for i, sight := range []struct {
		host  string
		state wecom.State
		size  int64
	}{{"li", wecom.StateRecording, 100}, {"wang", wecom.StateRecording, 130}, {"", wecom.StateCompleted, 150}, {"li", wecom.StateCompleted, 150}} {
		r.Host, r.State, r.Files[0].Size = sight.host, sight.state, sight.size
		inv.poll(li, at(time.Duration(i+2)*time.Hour), month, r)
	}
	got := map[string][2]int64{}
	for host, totals := range inv.ledger.hosts {
		got[host] = [2]int64{int64(totals.recordings), totals.bytes}
	}
	// What was counted of one host stays, and only what is new is another's.
	if diff := cmp.Diff(map[string][2]int64{"li": {1, 100}, "wang": {0, 30}, "": {0, 20}}, got); diff != "" {
		t.Errorf("recordings and bytes by host (-want +got):\n%s", diff)
	}
}

func TestSharingChange(t *testing.T) {
	t.Parallel()
	var off wecom.Sharing
	soon, late := wecom.InstantOf(noon), wecom.InstantOf(at(day))
	anyone := wecom.Sharing{On: true}
	company := wecom.Sharing{On: true, SameCorp: true}
	attendees := wecom.Sharing{On: true, Attendee: true}
	both := wecom.Sharing{On: true, SameCorp: true, Attendee: true}
	for name, test := range map[string]struct {
		before, after wecom.Sharing
		there, back   int
	}{
		"off":                               {off, off, sharingKept, sharingKept},
		"off, whatever else is said":        {off, wecom.Sharing{Download: true, Expire: soon}, sharingKept, sharingKept},
		"on":                                {off, anyone, sharingEnabled, sharingDisabled},
		"on, for attendees with a password": {off, wecom.Sharing{On: true, Attendee: true, HasPassword: true}, sharingEnabled, sharingDisabled},
		"the same":                          {anyone, anyone, sharingKept, sharingKept},
		"the company, then anyone":          {company, anyone, sharingWidened, sharingNarrowed},
		"attendees, then the company":       {attendees, company, sharingWidened, sharingNarrowed},
		"attendees, then anyone":            {attendees, anyone, sharingWidened, sharingNarrowed},
		"attendees, of the company or not":  {attendees, both, sharingKept, sharingKept},
		"attendees of the company, then it": {both, company, sharingWidened, sharingNarrowed},
		"no password any more":              {wecom.Sharing{On: true, HasPassword: true}, anyone, sharingWidened, sharingNarrowed},
		"downloads":                         {anyone, wecom.Sharing{On: true, Download: true}, sharingWidened, sharingNarrowed},
		"a later end":                       {wecom.Sharing{On: true, Expire: soon}, wecom.Sharing{On: true, Expire: late}, sharingWidened, sharingNarrowed},
		"no end any more":                   {wecom.Sharing{On: true, Expire: late}, anyone, sharingWidened, sharingNarrowed},
		// Where anything opened, that is what counts, whichever way one looks.
		"wider, with a password": {company, wecom.Sharing{On: true, HasPassword: true}, sharingWidened, sharingWidened},
		"narrower, for longer":   {wecom.Sharing{On: true, Expire: soon}, company, sharingWidened, sharingWidened},
		"all wider":              {wecom.Sharing{On: true, Attendee: true, HasPassword: true, Expire: soon}, wecom.Sharing{On: true, Download: true}, sharingWidened, sharingNarrowed},
	} {
		if there, back := sharingChange(test.before, test.after), sharingChange(test.after, test.before); there != test.there || back != test.back {
			t.Errorf("%s: %d there and %d back, want %d and %d", name, there, back, test.there, test.back)
		}
	}
}

// poll applies a list of a span that ends at the given time.
func (inv *inventory) poll(target wecom.Target, now time.Time, span time.Duration, recordings ...wecom.Recording) {
	inv.list(target, wecom.Window{Start: now.Add(-span), End: now}, recordings...)
	inv.forget(now)
}

// A step is a list, or something else that happens to an inventory, and what has
// been counted after it.
type step struct {
	does func(inv *inventory)
	want totals
}

// TestInventoryCounts lists recordings whose files are of an hour and have no size.
// Counting begins at noon.
func TestInventoryCounts(t *testing.T) {
	t.Parallel()
	listOf := func(later, span time.Duration, by wecom.Target, want totals, recordings ...wecom.Recording) step {
		return step{func(inv *inventory) { inv.poll(by, at(later), span, recordings...) }, want}
	}
	list := func(later time.Duration, by wecom.Target, want totals, recordings ...wecom.Recording) step {
		return listOf(later, month, by, want, recordings...)
	}
	drop := func(later time.Duration, by wecom.Target, want totals) step {
		return step{func(inv *inventory) { inv.drop(by, at(later)) }, want}
	}
	lookback := func(d time.Duration, want totals) step {
		return step{func(inv *inventory) { inv.setLookback(d) }, want}
	}
	code := wecom.Target{Selector: wecom.ByMeetingCode, ID: "123"}
	var (
		none    totals
		gone    = totals{Removed: 1}
		file    = totals{Files: 1, Seconds: 3600}
		begun   = totals{Recordings: 1, Files: 1, Seconds: 3600}
		all     = totals{Recordings: 1, Files: 1, Seconds: 3600, Transcodings: 1}
		removed = totals{Recordings: 1, Files: 1, Seconds: 3600, Transcodings: 1, Removed: 1}
	)
	const minute, hour, long = time.Minute, time.Hour, 90 * day
	old, straddling, young := listed("r", 2*hour, 2*hour), listed("r", hour/2, hour/2), listed("r", -hour, -hour)
	running, stopped := listed("r", 2*hour, 0), listed("r", 2*hour, hour/2)
	running.State = wecom.StateRecording
	ancient, timeless, edge := listed("r", 40*day, 40*day), listed("r", 0, 0), listed("r", month-10*minute, 0)
	for name, steps := range map[string][]step{
		"a baseline, and what comes after it":      {list(minute, li, none, old), list(hour, li, all, old, listed("s", hour, hour))},
		"a baseline of what ended after birth":     {list(hour, li, file, straddling), list(2*hour, li, file, straddling)},
		"a baseline of what began after birth":     {list(3*hour, li, begun, young), list(4*hour, li, begun, young)},
		"recorded at first, then completed":        {list(minute, li, none, running), list(hour, li, totals{Files: 1, Seconds: 3600, Transcodings: 1}, stopped)},
		"an empty list is a baseline too":          {list(minute, li, none), list(hour, li, all, old)},
		"every target has a baseline of its own":   {list(minute, li, none), list(hour, wang, none, old), list(2*hour, li, none, old)},
		"several targets add once":                 {list(minute, li, none), list(2*hour, li, all, young), list(2*hour, wang, all, young), list(2*hour, code, all, young)},
		"a target that is dropped and comes again": {list(minute, li, none), list(3*hour, li, all, young), drop(4*hour, li, all), list(5*hour, li, all, young)},
		"a longer span has a baseline": {
			list(minute, li, none), lookback(long, none), listOf(hour, long, li, none, ancient), listOf(2*hour, long, li, none, ancient),
		},
		"removed":                            {list(minute, li, none), list(3*hour, li, all, young), list(4*hour, li, removed), list(5*hour, li, removed)},
		"removed, though it was not counted": {list(minute, li, none, old), list(hour, li, gone)},
		"removed, back and removed": {
			list(minute, li, none), list(3*hour, li, all, young), list(4*hour, li, removed), list(5*hour, li, removed, young), list(6*hour, li, removed),
		},
		"removed once the last target lacks it":  {list(minute, li, none, old), list(minute, wang, none, old), list(hour, li, none), list(hour, wang, gone)},
		"one is dropped, and the other lacks it": {list(minute, li, none, old), list(minute, wang, none, old), drop(hour, li, none), list(hour, wang, gone)},
		"dropped is not removed":                 {list(minute, li, none, old), drop(hour, li, none), list(2*hour, wang, none)},
		"slid out of the window":                 {list(minute, li, none, old), list(month, li, none)},
		"at the edge of the window":              {list(minute, li, none, edge), list(9*minute, li, none), list(11*minute, li, none)},
		"older than a short span":                {lookback(long, none), listOf(minute, long, li, none, ancient), list(hour, li, none), listOf(2*hour, long, li, gone)},
		"no times":                               {list(minute, li, none, timeless), list(hour, li, none)},
		"a lookback that grows after it was forgotten": {
			list(minute, li, none), list(3*hour, li, all, young), list(month+2*hour, li, all), list(month+2*day, li, all), lookback(long, all),
			listOf(month+3*day, long, li, all, young),
			// A target that is new knows nothing of it either.
			listOf(month+3*day, long, wang, all, young, listed("s", -hour, -hour)),
		},
		"a lookback that grows before it was forgotten": {
			list(minute, li, none), list(3*hour, li, all, young), list(month+3*hour, li, all), lookback(long, all),
			listOf(month+5*day, long, li, all, young), listOf(month+6*day, long, li, removed),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := newInventory(month, noon)
			for i, s := range steps {
				s.does(inv)
				if diff := cmp.Diff(s.want, inv.ledger.totals()); diff != "" {
					t.Errorf("after step %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestIDsAreForgotten polls for half a year what is new every day, and removed or
// not.
func TestIDsAreForgotten(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
	var recordings []wecom.Recording
	for d := range 180 {
		now := at(time.Duration(d) * day)
		inv.poll(li, now, month, recordings...)
		// One is removed, and WeCom shows no more than a month.
		recordings = recordings[min(1, len(recordings)):]
		for i := range 10 {
			began := -time.Duration(d)*day - time.Hour
			recordings = append(recordings, listed(fmt.Sprintf("%d-%d", d, i), began, began))
		}
		for len(recordings) > 0 && recordings[0].MeetingStart < wecom.InstantOf(now.Add(day-month)) {
			recordings = recordings[1:]
		}
		if most := 10 * int((month+memoryMargin)/day+2); len(inv.items) > most {
			t.Fatalf("%d recordings are known on day %d, and at most %d were in the lookback", len(inv.items), d, most)
		}
	}
	if got := inv.ledger.totals(); got.Recordings != 1790 || got.Files != 1790 {
		t.Errorf("counted %+v, want all recordings of 179 days", got)
	}
}

// TestAnswersThatOvertake has one target asked before another, and answered after.
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
		want     totals
		wantHeld []string
	}{
		"a change is counted once": {
			map[wecom.Target][]wecom.Recording{li: {shared(false)}, wang: {shared(false)}},
			[]wecom.Recording{shared(true)},
			[]wecom.Recording{shared(false)},
			[]wecom.Recording{shared(true)},
			totals{Enabled: 1},
			[]string{"r"},
		},
		"a change that only the older one has": {
			map[wecom.Target][]wecom.Recording{li: {shared(false)}, wang: {shared(false)}},
			[]wecom.Recording{shared(false)},
			[]wecom.Recording{shared(true)},
			[]wecom.Recording{shared(true)},
			totals{Enabled: 1},
			[]string{"r"},
		},
		"a removal is counted once": {
			map[wecom.Target][]wecom.Recording{li: nil, wang: {shared(false)}},
			nil,
			[]wecom.Recording{shared(false)},
			nil,
			totals{Removed: 1},
			[]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := newInventory(month, noon)
			for _, target := range []wecom.Target{li, wang} {
				inv.list(target, span, test.before[target]...)
			}
			asked := inv.now()
			inv.list(wang, span, test.newer...)
			inv.apply(&listing{target: li, span: span, recordings: test.older, asked: asked, at: span.End, succeeded: true, whole: true})
			// What is stored in between must be what can be loaded again.
			for id, it := range inv.items {
				if inv.read(it); (it.holders == 0) != (inv.known.Gone != 0) || (it.holders == 0) != (it.host == nil) {
					t.Errorf("%s has %d holders, and is gone since %d", id, it.holders, inv.known.Gone)
				}
			}
			for _, target := range []wecom.Target{li, wang} {
				inv.list(target, span, test.then...)
			}
			if diff := cmp.Diff(test.want, inv.ledger.totals()); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantHeld, inv.ids(noon)); diff != "" {
				t.Errorf("inventory (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCountersAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := start(t, worldOf(wecomtest.Config{}), configOf("li", "wang"))
		want := map[string]string{`wecom_recordings_removed_total`: "0"}
		for _, change := range changes {
			want[fmt.Sprintf(`wecom_recording_sharing_changes_total{change=%q}`, change)] = "0"
		}
		for _, name := range []string{"file_size_bytes", "file_duration_seconds", "transcoding_seconds"} {
			want["wecom_recording_"+name+"_count"], want["wecom_recording_"+name+"_sum"] = "0", "0"
			want["wecom_recording_"+name+`_bucket{le="+Inf"}`] = "0"
		}
		r.expect(want)
		r.wait(10 * time.Second)
		// Everything that there is began before.
		for _, host := range []string{"li", "wang", "zhao", "unknown"} {
			for _, name := range []string{"wecom_recordings_discovered_total", "wecom_recording_discovered_bytes_total", "wecom_recording_discovered_seconds_total"} {
				want[fmt.Sprintf("%s{host=%q}", name, host)] = "0"
			}
		}
		r.expect(want)
	})
}

// TestALifeIsCounted follows a recording that was running when counting began,
// beside one that was there.
func TestALifeIsCounted(t *testing.T) {
	t.Parallel()
	for name, targets := range map[string]config.Targets{
		"one target":    {UserIDs: []string{"li"}},
		"three targets": {UserIDs: []string{"li"}, MeetingIDs: []string{"m1"}, MeetingCodes: []string{"123"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				birth := time.Now()
				after := birth.Add
				running := recorded("running", "li", 30*time.Minute,
					wecomtest.Share{At: after(2 * time.Hour), On: true, SameCorp: true},
					wecomtest.Share{At: after(3 * time.Hour), On: true, Download: true},
					wecomtest.Share{At: after(4 * time.Hour), On: true, Download: true, Password: "canary-password", Expire: after(5 * time.Hour)},
					wecomtest.Share{At: after(6 * time.Hour)})
				running.Transcoding, running.Completed, running.Deleted = after(30*time.Minute), after(41*time.Minute), after(7*time.Hour)
				later := recorded("later", "li", -8*time.Hour)
				later.Started, later.Transcoding, later.Completed = later.MeetingStart, after(9*time.Hour), after(9*time.Hour+time.Minute)
				recs := []wecomtest.Recording{running, later, recorded("old", "li", 3*time.Hour)}
				for i := range recs {
					recs[i].MeetingID, recs[i].MeetingCode = "m1", "123"
				}
				server := wecomtest.New(wecomtest.Config{})
				server.Put(recs...)
				cfg := configOf()
				cfg.Corps[0].Targets, cfg.Poll.Lookback = targets, day
				r := start(t, server, cfg)
				for _, step := range []struct {
					at             time.Duration
					recordings     string // of the host li, that were counted
					bytes, seconds string
					transcoded     string
					changes        string // as in the order of the variable changes
					removed, files string
				}{
					{time.Minute, "0", "0", "0", "0", "0000", "0", "1"},
					{40 * time.Minute, "0", "0", "0", "0", "0000", "0", "1"},
					{time.Hour, "0", "1000", "3600", "1", "0000", "0", "2"},
					{2*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1000", "0", "2"},
					{3*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1010", "0", "2"},
					{4*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1011", "0", "2"},
					{5*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1011", "0", "2"}, // The link expired.
					{6*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1111", "0", "2"},
					{7*time.Hour + 10*time.Minute, "0", "1000", "3600", "1", "1111", "1", "1"},
					{8*time.Hour + 10*time.Minute, "1", "1000", "3600", "1", "1111", "1", "1"},
					{10 * time.Hour, "1", "2000", "7200", "2", "1111", "1", "2"},
					{35 * time.Hour, "1", "2000", "7200", "2", "1111", "1", "-"}, // All left the lookback.
				} {
					r.wait(time.Until(after(step.at)))
					want := map[string]string{
						`wecom_recordings_discovered_total{host="li"}`:        step.recordings,
						`wecom_recording_discovered_bytes_total{host="li"}`:   step.bytes,
						`wecom_recording_discovered_seconds_total{host="li"}`: step.seconds,
						`wecom_recording_file_size_bytes_count`:               step.bytes[:1],
						`wecom_recording_file_duration_seconds_count`:         step.bytes[:1],
						`wecom_recording_transcoding_seconds_count`:           step.transcoded,
						`wecom_recordings_removed_total`:                      step.removed,
						`wecom_recording_files{host="li"}`:                    step.files,
					}
					for i, change := range changes {
						want[fmt.Sprintf(`wecom_recording_sharing_changes_total{change=%q}`, change)] = step.changes[i : i+1]
					}
					r.expect(want)
				}
				// It took 11 minutes, and was seen within five; the other a minute.
				r.expect(map[string]string{
					`wecom_recording_transcoding_seconds_bucket{le="600"}`:  "1",
					`wecom_recording_transcoding_seconds_bucket{le="1200"}`: "2",
				})
			})
		})
	}
}

func TestCorpsAreCountedApart(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		acme, other := wecomtest.New(wecomtest.Config{}), wecomtest.New(wecomtest.Config{})
		cfg := configOf("li")
		second := cfg.Corps[0]
		second.Name, second.APIURL = "other", "https://other.test"
		cfg.Corps = append(cfg.Corps, second)
		r := start(t, byHost{"wecom.test": acme, "other.test": other}, cfg)
		r.wait(time.Minute)
		// The same IDs at both.
		acme.Put(recorded("r", "li", time.Hour))
		other.Put(recorded("r", "li", time.Hour), recorded("s", "li", time.Hour))
		r.wait(2 * time.Hour)
		other.Remove("r")
		r.wait(10 * time.Minute)
		r.expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_discovered_total{corp="other",host="li"}`: "2",
			`wecom_recordings_removed_total`: "0", `wecom_recordings_removed_total{corp="other"}`: "1",
			`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{corp="other",host="li"}`: "1",
		})
	})
}

// counters returns the values of all counters of the ledger, by name and labels.
func (r *rig) counters() map[string]float64 {
	values := map[string]float64{}
	for _, family := range r.gather() {
		if family.GetType() == dto.MetricType_COUNTER && strings.HasPrefix(family.GetName(), "wecom_recording") {
			for _, m := range family.GetMetric() {
				values[fmt.Sprint(family.GetName(), m.GetLabel())] = m.GetCounter().GetValue()
			}
		}
	}
	return values
}

// TestCountersWaitUntilHostsAreChosen asks for a limit of two hosts whether the
// counters of hosts can be told.
func TestCountersWaitUntilHostsAreChosen(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
	for i, round := range []struct {
		hosts          int
		settled, wants bool
	}{{1, false, true}, {2, false, true}, {3, false, false}, {3, true, true}, {4, true, true}, {4, false, true}} {
		views := map[string]*hostView{}
		for n := range round.hosts {
			name := strconv.Itoa(n)
			inv.ledger.open(name)
			views[name] = &hostView{}
		}
		if _, decided := inv.admit(2, views, round.settled); decided != round.wants {
			t.Errorf("round %d, of %d hosts: %t, want %t", i, round.hosts, decided, round.wants)
		}
	}
}

// TestCountersNeverGoDown has more hosts than may have series, and a first round
// that takes minutes, in which they appear one after the other.
func TestCountersNeverGoDown(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 3, 8, 100} {
		t.Run(fmt.Sprintf("at most %d", limit), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 12)
				for i := range cap(users) {
					user := fmt.Sprintf("user%d", i)
					users = append(users, user)
					for n := range 10 {
						// Who has the most bytes changes with time.
						r := recorded(fmt.Sprint(user, "-", n), user, -time.Duration(n*(12-i))*time.Minute)
						r.Started = r.MeetingStart
						r.Files[0].Size = int64(1000 * (1 + (i*7+n*5)%11))
						if n%4 == 3 {
							r.Deleted = r.Started.Add(30 * time.Minute)
						}
						server.Put(r)
					}
				}
				cfg := configOf(users...)
				cfg.Metrics.MaxHosts, cfg.Poll.MaxRequestsPerMinute = limit, 5
				r := start(t, server, cfg)
				last, was := map[string]float64{}, false
				for range 300 {
					r.wait(25 * time.Second)
					ready, now := r.collector.Ready(), r.counters()
					for series, before := range last {
						switch value, there := now[series]; {
						case !there && was:
							t.Errorf("%s is gone", series)
						case there && value < before:
							t.Errorf("%s went from %g to %g", series, before, value)
						}
					}
					last, was = now, ready
				}
				sum, hosts := 0.0, 0
				for series, value := range last {
					if strings.HasPrefix(series, "wecom_recordings_discovered_total") {
						sum += value
						hosts++
					}
				}
				wantHosts := 12
				if limit != 0 && limit < wantHosts {
					wantHosts = limit + 1
				}
				if sum != 120 || hosts != wantHosts {
					t.Errorf("%g recordings of %d hosts were counted, want 120 of %d", sum, hosts, wantHosts)
				}
			})
		})
	}
}
