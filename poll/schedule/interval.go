// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"container/heap"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// activePeriod is for how long a target is polled like one with recordings after its user
// started a meeting, since the recording may begin late.
const activePeriod = 2 * time.Hour

// SetActivityKnown notes whether a user who starts a meeting is reported to [Schedule.Started].
// As long as that is not so, no target is settled: a new recording would be noticed late.
func (s *Schedule) SetActivityKnown(known bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.activityKnown == known {
		return
	}
	was := &Schedule{poll: s.poll, activityKnown: s.activityKnown}
	s.activityKnown = known
	s.advance(was, now)
	heap.Init(&s.queue)
}

// advance makes targets due within their intervals, if these were longer before. The caller
// puts the queue in order. The lock is held.
func (s *Schedule) advance(was *Schedule, now time.Time) {
	for _, t := range s.targets {
		if every := s.interval(t, now); every < was.interval(t, now) {
			t.due = earlier(t.due, now.Add(t.part(every)))
		}
	}
}

// interval returns how often a target is polled. The lock is held.
func (s *Schedule) interval(t *target, now time.Time) time.Duration {
	switch {
	case s.isSettled(t, now):
		return s.poll.SettledInterval
	case t.hot(now):
		return s.poll.Interval
	default:
		return s.poll.IdleInterval
	}
}

// isSettled reports whether the settled interval applies to a target. The lock is held.
func (s *Schedule) isSettled(t *target, now time.Time) bool {
	return s.activityKnown && s.poll.SettledInterval > 0 && t.hasSettled(now)
}

// hasSettled reports whether only sharing and removal are likely to change about the target:
// its recordings are all completed, and its user has not started a meeting recently. A target
// that is a meeting has no user whose activity is known.
func (t *target) hasSettled(now time.Time) bool {
	return t.Selector == wecom.ByUserID && t.recordings > 0 && t.unfinished == 0 && !t.isActive(now)
}

// isActive reports whether the user of the target started a meeting recently.
func (t *target) isActive(now time.Time) bool { return now.Before(t.activeUntil) }

// hot reports whether something is likely to change about the target.
func (t *target) hot(now time.Time) bool { return t.recordings > 0 || t.isActive(now) }

// after returns how long after a poll the next one is due, at an interval. Targets are due
// together at first; their phases spread them, unless something is about to be recorded.
func (t *target) after(interval time.Duration, now time.Time) time.Duration {
	if t.spread && !t.isActive(now) {
		return t.part(interval)
	}
	return interval
}

// part returns the part of an interval that is the target's phase.
func (t *target) part(interval time.Duration) time.Duration {
	return time.Duration(t.phase * float64(interval))
}
