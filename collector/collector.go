// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package collector keeps what is known of the recordings of one or more
// corps, and says it as metrics.
//
// It asks WeCom in the background: targets.go says who to ask for, schedule.go
// when, corp.go asks, inventory.go keeps the answers, sums.go adds them up, and
// families.go makes metrics of them.
package collector

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	promconfig "github.com/prometheus/common/config"
	"golang.org/x/time/rate"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
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
}

// A Collector polls the recordings of all configured corps and serves what it
// knows as metrics. As a prometheus.Collector it gives those about polling;
// those about the inventory come from [Collector.Families].
type Collector struct {
	options Options
	calls   *callMetrics

	corps     []*corp
	published atomic.Pointer[publication]
}

// A publication is what was last rendered of the inventories.
type publication struct {
	families []*dto.MetricFamily
}

// New returns a collector for a configuration. It calls nobody before
// [Collector.Run].
func New(cfg *config.Config, options Options) (*Collector, error) {
	c := &Collector{options: options, calls: newCallMetrics()}
	limits := map[limitsKey]*wecom.Limits{}
	for _, corpConfig := range cfg.Corps {
		key := keyOf(corpConfig)
		if limits[key] == nil {
			limits[key] = wecom.NewLimits(cfg.Poll.MaxRequestsPerMinute)
		}
		newCorp, err := c.newCorp(cfg, corpConfig, limits[key])
		if err != nil {
			return nil, err
		}
		c.corps = append(c.corps, newCorp)
	}
	c.publish(time.Now())
	return c, nil
}

// A limitsKey names what WeCom's limits are counted for.
type limitsKey struct{ corpID, host string }

func keyOf(c config.Corp) limitsKey {
	host := c.APIURL
	if u, err := url.Parse(c.APIURL); err == nil {
		host = u.Host
	}
	return limitsKey{c.CorpID, host}
}

func (c *Collector) newCorp(cfg *config.Config, corpConfig config.Corp, limits *wecom.Limits) (*corp, error) {
	transport := c.options.Transport
	if transport == nil {
		var err error
		transport, err = promconfig.NewRoundTripperFromConfig(corpConfig.HTTPClientConfig, "wecom")
		if err != nil {
			return nil, fmt.Errorf("corp %s: setting up the HTTP client: %w", corpConfig.Name, err)
		}
	}
	observer := newCorpObserver(corpConfig.Name, c.calls)
	logger := log.With(c.options.Logger, "corp", corpConfig.Name)
	return &corp{
		config: corpConfig,
		poll:   cfg.Poll,
		client: wecom.NewClient(wecom.Config{
			BaseURL:     corpConfig.APIURL,
			CorpID:      corpConfig.CorpID,
			Secret:      corpConfig.Secret.Read,
			Transport:   transport,
			UserAgent:   c.options.UserAgent,
			Limits:      limits,
			Concurrency: cfg.Poll.Concurrency,
			Observer:    observer,
		}),
		observer:  observer,
		inventory: newInventory(),
		files:     newTargetFiles(logger),
		schedule:  newSchedule(cfg.Poll),
		hosts:     hostNamer{label: cfg.Metrics.HostLabel, hashKey: cfg.Metrics.HostHashKey, limit: cfg.Metrics.MaxHosts},
		logger:    logger,
		warnings:  rate.Sometimes{First: firstWarnings, Interval: warningInterval},
	}, nil
}

// Run polls until the context ends. It returns when all that it started has
// ended.
func (c *Collector) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, corp := range c.corps {
		running.Go(func() { corp.run(ctx) })
	}
	c.keepPublishing(ctx)
	running.Wait()
}

// keepPublishing renders the inventories anew when they have changed.
func (c *Collector) keepPublishing(ctx context.Context) {
	timer := time.NewTimer(shortestPublishInterval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		start := time.Now()
		c.publish(start)
		cost := time.Since(start) * publishCost
		timer.Reset(min(max(cost, shortestPublishInterval), longestPublishInterval))
	}
}

func (c *Collector) publish(now time.Time) {
	changed := c.published.Load() == nil
	snapshots := make([]*corpSnapshot, 0, len(c.corps))
	for _, corp := range c.corps {
		snapshot, isNew := corp.snapshot(now)
		changed = changed || isNew
		snapshots = append(snapshots, snapshot)
	}
	if changed {
		c.published.Store(&publication{families: families(snapshots)})
	}
}

// Families returns the metrics of the inventories, in the order of their names.
// They must not be changed. It takes no time and never calls WeCom.
func (c *Collector) Families() []*dto.MetricFamily { return c.published.Load().families }

// Ready tells whether every target was asked at least once.
func (c *Collector) Ready() bool {
	for _, corp := range c.corps {
		if !corp.isReady() {
			return false
		}
	}
	return true
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	c.calls.Describe(ch)
	for _, d := range pollDefinitions {
		ch <- d.desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.calls.Collect(ch)
	now := time.Now()
	for _, corp := range c.corps {
		corp.collect(now, ch)
	}
}
