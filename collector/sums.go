// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

// sums are what the recordings of one host, or of several, amount to at one
// moment.
type sums struct {
	recordings             [len(states)]int32
	oldest                 [len(states)]wecom.Instant // start of the oldest recording in each state; 0: none
	files, shared, exposed int32
	bytes                  int64
	// Nanoseconds would overflow where files have nonsense times.
	milliseconds int64
	lastStart    wecom.Instant
	sharing      [recording.NumAudiences][recording.NumPasswords][recording.NumExpiries][recording.NumDownloads]int32
	ages         [recording.NumAges]int32
	// stale is when the sums change by the clock alone, because a link expires, a
	// file passes an age or a recording leaves the lookback.
	stale time.Time
}

// states are the values of the label state, by wecom.State.
var states = [...]string{"unknown", "recording", "transcoding", "completed"}

func newSums(now time.Time) *sums { return &sums{stale: now.Add(day)} }

// add counts a recording in.
func (s *sums) add(r *recording.Record, now time.Time) {
	s.recordings[r.State]++
	start := r.Started()
	s.lastStart = max(s.lastStart, start)
	s.oldest[r.State] = recording.Earliest(s.oldest[r.State], start)
	for i := range r.Files {
		s.addFile(r, &r.Files[i].File, now)
	}
}

func (s *sums) addFile(r *recording.Record, f *wecom.File, now time.Time) {
	s.files++
	s.bytes = recording.AddBytes(s.bytes, f.Size)
	s.milliseconds += f.Duration().Milliseconds()
	started := f.Start
	if started == 0 {
		started = r.MeetingStart
	}
	age, changes := recording.AgeOf(started, now)
	s.ages[age]++
	s.staleAt(changes)
	if !f.Sharing.On {
		return
	}
	s.shared++
	c, changes := recording.ClassOf(&f.Sharing, now)
	s.sharing[c.Audience][c.Password][c.Expiry][c.Download]++
	s.staleAt(changes)
	if c.Exposed() {
		s.exposed++
	}
}

// staleAt notes that the sums change at a time by the clock alone, unless it is zero.
func (s *sums) staleAt(t time.Time) {
	if !t.IsZero() && t.Before(s.stale) {
		s.stale = t
	}
}

// merge adds other sums.
func (s *sums) merge(other *sums) {
	for state := range states {
		s.recordings[state] += other.recordings[state]
		s.oldest[state] = recording.Earliest(s.oldest[state], other.oldest[state])
	}
	s.files += other.files
	s.shared += other.shared
	s.exposed += other.exposed
	s.bytes = recording.AddBytes(s.bytes, other.bytes)
	s.milliseconds += other.milliseconds
	s.lastStart = max(s.lastStart, other.lastStart)
	for a := range recording.NumAudiences {
		for p := range recording.NumPasswords {
			for e := range recording.NumExpiries {
				for d := range recording.NumDownloads {
					s.sharing[a][p][e][d] += other.sharing[a][p][e][d]
				}
			}
		}
	}
	for i := range recording.NumAges {
		s.ages[i] += other.ages[i]
	}
	s.staleAt(other.stale)
}
