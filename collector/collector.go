// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package collector keeps what is known of the recordings of one or more
// corps, and says it as metrics.
//
// It asks WeCom in the background: targets.go and discovery.go say who to ask for,
// schedule.go when, and corp.go asks. inventory.go keeps the answers and ledger.go
// counts what is new in them; state.go and store.go put both on disk. sums.go adds
// up what is known, hosts.go says under which label, and series.go and families.go
// make metrics of it.
package collector

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	promconfig "github.com/prometheus/common/config"
	"golang.org/x/time/rate"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// How often a change of the inventory is published at the most. Publishing
	// may take up to a tenth of the time of one processor, and what a poll
	// learned is served within 5 s.
	shortestPublishInterval = time.Second
	longestPublishInterval  = 4 * time.Second
	publishCost             = 10

	// How many warnings about single targets are logged before only one a
	// minute is.
	firstWarnings   = 20
	warningInterval = time.Minute
)

// Options are what a [Collector] needs besides the configuration.
type Options struct {
	Logger    log.Logger
	UserAgent string
	// Transport makes all calls instead of the HTTP client that the
	// configuration describes, where it is not nil.
	Transport http.RoundTripper
	// Titles has the titles of recordings kept, in memory, for
	// [Collector.Recordings].
	Titles bool
}

// A Collector polls the recordings of all configured corps and serves what it
// knows as metrics. As a prometheus.Collector it gives those about polling;
// those about the inventory come from [Collector.Families].
type Collector struct {
	options Options
	calls   *callMetrics
	reloads chan reload
	store   store.Store
	loaded  map[string]*inventory // by group of the store, those that no corp took yet

	mu     sync.Mutex
	corps  []*corp
	limits map[limitsKey]*wecom.Limits

	published atomic.Pointer[publication]
}

// A publication is what was last rendered of the inventories.
type publication struct {
	version   uint64
	snapshots []*corpSnapshot // in the order of the corps
	families  []*dto.MetricFamily
}

// A reload asks Run to go on with other corps.
type reload struct {
	corps []*corp
	done  chan struct{}
}

// New returns a collector for a configuration. It calls nobody before
// [Collector.Run]. What was stored of the corps is there at once.
func New(cfg *config.Config, options Options) (*Collector, error) {
	c := &Collector{
		options: options, calls: newCallMetrics(), reloads: make(chan reload), limits: map[limitsKey]*wecom.Limits{},
	}
	var err error
	if c.store, err = c.openStore(cfg.StoragePath, migrations()); err != nil {
		return nil, err
	}
	corps, err := c.newCorps(cfg)
	if err == nil {
		err = c.deleteAbandoned(time.Now())
	}
	if err != nil {
		c.closeStore()
		return nil, err
	}
	for _, corp := range corps {
		c.calls.open(corp.config.Name)
	}
	c.corps = corps
	c.publish(time.Now())
	return c, nil
}

// A limitsKey names what WeCom's limits are counted for.
type limitsKey struct{ corpID, host string }

func keyOf(c config.Corp) limitsKey {
	host := c.APIURL
	if u, err := url.Parse(c.APIURL); err == nil {
		host = strings.ToLower(u.Host)
	}
	return limitsKey{c.CorpID, host}
}

// limitsOf returns the limits of a corp, which it may share with others.
func (c *Collector) limitsOf(corpConfig config.Corp, budget int) *wecom.Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := keyOf(corpConfig)
	if c.limits[key] == nil {
		c.limits[key] = wecom.NewLimits(budget)
	}
	return c.limits[key]
}

func (c *Collector) newCorps(cfg *config.Config) ([]*corp, error) {
	corps := make([]*corp, 0, len(cfg.Corps))
	for _, corpConfig := range cfg.Corps {
		corp, err := c.newCorp(cfg, corpConfig)
		if err == nil {
			err = c.restore(corp)
		}
		if err != nil {
			return nil, err
		}
		corps = append(corps, corp)
	}
	slices.SortFunc(corps, func(a, b *corp) int { return strings.Compare(a.config.Name, b.config.Name) })
	return corps, nil
}

// restore has a corp go on where an earlier process ended, unless it will inherit
// from a corp of now.
func (c *Collector) restore(restored *corp) error {
	if slices.ContainsFunc(c.current(), func(now *corp) bool { return now.key() == restored.key() }) {
		return nil
	}
	group := restored.key().group()
	inv := c.loaded[group]
	delete(c.loaded, group)
	if inv == nil {
		_, err := c.store.Read(group, func(g *store.Group) (err error) {
			inv, err = loadInventory(g)
			return err
		})
		if err != nil {
			return err
		}
	}
	if inv != nil {
		restored.restore(inv)
	}
	return nil
}

func (c *Collector) transportOf(corpConfig config.Corp) (http.RoundTripper, error) {
	if c.options.Transport != nil {
		return c.options.Transport, nil
	}
	transport, err := promconfig.NewRoundTripperFromConfig(corpConfig.HTTPClientConfig, "wecom")
	if err != nil {
		return nil, fmt.Errorf("corp %s: setting up the HTTP client: %w", corpConfig.Name, err)
	}
	return transport, nil
}

func (c *Collector) newCorp(cfg *config.Config, corpConfig config.Corp) (*corp, error) {
	transport, err := c.transportOf(corpConfig)
	if err != nil {
		return nil, err
	}
	observer := &corpObserver{corp: corpConfig.Name, metrics: c.calls}
	logger := log.With(c.options.Logger, "corp", corpConfig.Name)
	client := wecom.NewClient(wecom.Config{
		BaseURL:     corpConfig.APIURL,
		CorpID:      corpConfig.CorpID,
		Secret:      corpConfig.Secret.Read,
		Transport:   transport,
		UserAgent:   c.options.UserAgent,
		Limits:      c.limitsOf(corpConfig, cfg.Poll.MaxRequestsPerMinute),
		Concurrency: cfg.Poll.Concurrency,
		Observer:    observer,
		Titles:      c.options.Titles,
	})
	made := &corp{
		config:    corpConfig,
		poll:      cfg.Poll,
		client:    client,
		transport: transport,
		observer:  observer,
		inventory: newInventory(cfg.Poll.Lookback, time.Now()),
		shard:     cfg.Shard,
		mu:        &sync.Mutex{},
		schedule:  schedule.New(cfg.Poll),
		hosts:     newHostNamer(cfg.Metrics),
		logger:    logger,
		warnings:  rate.Sometimes{First: firstWarnings, Interval: warningInterval},
	}
	made.discovery = discovery.New(client, corpConfig, cfg.Poll, made.waitsOut, logger)
	return made, nil
}

// Run polls until the context ends. It returns when all that it started has
// ended, and what was learned is stored. It can be called once.
func (c *Collector) Run(ctx context.Context) {
	defer c.closeStore()
	timer := time.NewTimer(shortestPublishInterval)
	defer timer.Stop()
	stop := c.startCorps(ctx)
	for {
		select {
		case start := <-timer.C:
			c.publish(start)
			cost := time.Since(start) * publishCost
			timer.Reset(min(max(cost, shortestPublishInterval), longestPublishInterval))
		case r := <-c.reloads:
			stop()
			c.publish(time.Now())
			c.replace(r.corps)
			stop = c.startCorps(ctx)
			close(r.done)
		case <-ctx.Done():
			stop()
			c.publish(time.Now())
			return
		}
	}
}

// startCorps starts polling, and returns what stops it and waits for its end.
func (c *Collector) startCorps(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, corp := range c.current() {
		running.Go(func() { corp.run(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// Reload goes on with another configuration. Corps that are still there, by name
// and corp ID, keep what is known of them. On an error nothing
// has changed. It must not be called before [Collector.Run].
func (c *Collector) Reload(ctx context.Context, cfg *config.Config) error {
	corps, err := c.newCorps(cfg)
	if err != nil {
		return err
	}
	r := reload{corps: corps, done: make(chan struct{})}
	select {
	case c.reloads <- r:
		<-r.done
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the collector: %w", context.Cause(ctx))
	}
}

// replace puts other corps in the place of those that have stopped.
func (c *Collector) replace(corps []*corp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := map[string]*corp{}
	for _, old := range c.corps {
		before[old.config.Name] = old
	}
	limits := map[limitsKey]*wecom.Limits{}
	for _, corp := range corps {
		c.calls.open(corp.config.Name)
		key := keyOf(corp.config)
		limits[key] = corp.client.Limits()
		limits[key].SetBudget(corp.poll.MaxRequestsPerMinute)
		old := before[corp.config.Name]
		if old != nil && old.key() == corp.key() {
			corp.inherit(old)
			delete(before, corp.config.Name)
		}
	}
	for name, gone := range before {
		if !slices.ContainsFunc(corps, func(c *corp) bool { return c.config.Name == name }) {
			c.calls.forget(gone.config.Name)
		}
	}
	c.corps, c.limits = corps, limits
}

func (c *Collector) current() []*corp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.corps
}

// publish stores what has changed, and then renders the inventories anew if they
// have. What is served is stored already, so that no counter goes down when the
// process is killed.
func (c *Collector) publish(now time.Time) {
	last := c.published.Load()
	corps := c.current()
	changed := last == nil || len(last.snapshots) != len(corps)
	snapshots := make([]*corpSnapshot, 0, len(corps))
	var changes []*pending
	saving := c.saving(now)
	for i, corp := range corps {
		snapshot, unsaved := corp.snapshot(now, saving)
		changed = changed || last.snapshots[i] != snapshot
		snapshots = append(snapshots, snapshot)
		if unsaved != nil && !unsaved.isEmpty() {
			changes = append(changes, unsaved)
		}
	}
	c.commit(now, changes)
	if changed {
		p := &publication{snapshots: snapshots, families: families(snapshots)}
		if last != nil {
			p.version = last.version + 1
		}
		c.published.Store(p)
	}
}

// Families returns the metrics of the inventories, in the order of their names,
// and their version, which grows when they change. They must not be changed. It
// takes no time and never calls WeCom.
func (c *Collector) Families() (families []*dto.MetricFamily, version uint64) {
	p := c.published.Load()
	return p.families, p.version
}

// Ready tells whether every target was asked at least once, and what that told
// is in Families.
func (c *Collector) Ready() bool {
	for _, snapshot := range c.published.Load().snapshots {
		if !snapshot.ready {
			return false
		}
	}
	return true
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	c.calls.Describe(ch)
	for _, d := range pollGauges {
		ch <- d.desc
	}
	ch <- storageLastWrite.desc
	ch <- storageSuccessful.desc
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.calls.Collect(ch)
	now := time.Now()
	for _, corp := range c.current() {
		corp.collect(now, ch)
	}
	c.collectStorage(ch)
}
