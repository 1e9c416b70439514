// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package sums computes what recordings amount to at one moment. It is pure: time is an argument.
package sums

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	day = 24 * time.Hour
	// setBack is how far the clock may go back before everything is computed again. The time
	// that WeCom's answers show varies by seconds.
	setBack = time.Minute
)

// Sums are what the recordings of one host, or of several, amount to at one moment.
type Sums struct {
	Recordings [wecom.NumStates]int32
	// Oldest is the start of the oldest recording in each state; 0: there is none.
	Oldest        [wecom.NumStates]wecom.Instant
	Files, Shared int32
	Exposed       int32 // but for those that are accepted
	Accepted      int32 // that are not Exposed only because the policy accepts them
	Overdue       int32 // that are older than the retention of the policy
	Bytes         int64
	Milliseconds  int64 // Nanoseconds would overflow if files have nonsense times.
	LastStart     wecom.Instant
	// Sharing counts the shared files of each class.
	Sharing [recording.NumAudiences][recording.NumPasswords][recording.NumExpiries][recording.NumDownloads]int32
	Ages    [recording.NumAges]int32
	// At is when the sums were computed; of several, when the last was. The zero Sums are those
	// of nothing at any time.
	At time.Time
	// Stale is when the sums change by the clock alone, because a link expires, an acceptance
	// ends, a file passes an age or a recording leaves the lookback; at most a day after At. Zero:
	// never.
	Stale time.Time
}

// New returns the sums of no recordings.
func New(now time.Time) *Sums { return &Sums{At: now, Stale: now.Add(day)} }

// Of returns what one recording amounts to under a policy, which may be nil.
func Of(r *recording.Record, p *policy.Policy, now time.Time) *Sums {
	s := New(now)
	s.AddRecord(r, p, now)
	return s
}

// AddRecord adds a recording under a policy, which may be nil.
func (s *Sums) AddRecord(r *recording.Record, p *policy.Policy, now time.Time) {
	s.Recordings[r.State]++
	start := r.Started()
	s.LastStart = max(s.LastStart, start)
	s.Oldest[r.State] = recording.Earliest(s.Oldest[r.State], start)
	for i := range r.Files {
		s.addFile(r, &r.Files[i].File, p, now)
	}
}

func (s *Sums) addFile(r *recording.Record, f *wecom.File, p *policy.Policy, now time.Time) {
	s.Files++
	s.Bytes = recording.AddBytes(s.Bytes, f.Size)
	s.Milliseconds += f.Duration().Milliseconds()
	age, changes := recording.AgeOf(r.FileStart(f), now)
	s.Ages[age]++
	s.StaleAt(changes)
	overdue, becomes := p.IsOverdue(r.FileStart(f), now)
	s.StaleAt(becomes)
	if overdue {
		s.Overdue++
	}
	if !f.Sharing.On {
		return
	}
	s.Shared++
	c, changes := recording.ClassOf(&f.Sharing, now)
	s.Sharing[c.Audience][c.Password][c.Expiry][c.Download]++
	s.StaleAt(changes)
	if !c.Exposed() {
		return
	}
	accepted, ends := p.Accepts(r.ID, f.ID, now)
	s.StaleAt(ends)
	if accepted != nil {
		s.Accepted++
	} else {
		s.Exposed++
	}
}

// StaleAt notes that the sums change at a time by the clock alone, unless it is zero.
func (s *Sums) StaleAt(t time.Time) {
	if !t.IsZero() && (s.Stale.IsZero() || t.Before(s.Stale)) {
		s.Stale = t
	}
}

// Hold reports whether the sums are the same now. A clock that was ahead may have been set back,
// or WeCom's clock may decide now.
func (s *Sums) Hold(now time.Time) bool {
	return (s.Stale.IsZero() || now.Before(s.Stale)) && !now.Before(s.At.Add(-setBack))
}

// Add adds other sums.
func (s *Sums) Add(other *Sums) {
	for state := range s.Recordings {
		s.Recordings[state] += other.Recordings[state]
		s.Oldest[state] = recording.Earliest(s.Oldest[state], other.Oldest[state])
	}
	s.Files += other.Files
	s.Shared += other.Shared
	s.Exposed += other.Exposed
	s.Accepted += other.Accepted
	s.Overdue += other.Overdue
	s.Bytes = recording.AddBytes(s.Bytes, other.Bytes)
	s.Milliseconds += other.Milliseconds
	s.LastStart = max(s.LastStart, other.LastStart)
	for a := range s.Sharing {
		for p := range s.Sharing[a] {
			for e := range s.Sharing[a][p] {
				for d := range s.Sharing[a][p][e] {
					s.Sharing[a][p][e][d] += other.Sharing[a][p][e][d]
				}
			}
		}
	}
	for i := range s.Ages {
		s.Ages[i] += other.Ages[i]
	}
	if other.At.After(s.At) {
		s.At = other.At
	}
	s.StaleAt(other.Stale)
}
