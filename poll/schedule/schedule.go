// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package schedule decides when each target is polled: due times, the order of targets
// that are due, the plan of calls, and the shards that targets fall to.
package schedule

import (
	"container/heap"
	"strings"
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Status is how the last poll of a target went.
type Status uint8

// The statuses.
const (
	OK Status = iota
	Failing
	Pending     // never polled
	NumStatuses = iota
)

// String returns the value of the label status.
func (s Status) String() string { return [NumStatuses]string{"ok", "failing", "pending"}[s] }

// A Schedule holds the targets of a corp. It is safe for concurrent use.
type Schedule struct {
	mu      sync.Mutex
	poll    config.Poll
	targets map[wecom.Target]*target // by keyOf
	queue   queue
	// activityKnown means that a user who starts a meeting is reported to Started.
	activityKnown bool
}

// keyOf returns what identifies a target: to WeCom, the case of a user ID makes no
// difference. A target keeps the spelling that it was first given.
func keyOf(t wecom.Target) wecom.Target {
	if t.Selector == wecom.ByUserID {
		t.ID = strings.ToLower(t.ID)
	}
	return t
}

// A target is one thing to list recordings for, and how its polls went.
type target struct {
	wecom.Target

	phase  float64 // 0 to 1, by the target's hash
	spread bool    // the next poll is due after that part of an interval; later ones, after all of it
	index  int     // in the queue; -1 while it is being polled
	// yielded is since when the poll under way counts as one, though its list is not complete;
	// zero: there is none, or it is not a long one.
	yielded time.Time

	due, historyDue time.Time
	succeeded       time.Time // when it was last polled with success; zero: never
	recordings      int       // that it holds in the inventory
	unfinished      int       // of these, how many are not completed
	activeUntil     time.Time // until when it counts as active since its user started a meeting
	urgent          bool      // its user started a meeting, and it was not polled since
	last            Attempt

	dropped    bool // it was taken out while it was being polled
	lengthened bool // the lookback grew while it was being polled
}

// An Attempt is what is remembered of the last poll of a target.
type Attempt struct {
	At    time.Time   // when it ended; zero: there was none
	Err   error       // nil: it succeeded
	Class wecom.Class // of Err
	// Own is an error that concerns the whole corp by its errcode, and only this target
	// by experience. It is remembered over outages.
	Own error
}

func (t *target) status() Status {
	switch {
	case t.polled().IsZero():
		return Pending
	case t.last.Err != nil:
		return Failing
	default:
		return OK
	}
}

// polled returns when the target was last polled; zero: never.
func (t *target) polled() time.Time {
	if t.last.At.IsZero() {
		return t.yielded
	}
	return t.last.At
}

// New returns a schedule without targets.
func New(poll config.Poll) *Schedule {
	return &Schedule{poll: poll, targets: map[wecom.Target]*target{}}
}

// ApplyConfig goes on with other intervals and another lookback. If an interval is
// shorter now, its targets are due within it; if the lookback is longer, all are due now.
func (s *Schedule) ApplyConfig(poll config.Poll, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := &Schedule{poll: s.poll, activityKnown: s.activityKnown}
	longer, moreHistory := poll.Lookback > was.poll.Lookback, poll.HistoryInterval < was.poll.HistoryInterval
	s.poll = poll
	s.advance(was, now)
	for _, t := range s.targets {
		if moreHistory {
			t.historyDue = earlier(t.historyDue, now.Add(t.part(s.poll.HistoryInterval)))
		}
		if longer {
			t.due, t.historyDue, t.spread = now, now, true
			t.lengthened = t.index < 0
		}
	}
	heap.Init(&s.queue)
}

// Set replaces the targets of the schedule by the wanted ones, and returns those that are
// gone. Targets that stay keep their state. A new one is due now.
func (s *Schedule) Set(wanted []wecom.Target, now time.Time) (dropped []wecom.Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := make(map[wecom.Target]bool, len(wanted))
	for _, w := range wanted {
		key := keyOf(w)
		keep[key] = true
		if s.targets[key] == nil {
			s.add(&target{Target: w, spread: true, due: now, historyDue: now})
		}
	}
	for key, t := range s.targets {
		if keep[key] {
			continue
		}
		delete(s.targets, key)
		dropped = append(dropped, t.Target)
		t.dropped = true
		if t.index >= 0 {
			heap.Remove(&s.queue, t.index)
		}
	}
	return dropped
}

func (s *Schedule) add(t *target) {
	t.phase = phaseOf(t.Target)
	s.targets[keyOf(t.Target)] = t
	heap.Push(&s.queue, t)
}

// A State is what is known of a target from before a restart.
type State struct {
	Succeeded  time.Time // when it was last polled with success; zero: never
	Whole      time.Time // when all of the lookback was last listed; zero: never
	Recordings int       // that it holds
	Unfinished int       // of these, how many are not completed
	Lookback   time.Duration
}

// Restore adds a target as an earlier process left it. It is due when it would have
// been, or now if the lookback is longer than it was, or if it never succeeded. A time
// in the future, by a clock that was wrong, counts as now.
func (s *Schedule) Restore(w wecom.Target, state State, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	longer := s.poll.Lookback > state.Lookback
	succeeded, whole := earlier(state.Succeeded, now), earlier(state.Whole, now)
	t := &target{
		Target:     w,
		due:        now,
		historyDue: now,
		succeeded:  succeeded,
		recordings: state.Recordings,
		unfinished: state.Unfinished,
		last:       Attempt{At: succeeded},
	}
	if !longer && !succeeded.IsZero() {
		t.due = succeeded.Add(s.interval(t, succeeded))
	}
	if !longer && !whole.IsZero() {
		t.historyDue = whole.Add(s.poll.HistoryInterval)
	}
	s.add(t)
}

// Expedite makes the next target due now.
func (s *Schedule) Expedite(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		s.queue[0].due = earlier(s.queue[0].due, now)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Started notes when users started meetings, by user ID in lower case. A target whose
// user did so recently is polled next, even if it was polled just now: the recording may
// begin late.
func (s *Schedule) Started(starts map[string]time.Time, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.targets {
		if t.Selector != wecom.ByUserID {
			continue
		}
		at, ok := starts[strings.ToLower(t.ID)]
		until := at.Add(activePeriod)
		if !ok || !until.After(t.activeUntil) {
			continue
		}
		t.activeUntil = until
		if now.After(until) {
			continue
		}
		t.urgent, t.due = true, now
		if t.index >= 0 {
			heap.Fix(&s.queue, t.index)
		}
	}
}
