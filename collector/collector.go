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

// A Collector has two kinds of metrics. [Collector.Families] are those of the inventories:
// many, and rendered only when something is published. The live ones, about polling, are
// collected by each scrape: for them it is a prometheus.Collector.
type Collector struct {
	manager   *poll.Manager
	calls     *Calls
	renderer  renderer
	published atomic.Pointer[publication]
}

// A publication is what was last rendered.
type publication struct {
	version  uint64
	families []*dto.MetricFamily
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

// publish renders a view.
func (c *Collector) publish(v *poll.View) {
	p := &publication{naming: newNaming(v.Metrics), ready: true}
	if last := c.published.Load(); last != nil {
		p.version = last.version + 1
	}
	for i := range v.Corps {
		p.ready = p.ready && v.Corps[i].Ready
	}
	p.families = c.renderer.render(v, p.naming)
	c.published.Store(p)
}

// Families returns the metrics of the inventories, in the order of their names, and their
// version, which grows when they change. The caller must not change them. It never calls
// WeCom.
func (c *Collector) Families() (families []*dto.MetricFamily, version uint64) {
	p := c.published.Load()
	return p.families, p.version
}

// Ready reports whether every target was polled at least once, with the results in
// Families.
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
