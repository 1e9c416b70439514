// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A TargetReport is how polling one target goes.
type TargetReport struct {
	Target     wecom.Target
	Status     Status
	Polled     time.Time // when the last poll ended, or the first one yielded; zero: there was none
	Due        time.Time
	Recordings int
	Err        error  // of the last poll
	Cause      string // of Err; see [wecom.CauseOf]
}

// IsUser reports whether the ID of the target is a user ID.
func (r *TargetReport) IsUser() bool { return r.Target.Selector == wecom.ByUserID }

// Targets returns a report of each target, in no order.
func (s *Schedule) Targets() []TargetReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]TargetReport, 0, len(s.targets))
	for _, t := range s.targets {
		list = append(list, TargetReport{
			Target:     t.Target,
			Status:     t.status(),
			Polled:     t.polled(),
			Due:        t.due,
			Recordings: t.recordings,
			Err:        t.last.Err,
			Cause:      wecom.CauseOf(t.last.Err),
		})
	}
	return list
}

// A Summary is how polling goes, over all targets.
type Summary struct {
	Total  int
	Counts map[wecom.Selector]*[NumStatuses]int // of all selectors
	// Lag is how overdue the most overdue target is.
	Lag time.Duration
	// Coverage is the share of targets, 0 to 1, that were polled with success within
	// twice their interval; 0 if there are none.
	Coverage float64
	// Listed reports that a poll of every target has ended: what each has is known.
	Listed bool
}

// Summary returns how polling goes now.
func (s *Schedule) Summary(now time.Time) Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := Summary{Total: len(s.targets), Counts: map[wecom.Selector]*[NumStatuses]int{}, Listed: true}
	for _, selector := range wecom.Selectors() {
		sum.Counts[selector] = new([NumStatuses]int)
	}
	covered := 0
	for _, t := range s.targets {
		sum.Counts[t.Selector][t.status()]++
		sum.Lag = max(sum.Lag, now.Sub(t.due))
		sum.Listed = sum.Listed && t.isListed()
		if t.coveredSince(now.Add(-2 * s.interval(t, now))) {
			covered++
		}
	}
	if sum.Total > 0 {
		sum.Coverage = float64(covered) / float64(sum.Total)
	}
	return sum
}

// coveredSince reports whether the target was polled with success since a time, or has a long
// poll under way after one that did not fail.
func (t *target) coveredSince(since time.Time) bool {
	return !t.succeeded.IsZero() && !t.succeeded.Before(since) ||
		!t.yielded.IsZero() && !t.yielded.Before(since) && t.last.Err == nil
}

// AllPolled reports whether every target was polled at least once. A poll that met an error
// of the whole corp does not count: it shows nothing about the target. A long poll under way
// counts.
func (s *Schedule) AllPolled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.targets {
		if !t.isListed() && t.yielded.IsZero() {
			return false
		}
	}
	return true
}

// isListed reports whether a poll of the target has ever succeeded, or the last one failed on
// its own account.
func (t *target) isListed() bool {
	metOutage := t.last.Err != nil && t.last.Class.CorpWide()
	return !t.succeeded.IsZero() || !t.last.At.IsZero() && !metOutage
}

// IsEmpty reports whether no target waits to be polled.
func (s *Schedule) IsEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) == 0
}
