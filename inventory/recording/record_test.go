// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"math"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTimesOfARecord(t *testing.T) {
	t.Parallel()
	const (
		hour  wecom.Instant = 3_600_000
		early wecom.Instant = 177_777_777 // before WeCom had meetings
	)
	start := wecom.InstantOf(noon)
	file := func(start, end wecom.Instant) File { return File{File: wecom.File{Start: start, End: end}} }
	for name, test := range map[string]struct {
		record      Record
		started     wecom.Instant
		first, last wecom.Instant // of Starts
		latest      wecom.Instant
		lastEnd     wecom.Instant
	}{
		"a meeting and its files": {
			record:  Record{MeetingStart: start, Files: []File{file(start+hour, start+2*hour), file(start+3*hour, 0)}},
			started: start,
			first:   start, last: start + 3*hour,
			latest:  start + 3*hour,
			lastEnd: start + 2*hour,
		},
		"no start of the meeting": {
			record:  Record{Files: []File{file(0, 0), file(start+hour, 0), file(start, start+9*hour)}},
			started: start,
			first:   start, last: start + hour,
			latest:  start + 9*hour,
			lastEnd: start + 9*hour,
		},
		"implausible times": {
			record:  Record{MeetingStart: early, Files: []File{file(early+1, early+2)}},
			started: early,
		},
		"no times": {
			record: Record{Files: []File{file(0, 0)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &test.record
			first, last := r.Starts()
			if r.Started() != test.started || first != test.first || last != test.last {
				t.Errorf("started %d, starts %d to %d; want %d, %d to %d",
					r.Started(), first, last, test.started, test.first, test.last)
			}
			if r.Latest() != test.latest || r.LastEnd() != test.lastEnd {
				t.Errorf("latest %d, last end %d; want %d, %d", r.Latest(), r.LastEnd(), test.latest, test.lastEnd)
			}
			listed := wecom.Recording{MeetingStart: r.MeetingStart}
			for i := range r.Files {
				listed.Files = append(listed.Files, r.Files[i].File)
			}
			if f, l := StartsOf(&listed); f != first || l != last {
				t.Errorf("as listed, starts %d to %d; want %d to %d", f, l, first, last)
			}
		})
	}
}

func TestAddBytes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ a, b, want int64 }{
		{a: 1, b: 2, want: 3},
		{a: math.MaxInt64 - 1, b: 1, want: math.MaxInt64},
		{a: math.MaxInt64 - 1, b: 2, want: math.MaxInt64},
		{a: math.MaxInt64, b: math.MaxInt64, want: math.MaxInt64},
	} {
		if got := AddBytes(test.a, test.b); got != test.want {
			t.Errorf("%d + %d = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
