// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package recording holds what is kept of one recording, its compact encoding, and the
// classes of sharing and age that the metrics count by. It is pure: no clock, no I/O,
// no lock.
package recording

import (
	"math"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Record is what is kept of a recording: the last thing that WeCom listed, and what
// was counted of it. Records are kept encoded, in memory and on disk, because there
// may be a million of them.
type Record struct {
	ID           string
	Host         string // "" if WeCom gives none
	MeetingStart wecom.Instant
	State        wecom.State
	Completed    bool          // was listed as completed at least once
	Removed      bool          // its removal was counted
	Gone         wecom.Instant // tombstone: since when no target holds it; 0: one does
	Files        []File        // as last listed
	Former       []File        // listed earlier, and no longer
	// Forgotten is the latest start of the former files that are not kept any more; 0: all are.
	Forgotten wecom.Instant
}

// A File is what is kept of one file of a recording.
type File struct {
	wecom.File

	// Counted means that the file was added to the totals: Bytes and Milliseconds of
	// it so far. A file of the baseline is not counted.
	Counted             bool
	Bytes, Milliseconds int64
}

// Started returns when the recording began: with its meeting or, if WeCom gives no
// start of the meeting, with its first file; 0 if neither is known.
func (r *Record) Started() wecom.Instant {
	if r.MeetingStart != 0 {
		return r.MeetingStart
	}
	start := wecom.Instant(0)
	for i := range r.Files {
		start = Earliest(start, r.Files[i].Start)
	}
	return start
}

// FileStart returns when a file of the recording began: at the start of the meeting if WeCom
// gives none; 0 if neither is known.
func (r *Record) FileStart(f *wecom.File) wecom.Instant {
	if f.Start != 0 {
		return f.Start
	}
	return r.MeetingStart
}

// Starts returns the earliest and the latest time by which WeCom may have selected the
// recording for a list; 0 if it has no plausible one.
func (r *Record) Starts() (first, last wecom.Instant) {
	return starts(r.MeetingStart, len(r.Files), func(i int) wecom.Instant { return r.Files[i].Start })
}

// StartsOf is [Record.Starts] for a recording as listed.
func StartsOf(r *wecom.Recording) (first, last wecom.Instant) {
	return starts(r.MeetingStart, len(r.Files), func(i int) wecom.Instant { return r.Files[i].Start })
}

// starts returns the earliest and the latest plausible time of a meeting and of its files.
func starts(meeting wecom.Instant, files int, startOf func(file int) wecom.Instant) (first, last wecom.Instant) {
	for i := -1; i < files; i++ {
		start := meeting
		if i >= 0 {
			start = startOf(i)
		}
		if start >= wecom.EarliestPlausible {
			first, last = Earliest(first, start), max(last, start)
		}
	}
	return first, last
}

// Latest returns the latest of all times of the recording; 0 if it has no plausible one.
func (r *Record) Latest() wecom.Instant {
	_, last := r.Starts()
	return plausible(max(last, r.lastEnd()))
}

// LastEnd returns when the last file ended; 0 if that is not known.
func (r *Record) LastEnd() wecom.Instant { return plausible(r.lastEnd()) }

func (r *Record) lastEnd() wecom.Instant {
	end := wecom.Instant(0)
	for i := range r.Files {
		end = max(end, r.Files[i].End)
	}
	return end
}

func plausible(i wecom.Instant) wecom.Instant {
	if i < wecom.EarliestPlausible {
		return 0
	}
	return i
}

// Earliest returns the earlier of two instants, either of which may be absent.
func Earliest(a, b wecom.Instant) wecom.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// AddBytes adds two sizes, neither of them negative. A sum that would overflow, because
// WeCom gave nonsense, is the largest int64.
func AddBytes(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
