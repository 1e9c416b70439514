// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"container/heap"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Poll is a target that was taken to be polled now. It must go to [Schedule.Done] or
// [Schedule.Return].
type Poll struct {
	Target  wecom.Target
	History bool    // the windows older than the newest are due, too
	Last    Attempt // the poll before

	target *target
	due    time.Time // when it was
}

// A Result is how a poll went.
type Result struct {
	Started, Ended time.Time
	Listed         bool // whether any list was complete
	Recordings     int  // that the target holds now, if Listed
	Unfinished     int  // of these, how many are not completed
	Err            error
	Class          wecom.Class // of Err
	Own            error       // see [Attempt]
}

// Due returns how many targets are due, counting up to most, and when the next one after
// those will be; the zero time if there is none.
func (s *Schedule) Due(now time.Time, most int) (n int, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.due(now, most)
}

// Take takes the first target that is due, if one is.
func (s *Schedule) Take(now time.Time) (p Poll, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, _ := s.queue.due(now, 1); n == 0 {
		return Poll{}, false
	}
	return s.take(s.queue[0], now), true
}

func (s *Schedule) take(t *target, now time.Time) Poll {
	heap.Remove(&s.queue, t.index)
	t.urgent = false
	return Poll{Target: t.Target, History: !now.Before(t.historyDue), Last: t.last, target: t, due: t.due}
}

// TakeProbe takes the target that best shows whether an outage is over, due or not: one
// whose last poll succeeded or else one whose last poll did not meet an error of the
// whole corp, so that an error that is one target's own keeps up no others.
func (s *Schedule) TakeProbe(now time.Time) (p Poll, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i := range s.queue {
		if best < 0 || s.queue.probeBefore(i, best) {
			best = i
		}
	}
	if best < 0 {
		return Poll{}, false
	}
	return s.take(s.queue[best], now), true
}

// probeRank orders targets for the probe of an outage, lowest first: the better a target's
// last polls went, the more an answer to it shows about the others.
func (t *target) probeRank() int {
	switch {
	case t.last.Own != nil:
		return 3
	case t.last.Err != nil && t.last.Class.CorpWide():
		return 2
	case t.status() == OK:
		return 0
	default:
		return 1
	}
}

// Holds reports whether the target of a poll is still one.
func (s *Schedule) Holds(p *Poll) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !p.target.dropped
}

// Yield notes that a poll is a long one, which waits for others from now on. It counts as a
// poll, and the next one is due an interval after it began. As long as the list is not
// complete, nothing else of the target changes.
func (s *Schedule) Yield(p *Poll, started, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := p.target
	t.yielded = now
	if t.urgent || t.lengthened {
		return
	}
	interval := s.interval(t, now)
	if t.last.Err != nil && t.last.Class == wecom.ClassTarget {
		interval = s.poll.IdleInterval
	}
	t.due = started.Add(interval)
}

// Return puts back a target whose poll was given up, as it was.
func (s *Schedule) Return(p *Poll) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := p.target
	if t.dropped {
		return
	}
	if !t.yielded.IsZero() {
		t.due, t.yielded = earlier(t.due, p.due), time.Time{}
	}
	heap.Push(&s.queue, t)
}

// A Fate is what became of a target while it was being polled.
type Fate uint8

// The fates.
const (
	Kept     Fate = iota
	Replaced      // it was dropped and added again: the poll counts for nothing
	Dropped       // it was dropped: what the poll listed must be dropped, too
)

// Done notes how a poll went, and when the target is due again.
func (s *Schedule) Done(p *Poll, r *Result, now time.Time) Fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := p.target
	switch {
	case t.dropped && s.targets[keyOf(t.Target)] == nil:
		return Dropped
	case t.dropped:
		return Replaced
	}
	started := r.Started
	if !t.yielded.IsZero() {
		started = r.Ended // Polls that take longer than the interval must not follow one another.
	}
	t.last, t.yielded = Attempt{At: now, Err: r.Err, Class: r.Class, Own: r.Own}, time.Time{}
	if r.Listed {
		t.recordings, t.unfinished = r.Recordings, r.Unfinished
	}
	if r.Err == nil {
		t.succeeded = r.Ended
		if p.History {
			t.historyDue = started.Add(t.after(s.poll.HistoryInterval, now))
		}
	}
	switch {
	case t.lengthened:
		t.due, t.historyDue, t.lengthened = now, now, false
	case !t.urgent:
		t.due = s.dueAfter(t, r, started, now)
		t.spread = t.spread && r.Err != nil
	}
	heap.Push(&s.queue, t)
	return Kept
}

// dueAfter returns when a target is due after a poll that counts from started. The lock is held.
func (s *Schedule) dueAfter(t *target, r *Result, started, now time.Time) time.Time {
	interval := s.interval(t, now)
	switch {
	case r.Err == nil:
		return started.Add(t.after(interval, now))
	case r.Class == wecom.ClassTarget:
		return started.Add(s.poll.IdleInterval)
	case r.Class == wecom.ClassRetryable || r.Class == wecom.ClassConcurrency:
		return started.Add(min(interval, s.poll.Interval))
	default:
		return now // as soon as the outage or the block is over
	}
}

// A queue is a heap of targets: those never polled come first, then those whose users
// have just started a meeting, then by due time.
type queue []*target

// due counts targets that are due, up to most, and returns when the next one will be; the
// zero time if none will. A target of a heap that is not due has none below it that is.
func (q queue) due(now time.Time, most int) (n int, next time.Time) {
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

func (q queue) probeBefore(i, j int) bool {
	if a, b := q[i].probeRank(), q[j].probeRank(); a != b {
		return a < b
	}
	return q.Less(i, j)
}

// Len implements heap.Interface.
func (q queue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q queue) Less(i, j int) bool {
	if a, b := q[i].last.At.IsZero(), q[j].last.At.IsZero(); a != b {
		return a
	}
	if q[i].urgent != q[j].urgent {
		return q[i].urgent
	}
	return q[i].due.Before(q[j].due)
}

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	if t, ok := x.(*target); ok {
		t.index = len(*q)
		*q = append(*q, t)
	}
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	t.index = -1
	return t
}
