// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

// sums are what the inventory of a corp amounts to at one moment.
type sums struct {
	hosts   map[string]*hostSums // by host_user_id; "" where WeCom gives none
	sharing [len(audiences)][len(passwords)][len(expiries)][len(downloads)]int
	ages    [len(ages)]int
	oldest  [len(states)]wecom.Instant // start of the oldest recording in each state; 0: none
	// stale is when the sums change by the clock alone, because a link expires
	// or a file passes an age.
	stale time.Time
}

type hostSums struct {
	recordings             [len(states)]int
	files, shared, exposed int
	bytes                  int64
	// Nanoseconds would overflow where files have nonsense times.
	milliseconds int64
	lastStart    wecom.Instant
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

func newSums(now time.Time) *sums {
	return &sums{hosts: map[string]*hostSums{}, stale: now.Add(day)}
}

// add counts a recording in.
func (s *sums) add(r *wecom.Recording, now time.Time) {
	host := s.hosts[r.Host]
	if host == nil {
		host = &hostSums{}
		s.hosts[r.Host] = host
	}
	host.recordings[r.State]++
	start := recordingStart(r)
	host.lastStart = max(host.lastStart, start)
	if oldest := s.oldest[r.State]; start != 0 && (oldest == 0 || start < oldest) {
		s.oldest[r.State] = start
	}
	for i := range r.Files {
		s.addFile(host, r, &r.Files[i], now)
	}
}

func (s *sums) addFile(host *hostSums, r *wecom.Recording, f *wecom.File, now time.Time) {
	host.files++
	host.bytes += f.Size
	host.milliseconds += f.Duration().Milliseconds()
	made := f.Start
	if made == 0 {
		made = r.MeetingStart
	}
	s.ages[s.age(made.Time(), now)]++
	if !f.Sharing.On {
		return
	}
	host.shared++
	audience, password, expiry, download := 0, 0, s.expiry(f.Sharing.Expire, now), 0
	switch {
	case f.Sharing.Attendee:
		audience = 2
	case f.Sharing.SameCorp:
		audience = 1
	}
	if f.Sharing.HasPassword {
		password = 1
	}
	if f.Sharing.Download {
		download = 1
	}
	s.sharing[audience][password][expiry][download]++
	if audience == 0 && password == 0 && expiry != expired {
		host.exposed++
	}
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

func (s *sums) staleAt(t time.Time) {
	if t.Before(s.stale) {
		s.stale = t
	}
}

// recordingStart returns when a recording began: with its meeting, or with its
// first file where WeCom does not tell when the meeting began.
func recordingStart(r *wecom.Recording) wecom.Instant {
	start := r.MeetingStart
	if start != 0 {
		return start
	}
	for _, f := range r.Files {
		if f.Start != 0 && (start == 0 || f.Start < start) {
			start = f.Start
		}
	}
	return start
}

// merge adds the sums of another host.
func (h *hostSums) merge(other *hostSums) {
	for state, n := range other.recordings {
		h.recordings[state] += n
	}
	h.files += other.files
	h.shared += other.shared
	h.exposed += other.exposed
	h.bytes += other.bytes
	h.milliseconds += other.milliseconds
	h.lastStart = max(h.lastStart, other.lastStart)
}
