// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package sums

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		Files: 3, Shared: 2, Exposed: 1, Bytes: 111, Milliseconds: 180_000, LastStart: start, Stale: at(time.Hour),
	}
	want.Recordings[wecom.StateTranscoding] = 1
	want.Oldest[wecom.StateTranscoding] = start
	want.Ages[recording.Age7To30] = 3
	want.Sharing[recording.Anyone][recording.NoPassword][recording.NeverExpires][recording.DownloadBlocked] = 1
	want.Sharing[recording.Company][recording.NoPassword][recording.ExpiresIn1Day][recording.DownloadAllowed] = 1
	if diff := cmp.Diff(want, Of(r, noon)); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestAgeOfAFileWithoutAStartIsThatOfItsMeeting(t *testing.T) {
	t.Parallel()
	r := &recording.Record{MeetingStart: wecom.InstantOf(at(-40 * day)), Files: []recording.File{{}}}
	if s := Of(r, noon); s.Ages[recording.Age30To90] != 1 {
		t.Errorf("ages %v", s.Ages)
	}
}

func TestSumsAreAdded(t *testing.T) {
	t.Parallel()
	one, other := New(noon), New(noon)
	one.Recordings[3], one.Oldest[1], one.Files, one.Bytes, one.LastStart = 1, 5, 1, math.MaxInt64-1, 7
	other.Recordings[3], other.Oldest[1], other.Files, other.Bytes, other.LastStart = 2, 4, 2, 100, 6
	one.Sharing[1][1][5][1], other.Sharing[1][1][5][1] = 1, 2
	other.Ages[4], other.Shared, other.Exposed, other.Milliseconds = 9, 3, 2, 8
	other.Stale = at(time.Hour)
	want := &Sums{
		Files: 3, Shared: 3, Exposed: 2, Bytes: math.MaxInt64, Milliseconds: 8, LastStart: 7, Stale: at(time.Hour),
	}
	want.Recordings[3], want.Oldest[1], want.Sharing[1][1][5][1], want.Ages[4] = 3, 4, 3, 9
	one.Add(other)
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

func TestNonsenseTimesDoNotOverflow(t *testing.T) {
	t.Parallel()
	const files = 10
	nonsense := recording.File{File: wecom.File{Start: 1, End: wecom.InstantOf(noon), Size: math.MaxInt64 - 1}}
	s := New(noon)
	for range files {
		s.AddRecord(&recording.Record{Files: []recording.File{nonsense}}, noon)
	}
	if want := files * (noon.UnixMilli() - 1); s.Milliseconds != want || s.Bytes != math.MaxInt64 {
		t.Errorf("%d ms, want %d; %d bytes", s.Milliseconds, want, s.Bytes)
	}
}
