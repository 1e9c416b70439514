// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package collector says as metric families what poll publishes, under bounded labels. One
// table of definitions is the source of the help texts, the descriptors and the documents.
package collector

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
)

// A Collector has two kinds of metrics. [Collector.Snapshot] has those of the inventories:
// many, and made only when something is published. The live ones, about polling, are
// collected by each scrape: for them it is a prometheus.Collector.
type Collector struct {
	manager   *poll.Manager
	calls     *Calls
	published atomic.Pointer[publication]
}

// A publication is what was last published.
type publication struct {
	snapshot *Snapshot
	hosts    map[string]*hosts // by corp
	naming   *naming
	ready    bool
}

// New returns a collector of what a manager publishes. Calls must be what the manager's
// observers are from.
func New(manager *poll.Manager, calls *Calls) *Collector {
	c := &Collector{manager: manager, calls: calls}
	manager.Subscribe(c.publish)
	return c
}

// publish makes a snapshot of a view.
func (c *Collector) publish(v *poll.View) {
	c.published.Store(c.published.Load().next(v))
}

// next returns the publication of a view after another one, which may be nil.
func (p *publication) next(v *poll.View) *publication {
	next := &publication{
		snapshot: &Snapshot{},
		hosts:    make(map[string]*hosts, len(v.Corps)),
		naming:   newNaming(v.Metrics),
		ready:    true,
	}
	var before map[string]*hosts
	if p != nil {
		next.snapshot.Version, before = p.snapshot.Version+1, p.hosts
	}
	b := familyBuilder{families: map[string]*dto.MetricFamily{}}
	for i := range v.Corps {
		corp := &v.Corps[i]
		next.ready = next.ready && corp.Ready
		series := before[corp.Name].update(corp, next.naming)
		next.hosts[corp.Name] = series
		next.snapshot.hosts = append(next.snapshot.hosts, series)
		b.addCorp(corp, series.numFolded())
	}
	next.snapshot.families = b.list()
	return next
}

// Snapshot returns the metrics of the inventories as they were last published. It never calls
// WeCom.
func (c *Collector) Snapshot() *Snapshot { return c.published.Load().snapshot }

// Ready reports whether every target was polled at least once, with the results in the
// snapshot.
func (c *Collector) Ready() bool { return c.published.Load().ready }

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	c.calls.Describe(ch)
	for _, d := range []Definition{
		up, pollTargets, pollCoverage, pollLastSuccess, pollLag, apiBudget,
		storageLastWrite, storageSuccessful, storageSize,
	} {
		ch <- d.desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.calls.Collect(ch)
	status := c.manager.Status()
	for i := range status {
		collectStatus(&status[i], ch)
	}
	if store := c.manager.StoreStatus(); store.Configured {
		ch <- storageLastWrite.gauge(seconds(store.LastWrite))
		ch <- storageSuccessful.gauge(boolValue(store.Successful))
		ch <- storageSize.gauge(float64(store.SizeBytes))
	}
}

func collectStatus(s *poll.Status, ch chan<- prometheus.Metric) {
	if s.Called {
		ch <- up.gauge(boolValue(s.Up), s.Name)
	}
	ch <- apiBudget.gauge(float64(s.Budget), s.Name)
	if !s.HasNoTargets() {
		ch <- pollCoverage.gauge(s.Coverage, s.Name)
	}
	ch <- pollLag.gauge(s.Lag.Seconds(), s.Name)
	ch <- pollLastSuccess.gauge(seconds(s.LastSuccess), s.Name)
	for selector, byStatus := range s.Counts {
		for status, n := range byStatus {
			ch <- pollTargets.gauge(float64(n), s.Name, string(selector), schedule.Status(status).String())
		}
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// seconds returns a time in seconds since the Unix epoch; 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
