// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"container/heap"
	"hash/fnv"
	"math"
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
	asked           time.Time // when it was last asked; zero: never
	succeeded       time.Time // when it was last asked with success; zero: never
	recordings      int       // held in the inventory
	err             error     // of the last time it was asked
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

// take returns the target to ask now, or nil and when the next one falls due;
// the zero time if none will. What it returns must go to done.
func (s *schedule) take(now time.Time) (*target, time.Time) {
	if len(s.queue) == 0 {
		return nil, time.Time{}
	}
	first := s.queue[0]
	if first.due.After(now) {
		return nil, first.due
	}
	heap.Pop(&s.queue)
	return first, time.Time{}
}

// takeProbe returns the target that is next to ask, due or not, among those
// that did not meet an error of the whole corp, so that an error which is one
// target's own shows as such. It returns nil where there is no target.
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
	return t
}

func (s *schedule) probeBefore(t *target, i, best int) bool {
	if a, b := isCorpWide(t.err), isCorpWide(s.queue[best].err); a != b {
		return b
	}
	return s.queue.Less(i, best)
}

// done puts a target back that take gave, to be asked again at due.
func (s *schedule) done(t *target, due time.Time) {
	if t.dropped {
		return
	}
	t.due = due
	heap.Push(&s.queue, t)
}

// interval is how often the target is asked.
func (s *schedule) interval(t *target) time.Duration {
	if t.recordings > 0 {
		return s.poll.Interval
	}
	return s.poll.IdleInterval
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
		if !t.succeeded.IsZero() && now.Sub(t.succeeded) <= 2*s.interval(t) {
			covered++
		}
	}
	return float64(covered) / float64(len(s.targets))
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

func hashOf(t wecom.Target) uint64 {
	h := fnv.New64a()
	h.Write([]byte(t.Selector))
	h.Write([]byte{0})
	h.Write([]byte(t.ID))
	return h.Sum64()
}

func phaseOf(t wecom.Target) float64 { return float64(hashOf(t)) / math.MaxUint64 }

// A dueQueue is a heap of targets: those never asked first, then the one that
// is the longest overdue.
type dueQueue []*target

func (q dueQueue) Len() int { return len(q) }

func (q dueQueue) Less(i, j int) bool {
	if a, b := q[i].asked.IsZero(), q[j].asked.IsZero(); a != b {
		return a
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
