// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"container/heap"
	"math"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Every target's interval is shorter by a share of its own, of this much at the
// most, so that targets that fell due together drift apart. It costs as many
// more calls.
const phaseShare = 0.01

// A schedule decides when each target is asked. It is not safe for concurrent
// use.
type schedule struct {
	poll    config.Poll
	targets map[wecom.Target]*target
	queue   dueQueue
}

// A target is one thing to list recordings for, and how it went.
type target struct {
	wecom.Target

	phase float64 // 0 to 1, by the target's hash
	// index in the queue; -1 while the target is being asked.
	index int

	due, historyDue time.Time
	asked           time.Time   // when it was last asked; zero: never
	succeeded       time.Time   // when it was last asked with success; zero: never
	recordings      int         // held in the inventory
	active          time.Time   // until when it is asked often since its user started a meeting
	urgent          bool        // its user has started a meeting and it was not asked since that was learned
	err             error       // of the last time it was asked
	class           wecom.Class // of err, if there is one
	own             error       // an error of the whole corp that is the target's own; kept over outages
	// dropped marks a target that was taken out while it was being asked.
	dropped bool
}

// status is the value of the label of that name.
func (t *target) status() string {
	switch {
	case t.asked.IsZero():
		return statusPending
	case t.err != nil:
		return statusFailing
	default:
		return statusOK
	}
}

// The values of the label status.
const (
	statusOK      = "ok"
	statusFailing = "failing"
	statusPending = "pending"
)

func statuses() []string { return []string{statusOK, statusFailing, statusPending} }

func newSchedule(poll config.Poll) *schedule {
	return &schedule{poll: poll, targets: map[wecom.Target]*target{}}
}

// set makes the schedule hold exactly the wanted targets, and returns those
// that it holds no longer. A new target is due at once.
func (s *schedule) set(wanted []wecom.Target, now time.Time) (dropped []wecom.Target) {
	keep := make(map[wecom.Target]bool, len(wanted))
	for _, w := range wanted {
		keep[w] = true
		if s.targets[w] == nil {
			t := &target{Target: w, phase: phaseOf(w), due: now, historyDue: now}
			s.targets[w] = t
			heap.Push(&s.queue, t)
		}
	}
	for w, t := range s.targets {
		if keep[w] {
			continue
		}
		delete(s.targets, w)
		dropped = append(dropped, w)
		t.dropped = true
		if t.index >= 0 {
			heap.Remove(&s.queue, t.index)
		}
	}
	return dropped
}

// restore adds a target as an earlier process left it. It is due when it would
// have been, or at once if the lookback is longer now or if it was never listed to
// the end. What is said to have happened later than now, by a clock that was
// wrong, is taken to happen now.
func (s *schedule) restore(w wecom.Target, h *holding, longer bool, now time.Time) {
	succeeded, whole := earlier(h.succeeded, now), earlier(h.whole, now)
	t := &target{
		Target: w, phase: phaseOf(w), asked: succeeded, succeeded: succeeded, recordings: len(h.items), due: now, historyDue: now,
	}
	if !longer && !succeeded.IsZero() {
		t.due = succeeded.Add(t.spread(s.interval(t, succeeded)))
	}
	if !longer && !whole.IsZero() {
		t.historyDue = whole.Add(t.spread(s.poll.HistoryInterval))
	}
	s.targets[w] = t
	heap.Push(&s.queue, t)
}

// hurry has the next target due at once.
func (s *schedule) hurry(now time.Time) {
	if len(s.queue) > 0 {
		s.queue[0].due = earlier(s.queue[0].due, now)
	}
}

// inherit takes over the targets of another schedule, none of which is being
// asked, and how they went. Where an interval is shorter now, they fall due
// earlier; where the lookback is longer, at once.
func (s *schedule) inherit(old *schedule) {
	s.targets, s.queue = old.targets, old.queue
	now := time.Now()
	for _, t := range s.targets {
		t.due = earlier(t.due, now.Add(s.interval(t, now)))
		t.historyDue = earlier(t.historyDue, now.Add(s.poll.HistoryInterval))
		if s.poll.Lookback > old.poll.Lookback {
			t.due, t.historyDue = now, now
		}
	}
	heap.Init(&s.queue)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// take returns the target to ask now, or nil if none is due. What it returns must
// go to done.
func (s *schedule) take(now time.Time) *target {
	if n, _ := s.queue.due(now, 1); n == 0 {
		return nil
	}
	t := s.queue[0]
	heap.Pop(&s.queue)
	t.urgent = false
	return t
}

// takeProbe returns the target by which to learn whether an outage is over, due
// or not: one that was last asked with success or, where there is none, that did
// at least not meet an error of the whole corp, so that an error which is one
// target's own holds up no others. It returns nil where there is no target.
func (s *schedule) takeProbe() *target {
	best := -1
	for i, t := range s.queue {
		if best < 0 || s.probeBefore(t, i, best) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	t := s.queue[best]
	heap.Remove(&s.queue, best)
	t.urgent = false
	return t
}

func (s *schedule) probeBefore(t *target, i, best int) bool {
	if a, b := t.probeRank(), s.queue[best].probeRank(); a != b {
		return a < b
	}
	return s.queue.Less(i, best)
}

// probeRank is the lower the more asking the target tells of the others.
func (t *target) probeRank() int {
	switch {
	case t.own != nil:
		return 3
	case t.err != nil && corpWide(t.class):
		return 2
	case t.status() == statusOK:
		return 0
	default:
		return 1
	}
}

// done puts a target back that take gave, to be asked again at due, or at once if
// its user has started a meeting meanwhile.
func (s *schedule) done(t *target, due time.Time) {
	if !t.urgent {
		t.due = due
	}
	heap.Push(&s.queue, t)
}

// interval is how often the target is asked.
func (s *schedule) interval(t *target, now time.Time) time.Duration {
	if t.hot(now) {
		return s.poll.Interval
	}
	return s.poll.IdleInterval
}

// hot tells whether something is likely to change about the target.
func (t *target) hot(now time.Time) bool { return t.recordings > 0 || now.Before(t.active) }

// started notes when users started meetings, by folded ID. Who did so lately is
// asked next, even if that happened just now: the recording may begin late.
func (s *schedule) started(starts map[string]time.Time, now time.Time) {
	for _, t := range s.targets {
		if t.Selector != wecom.ByUserID {
			continue
		}
		at, ok := starts[strings.ToLower(t.ID)]
		active := at.Add(activePeriod)
		if !ok || !active.After(t.active) {
			continue
		}
		t.active = active
		if now.After(active) {
			continue
		}
		t.urgent, t.due = true, now
		if t.index >= 0 {
			heap.Fix(&s.queue, t.index)
		}
	}
}

// spread shortens an interval by the target's share.
func (t *target) spread(interval time.Duration) time.Duration {
	return interval - time.Duration(phaseShare*t.phase*float64(interval))
}

// lag returns how overdue the most overdue target is.
func (s *schedule) lag(now time.Time) time.Duration {
	lag := time.Duration(0)
	for _, t := range s.targets {
		lag = max(lag, now.Sub(t.due))
	}
	return lag
}

// coverage returns which share of the targets was asked with success within
// twice its interval; 1 where there are none.
func (s *schedule) coverage(now time.Time) float64 {
	if len(s.targets) == 0 {
		return 1
	}
	covered := 0
	for _, t := range s.targets {
		if !t.succeeded.IsZero() && now.Sub(t.succeeded) <= 2*s.interval(t, now) {
			covered++
		}
	}
	return float64(covered) / float64(len(s.targets))
}

// count returns the number of targets by selector and status.
func (s *schedule) count() map[wecom.Selector]map[string]int {
	counts := map[wecom.Selector]map[string]int{}
	for _, selector := range wecom.Selectors() {
		counts[selector] = map[string]int{}
	}
	for _, t := range s.targets {
		counts[t.Selector][t.status()]++
	}
	return counts
}

// tried tells whether every target was asked at least once.
func (s *schedule) tried() bool {
	for _, t := range s.targets {
		if t.asked.IsZero() {
			return false
		}
	}
	return true
}

func phaseOf(t wecom.Target) float64 { return float64(hashOf(t)) / math.MaxUint64 }

// A dueQueue is a heap of targets: those never asked first, then those of users
// who have just started a meeting, then the one that is the longest overdue.
type dueQueue []*target

// due returns how many targets are due, if they are no more than most, and when the
// next one will be; the zero time if none will. Below one that is not due in the
// heap there is none that is.
func (q dueQueue) due(now time.Time, most int) (n int, next time.Time) {
	var visit func(i int)
	visit = func(i int) {
		switch {
		case i >= len(q) || n == most:
		case !q[i].due.After(now):
			n++
			visit(2*i + 1)
			visit(2*i + 2)
		case next.IsZero() || q[i].due.Before(next):
			next = q[i].due
		}
	}
	visit(0)
	return n, next
}

func (q dueQueue) Len() int { return len(q) }

func (q dueQueue) Less(i, j int) bool {
	if a, b := q[i].asked.IsZero(), q[j].asked.IsZero(); a != b {
		return a
	}
	if q[i].urgent != q[j].urgent {
		return q[i].urgent
	}
	return q[i].due.Before(q[j].due)
}

func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements heap.Interface.
func (q *dueQueue) Push(x any) {
	t := x.(*target) //nolint:forcetypeassert,revive // Nothing else is pushed.
	t.index = len(*q)
	*q = append(*q, t)
}

// Pop implements heap.Interface.
func (q *dueQueue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	t.index = -1
	return t
}
