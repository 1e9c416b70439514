// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"golang.org/x/time/rate"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// How long an outage of a whole corp is waited out, unless the error says
	// when to ask again.
	firstOutageWait   = time.Minute
	longestOutageWait = 15 * time.Minute
	// After so many polls in a row that got no answer of WeCom, more would get
	// none either. It is looked sooner whether that is over, since nobody has to
	// mend it by hand.
	unansweredLimit       = 10
	firstUnansweredWait   = 5 * time.Second
	longestUnansweredWait = time.Minute
	// How often a corp that waits looks whether its secret has changed.
	secretCheckInterval = time.Second
	targetCheckInterval = time.Second
	farAway             = time.Hour
)

// A corp polls the recordings of one corp.
type corp struct {
	config    config.Corp
	poll      config.Poll
	client    *wecom.Client
	transport http.RoundTripper
	observer  *corpObserver
	inventory *inventory
	files     *targetFiles
	discovery *discovery
	shard     config.Shard
	logger    log.Logger

	mu          *sync.Mutex // shared with the corp that this one inherits from, since they share targets
	schedule    *schedule
	inFlight    int // polls under way
	waiting     int // those of them that have not chosen their target yet
	outage      *outage
	unanswered  int // polls in a row that got no answer of WeCom
	up          bool
	targetsSet  bool     // whether the schedule was given its targets
	found       uint64   // version of the discovery when it was
	planned     bool     // whether the plan was logged
	listed      bool     // whether any list was applied
	ready       bool     // whether every target has been asked, before a restart maybe
	restored    []string // users that were targets before a restart
	lastSuccess time.Time
	accepted    time.Time // when a poll last began whose call chain WeCom accepted

	warnings rate.Sometimes // about single targets

	// These belong to whoever publishes.
	hosts        *hostNamer
	lastSnapshot takenSnapshot
}

// An outage is the time during which no target of a corp can be asked.
type outage struct {
	err error
	// since is when it began or was last prolonged. Polls that were under way
	// then say nothing about it.
	since, until time.Time
}

// A pollOutcome is how asking a target went.
type pollOutcome struct {
	target     *target // nil: none was asked
	started    time.Time
	ended      time.Time
	history    bool // whether the older windows were asked for too
	applied    bool // whether any list was complete
	recordings int
	err        error
}

// run polls until the context ends and every call has ended.
func (c *corp) run(ctx context.Context) {
	var discovering sync.WaitGroup
	discovering.Go(func() { c.discovery.run(ctx) })
	defer discovering.Wait()

	outcomes := make(chan pollOutcome)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var targetsRead time.Time
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(targetsRead) >= targetCheckInterval || targetsRead.IsZero() {
			c.readTargets(now)
			targetsRead = now
		}
		ask, probing, wait := c.next(time.Now())
		if ask {
			go func() { outcomes <- c.askInTurn(ctx, probing) }()
			continue
		}
		timer.Reset(min(wait, targetCheckInterval))
		select {
		case o := <-outcomes:
			c.settle(o)
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	for c.asking() {
		c.settle(<-outcomes)
	}
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// waitsOut tells whether an outage is waited out.
func (c *corp) waitsOut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outage != nil
}

func (c *corp) asking() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inFlight > 0
}

// next tells whether to ask for a target now, and whether only to learn if an outage
// is over, or else for how long there is none to ask for.
func (c *corp) next(now time.Time) (ask, probing bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait = farAway
	switch {
	case c.outage != nil:
		ask, wait = c.probes(now)
	case c.inFlight < c.poll.Concurrency:
		// Each poll that waits for its turn will choose one of those that are due.
		due, later := c.schedule.queue.due(now, c.waiting+1)
		ask = due > c.waiting
		if !later.IsZero() {
			wait = later.Sub(now)
		}
	}
	if ask {
		c.inFlight++
		c.waiting++
	}
	return ask, c.outage != nil, wait
}

// probes tells whether to look now if an outage is over, or else for how long not
// to. The lock is held.
func (c *corp) probes(now time.Time) (ask bool, wait time.Duration) {
	if wait := c.outage.until.Sub(now); wait > 0 && !c.client.SecretChanged() {
		return false, min(wait, secretCheckInterval)
	}
	return c.inFlight == 0 && len(c.schedule.queue) > 0, farAway
}

// readTargets brings the schedule up to date with who is to be asked.
func (c *corp) readTargets(now time.Time) {
	changed := c.files.refresh(c.config.Targets)
	if !changed && c.targetsSet && c.discovery.current() == c.found {
		return
	}
	users, starts, version := c.discovery.found()
	if !c.discovery.complete() {
		users = append(users, c.restored...)
	}
	wanted := ofShard(c.files.merge(c.config.Targets, users), c.shard)
	c.mu.Lock()
	dropped := c.schedule.set(wanted, now)
	if !c.targetsSet && !c.up {
		// After a restart, whether WeCom accepts calls is not known before one is made.
		c.schedule.hurry(now)
	}
	c.targetsSet, c.found = true, version
	c.schedule.started(starts, now)
	if !c.planned && c.discovery.complete() {
		c.planned = true
		msg := "plan, before it is known who has recordings"
		if c.ready {
			msg = "plan"
		}
		c.schedule.plan(now).log(c.logger, msg, c.client.Limits().Budget())
	}
	c.noteTried(now)
	c.mu.Unlock()
	for _, t := range dropped {
		c.inventory.drop(t, now)
	}
}

// noteTried notes whether every target has been asked. The lock is held.
func (c *corp) noteTried(now time.Time) {
	if !c.ready && c.discovery.complete() && c.schedule.tried() {
		c.ready = true
		c.schedule.plan(now).log(c.logger, "plan, now that it is known who has recordings", c.client.Limits().Budget())
		if c.listed && !c.inventory.holdsAny() {
			level.Warn(c.logger).Log("msg", "WeCom accepts the calls, but shows the app no recordings at all",
				"remedy", "see whether the meetings were created by this very app: WeCom shows an app no others",
				"remedy_zh", "请确认会议由本应用创建：企业微信不向应用展示其他会议")
		}
	}
}

// askInTurn waits until WeCom may be called, and asks for the target that is the
// first in line by then.
func (c *corp) askInTurn(ctx context.Context, probing bool) pollOutcome {
	ctx, leave, err := c.client.Admit(ctx)
	if err != nil {
		return pollOutcome{} // The corp is being stopped.
	}
	defer leave()
	t := c.choose(probing, time.Now())
	if t == nil {
		return pollOutcome{}
	}
	return c.ask(ctx, t)
}

// choose returns the target to ask for; nil where there is none any more, or where
// an outage has begun.
func (c *corp) choose(probing bool, now time.Time) *target {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	switch {
	case probing:
		return c.schedule.takeProbe()
	case c.outage != nil:
		return nil
	default:
		return c.schedule.take(now)
	}
}

// ask lists a target's windows, the newest first, and applies what came back
// whole.
func (c *corp) ask(ctx context.Context, t *target) pollOutcome {
	now := time.Now()
	o := pollOutcome{target: t, started: now, history: !now.Before(t.historyDue)}
	l := listing{target: t.Target, asked: c.inventory.now()}
	at := map[string]int{}
	for i, w := range windows(now, c.poll.Lookback, o.history) {
		var recordings []wecom.Recording
		recordings, o.err = c.list(ctx, t.Target, w)
		if o.err != nil {
			break
		}
		l.recordings = mergeLists(l.recordings, at, recordings)
		if i == 0 {
			l.span.End = w.End
		}
		l.span.Start = w.Start
		o.applied = true
	}
	o.ended = time.Now()
	if o.applied {
		l.at, l.succeeded = o.ended, o.err == nil
		l.whole = l.succeeded && (o.history || c.poll.Lookback <= wecom.MaxWindow)
		o.recordings = c.inventory.apply(&l)
	}
	return o
}

// list returns all recordings of a target in a window, or an error.
func (c *corp) list(ctx context.Context, t wecom.Target, w wecom.Window) ([]wecom.Recording, error) {
	var list []wecom.Recording
	for page, err := range c.client.Recordings(ctx, t, w) {
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
	}
	return list, nil
}

// windows cuts the lookback into windows, the newest first. Without history it
// returns the newest alone.
func windows(now time.Time, lookback time.Duration, history bool) []wecom.Window {
	end := now.Truncate(time.Second)
	oldest := end.Add(-lookback)
	var list []wecom.Window
	for end.After(oldest) {
		start := end.Add(-wecom.MaxWindow)
		if start.Before(oldest) {
			start = oldest
		}
		list = append(list, wecom.Window{Start: start, End: end})
		if !history {
			break
		}
		end = start
	}
	return list
}

// settle learns from how asking a target went, and decides when to ask again.
func (c *corp) settle(o pollOutcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	now, t := time.Now(), o.target
	if t == nil {
		return // Nobody was asked.
	}
	if t.dropped {
		// It was dropped while it was being asked, which may have filled the
		// inventory again.
		if c.schedule.targets[t.Target] == nil {
			c.inventory.drop(t.Target, time.Now())
		}
		return
	}
	if errors.Is(o.err, context.Canceled) {
		c.schedule.done(t, t.due)
		return
	}
	previous, class := t.err, c.judge(t, o.err)
	t.asked, t.err, t.class = now, o.err, class
	if o.err == nil || class == wecom.ClassTarget {
		t.own = nil
		if corpWide(t.ClassOf(o.err)) {
			t.own = o.err
		}
	}
	if o.applied {
		t.recordings = o.recordings
		c.listed = true
	}
	if o.err == nil {
		t.succeeded, c.lastSuccess = o.ended, o.ended
		if o.history {
			t.historyDue = o.started.Add(t.spread(c.poll.HistoryInterval))
		}
		level.Debug(c.logger).Log("msg", "polled", "selector", t.Selector, "target", t.ID,
			"recordings", o.recordings, "took", now.Sub(o.started))
	}
	c.schedule.done(t, c.dueAfter(o, class, now))
	c.up = o.err == nil || class == wecom.ClassTarget
	c.noteTried(now)
	if o.err != nil && !corpWide(class) {
		c.logTarget(t, previous)
	}
	c.learn(o, class, now)
}

// learn draws from one poll what concerns the others. The lock is held.
func (c *corp) learn(o pollOutcome, class wecom.Class, now time.Time) {
	if c.up {
		c.accepted, c.unanswered = o.started, 0
		c.recover(o.started)
		return
	}
	if class == wecom.ClassRetryable {
		c.unanswered++
	}
	switch {
	case corpWide(class):
		c.suffer(now, o, firstOutageWait, longestOutageWait)
	case c.unanswered >= unansweredLimit:
		c.suffer(now, o, firstUnansweredWait, longestUnansweredWait)
	}
}

// judge returns the class of an error that a target met. An errcode of the whole
// corp that it meets again, while others were accepted, is its own from then on,
// unless there is an outage for that very errcode. The lock is held.
func (c *corp) judge(t *target, err error) wecom.Class {
	class := t.ClassOf(err)
	again := sameErrcode(err, t.own) || sameErrcode(err, t.err) && c.accepted.After(t.asked)
	if corpWide(class) && again && (c.outage == nil || !sameErrcode(err, c.outage.err)) {
		return wecom.ClassTarget
	}
	return class
}

// sameErrcode tells whether WeCom answered two calls of data alike.
func sameErrcode(a, b error) bool {
	if noToken(a) || noToken(b) {
		return false
	}
	first, isCode := errors.AsType[*wecom.APIError](a)
	second, isCodeToo := errors.AsType[*wecom.APIError](b)
	return isCode && isCodeToo && first.Code == second.Code
}

func noToken(err error) bool {
	_, ok := errors.AsType[*wecom.TokenError](err)
	return ok
}

// dueAfter returns when to ask a target again. The lock is held.
func (c *corp) dueAfter(o pollOutcome, class wecom.Class, now time.Time) time.Time {
	interval := c.schedule.interval(o.target, now)
	switch {
	case o.err == nil:
		return o.started.Add(o.target.spread(interval))
	case class == wecom.ClassTarget:
		return o.started.Add(c.poll.IdleInterval)
	case class == wecom.ClassRetryable || class == wecom.ClassConcurrency:
		return o.started.Add(o.target.spread(min(interval, c.poll.Interval)))
	default:
		return now // as soon as the outage or the block is over
	}
}

// corpWide tells whether errors of a class meet every target alike.
func corpWide(class wecom.Class) bool {
	return class == wecom.ClassCorp || class == wecom.ClassToken
}

// suffer begins or prolongs an outage.
func (c *corp) suffer(now time.Time, o pollOutcome, first, longest time.Duration) {
	if c.outage == nil {
		c.outage = &outage{}
	} else if !o.started.After(c.outage.since) {
		return
	}
	wait := min(max(2*c.outage.until.Sub(c.outage.since), first), longest)
	if tokenErr, ok := errors.AsType[*wecom.TokenError](o.err); ok {
		wait = max(tokenErr.RetryAt.Sub(now), 0)
	}
	c.outage.since, c.outage.until = now, now.Add(wait)

	logger := level.Debug(c.logger)
	if c.outage.err == nil || c.outage.err.Error() != o.err.Error() {
		logger = level.Error(c.logger)
	}
	c.outage.err = o.err
	logger.Log("msg", "no target can be asked; what is known stays", "err", o.err,
		"remedy", wecom.Remedy(o.err, wecom.English), "remedy_zh", wecom.Remedy(o.err, wecom.Chinese),
		"retry_in", wait.Round(time.Second))
}

// recover ends an outage, if a poll that began at the given time can tell.
func (c *corp) recover(started time.Time) {
	if c.outage == nil || !started.After(c.outage.since) {
		return
	}
	c.outage = nil
	level.Info(c.logger).Log("msg", "WeCom accepts calls again")
}

// logTarget tells of a failing target, once per error and not of too many.
func (c *corp) logTarget(t *target, previous error) {
	logger := level.Debug(c.logger)
	if previous == nil || previous.Error() != t.err.Error() {
		c.warnings.Do(func() { logger = level.Warn(c.logger) })
	}
	logger.Log("msg", "target is failing; what is known of it stays", "selector", t.Selector, "target", t.ID, "err", t.err,
		"remedy", wecom.Remedy(t.err, wecom.English), "remedy_zh", wecom.Remedy(t.err, wecom.Chinese))
}

// inherit takes over what is known from an earlier corp of the same name and corp
// ID, which has stopped.
func (c *corp) inherit(old *corp) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.mu = old.mu
	if old.config.APIURL == c.config.APIURL {
		c.client.Inherit(old.client)
		c.observer.expiry.Store(old.observer.expiry.Load())
		c.outage, c.up, c.accepted = old.outage, old.up, old.accepted
		if c.outage != nil && !reflect.DeepEqual(old.config.HTTPClientConfig, c.config.HTTPClientConfig) {
			c.outage.until = time.Now() // Another way to WeCom may have mended it.
		}
	}
	c.inventory = old.inventory
	c.inventory.setLookback(c.poll.Lookback)
	c.files = old.files
	c.discovery.inherit(old.discovery)
	c.schedule.inherit(old.schedule)
	c.listed, c.ready, c.lastSuccess, c.restored = old.listed, old.ready, old.lastSuccess, old.restored
}

func (c *corp) key() corpKey { return corpKey{c.config.Name, c.config.CorpID} }

// restore goes on where an earlier process ended.
func (c *corp) restore(inv *inventory) {
	now := time.Now()
	longer := c.poll.Lookback > inv.lookback
	inv.setLookback(c.poll.Lookback)
	c.inventory = inv
	c.lastSuccess, c.ready = inv.lastSuccess, inv.ready
	for t, h := range inv.holdings {
		c.schedule.restore(t, h, longer, now)
		c.listed = true
		if t.Selector == wecom.ByUserID {
			c.restored = append(c.restored, t.ID)
		}
	}
	if c.listed {
		level.Info(c.logger).Log("msg", "the last known state was restored", "targets", len(inv.holdings),
			"recordings", len(inv.items), "last_success", inv.lastSuccess.UTC().Format(time.RFC3339))
	}
}
