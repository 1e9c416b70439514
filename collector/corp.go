// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"golang.org/x/time/rate"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
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
	discovery *discovery.Discovery
	shard     config.Shard
	schedule  *schedule.Schedule
	logger    log.Logger

	mu          *sync.Mutex // shared with the corp that this one inherits from, since they share targets
	inFlight    int         // polls under way
	waiting     int         // those of them that have not chosen their target yet
	outage      *outage
	unanswered  int // polls in a row that got no answer of WeCom
	up          bool
	targetsSet  bool // whether the schedule was given its targets
	planned     bool // whether the plan was logged
	listed      bool // whether any list was applied
	ready       bool // whether every target has been asked, before a restart maybe
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
	poll       *schedule.Poll // nil: no target was polled
	started    time.Time
	ended      time.Time
	applied    bool // whether any list was complete
	recordings int
	err        error
}

// run polls until the context ends and every call has ended.
func (c *corp) run(ctx context.Context) {
	var discovering sync.WaitGroup
	discovering.Go(func() { c.discovery.Run(ctx) })
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
		due, later := c.schedule.Due(now, c.waiting+1)
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
	return c.inFlight == 0 && !c.schedule.IsEmpty(), farAway
}

// readTargets brings the schedule up to date with who is to be asked.
func (c *corp) readTargets(now time.Time) {
	found, changed := c.discovery.Update()
	if !changed {
		return
	}
	wanted := schedule.OfShard(found.Targets, c.shard)
	c.mu.Lock()
	dropped := c.schedule.Set(wanted, now)
	if !c.targetsSet && !c.up {
		// After a restart, whether WeCom accepts calls is not known before one is made.
		c.schedule.Expedite(now)
	}
	c.targetsSet = true
	c.schedule.Started(found.Starts, now)
	if !c.planned && c.discovery.Complete() {
		c.planned = true
		msg := "plan, before it is known who has recordings"
		if c.ready {
			msg = "plan"
		}
		logPlan(c.logger, msg, c.schedule.Plan(now), c.client.Limits().Budget())
	}
	c.noteTried(now)
	c.mu.Unlock()
	for _, t := range dropped {
		c.inventory.drop(t, now)
	}
}

// noteTried notes whether every target has been asked. The lock is held.
func (c *corp) noteTried(now time.Time) {
	if !c.ready && c.discovery.Complete() && c.schedule.AllPolled() {
		c.ready = true
		logPlan(c.logger, "plan, now that it is known who has recordings", c.schedule.Plan(now), c.client.Limits().Budget())
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
	reservation, err := c.client.Reserve(ctx)
	if err != nil {
		return pollOutcome{} // The corp is being stopped.
	}
	defer reservation.Release()
	p, ok := c.choose(probing, time.Now())
	if !ok {
		return pollOutcome{}
	}
	return c.ask(ctx, reservation, &p)
}

// choose returns the target to ask for; nil where there is none any more, or where
// an outage has begun.
func (c *corp) choose(probing bool, now time.Time) (p schedule.Poll, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	switch {
	case probing:
		return c.schedule.TakeProbe(now)
	case c.outage != nil:
		return p, false
	default:
		return c.schedule.Take(now)
	}
}

// ask lists a target's windows, the newest first, and applies what came back
// whole.
func (c *corp) ask(ctx context.Context, from lister, p *schedule.Poll) pollOutcome {
	now := time.Now()
	o := pollOutcome{poll: p, started: now}
	l := listing{target: p.Target, asked: c.inventory.now()}
	at := map[string]int{}
	for i, w := range windows(now, c.poll.Lookback, p.History) {
		var recordings []wecom.Recording
		recordings, o.err = list(ctx, from, p.Target, w)
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
		l.whole = l.succeeded && (p.History || c.poll.Lookback <= wecom.MaxWindow)
		o.recordings = c.inventory.apply(&l)
	}
	return o
}

// A lister is a client or a reservation of one.
type lister interface {
	Recordings(ctx context.Context, t wecom.Target, w wecom.Window) iter.Seq2[[]wecom.Recording, error]
}

// list returns all recordings of a target in a window, or an error.
func list(ctx context.Context, from lister, t wecom.Target, w wecom.Window) ([]wecom.Recording, error) {
	var list []wecom.Recording
	for page, err := range from.Recordings(ctx, t, w) {
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

// settle learns from how a poll went.
func (c *corp) settle(o pollOutcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	now, p := time.Now(), o.poll
	if p == nil {
		return // No target was polled.
	}
	if errors.Is(o.err, context.Canceled) {
		c.schedule.Return(p)
		return
	}
	class, own := c.judge(p.Target, o.err, &p.Last)
	fate := c.schedule.Done(p, &schedule.Result{
		Started: o.started, Ended: o.ended, Listed: o.applied, Recordings: o.recordings, Err: o.err, Class: class, Own: own,
	}, now)
	switch fate {
	case schedule.Dropped:
		// The list may have filled the inventory again.
		c.inventory.drop(p.Target, now)
		return
	case schedule.Replaced:
		return
	}
	c.listed = c.listed || o.applied
	if o.err == nil {
		c.lastSuccess = o.ended
		level.Debug(c.logger).Log("msg", "polled", "selector", p.Target.Selector, "target", p.Target.ID,
			"recordings", o.recordings, "took", now.Sub(o.started))
	}
	c.up = o.err == nil || class == wecom.ClassTarget
	c.noteTried(now)
	if o.err != nil && !schedule.CorpWide(class) {
		c.logTarget(p.Target, o.err, p.Last.Err)
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
	case schedule.CorpWide(class):
		c.suffer(now, o, firstOutageWait, longestOutageWait)
	case c.unanswered >= unansweredLimit:
		c.suffer(now, o, firstUnansweredWait, longestUnansweredWait)
	}
}

// judge returns whose error it is that a target met: its class, and what is the target's
// own from then on. An errcode of the whole corp that a target meets again, while others
// were accepted, is its own, unless there is an outage for that very errcode. The lock is
// held.
func (c *corp) judge(t wecom.Target, err error, last *schedule.Attempt) (class wecom.Class, own error) {
	class, own = t.ClassOf(err), last.Own
	wide := schedule.CorpWide(class)
	again := sameErrcode(err, own) || sameErrcode(err, last.Err) && c.accepted.After(last.At)
	if wide && again && (c.outage == nil || !sameErrcode(err, c.outage.err)) {
		return wecom.ClassTarget, err
	}
	if err == nil || class == wecom.ClassTarget {
		own = nil
	}
	return class, own
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
func (c *corp) logTarget(t wecom.Target, err, previous error) {
	logger := level.Debug(c.logger)
	if previous == nil || previous.Error() != err.Error() {
		c.warnings.Do(func() { logger = level.Warn(c.logger) })
	}
	logger.Log("msg", "target is failing; what is known of it stays", "selector", t.Selector, "target", t.ID, "err", err,
		"remedy", wecom.Remedy(err, wecom.English), "remedy_zh", wecom.Remedy(err, wecom.Chinese))
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
	c.discovery = old.discovery
	c.discovery.ApplyConfig(c.client, c.config, c.poll)
	c.schedule = old.schedule
	c.schedule.ApplyConfig(c.poll, time.Now())
	c.listed, c.ready, c.lastSuccess, c.targetsSet = old.listed, old.ready, old.lastSuccess, old.targetsSet
}

func (c *corp) key() corpKey { return corpKey{c.config.Name, c.config.CorpID} }

// restore goes on where an earlier process ended.
func (c *corp) restore(inv *inventory) {
	now := time.Now()
	lookback := inv.lookback
	inv.setLookback(c.poll.Lookback)
	c.inventory = inv
	c.lastSuccess, c.ready = inv.lastSuccess, inv.ready
	var users []string
	for t, h := range inv.holdings {
		c.schedule.Restore(t, schedule.State{
			Succeeded: h.succeeded, Whole: h.whole, Recordings: len(h.items), Lookback: lookback,
		}, now)
		c.listed = true
		if t.Selector == wecom.ByUserID {
			users = append(users, t.ID)
		}
	}
	c.discovery.Restore(users)
	if c.listed {
		level.Info(c.logger).Log("msg", "the last known state was restored", "targets", len(inv.holdings),
			"recordings", len(inv.items), "last_success", inv.lastSuccess.UTC().Format(time.RFC3339))
	}
}
