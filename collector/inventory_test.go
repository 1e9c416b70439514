// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	month = 31 * day
	li    = wecom.Target{Selector: wecom.ByUserID, ID: "li"}
	wang  = wecom.Target{Selector: wecom.ByUserID, ID: "wang"}
)

// listed returns a recording whose meeting began some time before noon, and
// whose only file some time before noon too; 0 leaves a time out.
func listed(id string, meeting, file time.Duration) wecom.Recording {
	r := wecom.Recording{ID: id, Host: "li", State: wecom.StateCompleted}
	if meeting != 0 {
		r.MeetingStart = wecom.InstantOf(noon.Add(-meeting))
	}
	if file != 0 {
		start := noon.Add(-file)
		r.Files = []wecom.File{{ID: id + "-file", Start: wecom.InstantOf(start), End: wecom.InstantOf(start.Add(time.Hour))}}
	}
	return r
}

// list applies a list of everything in a span, that was asked for and came at its
// end, and returns how many recordings the target holds then.
func (inv *inventory) list(t wecom.Target, span wecom.Window, recordings ...wecom.Recording) int {
	return inv.apply(&listing{
		target: t, span: span, recordings: recordings, asked: inv.now(), at: span.End, succeeded: true,
		whole: !span.Start.After(span.End.Add(-inv.lookback)),
	})
}

func (inv *inventory) ids(now time.Time) []string {
	ids := []string{}
	inv.each(now, func(r *recording.Record) { ids = append(ids, strings.Clone(r.ID)) })
	slices.Sort(ids)
	return ids
}

func TestWhatANewListTakesAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		had      wecom.Recording
		lookback time.Duration
		later    time.Duration // from noon to the new list
		span     time.Duration // that the new list asks for
		stays    bool
	}{
		"a recording well inside the span":              {listed("r", day, day), month, time.Hour, month, false},
		"one that has just begun":                       {listed("r", time.Second, 0), month, 10 * time.Second, month, false},
		"one at the start of the span":                  {listed("r", month-time.Minute, 0), month, 30 * time.Second, month, true},
		"one that left the lookback":                    {listed("r", month-time.Minute, 0), month, 2 * time.Minute, month, false},
		"a meeting that left, a recording that did not": {listed("r", month-time.Minute, month-time.Hour), month, 2 * time.Minute, month, true},
		"both left": {listed("r", month-time.Minute, month-time.Hour), month, 2 * time.Hour, month, false},
		"one older than the span, within the lookback":   {listed("r", 40*day, 40*day), 90 * day, time.Hour, month, true},
		"the same, when the whole lookback is asked for": {listed("r", 40*day, 40*day), 90 * day, time.Hour, 90 * day, false},
		"one over the start of the span":                 {listed("r", 31*day+time.Hour, 31*day-time.Hour), 90 * day, time.Minute, month, true},
		"one that has no times":                          {listed("r", 0, 0), month, time.Hour, month, false},
		"the same, when not all of the lookback is":      {listed("r", 0, 0), 90 * day, time.Hour, month, true},
		"one whose clock is ahead of ours":               {listed("r", -time.Minute, 0), month, 10 * time.Second, month, true},
		"the same, a little later":                       {listed("r", -time.Minute, 0), month, 2 * time.Minute, month, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := newInventory(test.lookback, noon)
			inv.list(li, wecom.Window{Start: noon.Add(-test.lookback), End: noon}, test.had)
			if got := inv.ids(noon); len(got) != 1 {
				t.Fatalf("the inventory has %v at first", got)
			}
			now := noon.Add(test.later)
			held := inv.list(li, wecom.Window{Start: now.Add(-test.span), End: now})
			if stays := len(inv.ids(now)) == 1; stays != test.stays || (held == 1) != test.stays {
				t.Errorf("it stays: %t, want %t; %d held", stays, test.stays, held)
			}
		})
	}
}

func TestInventoryOfSeveralTargets(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
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
		t.Error("the same list makes a new version")
	}
	apply(li, []string{"b"})
	apply(li, []string{"b"})
	apply(wang, []string{})
	apply(li, []string{"a"}, a)
	inv.drop(li, noon)
	apply(wang, []string{})
	changed := a
	changed.State = wecom.StateTranscoding
	apply(li, []string{"a"}, a)
	version = inv.version
	apply(li, []string{"a"}, changed)
	if inv.version == version {
		t.Error("a changed recording makes no new version")
	}
}

func TestInventoryAgesWithoutLists(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
	sample := wecom.Recording{ID: "1970", MeetingStart: 177777777}
	inv.list(li, wecom.Window{Start: noon.Add(-month), End: noon}, listed("old", 30*day, 30*day), listed("new", day, day), sample)
	for _, test := range []struct {
		later time.Duration
		want  []string
	}{
		{0, []string{"1970", "new", "old"}},
		{day, []string{"1970", "new", "old"}}, // its file ended an hour later
		{day + 2*time.Hour, []string{"1970", "new"}},
		{40 * day, []string{"1970"}},
	} {
		if diff := cmp.Diff(test.want, inv.ids(noon.Add(test.later))); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", test.later, diff)
		}
	}
}

func TestMergeLists(t *testing.T) {
	t.Parallel()
	file := func(id string, size int64) wecom.File { return wecom.File{ID: id, Size: size} }
	at := map[string]int{}
	list := mergeLists(nil, at, []wecom.Recording{
		{ID: "a", Files: []wecom.File{file("1", 1), file("1", 1), file("", 5), file("", 7)}},
		{ID: "b", State: wecom.StateRecording},
	})
	list = mergeLists(list, at, []wecom.Recording{
		{ID: "b", State: wecom.StateCompleted, Files: []wecom.File{file("2", 2)}},
		{ID: "a", Files: []wecom.File{file("1", 10), file("3", 3), file("", 5), file("", 6)}},
		{ID: "c"},
	})
	want := []wecom.Recording{
		{ID: "a", Files: []wecom.File{file("1", 10), file("3", 3), file("", 5), file("", 6), file("", 7)}},
		{ID: "b", State: wecom.StateCompleted, Files: []wecom.File{file("2", 2)}},
		{ID: "c"},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

// TestWindowsSlide polls for three days what lies at every edge of the windows, and
// compares with what the inventory should hold whichever way WeCom selects.
func TestWindowsSlide(t *testing.T) {
	t.Parallel()
	for _, byRecord := range []bool{false, true} {
		t.Run(fmt.Sprintf("by record start: %t", byRecord), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{FilterByRecordStart: byRecord, RequestLog: -1})
				for i := range 100 {
					r := recorded(fmt.Sprintf("r%02d", i), "li", time.Duration(i+1)*day-12*time.Hour)
					r.Files[0].Start = r.Files[0].Start.Add(10 * time.Minute)
					r.Started = r.MeetingStart
					server.Put(r)
				}
				cfg := configOf("li")
				cfg.Poll.Lookback = 90 * day
				r := start(t, server, cfg)
				for passed := range 3 {
					r.wait(time.Hour)
					r.expect(map[string]string{`wecom_recording_files{host="li"}`: strconv.Itoa(90 - passed)})
					r.wait(23 * time.Hour)
				}
			})
		})
	}
}
