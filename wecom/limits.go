// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
)

const (
	budgetWindow = time.Minute

	// WeCom closes an API for 60 s, an hour, a day or a month, without saying which;
	// see https://developer.work.weixin.qq.com/document/path/90454.
	firstBlock = time.Minute
	maxBlock   = time.Hour
	// maxRetryAfter is the most that an HTTP answer may close an endpoint for.
	maxRetryAfter = 15 * time.Minute
)

// Limits keeps calls within what WeCom allows one corp on one API host. Every
// [Client] of the same corp ID and host must share one. It is safe for
// concurrent use.
//
// In any 60 seconds, as WeCom's clock sees the calls, no more than the budget
// are made. A token bucket cannot promise that: it allows a burst on top of
// its rate, and it counts calls when they leave and not when they arrive. So a
// call counts against the budget until a minute after it ended, which is no
// earlier than WeCom saw it.
type Limits struct {
	mu         sync.Mutex
	perMinute  int
	inFlight   int
	ended      []time.Time // ends of the calls of the last minute, oldest first
	statistics usage       // what calls for statistics take of the budget
	blocks     map[string]block
	changed    chan struct{} // closed and replaced when waiting calls should try again
}

// A block closes an endpoint for some time.
type block struct {
	since   time.Time       // when WeCom last refused a call
	backoff backoff.Backoff // of these refusals
	until   time.Time       // by Retry-After
	err     error           // why the endpoint was closed last; nil: it was open since
}

// end returns when the endpoint is open again.
func (b block) end() time.Time {
	return later(b.backoff.Until(), b.until)
}

// A Block is an endpoint that is not called for some time.
type Block struct {
	Endpoint string
	Until    time.Time // in the past if the answer to the next call is still awaited
	Err      error     // an [*APIError] with errcode 45009, or a [*ResponseError] for Retry-After
}

// Blocks returns the endpoints that are closed, by name. Each counts as closed until a call is
// accepted, or refused for another reason. While gettoken is closed there may be no token, which
// is an error of its own; it is not among them.
func (l *Limits) Blocks() []Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Block
	for _, endpoint := range slices.Sorted(maps.Keys(l.blocks)) {
		if b := l.blocks[endpoint]; b.err != nil && endpoint != tokenEndpoint {
			list = append(list, Block{Endpoint: endpoint, Until: b.end(), Err: b.err})
		}
	}
	return list
}

// NewLimits returns limits with a budget of calls per minute, which must be
// positive.
func NewLimits(perMinute int) *Limits {
	return &Limits{perMinute: perMinute, blocks: map[string]block{}, changed: make(chan struct{})}
}

// SetBudget changes the budget, in calls per minute.
func (l *Limits) SetBudget(perMinute int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.perMinute = perMinute
	l.wake()
}

// Budget returns the budget in force, in calls per minute.
func (l *Limits) Budget() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.perMinute
}

// Used returns how many calls the last 60 seconds took of the budget.
func (l *Limits) Used() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(time.Now())
	return l.inFlight + len(l.ended)
}

// acquire counts a call to endpoint against the budget and returns a wait of 0. If
// the call may not be made yet, it returns the longest time to wait before the next
// try, and a channel that is closed when trying earlier is worthwhile. Each call
// that was counted needs one end or release.
func (l *Limits) acquire(endpoint string) (changed <-chan struct{}, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if wait := l.blocks[endpoint].end().Sub(now); wait > 0 {
		return l.changed, wait
	}
	l.forget(now)
	if endpoint == statisticsEndpoint && !l.hasShare() {
		return l.changed, time.Second
	}
	if l.inFlight+len(l.ended) < l.perMinute {
		l.inFlight++
		if endpoint == statisticsEndpoint {
			l.statistics.inFlight++
		}
		return nil, 0
	}
	if len(l.ended) == 0 {
		return l.changed, budgetWindow
	}
	return l.changed, l.ended[0].Add(budgetWindow).Sub(now)
}

// release undoes an acquire after which no call was made.
func (l *Limits) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// end records the end of a call that began at the given time. The call counts
// against the budget for another minute, and its error may block the endpoint.
func (l *Limits) end(endpoint string, began time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.inFlight--
	l.ended = append(l.ended, now)
	if endpoint == statisticsEndpoint {
		l.statistics.inFlight--
		l.statistics.ended = append(l.statistics.ended, now)
	}
	l.wake()

	b := l.blocks[endpoint]
	// Calls that were in flight when a block began say nothing about it.
	if !began.After(b.since) {
		return
	}
	apiErr, refused := errors.AsType[*APIError](err)
	switch {
	case err == nil && !now.Before(b.until):
		delete(l.blocks, endpoint)
	case refused && apiErr.Class() == ClassBlocked:
		b.since = now
		b.err = apiErr
		b.backoff.Fail(now, backoff.Range{First: firstBlock, Max: maxBlock})
		l.blocks[endpoint] = b
	case refused && b.err != nil && !now.Before(b.end()):
		b.err = nil
		l.blocks[endpoint] = b
	}
}

// closeFor closes an endpoint for some time, as Retry-After of a response asks. A longer block
// stays.
func (l *Limits) closeFor(endpoint string, wait time.Duration, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.blocks[endpoint]
	if until := time.Now().Add(wait); until.After(b.until) {
		b.until = until
		b.err = &ResponseError{
			Endpoint: endpoint,
			Kind:     KindHTTP,
			Status:   status,
			Detail:   "asked to wait (Retry-After)",
			remedy:   remedyPause,
		}
		l.blocks[endpoint] = b
	}
}

// closedUntil returns when an endpoint is open again; it may be in the past.
func (l *Limits) closedUntil(endpoint string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocks[endpoint].end()
}

// forget drops the calls that no longer count against the budget. The lock is held.
func (l *Limits) forget(now time.Time) {
	l.ended = lastMinute(l.ended, now)
	l.statistics.ended = lastMinute(l.statistics.ended, now)
}

// lastMinute returns those of the times, oldest first, that still count against the budget.
func lastMinute(times []time.Time, now time.Time) []time.Time {
	old := 0
	for old < len(times) && now.Sub(times[old]) >= budgetWindow {
		old++
	}
	return times[old:]
}

// statisticsShare divides the budget: calls for statistics take at most a tenth of it, and leave
// the last tenth of it to lists.
const statisticsShare = 10

// A usage is the calls of one kind that count against the budget.
type usage struct {
	inFlight int
	ended    []time.Time // oldest first
}

// hasShare reports whether statistics have a part of their share of the budget left, which is
// one call at least. What is over was forgotten. The lock is held.
func (l *Limits) hasShare() bool {
	return l.statistics.inFlight+len(l.statistics.ended) < StatisticsShare(l.perMinute)
}

// StatisticsShare returns how many calls of a budget per minute statistics may take.
func StatisticsShare(perMinute int) int { return max(1, perMinute/statisticsShare) }

// HasRoomForStatistics reports whether statistics may be asked for now without being in the
// way of lists: neither of the two is closed, statistics took less than a tenth of the budget
// in the last 60 seconds, and the last tenth of the budget stays free.
func (l *Limits) HasRoomForStatistics() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, endpoint := range []string{listEndpoint, statisticsEndpoint} {
		if l.blocks[endpoint].end().After(now) {
			return false
		}
	}
	l.forget(now)
	return l.hasShare() && l.inFlight+len(l.ended) < l.perMinute-l.perMinute/statisticsShare
}

// wake has waiting calls try again. The lock is held.
func (l *Limits) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
