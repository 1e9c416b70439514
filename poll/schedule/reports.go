// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Making a report visits every target, and polls wait for that. So it takes a twentieth of the
// time at most, however many ask, unless a report would be older than LongestReportAge then.
const reportCost = 20

// LongestReportAge is how old a report may be.
const LongestReportAge = time.Second

// Reports are reports of a schedule, shared by all who ask at about the same time. They are
// safe for concurrent use.
type Reports struct {
	schedule *Schedule
	summary  shared[Summary]
	targets  shared[[]TargetReport] // in the order of compareTargets
}

// NewReports returns the reports of a schedule.
func NewReports(s *Schedule) *Reports { return &Reports{schedule: s} }

// Summary returns how polling went at most a second before now. The caller must not change
// it.
func (r *Reports) Summary(now time.Time) Summary {
	return r.summary.get(now, func() Summary { return r.schedule.Summary(now) })
}

// Targets returns what a query finds among the targets as they were at most a second before
// now. The lock of the schedule is not held while they are searched.
func (r *Reports) Targets(now time.Time, q Query) Found { return find(r.sorted(now), &q) }

// sorted returns all targets in the order of compareTargets. The caller must not change them.
func (r *Reports) sorted(now time.Time) []TargetReport {
	return r.targets.get(now, func() []TargetReport {
		list := r.schedule.Targets()
		slices.SortFunc(list, compareTargets)
		return list
	})
}

// compareTargets puts failing targets first, those of one cause together.
func compareTargets(a, b TargetReport) int {
	rank := [NumStatuses]int{Failing: 0, Pending: 1, OK: 2}
	return cmp.Or(cmp.Compare(rank[a.Status], rank[b.Status]), cmp.Compare(a.Cause, b.Cause),
		cmp.Compare(a.Target.Selector, b.Target.Selector), cmp.Compare(a.Target.ID, b.Target.ID))
}

// A shared value is made by the first who asks, while others wait, and made again when it is
// too old.
type shared[T any] struct {
	mu     sync.Mutex
	value  T
	made   time.Time     // zero: never
	maxAge time.Duration // by what it took to make it
}

func (s *shared[T]) get(now time.Time, create func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Who has waited asks for an earlier time than that of the value.
	if age := now.Sub(s.made).Abs(); s.made.IsZero() || age >= s.maxAge {
		begun := time.Now()
		s.value, s.made = create(), now
		s.maxAge = min(reportCost*time.Since(begun), LongestReportAge)
	}
	return s.value
}
