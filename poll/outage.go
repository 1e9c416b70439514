// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reminder"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// unansweredLimit is after how many polls in a row without an answer of WeCom there is an
// outage.
const unansweredLimit = 10

var (
	// refusedRange is how long to wait if WeCom refuses calls, which somebody has to put
	// right.
	refusedRange = backoff.Range{First: time.Minute, Max: 15 * time.Minute}
	// unansweredRange is how long to wait if WeCom does not answer, which may end by
	// itself.
	unansweredRange = backoff.Range{First: 5 * time.Second, Max: time.Minute}
)

// A breaker is a circuit breaker. It is open during an outage: no target of the corp is
// polled then, but for a probe after each wait.
type breaker struct {
	err        error // why it is open; nil: it is closed
	wait       backoff.Backoff
	began      time.Time // when it opened
	since      time.Time // when it last opened or a probe failed
	reminder   reminder.Reminder
	unanswered int // polls since the last accepted one that got no answer, or "busy"
}

func (b *breaker) isOpen() bool { return b.err != nil }

// accept notes a poll whose calls WeCom accepted, and reports whether that ends an outage.
// Polls that were under way when it began are no evidence.
func (b *breaker) accept(started time.Time) (closed bool) {
	b.unanswered = 0
	if !b.isOpen() || !b.isEvidence(started) {
		return false
	}
	*b = breaker{}
	return true
}

// fail notes a poll that met an error of a class. It reports whether that opens the breaker
// or keeps it open for longer, and if so, whether that is news: another reason than before,
// or an hour since it was.
func (b *breaker) fail(err error, class wecom.Class, started, now time.Time) (tripped, news bool) {
	if class == wecom.ClassRetryable {
		b.unanswered++
	}
	switch {
	case class.CorpWide():
		return b.trip(err, refusedRange, started, now)
	case b.unanswered >= unansweredLimit:
		return b.trip(err, unansweredRange, started, now)
	}
	return false, false
}

// isEvidence reports whether a poll shows anything about an outage: not if it was under way
// when the outage began.
func (b *breaker) isEvidence(started time.Time) bool { return !b.isOpen() || started.After(b.since) }

func (b *breaker) trip(err error, r backoff.Range, started, now time.Time) (tripped, news bool) {
	if !b.isEvidence(started) {
		return false, false
	}
	if tokenErr, ok := errors.AsType[*wecom.TokenError](err); ok {
		b.wait.WaitUntil(now, later(tokenErr.RetryAt, now))
	} else {
		b.wait.Fail(now, r)
	}
	if !b.isOpen() {
		b.began = now
	}
	b.err, b.since = err, now
	return true, b.reminder.Due(err.Error(), now)
}

// retryNow ends the wait, because calls take another way to WeCom.
func (b *breaker) retryNow(now time.Time) {
	if b.isOpen() {
		b.wait.WaitUntil(now, now)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// updateOutage takes in what a poll shows about the corp as a whole, and logs when an outage
// begins or ends. The lock is held.
func (c *corp) updateOutage(o *outcome, v *verdict, now time.Time) {
	if c.breaker.isEvidence(o.started) {
		answer := callsRefused
		if v.accepted {
			answer = callsAccepted
		}
		c.acceptance.set(answer, now)
	}
	if v.accepted {
		c.accepted = later(c.accepted, o.started)
		if c.breaker.accept(o.started) {
			level.Info(c.logger).Log("msg", "WeCom accepts calls again")
		}
		return
	}
	tripped, news := c.breaker.fail(o.err, v.class, o.started, now)
	if !tripped {
		return
	}
	logger := level.Debug(c.logger)
	if news {
		logger = level.Error(c.logger)
	}
	logger.Log("msg", "no target can be polled; the last known data is kept", "err", o.err,
		"remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese),
		"since", c.breaker.began.UTC().Format(time.RFC3339), "retry_in", c.breaker.wait.Until().Sub(now).Round(time.Second))
}
