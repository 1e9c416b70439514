// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package views

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// noon is in the evening in China, on the same date.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// today is the date of noon.
var today = wecom.DateOf(noon)

func TestSpan(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"at noon":                  noon,
		"as a day begins in China": time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC),
		"as a day ends in China":   time.Date(2026, 3, 2, 16, 0, 0, -1, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			span := Span(now)
			if length := span.End.Sub(span.Start); length <= 30*day-1 || length > wecom.MaxWindow {
				t.Errorf("%v long", length)
			}
			if first, last := wecom.DateOf(span.Start), wecom.DateOf(span.End); last-first != 30 || last != wecom.DateOf(now) {
				t.Errorf("from %v to %v", first, last)
			}
		})
	}
}

// counts are those of a day.
type counts struct {
	day              wecom.Date // from another date
	views, downloads int64
}

// An answer is what comes some days after noon, and what is to be counted of it. Days are by
// their distance from today.
type answer struct {
	later int
	days  []counts
	want  Growth
}

func TestNote(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		birth   wecom.Date // from today
		answers []answer
	}{
		"a day grows": {answers: []answer{
			{days: []counts{{0, 5, 1}}, want: Growth{5, 1}},
			{days: []counts{{0, 7, 1}}, want: Growth{2, 0}},
			{days: []counts{{0, 7, 4}}, want: Growth{0, 3}},
		}},

		"an answer again counts nothing": {answers: []answer{
			{days: []counts{{0, 5, 1}}, want: Growth{5, 1}},
			{days: []counts{{0, 5, 1}}},
		}},

		"an answer that was lost": {answers: []answer{
			{days: []counts{{0, 5, 1}}, want: Growth{5, 1}},
			{later: 2, days: []counts{{0, 6, 1}, {1, 9, 0}, {2, 1, 1}}, want: Growth{11, 1}},
		}},

		"days before the birth are the baseline": {birth: -1, answers: []answer{
			{days: []counts{{-3, 100, 50}, {-2, 10, 5}, {-1, 2, 1}, {0, 1, 0}}, want: Growth{3, 1}},
		}},

		"what the baseline grows by is counted": {answers: []answer{
			{days: []counts{{-2, 10, 5}}},
			{days: []counts{{-2, 12, 5}}, want: Growth{2, 0}},
		}},

		"a day of the baseline that is listed late": {answers: []answer{
			{days: []counts{{-2, 0, 0}}},
			{days: []counts{{-3, 4, 0}, {-2, 1, 0}}},
			{days: []counts{{-3, 6, 0}, {-2, 1, 1}}, want: Growth{2, 1}},
		}},

		"a recording that is asked for late has no baseline": {birth: -20, answers: []answer{
			{days: []counts{{-20, 10, 5}, {-1, 1, 0}}, want: Growth{11, 5}},
		}},

		"a day shrinks and grows": {answers: []answer{
			{days: []counts{{0, 10, 4}}, want: Growth{10, 4}},
			{days: []counts{{0, 3, 5}}, want: Growth{0, 1}},
			{days: []counts{{0, 10, 4}}},
			{days: []counts{{0, 11, 5}}, want: Growth{1, 0}},
		}},

		"a day disappears and comes back": {answers: []answer{
			{days: []counts{{0, 10, 4}}, want: Growth{10, 4}},
			{},
			{days: []counts{{0, 10, 4}}},
		}},

		"days that are over count no more": {birth: -100, answers: []answer{
			{days: []counts{{-30, 10, 4}}, want: Growth{10, 4}},
			{later: 1, days: []counts{{-30, 10, 4}}},
			{later: 2, days: []counts{{-30, 90, 4}, {-29, 70, 0}, {-28, 1, 0}}, want: Growth{1, 0}},
		}},

		"a day that was never asked for": {birth: -100, answers: []answer{
			{days: []counts{{-31, 10, 4}, {-30, 1, 0}}, want: Growth{1, 0}},
		}},

		"a clock that was ahead by a week": {answers: []answer{
			{days: []counts{{0, 10, 0}}, want: Growth{10, 0}},
			{later: 7, days: []counts{{0, 10, 0}}},
			{days: []counts{{0, 12, 0}}, want: Growth{2, 0}},
		}},

		"a clock that was ahead by a year": {answers: []answer{
			{days: []counts{{0, 10, 0}}, want: Growth{10, 0}},
			{later: 365},
			{days: []counts{{-1, 3, 0}, {0, 12, 0}}},
			{later: 1, days: []counts{{0, 12, 0}, {1, 2, 0}}, want: Growth{2, 0}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &Noted{}
			for i, a := range test.answers {
				got := n.Note(&Answer{At: noon.Add(time.Duration(a.later) * day), Days: from(today, a.days)}, today+test.birth)
				if got != a.want {
					t.Errorf("answer %d: growth %+v, want %+v", i, got, a.want)
				}
				// It is the same after a restart.
				again, err := Decode(string(n.AppendTo(nil)))
				if diff := cmp.Diff(n, again, cmp.AllowUnexported(Noted{}), cmp.Transformer("days", emptyIsNil)); diff != "" || err != nil {
					t.Errorf("answer %d: error %v; decoded (-want +got):\n%s", i, err, diff)
				}
				n = again
			}
		})
	}
}

func emptyIsNil(days []wecom.DailyViews) int { return len(days) }

// from returns days whose dates are some days from a date.
func from(date wecom.Date, all []counts) []wecom.DailyViews {
	days := make([]wecom.DailyViews, 0, len(all))
	for _, c := range all {
		days = append(days, wecom.DailyViews{Date: date + c.day, Views: c.views, Downloads: c.downloads})
	}
	return days
}

func TestSum(t *testing.T) {
	t.Parallel()
	var never *Noted
	if viewed, downloaded := never.Sum(noon); viewed != nil || downloaded != nil || never.Asked() != 0 {
		t.Error("something is known of a recording that was never asked for")
	}
	n := &Noted{}
	n.Note(&Answer{At: noon, Days: from(today, []counts{{-30, 4, 1}, {-2, 10, 3}})}, today)
	if n.Asked() != wecom.InstantOf(noon) {
		t.Errorf("asked at %v", n.Asked())
	}
	for later, want := range map[int][2]int64{0: {14, 4}, 1: {10, 3}, 28: {10, 3}, 29: {0, 0}} {
		viewed, downloaded := n.Sum(noon.Add(time.Duration(later) * day))
		if *viewed != want[0] || *downloaded != want[1] {
			t.Errorf("%d days later: %d views, %d downloads, want %v", later, *viewed, *downloaded, want)
		}
	}
}

// TestNotedIsBounded has a server list ever other days: no more are kept than can be stored.
func TestNotedIsBounded(t *testing.T) {
	t.Parallel()
	n := &Noted{}
	for i := range 1000 {
		at := noon.Add(-time.Duration(i%100) * day)
		var days []wecom.DailyViews
		for date := wecom.DateOf(at) - 500; date <= wecom.DateOf(at)+1; date++ {
			days = append(days, wecom.DailyViews{Date: date, Views: int64(i)})
		}
		n.Note(&Answer{At: at, Days: days}, today)
		if len(n.days) > maxDates {
			t.Fatalf("%d days are kept", len(n.days))
		}
	}
	if _, err := Decode(string(n.AppendTo(nil))); err != nil {
		t.Error(err)
	}
}

// FuzzDecode refuses arbitrary bytes, or writes again what it read from them.
func FuzzDecode(f *testing.F) {
	n := &Noted{}
	f.Add(n.AppendTo(nil))
	n.Note(&Answer{At: noon, Days: from(today, []counts{{-30, 400, 1}, {0, 10, 3}})}, today)
	f.Add(n.AppendTo(nil))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		n, err := Decode(string(encoded))
		if err != nil {
			return
		}
		if len(n.days) > len(encoded) {
			t.Errorf("%d days of %d bytes", len(n.days), len(encoded))
		}
		again, err := Decode(string(n.AppendTo(nil)))
		if diff := cmp.Diff(n, again, cmp.AllowUnexported(Noted{})); diff != "" || err != nil {
			t.Errorf("error %v; decoded again (-first +second):\n%s", err, diff)
		}
		if g := n.Note(&Answer{At: noon, Days: n.days}, 0); n.asked == 0 && g != (Growth{}) {
			t.Errorf("what was noted counts again: %+v", g)
		}
	})
}
