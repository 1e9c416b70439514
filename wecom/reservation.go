// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// throttleStep is how often a wait is reported to the observer, so that its counter
// moves while a long block lasts.
const throttleStep = 5 * time.Second

// A Reservation holds a part of the budget and one of the calls in flight for a page of a
// list, so that its target can be chosen when the page can be asked for at once.
// It is safe for concurrent use.
type Reservation struct {
	client *Client
	limits *Limits // that it took from
	spent  atomic.Bool
}

// Reserve waits until a list may be asked for, and reserves the call. The caller
// must release the reservation in the end. The error is the context's.
func (c *Client) Reserve(ctx context.Context) (*Reservation, error) {
	for {
		s := c.settings.Load()
		err := c.acquire(ctx, s, listEndpoint)
		if errors.Is(err, errReplaced) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &Reservation{client: c, limits: s.limits}, nil
	}
}

// Release gives back what was reserved, unless a call used it. It may be called at
// any time and more than once.
func (r *Reservation) Release() {
	if r.spend() {
		r.cancel()
	}
}

// use spends the reservation on a call within l and reports whether it could. If the
// reservation is of other limits, since the configuration changed, or the endpoint was
// closed since, use releases it.
func (r *Reservation) use(l *Limits) bool {
	if r == nil || !r.spend() {
		return false
	}
	if r.limits != l || l.closedUntil(listEndpoint).After(time.Now()) {
		r.cancel()
		return false
	}
	return true
}

// spend reports whether the reservation was not spent before.
func (r *Reservation) spend() bool { return r.spent.CompareAndSwap(false, true) }

// cancel gives back what was reserved. The reservation is spent.
func (r *Reservation) cancel() {
	r.limits.release()
	r.client.limiter.release()
}

// acquire waits until a call may be made, and takes its part of the limits of s and
// of the calls in flight. While it waits for the budget or for the end of a block it
// holds none of the calls in flight, so that those of other endpoints go on. The
// error is the context's, or errReplaced.
func (c *Client) acquire(ctx context.Context, s *settings, endpoint string) error {
	for {
		if err := c.limiter.acquire(ctx); err != nil {
			return fmt.Errorf("%s: waiting for other calls to end: %w", endpoint, err)
		}
		if isClosed(s.replaced) {
			c.limiter.release()
			return errReplaced
		}
		changed, wait := s.limits.acquire(endpoint)
		if wait == 0 {
			return nil
		}
		c.limiter.release()
		if err := c.throttle(ctx, s, changed, wait); err != nil {
			return fmt.Errorf("%s: waiting for the call budget: %w", endpoint, err)
		}
	}
}

// throttle waits for at most the given time, or until changed is closed.
func (c *Client) throttle(ctx context.Context, s *settings, changed <-chan struct{}, wait time.Duration) error {
	start := time.Now()
	timer := time.NewTimer(min(wait, throttleStep))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-s.replaced: // acquire notices.
	case <-ctx.Done():
	}
	c.observer.Throttled(time.Since(start))
	return context.Cause(ctx)
}
