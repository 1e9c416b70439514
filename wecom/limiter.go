// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"sync"
	"time"
)

// limiterStep is how many calls must succeed before one more may be in flight.
const limiterStep = 20

// A limiter caps calls in flight by AIMD: halved on 45033, plus one after 20
// successes, up to a maximum. It is safe for concurrent use.
type limiter struct {
	mu        sync.Mutex
	max       int
	limit     int // in force, 1 to max
	inFlight  int
	successes int       // since the limit last changed
	halved    time.Time // when the limit was last halved
	freed     chan struct{}
}

func newLimiter(limit int) *limiter {
	return &limiter{max: limit, limit: limit, freed: make(chan struct{})}
}

// setMax changes the maximum. A limit that was at the old maximum follows it. Calls
// in flight above a lower limit go on to their end.
func (l *limiter) setMax(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit == l.max {
		l.limit = limit
	}
	l.limit, l.max = min(l.limit, limit), limit
	l.wake()
}

// acquire waits until one more call may be in flight. The error is the context's.
// Each call needs one release or done.
func (l *limiter) acquire(ctx context.Context) error {
	for {
		l.mu.Lock()
		if l.inFlight < l.limit {
			l.inFlight++
			l.mu.Unlock()
			return nil
		}
		freed := l.freed
		l.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// release undoes an acquire after which no call was made.
func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// done ends a call that began at the given time and had the given error, and
// adjusts the limit.
func (l *limiter) done(began time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
	switch {
	case err == nil:
		l.successes++
		if l.successes >= limiterStep && l.limit < l.max {
			l.limit++
			l.successes = 0
		}
	case ClassOf(err) == ClassConcurrency && began.After(l.halved):
		// Calls that were in flight when the limit was halved met the old limit.
		l.limit = max(1, l.limit/2)
		l.successes = 0
		l.halved = time.Now()
	}
}

// wake has waiting calls try again. The lock is held.
func (l *limiter) wake() {
	close(l.freed)
	l.freed = make(chan struct{})
}
