// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"math"
	"time"

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
	sharing      [len(audiences)][len(passwords)][len(expiries)][len(downloads)]int32
	ages         [len(ages)]int32
	// stale is when the sums change by the clock alone, because a link expires, a
	// file passes an age or a recording leaves the lookback.
	stale time.Time
}

// The values of labels, each list in the order of the indexes into sums.
var (
	states    = [...]string{"unknown", "recording", "transcoding", "completed"} // by wecom.State
	audiences = [...]string{"anyone", "company", "attendees"}
	passwords = [...]string{"none", "set"}
	expiries  = [...]string{"expired", "1d", "7d", "30d", "later", "never"}
	downloads = [...]string{"blocked", "allowed"}
	ages      = [...]string{"0-7d", "7-30d", "30-90d", "90-180d", "180-366d"}
)

// Where one expiry or age ends and the next begins.
var (
	expiryBounds = [...]time.Duration{0, day, 7 * day, 30 * day}
	ageBounds    = [...]time.Duration{7 * day, 30 * day, 90 * day, 180 * day}
)

const (
	expired    = 0
	expireLate = len(expiries) - 2
	neverEnds  = len(expiries) - 1
)

func newSums(now time.Time) *sums { return &sums{stale: now.Add(day)} }

// add counts a recording in.
func (s *sums) add(r *record, now time.Time) {
	s.recordings[r.State]++
	start := r.started()
	s.lastStart = max(s.lastStart, start)
	s.oldest[r.State] = earliest(s.oldest[r.State], start)
	for i := range r.Files {
		s.addFile(r, &r.Files[i].File, now)
	}
}

func (s *sums) addFile(r *record, f *wecom.File, now time.Time) {
	s.files++
	s.bytes = plus(s.bytes, f.Size)
	s.milliseconds += f.Duration().Milliseconds()
	made := f.Start
	if made == 0 {
		made = r.MeetingStart
	}
	s.ages[s.age(made.Time(), now)]++
	if !f.Sharing.On {
		return
	}
	s.shared++
	l, expiry := linkOf(f.Sharing), s.expiry(f.Sharing.Expire, now)
	s.sharing[l.audience][l.password][expiry][l.download]++
	if l.exposed(expiry) {
		s.exposed++
	}
}

// A link is how a file is shared, but for its expiry: indexes into audiences,
// passwords and downloads.
type link struct{ audience, password, download int }

func linkOf(s wecom.Sharing) link {
	l := link{audience: audienceOf(s)}
	if s.HasPassword {
		l.password = 1
	}
	if s.Download {
		l.download = 1
	}
	return l
}

// exposed tells whether anyone with the link can watch, given the index of its
// expiry.
func (l link) exposed(expiry int) bool {
	return l.audience == 0 && l.password == 0 && expiry != expired
}

// audienceOf returns the index into audiences of a link's audience.
func audienceOf(s wecom.Sharing) int {
	switch {
	case s.Attendee:
		return 2
	case s.SameCorp:
		return 1
	}
	return 0
}

// age returns the index into ages of a file made at the given time. The last
// one takes whatever is older, so that all files are in one.
func (s *sums) age(made, now time.Time) int {
	for i, bound := range ageBounds {
		if now.Sub(made) < bound {
			s.staleAt(made.Add(bound))
			return i
		}
	}
	return len(ageBounds)
}

// expiry returns the index into expiries of a link that ends at the given time.
func (s *sums) expiry(end wecom.Instant, now time.Time) int {
	if end == 0 {
		return neverEnds
	}
	for i, bound := range expiryBounds {
		if end.Time().Sub(now) <= bound {
			if i > 0 {
				s.staleAt(end.Time().Add(-expiryBounds[i-1]))
			}
			return i
		}
	}
	s.staleAt(end.Time().Add(-expiryBounds[len(expiryBounds)-1]))
	return expireLate
}

// plus adds two sizes, neither of which is negative. A sum that would overflow, of
// nonsense sizes, is the largest that there is.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (s *sums) staleAt(t time.Time) {
	if t.Before(s.stale) {
		s.stale = t
	}
}

// earliest returns the earlier of two instants, one of which may be absent.
func earliest(a, b wecom.Instant) wecom.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// merge adds other sums.
func (s *sums) merge(other *sums) {
	for state := range states {
		s.recordings[state] += other.recordings[state]
		s.oldest[state] = earliest(s.oldest[state], other.oldest[state])
	}
	s.files += other.files
	s.shared += other.shared
	s.exposed += other.exposed
	s.bytes = plus(s.bytes, other.bytes)
	s.milliseconds += other.milliseconds
	s.lastStart = max(s.lastStart, other.lastStart)
	for a := range audiences {
		for p := range passwords {
			for e := range expiries {
				for d := range downloads {
					s.sharing[a][p][e][d] += other.sharing[a][p][e][d]
				}
			}
		}
	}
	for i := range ages {
		s.ages[i] += other.ages[i]
	}
	s.staleAt(other.stale)
}
