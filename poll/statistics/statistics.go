// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package statistics asks for the views and downloads of the recordings of a corp that are
// shared. It never delays lists, and an error of it never affects them.
package statistics

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reminder"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// callTimeout is how long a call may take, a new token included.
	callTimeout = 2 * time.Minute
	// pause is how long to wait for room for a call.
	pause = time.Second
	// A scan finds the shared recordings. It is made every scanInterval, or less often, so that
	// scans take no more than 1/scanCost of the time.
	scanInterval = 5 * time.Second
	scanCost     = 300
	// lostRetry is when a recording is asked for again whose call got no answer. If that gets none
	// either, the answer may be what cannot be read, and the recording waits for an interval.
	lostRetry = time.Minute
)

var (
	// refusedRange is how long nothing is asked for if WeCom refuses calls, which somebody has
	// to put right.
	refusedRange = backoff.Range{First: time.Minute, Max: 15 * time.Minute}
	// unansweredRange is how long nothing is asked for if WeCom does not answer.
	unansweredRange = backoff.Range{First: 5 * time.Second, Max: time.Minute}
)

// Options are what an [Asker] needs.
type Options struct {
	Client    *wecom.Client
	Inventory *inventory.Inventory
	Logger    log.Logger
	// MayAsk reports whether nothing that is more urgent waits for a call: no target is due,
	// and there is no outage.
	MayAsk func(now time.Time) bool
}

// An Asker asks for the views and downloads of the shared recordings of a corp, one at a time:
// of each once in an interval, and of exposed ones first.
type Asker struct {
	options Options
	wake    chan struct{} // holds one value if the settings are others

	mu       sync.Mutex
	on       bool
	interval time.Duration
	idle     time.Time // as Idle returns it
	err      error     // why nothing is asked for; nil: it is

	// The others belong to Run.
	queue    queue
	scanned  time.Time // when the queue was last made; zero: never, or the settings have changed
	scanTook time.Duration
	stopped  backoff.Backoff // nothing is asked for
	reminder reminder.Reminder
	accepted time.Time // when WeCom last answered
}

// New returns an asker that is switched off.
func New(o Options) *Asker {
	return &Asker{options: o, wake: make(chan struct{}, 1), queue: queue{failures: map[string]failure{}}}
}

// ApplyConfig switches an asker on or off, and sets how often to ask for each recording.
func (a *Asker) ApplyConfig(on bool, interval time.Duration) {
	a.mu.Lock()
	changed := a.on != on || a.interval != interval
	a.on, a.interval = on, interval
	a.mu.Unlock()
	if !changed {
		return
	}
	select {
	case a.wake <- struct{}{}:
	default: // It is about to wake up.
	}
}

// Idle returns when last there was nothing to ask for, or nothing could be asked for; zero: never.
func (a *Asker) Idle() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.idle
}

// Err returns why nothing is asked for: the error of the last call, which WeCom refused, put off
// or did not answer; nil if it answered.
func (a *Asker) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

func (a *Asker) setErr(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func (a *Asker) noteIdle(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = at
}

func (a *Asker) settings() (on bool, interval time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.on, a.interval
}

// Run asks until the context ends.
func (a *Asker) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(a.step(ctx, time.Now()))
		select {
		case <-timer.C:
		case <-a.wake:
		case <-ctx.Done():
		}
	}
}

// step makes a call if there is one to make. It returns how long to wait for the next step.
func (a *Asker) step(ctx context.Context, now time.Time) time.Duration {
	on, interval := a.settings()
	if !on {
		a.stopped.Reset()
		a.reminder.Reset()
		a.setErr(nil)
		return time.Hour
	}
	if wait := a.stopped.Until().Sub(now); wait > 0 {
		a.noteIdle(now)
		return wait
	}
	if err := a.scan(ctx, now, interval); err != nil {
		return pause // The context has ended.
	}
	next, wait := a.queue.next(a.options.Client.Now())
	if wait > 0 {
		a.noteIdle(a.scanned)
		return min(wait, a.untilScan(now))
	}
	if !a.options.MayAsk(now) || !a.options.Client.Limits().HasRoomForStatistics() {
		return pause
	}
	a.queue.take()
	a.ask(ctx, next, interval)
	return 0
}

// untilScan returns how long to wait for the next scan.
func (a *Asker) untilScan(now time.Time) time.Duration {
	return a.scanned.Add(max(scanInterval, scanCost*a.scanTook)).Sub(now)
}

// scan makes the queue, if it is time to. The error is the context's.
func (a *Asker) scan(ctx context.Context, now time.Time, interval time.Duration) error {
	if !a.scanned.IsZero() && a.untilScan(now) > 0 {
		return nil
	}
	began := time.Now()
	shared, err := a.options.Inventory.Shared(ctx, a.options.Client.Now())
	if err != nil {
		return err
	}
	a.queue.fill(shared, interval, a.options.Client.Now())
	a.scanned, a.scanTook = now, time.Since(began)
	return nil
}

// ask asks for the views of one recording.
func (a *Asker) ask(ctx context.Context, next item, interval time.Duration) {
	at := a.options.Client.Now()
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	began := time.Now()
	days, err := a.options.Client.Statistics(call, next.ID, views.Span(at))
	if err != nil && ctx.Err() != nil {
		return // It was given up, because the corp is being stopped.
	}
	if err == nil {
		a.options.Inventory.ObserveViews(next.ID, &views.Answer{At: at, Days: days})
		delete(a.queue.failures, next.ID)
		a.accept(began)
		return
	}
	level.Debug(a.options.Logger).Log("msg", "cannot query the views of a recording", "recording", next.ID, "err", err)
	a.fail(next, err, interval, began)
}

// accept notes that WeCom accepted a call that began at a time.
func (a *Asker) accept(began time.Time) {
	a.accepted = began
	a.stopped.Reset()
	a.setErr(nil)
	if a.reminder.Reset() {
		level.Info(a.options.Logger).Log("msg", "views and downloads can be queried again")
	}
}

// fail takes in the error of a call that began at a time. One of the recording puts it off for an
// interval. One of the whole corp stops everything, and the recording is asked for again after
// the others that are due. Where a recording meets such an error again, while others were
// answered, it is its own.
func (a *Asker) fail(next item, err error, interval time.Duration, began time.Time) {
	now, last := time.Now(), a.queue.failures[next.ID]
	f := failure{refusal: refusalOf(err), at: now}
	f.own = f.refusal != 0 && f.refusal == last.refusal && (last.own || a.accepted.After(last.at))
	wait := interval
	switch class := wecom.ClassOf(err); {
	case hasNoToken(err), f.refusal != 0 && !f.own:
		wait = a.stopped.Fail(now, refusedRange)
		a.setErr(err)
		a.report(err, now)
	case f.own, class == wecom.ClassTarget:
		a.accept(began)
	case class == wecom.ClassBlocked:
		wait = 0 // The endpoint is closed, and this one has missed nothing.
		a.setErr(err)
	default:
		a.stopped.Fail(now, unansweredRange)
		a.setErr(err)
		if last == (failure{}) {
			wait = min(wait, lostRetry)
		}
	}
	clock := a.options.Client.Now()
	f.retry = clock.Add(wait)
	a.queue.fail(next, f, clock)
}

// report logs, at once and hourly, that nothing can be asked for.
func (a *Asker) report(err error, now time.Time) {
	if !a.reminder.Due(err.Error(), now) {
		return
	}
	level.Warn(a.options.Logger).Log(
		"msg", "views and downloads cannot be queried; counters are kept, and polling continues", "err", err,
		"remedy", wecom.Remedy(err, wecom.English), "remedy_zh", wecom.Remedy(err, wecom.Chinese),
		"retry_in", a.stopped.Until().Sub(now).Round(time.Second))
}
