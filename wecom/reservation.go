// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Admit waits until a list may be asked for, and takes the place of the call in the
// budget and among the calls in flight. So it can be chosen at the last moment for
// whom to ask. The first list that is asked for in the context that it returns
// uses the place. In the end, leave must be called, which gives the place back if
// it was not used.
func (c *Client) Admit(ctx context.Context) (admitted context.Context, leave func(), err error) {
	if err := c.begin(ctx, listEndpoint); err != nil {
		return nil, nil, err
	}
	p := &place{}
	leave = func() {
		if p.use() {
			c.limits.giveBack()
			c.limiter.release()
		}
	}
	return context.WithValue(ctx, placeKey{}, p), leave, nil
}

// A place for a list is one that was taken before it was known for whom.
type place struct{ used atomic.Bool }

type placeKey struct{}

// use tells whether the place was still free.
func (p *place) use() bool { return p.used.CompareAndSwap(false, true) }

// begin waits until a call may be made. Who waits for the budget or for the end of
// a block takes no place among the calls in flight: those of an endpoint that is
// not blocked go on.
func (c *Client) begin(ctx context.Context, endpoint string) error {
	if p, ok := ctx.Value(placeKey{}).(*place); ok && endpoint == listEndpoint && p.use() {
		return nil
	}
	for {
		if err := c.limiter.acquire(ctx); err != nil {
			return fmt.Errorf("%s: waiting for other calls to end: %w", endpoint, err)
		}
		look, wait := c.limits.begin(endpoint)
		if wait == 0 {
			return nil
		}
		c.limiter.release()
		if err := c.throttle(ctx, look, wait); err != nil {
			return fmt.Errorf("%s: waiting for the call budget: %w", endpoint, err)
		}
	}
}

// Waits are told to the observer in steps, so that its counter moves while a long
// block lasts.
const throttleStep = 5 * time.Second

// throttle waits for a while, or until there is reason to look again.
func (c *Client) throttle(ctx context.Context, look <-chan struct{}, wait time.Duration) error {
	start := time.Now()
	timer := time.NewTimer(min(wait, throttleStep))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-look:
	case <-ctx.Done():
	}
	c.observer.Throttled(time.Since(start))
	return context.Cause(ctx)
}
