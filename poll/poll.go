// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/chain"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// An outcome is how a turn of a poll went: one page of it.
type outcome struct {
	chain          *chain.Chain // nil: nothing was asked for
	started, ended time.Time
	done           bool // the poll has ended
	recordings     int  // that the target holds then, if a list was complete, and applied
	unfinished     int  // of these, how many are not completed
	err            error
	canceled       bool // it was given up, because the corp is being stopped
}

// pollInTurn waits until WeCom may be called, and asks for a page of the poll that is first in
// line by then.
func (c *corp) pollInTurn(ctx context.Context, probe bool) outcome {
	reservation, err := c.client.Reserve(ctx)
	if err != nil {
		return outcome{} // The corp is being stopped.
	}
	defer reservation.Release()
	next := c.choose(probe, time.Now())
	if next == nil {
		return outcome{}
	}
	return c.poll(ctx, reservation, next)
}

// choose takes the poll to go on with, or begins that of the first target that is due. It
// returns nil if there is neither any more, or if an outage has begun.
func (c *corp) choose(probe bool, now time.Time) *chain.Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	var p schedule.Poll
	var ok bool
	switch {
	case probe:
		p, ok = c.schedule.TakeProbe(now)
	case c.breaker.isOpen():
		return nil
	default:
		due, _ := c.schedule.Due(now, 1)
		if next := c.chains.Take(due > 0); next != nil {
			return next
		}
		p, ok = c.schedule.Take(now)
	}
	if !ok {
		return c.chains.Take(false)
	}
	return chain.New(c.client, &p, c.settings.poll.Lookback, c.route, now)
}

// poll asks for the next page of a poll, and applies what came back whole after the last one.
func (c *corp) poll(ctx context.Context, from *wecom.Reservation, next *chain.Chain) outcome {
	o := outcome{chain: next, started: time.Now()}
	l := &next.Listing
	if next.Pages == 0 {
		l.Asked = c.inventory.Generation()
	}
	o.done, o.err = next.Next(ctx, from)
	o.ended, o.canceled = time.Now(), o.err != nil && ctx.Err() != nil
	if o.done && next.Listed {
		l.At, l.Succeeded = c.client.Now(), o.err == nil
		c.inventory.SetBirth(c.born.Add(-c.client.Correction()))
		c.inventory.ClampTimes(l.At)
		o.recordings, o.unfinished = c.inventory.Apply(l)
	}
	return o
}

// settle takes in how a turn went: whether the poll goes on, whose the error is, when the
// target is due again, and whether there is an outage.
func (c *corp) settle(o *outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	if o.chain == nil {
		return
	}
	p := o.chain.Poll
	if o.canceled || o.err != nil && o.chain.Route != c.route {
		c.schedule.Return(p) // The error is not that of WeCom, or of another way to it.
		return
	}
	now := time.Now()
	c.checkClock(now)
	if !o.done {
		c.pause(o, now)
		return
	}
	v := judge(o.err, &p.Last, c.breaker.err, c.accepted)
	if !c.reschedule(o, &v, now) {
		return
	}
	c.connected = c.connected || v.accepted
	c.checkReady(now)
	c.logOutcome(o, &v, now)
	c.updateOutage(o, &v, now)
}

// pause has a poll wait for its next page. A long one counts as a poll of its target from
// now on. The lock is held.
func (c *corp) pause(o *outcome, now time.Time) {
	if !c.schedule.Holds(o.chain.Poll) {
		return
	}
	c.chains.Push(o.chain)
	c.connected = true
	if o.chain.HasJustYielded() {
		c.schedule.Yield(o.chain.Poll, o.chain.Started, now)
		t := o.chain.Poll.Target
		level.Debug(c.logger).Log("msg", "the list is long; continuing when no target is due",
			"selector", t.Selector, "target", t.ID, "pages", o.chain.Pages)
		c.checkReady(now)
	}
	c.updateOutage(o, &verdict{accepted: true}, now)
}

// reschedule hands the result to the schedule, and reports whether the target is still one.
func (c *corp) reschedule(o *outcome, v *verdict, now time.Time) bool {
	fate := c.schedule.Done(o.chain.Poll, &schedule.Result{
		Started:    o.chain.Started,
		Ended:      o.ended,
		Listed:     o.chain.Listed,
		Recordings: o.recordings,
		Unfinished: o.unfinished,
		Err:        o.err,
		Class:      v.class,
		Own:        v.own,
	}, now)
	if fate == schedule.Dropped {
		c.inventory.Drop(o.chain.Poll.Target, now) // The list may have filled the inventory again.
	}
	return fate == schedule.Kept
}

// logOutcome logs how a poll went, at a level above debug if it failed in another way than
// the one before. An outage is logged by updateOutage.
func (c *corp) logOutcome(o *outcome, v *verdict, now time.Time) {
	t := o.chain.Poll.Target
	switch {
	case o.err == nil:
		level.Debug(c.logger).Log("msg", "polled", "selector", t.Selector, "target", t.ID,
			"recordings", o.recordings, "took", now.Sub(o.chain.Started))
	case !v.class.CorpWide():
		logger := level.Debug(c.logger)
		if last := o.chain.Poll.Last.Err; (last == nil || last.Error() != o.err.Error()) && c.warnings.Show(now) {
			logger = level.Warn(c.logger)
		}
		logger.Log("msg", "target is failing; its last known data is kept", "selector", t.Selector, "target", t.ID,
			"err", o.err, "remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese))
	}
}
