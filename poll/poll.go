// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// An outcome is how a poll went.
type outcome struct {
	poll           *schedule.Poll // nil: no target was polled
	started, ended time.Time
	listed         bool // a list was complete, and applied
	recordings     int  // that the target holds then
	err            error
}

// pollInTurn waits until WeCom may be called, and polls the target that is first in line by
// then.
func (c *corp) pollInTurn(ctx context.Context, probe bool) outcome {
	reservation, err := c.client.Reserve(ctx)
	if err != nil {
		return outcome{} // The corp is being stopped.
	}
	defer reservation.Release()
	p, ok := c.choose(probe, time.Now())
	if !ok {
		return outcome{}
	}
	return c.poll(ctx, reservation, &p)
}

// choose takes the target to poll, unless there is none any more, or an outage has begun.
func (c *corp) choose(probe bool, now time.Time) (p schedule.Poll, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	switch {
	case probe:
		return c.schedule.TakeProbe(now)
	case c.breaker.isOpen():
		return p, false
	default:
		return c.schedule.Take(now)
	}
}

// A lister lists recordings page by page: a client, or a reservation for one call.
type lister interface {
	Recordings(ctx context.Context, t wecom.Target, w wecom.Window) iter.Seq2[[]wecom.Recording, error]
}

// poll lists the windows of a target, the newest first, and applies what came back whole.
func (c *corp) poll(ctx context.Context, from lister, p *schedule.Poll) outcome {
	c.mu.Lock()
	lookback := c.settings.poll.Lookback
	c.mu.Unlock()
	now := time.Now()
	o := outcome{poll: p, started: now}
	l := inventory.Listing{Target: p.Target, Asked: c.inventory.Generation()}
	for i, w := range windows(now, lookback, p.History) {
		var recordings []wecom.Recording
		recordings, o.err = list(ctx, from, p.Target, w)
		if o.err != nil {
			break
		}
		l.Add(recordings)
		if i == 0 {
			l.Span.End = w.End
		}
		l.Span.Start = w.Start
		o.listed = true
	}
	o.ended = time.Now()
	if o.listed {
		l.At, l.Succeeded = o.ended, o.err == nil
		o.recordings = c.inventory.Apply(&l)
	}
	return o
}

// list returns all recordings of a target in a window, or an error: half a chain never
// replaces a whole one.
func list(ctx context.Context, from lister, t wecom.Target, w wecom.Window) ([]wecom.Recording, error) {
	var all []wecom.Recording
	for page, err := range from.Recordings(ctx, t, w) {
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// windows cuts the lookback into windows, the newest first. Without history it returns the
// newest alone.
func windows(now time.Time, lookback time.Duration, history bool) []wecom.Window {
	end := now.Truncate(time.Second)
	oldest := end.Add(-lookback)
	var all []wecom.Window
	for end.After(oldest) {
		start := end.Add(-wecom.MaxWindow)
		if start.Before(oldest) {
			start = oldest
		}
		all = append(all, wecom.Window{Start: start, End: end})
		if !history {
			break
		}
		end = start
	}
	return all
}

// settle takes in how a poll went: whose the error is, when the target is due again, and
// whether there is an outage.
func (c *corp) settle(o *outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	if o.poll == nil {
		return
	}
	if errors.Is(o.err, context.Canceled) {
		c.schedule.Return(o.poll)
		return
	}
	now, p := time.Now(), o.poll
	v := judge(p.Target, o.err, &p.Last, c.breaker.err, c.accepted)
	if !c.reschedule(o, &v, now) {
		return
	}
	c.up = callsRefused
	if v.accepted {
		c.up, c.connected = callsAccepted, true
	}
	c.checkReady(now)
	c.logOutcome(o, &v, now)
	c.updateBreaker(o, &v, now)
}

// reschedule hands the result to the schedule, and reports whether the target is still one.
func (c *corp) reschedule(o *outcome, v *verdict, now time.Time) bool {
	fate := c.schedule.Done(o.poll, &schedule.Result{
		Started:    o.started,
		Ended:      o.ended,
		Listed:     o.listed,
		Recordings: o.recordings,
		Err:        o.err,
		Class:      v.class,
		Own:        v.own,
	}, now)
	if fate == schedule.Dropped {
		c.inventory.Drop(o.poll.Target, now) // The list may have filled the inventory again.
	}
	return fate == schedule.Kept
}

// updateBreaker opens or closes the breaker, and logs it.
func (c *corp) updateBreaker(o *outcome, v *verdict, now time.Time) {
	if v.accepted {
		c.accepted = o.started
		if c.breaker.accept(o.started) {
			level.Info(c.logger).Log("msg", "WeCom accepts calls again")
		}
		return
	}
	since := c.breaker.since
	news := c.breaker.fail(o.err, v.class, o.started, now)
	if c.breaker.since.Equal(since) {
		return
	}
	logger := level.Debug(c.logger)
	if news {
		logger = level.Error(c.logger)
	}
	logger.Log("msg", "no target can be asked; what is known stays", "err", o.err,
		"remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese),
		"retry_in", c.breaker.wait.Until().Sub(now).Round(time.Second))
}

// logOutcome logs how a poll went, at a level above debug if it failed in another way than
// the one before. An outage is logged by updateBreaker.
func (c *corp) logOutcome(o *outcome, v *verdict, now time.Time) {
	t := o.poll.Target
	switch {
	case o.err == nil:
		level.Debug(c.logger).Log("msg", "polled", "selector", t.Selector, "target", t.ID,
			"recordings", o.recordings, "took", now.Sub(o.started))
	case !v.class.CorpWide():
		logger := level.Debug(c.logger)
		if last := o.poll.Last.Err; last == nil || last.Error() != o.err.Error() {
			c.warnings.Do(func() { logger = level.Warn(c.logger) })
		}
		logger.Log("msg", "target is failing; what is known of it stays", "selector", t.Selector, "target", t.ID,
			"err", o.err, "remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese))
	}
}
