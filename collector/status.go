// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// pollGauges are the metrics that collect gives.
var pollGauges = []Definition{up, pollTargets, pollCoverage, pollLastSuccess, pollLag, apiBudget, tokenExpiry}

// collect gives the metrics about polling as they are now.
func (c *corp) collect(now time.Time, ch chan<- prometheus.Metric) {
	corp := c.config.Name
	ch <- apiBudget.gauge(float64(c.client.Limits().Budget()), corp)
	if expiry := c.observer.expiry.Load(); expiry != 0 {
		ch <- tokenExpiry.gauge(seconds(time.Unix(0, expiry)), corp)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	isUp := 0.0
	if c.up {
		isUp = 1
	}
	ch <- up.gauge(isUp, corp)
	ch <- pollCoverage.gauge(c.coverage(now), corp)
	ch <- pollLag.gauge(c.schedule.lag(now).Seconds(), corp)
	ch <- pollLastSuccess.gauge(seconds(c.lastSuccess), corp)
	counts := c.schedule.count()
	for _, selector := range wecom.Selectors() {
		for _, status := range statuses() {
			ch <- pollTargets.gauge(float64(counts[selector][status]), corp, string(selector), status)
		}
	}
}

// coverage returns which share of the targets was polled with success of late; 0
// while it is yet to be found who they are. The lock is held.
func (c *corp) coverage(now time.Time) float64 {
	if !c.discovery.complete() {
		return 0
	}
	return c.schedule.coverage(now)
}

// seconds returns a time in seconds since the Unix epoch; 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// snapshot returns what is served of the inventory: the snapshot that it returned
// last if nothing has changed since. Only the goroutine that publishes calls it.
func (c *corp) snapshot(now time.Time) *corpSnapshot {
	c.mu.Lock()
	listed, ready := c.listed, c.ready
	c.mu.Unlock()
	last := c.lastSnapshot
	if last.snapshot != nil && last.listed == listed && last.snapshot.ready == ready &&
		(!listed || last.version == c.inventory.current() && now.Before(last.snapshot.sums.stale)) {
		return last.snapshot
	}
	s := &corpSnapshot{corp: c.config.Name, quota: c.config.QuotaBytes, noHost: c.hosts.label == config.HostLabelOff, ready: ready}
	c.lastSnapshot = takenSnapshot{snapshot: s, listed: listed}
	// Before the first list nothing is known, which is not the same as nothing
	// being there.
	if listed {
		s.sums = newSums(now)
		c.lastSnapshot.version = c.inventory.each(now.Add(-c.poll.Lookback), func(r *wecom.Recording) { s.sums.add(r, now) })
		s.hosts, s.folded = c.hosts.fold(s.sums.hosts, ready)
	}
	return s
}

// A takenSnapshot remembers what a snapshot was taken of.
type takenSnapshot struct {
	snapshot *corpSnapshot
	version  uint64
	listed   bool
}
