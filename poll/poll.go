// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
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
	canceled       bool   // it was given up, because the corp is being stopped
	route          uint64 // that of the corp when it began
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

// poll lists the windows of a target, the newest first, and applies what came back whole.
func (c *corp) poll(ctx context.Context, from *wecom.Reservation, p *schedule.Poll) outcome {
	c.mu.Lock()
	lookback, route := c.settings.poll.Lookback, c.route
	c.mu.Unlock()
	knewClock := c.client.KnowsClock()
	o := outcome{poll: p, started: time.Now(), route: route}
	l := inventory.Listing{Target: p.Target, Asked: c.inventory.Generation()}
	for i, w := range windows(c.client.Now(), lookback, p.History) {
		var recordings []wecom.Recording
		recordings, o.err = list(ctx, from, c.client.List(p.Target, w))
		if i == 0 && !knewClock && c.client.Correction() != 0 && ctx.Err() == nil {
			return c.poll(ctx, from, p)
		}
		_, l.Incomplete = errors.AsType[*wecom.ChainError](o.err)
		if o.err != nil && !l.Incomplete {
			break
		}
		l.Add(recordings)
		o.listed = true
		if l.Incomplete {
			break
		}
		if i == 0 {
			l.Span.End = w.End
		}
		l.Span.Start = w.Start
	}
	o.ended, o.canceled = time.Now(), o.err != nil && ctx.Err() != nil
	if o.listed {
		l.At, l.Succeeded = c.client.Now(), o.err == nil
		c.inventory.SetBirth(c.born.Add(-c.client.Correction()))
		c.inventory.ClampTimes(l.At)
		o.recordings = c.inventory.Apply(&l)
	}
	return o
}

// list returns all recordings of a list, or an error: half a chain never replaces a whole one.
// With a [wecom.ChainError] it returns what is listed before.
func list(ctx context.Context, from *wecom.Reservation, l *wecom.List) ([]wecom.Recording, error) {
	var all []wecom.Recording
	for l.HasMore() {
		page, err := l.Next(ctx, from)
		all = append(all, page...)
		if err != nil {
			return all, err
		}
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
	if o.canceled || o.err != nil && o.route != c.route {
		c.schedule.Return(o.poll) // The error is not that of WeCom, or of another way to it.
		return
	}
	now, p := time.Now(), o.poll
	c.checkClock(now)
	v := judge(o.err, &p.Last, c.breaker.err, c.accepted)
	if !c.reschedule(o, &v, now) {
		return
	}
	c.connected = c.connected || v.accepted
	c.checkReady(now)
	c.logOutcome(o, &v, now)
	c.updateOutage(o, &v, now)
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

// logOutcome logs how a poll went, at a level above debug if it failed in another way than
// the one before. An outage is logged by updateOutage.
func (c *corp) logOutcome(o *outcome, v *verdict, now time.Time) {
	t := o.poll.Target
	switch {
	case o.err == nil:
		level.Debug(c.logger).Log("msg", "polled", "selector", t.Selector, "target", t.ID,
			"recordings", o.recordings, "took", now.Sub(o.started))
	case !v.class.CorpWide():
		logger := level.Debug(c.logger)
		if last := o.poll.Last.Err; (last == nil || last.Error() != o.err.Error()) && c.warnings.show(now) {
			logger = level.Warn(c.logger)
		}
		logger.Log("msg", "target is failing; what is known of it stays", "selector", t.Selector, "target", t.ID,
			"err", o.err, "remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese))
	}
}
