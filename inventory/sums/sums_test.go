// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package sums

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at returns a time some time after noon.
func at(later time.Duration) time.Time { return noon.Add(later) }

func TestOf(t *testing.T) {
	t.Parallel()
	start := wecom.InstantOf(at(-10 * day))
	file := func(size int64, sharing wecom.Sharing) recording.File {
		return recording.File{File: wecom.File{Start: start, End: start + 60_000, Size: size, Sharing: sharing}}
	}
	r := &recording.Record{
		MeetingStart: start, State: wecom.StateTranscoding,
		Files: []recording.File{
			file(1, wecom.Sharing{}),
			file(10, wecom.Sharing{On: true}),
			file(100, wecom.Sharing{On: true, SameCorp: true, Download: true, Expire: wecom.InstantOf(at(time.Hour))}),
		},
		Former: []recording.File{file(1000, wecom.Sharing{On: true})},
	}
	want := &Sums{
		Files: 3, Shared: 2, Exposed: 1, Bytes: 111, Milliseconds: 180_000, LastStart: start, At: noon, Stale: at(time.Hour),
	}
	want.Recordings[wecom.StateTranscoding] = 1
	want.Oldest[wecom.StateTranscoding] = start
	want.Ages[recording.Age7To30] = 3
	want.Sharing[recording.Anyone][recording.NoPassword][recording.NeverExpires][recording.DownloadBlocked] = 1
	want.Sharing[recording.Company][recording.NoPassword][recording.ExpiresIn1Day][recording.DownloadAllowed] = 1
	if diff := cmp.Diff(want, Of(r, nil, noon)); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestAgeOfAFileWithoutAStartIsThatOfItsMeeting(t *testing.T) {
	t.Parallel()
	r := &recording.Record{MeetingStart: wecom.InstantOf(at(-40 * day)), Files: []recording.File{{}}}
	if s := Of(r, nil, noon); s.Ages[recording.Age30To90] != 1 {
		t.Errorf("ages %v", s.Ages)
	}
}

func TestSumsAreAdded(t *testing.T) {
	t.Parallel()
	one, other := New(noon), New(at(time.Minute))
	one.Recordings[3], one.Oldest[1], one.Files, one.Bytes, one.LastStart = 1, 5, 1, math.MaxInt64-1, 7
	other.Recordings[3], other.Oldest[1], other.Files, other.Bytes, other.LastStart = 2, 4, 2, 100, 6
	one.Sharing[1][1][5][1], other.Sharing[1][1][5][1] = 1, 2
	other.Ages[4], other.Shared, other.Exposed, other.Milliseconds = 9, 3, 2, 8
	one.Accepted, other.Accepted, one.Overdue, other.Overdue = 1, 2, 3, 4
	other.Stale = at(time.Hour)
	want := &Sums{
		Files: 3, Shared: 3, Exposed: 2, Accepted: 3, Overdue: 7, Bytes: math.MaxInt64, Milliseconds: 8, LastStart: 7,
		At: at(time.Minute), Stale: at(time.Hour),
	}
	want.Recordings[3], want.Oldest[1], want.Sharing[1][1][5][1], want.Ages[4] = 3, 4, 3, 9
	one.Add(other)
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	s := New(noon)
	s.StaleAt(at(time.Hour))
	for name, test := range map[string]struct {
		sums *Sums
		now  time.Time
		want bool
	}{
		"at once":                   {sums: s, now: noon, want: true},
		"before they become stale":  {sums: s, now: at(time.Hour - 1), want: true},
		"when they become stale":    {sums: s, now: at(time.Hour)},
		"by a clock a moment back":  {sums: s, now: at(-time.Minute), want: true},
		"by a clock that went back": {sums: s, now: at(-time.Minute - 1)},
		"nothing":                   {sums: &Sums{}, now: noon, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.sums.Hold(test.now); got != test.want {
				t.Errorf("hold: %t, want %t", got, test.want)
			}
		})
	}
}

func TestNonsenseTimesDoNotOverflow(t *testing.T) {
	t.Parallel()
	const files = 10
	nonsense := recording.File{File: wecom.File{Start: 1, End: wecom.InstantOf(noon), Size: math.MaxInt64 - 1}}
	s := New(noon)
	for range files {
		s.AddRecord(&recording.Record{Files: []recording.File{nonsense}}, nil, noon)
	}
	if want := files * (noon.UnixMilli() - 1); s.Milliseconds != want || s.Bytes != math.MaxInt64 {
		t.Errorf("%d ms, want %d; %d bytes", s.Milliseconds, want, s.Bytes)
	}
}

func TestSumsUnderAPolicy(t *testing.T) {
	t.Parallel()
	start := wecom.InstantOf(at(-10 * day))
	file := func(id string, start wecom.Instant, sharing wecom.Sharing) recording.File {
		return recording.File{File: wecom.File{ID: id, Start: start, Sharing: sharing}}
	}
	today := &policy.Acceptance{Until: noon.Truncate(day)}
	tests := []struct {
		name   string
		policy *policy.Policy
		files  []recording.File
		want   Sums // Shared, Exposed, Accepted, Overdue and Stale
	}{
		{
			name:   "an exposed file is accepted, and counts as one of its class all the same",
			policy: &policy.Policy{Accepted: map[string]*policy.Acceptance{"f": {}}},
			files:  []recording.File{file("f", start, wecom.Sharing{On: true}), file("g", start, wecom.Sharing{On: true})},
			want:   Sums{Shared: 2, Exposed: 1, Accepted: 1, Stale: at(day)},
		},
		{
			name:   "what is not exposed is not accepted",
			policy: &policy.Policy{Accepted: map[string]*policy.Acceptance{"r": {}}},
			files: []recording.File{
				file("f", start, wecom.Sharing{On: true, HasPassword: true}),
				file("g", start, wecom.Sharing{}),
			},
			want: Sums{Shared: 1, Stale: at(day)},
		},
		{
			name:   "they are stale when the acceptance ends",
			policy: &policy.Policy{Accepted: map[string]*policy.Acceptance{"r": today}},
			files:  []recording.File{file("f", start, wecom.Sharing{On: true})},
			want:   Sums{Shared: 1, Accepted: 1, Stale: at(12 * time.Hour)},
		},
		{
			name:   "they are stale when a file passes the retention",
			policy: &policy.Policy{Retention: 10*day + time.Hour},
			files:  []recording.File{file("f", start, wecom.Sharing{}), file("g", start-3_600_001, wecom.Sharing{})},
			want:   Sums{Overdue: 1, Stale: at(time.Hour + 1)},
		},
		{
			name:   "a file without a start is as old as its meeting",
			policy: &policy.Policy{Retention: 10 * day},
			files:  []recording.File{file("f", 0, wecom.Sharing{})},
			want:   Sums{Overdue: 1, Stale: at(day)},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &recording.Record{ID: "r", MeetingStart: start - 1, Files: test.files}
			s := Of(r, test.policy, noon)
			got := Sums{Shared: s.Shared, Exposed: s.Exposed, Accepted: s.Accepted, Overdue: s.Overdue, Stale: s.Stale}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sums (-want +got):\n%s", diff)
			}
			open := s.Sharing[recording.Anyone][recording.NoPassword][recording.NeverExpires][recording.DownloadBlocked]
			if open != s.Exposed+s.Accepted {
				t.Errorf("%d open files, want %d", open, s.Exposed+s.Accepted)
			}
		})
	}
}
