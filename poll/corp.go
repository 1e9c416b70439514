// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reminder"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/chain"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/rules"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/statistics"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	targetCheckInterval = time.Second // between two looks for changed targets
)

// A corp polls the recordings of one corp. It is the same over reloads.
type corp struct {
	key       corpKey
	logger    log.Logger
	client    *wecom.Client
	observer  wecom.Observer
	inventory *inventory.Inventory
	part      *commit.Part // the inventory in the store
	discovery *discovery.Discovery
	rules     *rules.Rules
	schedule  *schedule.Schedule
	reports   *schedule.Reports
	asker     *statistics.Asker // of views and downloads
	titles    bool
	userAgent string
	born      time.Time     // when it was made, by the local clock
	stop      func()        // ends polling, and waits until it has ended
	wake      chan struct{} // holds one value if the configuration is another one

	closeObserver func()

	mu         sync.Mutex
	settings   settings
	route      uint64 // grows when calls take another way to WeCom
	breaker    breaker
	inFlight   int // calls for a page of a poll that are under way, or about to be
	waiting    int // those of them that have not chosen their poll yet
	chains     chain.Queue
	acceptance acceptance
	accepted   time.Time // when a poll last began whose call chain WeCom accepted
	connected  bool      // WeCom has accepted a call for data, of a poll or of the discovery
	targetsSet bool      // the schedule was given its targets
	elsewhere  int       // targets of other shards
	allFound   bool      // those of every discovery that is wanted, each having been tried
	foundErr   error     // why an attempt of a discovery last failed; nil: none has failed
	planned    bool      // the plan was logged

	clockReminder  reminder.Reminder
	warnings       reminder.Limit
	secretReminder reminder.Reminder
	blocks         blocks // as far as they were logged
}

// settings are what a reload may change of a corp.
type settings struct {
	config    config.Corp
	poll      config.Poll
	shard     config.Shard
	transport http.RoundTripper
	limits    *wecom.Limits
}

// newCorp returns a corp that goes on from a stored inventory, if there is one.
func (m *Manager) newCorp(s settings, stored *inventory.Inventory) *corp {
	c := &corp{
		key:       keyOf(s.config),
		born:      time.Now(),
		logger:    log.With(m.options.Logger, "corp", s.config.Name),
		inventory: stored,
		schedule:  schedule.New(s.poll),
		titles:    m.options.Titles,
		userAgent: m.options.UserAgent,
		stop:      func() {},
		wake:      make(chan struct{}, 1),
		settings:  s,
		blocks:    blocks{reminders: map[string]*reminder.Reminder{}},
	}
	var o Observer
	if m.options.Observer != nil {
		o = m.options.Observer(s.config.Name)
	}
	c.observer, c.closeObserver = observe(o, c.logger)
	c.client = wecom.NewClient(c.clientConfig(&s))
	c.reports = schedule.NewReports(c.schedule)
	events := discovery.Events{HasOutage: c.hasOutage, Tried: c.discoveryTried}
	c.discovery = discovery.New(c.client, s.config, s.poll, events, c.logger)
	c.schedule.SetActivityKnown(c.discovery.KnowsActivity(), c.born)
	if stored == nil {
		c.inventory = inventory.New(s.poll.Lookback, c.born)
	} else {
		c.restore(time.Now())
		if !m.options.KeepLookback {
			stored.SetLookback(s.poll.Lookback)
		}
	}
	c.rules = rules.New(c.inventory, s.config.Policy, s.shard, c.client.Now, c.logger)
	c.asker = statistics.New(statistics.Options{
		Client: c.client, Inventory: c.inventory, Logger: c.logger, MayAsk: c.hasNothingUrgent,
	})
	c.asker.ApplyConfig(s.config.Statistics, s.poll.HistoryInterval)
	c.part = &commit.Part{Group: c.key.group(), Inventory: c.inventory, Logger: c.logger}
	if m.store.Keeps() {
		c.inventory.Track()
	}
	c.inventory.NumberChanges(m.committer.Changes(), c.key.name, c.client.Now())
	return c
}

func (c *corp) clientConfig(s *settings) wecom.Config {
	return wecom.Config{
		BaseURL:     s.config.APIURL,
		CorpID:      s.config.CorpID,
		Secret:      s.config.Secret.Read,
		Transport:   s.transport,
		UserAgent:   c.userAgent,
		Limits:      s.limits,
		Concurrency: s.poll.Concurrency,
		Observer:    c.observer,
		Titles:      c.titles,
	}
}

// restore goes on from the stored inventory.
func (c *corp) restore(now time.Time) {
	status := c.inventory.Status()
	holdings := c.inventory.Holdings()
	var users []string
	for t, h := range holdings {
		c.schedule.Restore(t, schedule.State{
			Succeeded:  h.Succeeded,
			Whole:      h.Whole,
			Recordings: h.Recordings,
			Unfinished: h.Unfinished,
			Lookback:   status.Lookback,
		}, now)
		if t.Selector == wecom.ByUserID {
			users = append(users, t.ID)
		}
	}
	c.discovery.Restore(users)
	if status.Listed {
		c.inventory.SetReady()
		level.Info(c.logger).Log("msg", "the last known state was restored", "targets", len(holdings),
			"recordings", status.Recordings, "last_success", status.LastSuccess.UTC().Format(time.RFC3339))
	}
}

// applyConfig goes on with other settings. Polls under way go on.
func (c *corp) applyConfig(s settings) {
	c.mu.Lock()
	was := c.settings
	c.settings = s
	if was.config.APIURL != s.config.APIURL {
		// It is not known whether another API accepts calls.
		c.breaker, c.acceptance, c.accepted = breaker{}, acceptance{}, time.Time{}
	}
	otherRoute := was.config.APIURL != s.config.APIURL ||
		!reflect.DeepEqual(was.config.HTTPClientConfig, s.config.HTTPClientConfig)
	if otherRoute {
		c.route++
		c.breaker.retryNow(time.Now())
	}
	c.mu.Unlock()
	c.client.ApplyConfig(c.clientConfig(&s))
	closeIdle(was.transport)
	c.inventory.SetLookback(s.poll.Lookback)
	c.rules.ApplyConfig(s.config.Policy, s.shard)
	c.schedule.ApplyConfig(s.poll, time.Now())
	c.discovery.ApplyConfig(s.config, s.poll)
	c.asker.ApplyConfig(s.config.Statistics, s.poll.HistoryInterval)
	if otherRoute {
		c.discovery.Retry()
	}
	select {
	case c.wake <- struct{}{}:
	default: // It is about to wake up.
	}
}

func closeIdle(transport http.RoundTripper) {
	if t, ok := transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// start polls until the context ends, or until stop is called.
func (c *corp) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { c.discovery.Run(ctx) })
	running.Go(func() { c.rules.Run(ctx) })
	running.Go(func() { c.run(ctx) })
	running.Go(func() { c.asker.Run(ctx) })
	c.stop = func() {
		cancel()
		running.Wait()
		c.mu.Lock()
		transport := c.settings.transport
		c.mu.Unlock()
		closeIdle(transport)
	}
}

// run polls until the context ends, and every call has ended. Polls that wait for their next
// page are dropped then.
func (c *corp) run(ctx context.Context) {
	outcomes := make(chan outcome)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var targetsRead time.Time
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(targetsRead) >= targetCheckInterval || targetsRead.IsZero() {
			c.readTargets(now)
			c.remind(now)
			targetsRead = now
		}
		n := c.next(time.Now())
		if n.poll {
			go func() { outcomes <- c.pollInTurn(ctx, n.probe) }()
			continue
		}
		timer.Reset(min(n.wait, targetCheckInterval))
		select {
		case o := <-outcomes:
			c.settle(&o)
		case <-c.wake:
			targetsRead = time.Time{}
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	for c.isPolling() {
		o := <-outcomes
		c.settle(&o)
	}
}

func (c *corp) isPolling() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inFlight > 0
}

// discoveryTried notes how an attempt of the discovery went. As long as nothing was polled,
// it shows whether WeCom accepts calls.
func (c *corp) discoveryTried(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected = c.connected || err == nil
	if err != nil {
		c.foundErr = err
	}
	switch {
	case !c.accepted.IsZero() || c.breaker.isOpen():
	case err == nil:
		c.acceptance.set(callsAccepted, time.Now())
	case c.acceptance.up == neverCalled:
		c.acceptance.set(callsRefused, time.Now())
	}
}

// hasOutage reports whether the corp waits for the end of an outage.
func (c *corp) hasOutage() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.breaker.isOpen()
}

// A decision is what to do next.
type decision struct {
	poll  bool          // start a poll now
	probe bool          // that poll is a probe of an outage
	wait  time.Duration // if not, for so long at most
}

// next decides whether to start a poll now, and otherwise how long to wait.
func (c *corp) next(now time.Time) decision {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := decision{probe: c.breaker.isOpen(), wait: targetCheckInterval}
	switch {
	case c.breaker.isOpen():
		d.poll = c.inFlight == 0 && (!c.schedule.IsEmpty() || c.chains.Len() > 0) && c.mayProbe(now)
	case c.inFlight < c.settings.poll.Concurrency:
		// Each call that waits will be for one of the targets that are due, or a poll that goes on.
		due, later := c.schedule.Due(now, c.waiting+1)
		d.poll = due+c.chains.Ready(c.hasSpareBudget()) > c.waiting
		if !later.IsZero() {
			d.wait = later.Sub(now)
		}
	}
	if d.poll {
		c.inFlight++
		c.waiting++
	}
	return d
}

// hasSpareBudget reports whether less than half of the budget is in use. A budget that long
// polls use up keeps a target that is due for up to a minute. The lock is held.
func (c *corp) hasSpareBudget() bool {
	l := c.settings.limits
	return 2*(l.Used()+c.waiting) < l.Budget()
}

// hasNothingUrgent reports whether views may be asked for: no target is due, no poll could go on,
// and there is no outage.
func (c *corp) hasNothingUrgent(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	due, _ := c.schedule.Due(now, 1)
	return due == 0 && c.waiting == 0 && c.chains.Ready(c.hasSpareBudget()) == 0 && !c.breaker.isOpen()
}

// mayProbe reports whether the end of an outage may be probed: when its wait is over, or
// when there is another secret. The lock is held.
func (c *corp) mayProbe(now time.Time) bool {
	return !now.Before(c.breaker.wait.Until()) || c.client.SecretChanged()
}

// readTargets brings the schedule up to date with whom to poll.
func (c *corp) readTargets(now time.Time) {
	tried := c.discovery.Tried()
	found, changed := c.discovery.Update() // It has what the discovery found before.
	c.schedule.SetActivityKnown(c.discovery.KnowsActivity(), now)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !changed {
		c.allFound = tried
		c.checkReady(now)
		return
	}
	targets := schedule.OfShard(found.Targets, c.settings.shard)
	c.elsewhere = len(found.Targets) - len(targets)
	dropped := c.schedule.Set(targets, now)
	if !c.targetsSet && c.acceptance.up != callsAccepted {
		// After a restart, one call shows whether WeCom accepts calls.
		c.schedule.Expedite(now)
	}
	c.targetsSet, c.allFound = true, tried
	c.schedule.Started(found.Starts, now)
	if !c.planned && c.discovery.Complete() {
		c.planned = true
		msg := "plan, before it is known who has recordings"
		if c.inventory.Status().Ready {
			msg = "plan"
		}
		c.logPlan(msg, now)
	}
	c.checkReady(now)
	for _, t := range dropped {
		c.chains.Drop(t)
		c.inventory.Drop(t, now)
	}
}

// checkReady notes when the first round is over: each discovery was tried, every target was
// polled, and WeCom has accepted a call for data. The lock is held.
func (c *corp) checkReady(now time.Time) {
	status := c.inventory.Status()
	if status.Ready || !c.connected || !c.targetsSet || !c.allFound || !c.schedule.AllPolled() {
		return
	}
	c.inventory.SetReady()
	msg := "plan, though no list has succeeded yet"
	if status.Listed {
		msg = "plan, after the first round found who has recordings"
	}
	c.logPlan(msg, now)
	if status.Listed && status.Hosts == 0 {
		level.Warn(c.logger).Log("msg", "WeCom accepts calls, but returns no recordings for this app",
			"remedy", "check whether this app created the meetings: WeCom does not show an app any others",
			"remedy_zh", "请确认会议由本应用创建：其他会议的录制，企业微信不会返回给本应用")
	}
}

// logPlan logs the plan, what would save many calls, and a warning if it cannot be kept within
// the budget or within what WeCom allows. The lock is held.
func (c *corp) logPlan(msg string, now time.Time) {
	budget, p := c.settings.limits.Budget(), c.schedule.Plan(now)
	logger := log.With(c.logger, "msg", msg, "targets", p.Targets, "hot", p.Hot, "settled", p.Settled,
		"first_round_calls", p.FirstRound, "calls_per_hour", p.CallsPerHour,
		"budget_share", percent(p.BudgetShare(budget)), "wecom_limit_share", percent(p.LimitShare()))
	problem, remedy := p.Problem(budget)
	advice := p.Advice(budget, c.settings.config.Targets.DiscoverActivity)
	none := bilingual.Text{}
	if problem != none {
		if advice != none {
			remedy = bilingual.Textf("%s; %s", "%s；%s", remedy, advice)
		}
		level.Warn(logger).Log("problem", problem.English, "remedy", remedy.English, "remedy_zh", remedy.Chinese)
		return
	}
	if advice != none {
		logger = log.With(logger, "remedy", advice.English, "remedy_zh", advice.Chinese)
	}
	level.Info(logger).Log()
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

// view returns what there is to serve of the corp.
func (c *corp) view(m *config.Metrics) CorpView {
	c.mu.Lock()
	settings := c.settings.config
	c.mu.Unlock()
	v := CorpView{
		View:       c.inventory.View(c.client.Now(), hostLimit(m)),
		Name:       c.key.name,
		QuotaBytes: settings.QuotaBytes,
		Statistics: settings.Statistics,
	}
	if m.Departments {
		v.Departments = c.discovery.Departments()
	}
	return v
}
