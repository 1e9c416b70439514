// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// pollGauges are the metrics that collect gives.
var pollGauges = []Definition{up, pollTargets, pollCoverage, pollLastSuccess, pollLag, apiBudget, tokenExpiry}

// collect gives the metrics about polling as they are now.
func (c *corp) collect(now time.Time, ch chan<- prometheus.Metric) {
	corp := c.config.Name
	ch <- apiBudget.gauge(float64(c.client.Limits().Budget()), corp)
	if expiry := c.observer.expiry.Load(); expiry != 0 {
		ch <- tokenExpiry.gauge(wecom.InstantOf(time.Unix(0, expiry)).Seconds(), corp)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	isUp := 0.0
	if c.up {
		isUp = 1
	}
	ch <- up.gauge(isUp, corp)
	summary := c.summary(now)
	ch <- pollCoverage.gauge(summary.Coverage, corp)
	ch <- pollLag.gauge(summary.Lag.Seconds(), corp)
	ch <- pollLastSuccess.gauge(wecom.InstantOf(c.lastSuccess).Seconds(), corp)
	for _, selector := range wecom.Selectors() {
		for status := range schedule.Status(schedule.NumStatuses) {
			n := summary.Counts[selector][status]
			ch <- pollTargets.gauge(float64(n), corp, string(selector), status.String())
		}
	}
}

// summary returns how polling goes. The coverage is 0 until it is known who the targets
// are. The lock is held.
func (c *corp) summary(now time.Time) schedule.Summary {
	sum := c.schedule.Summary(now)
	if !c.discovery.Known() {
		sum.Coverage = 0
	}
	return sum
}

// snapshot returns what is served of the inventory: the snapshot that it returned
// last if nothing has changed since. If that is to be saved now, it returns too what
// has to be stored for the same to be there after a crash. Only the goroutine that
// publishes calls it.
func (c *corp) snapshot(now time.Time, saving saving) (*corpSnapshot, *pending) {
	c.mu.Lock()
	listed, ready := c.listed, c.ready
	c.mu.Unlock()
	inv := c.inventory
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.forget(now)
	if ready != inv.ready {
		inv.ready, inv.saved = ready, never
	}
	if last := c.lastSnapshot; last.snapshot == nil || last.listed != listed || last.snapshot.ready != ready ||
		last.inventory != inv.version || last.ledger != inv.ledger.version || !now.Before(last.snapshot.stale) {
		c.lastSnapshot.snapshot = c.newSnapshot(now, listed, ready)
		c.lastSnapshot.inventory, c.lastSnapshot.ledger, c.lastSnapshot.listed = inv.version, inv.ledger.version, listed
	}
	switch saving {
	case saveNever:
		inv.discardChanges()
		return c.lastSnapshot.snapshot, nil
	case saveLater:
		return c.lastSnapshot.snapshot, nil
	}
	changes, err := inv.changes(c.key().group())
	if err != nil {
		level.Error(c.logger).Log("msg", "the state cannot be stored", "err", err)
	}
	return c.lastSnapshot.snapshot, changes
}

// newSnapshot takes a snapshot. The lock of the inventory is held.
func (c *corp) newSnapshot(now time.Time, listed, ready bool) *corpSnapshot {
	l := &c.inventory.ledger
	s := &corpSnapshot{
		corp: c.config.Name, quota: c.config.QuotaBytes, ready: ready,
		birth: l.Birth, removed: l.Removed, sharingChanges: l.SharingChanges,
		fileSizes: l.FileSizes.clone(), fileDurations: l.FileDurations.clone(), transcodings: l.Transcodings.clone(),
		stale: now.Add(day),
	}
	// Before the first list nothing is known, which is not the same as nothing
	// being there.
	if !listed {
		return s
	}
	views := make(map[string]*hostView, len(l.hosts))
	for name, totals := range l.hosts {
		var held *sums
		if h := c.inventory.hosts[name]; h != nil {
			held = c.inventory.sumsOf(h, now)
		}
		views[name] = viewOf(c.lastSnapshot.views[name], held, totals)
	}
	s.total = &sums{stale: s.stale}
	if all := total(views); all.sums != nil {
		s.total, s.stale = all.sums, all.sums.stale
	}
	admitted, decided := c.inventory.admit(c.hosts.limit, views, ready)
	named, folded := c.hosts.fold(views, admitted)
	s.folded = folded
	s.hosts = c.series(named, decided, l.Birth)
	c.lastSnapshot.views = views
	return s
}

// series returns the series of hosts, in the order of the label host.
func (c *corp) series(named map[string]*hostView, counted bool, birth time.Time) []*hostSeries {
	labels := seriesLabels{
		corp: pair(labelCorp, c.config.Name), noHost: c.hosts.label == config.HostLabelOff, counted: counted,
		created: timestamppb.New(birth),
	}
	for i, state := range states {
		labels.states[i] = pair(labelState, state)
	}
	list := make([]*hostSeries, 0, len(named))
	for _, name := range slices.Sorted(maps.Keys(named)) {
		view := named[name]
		if view.series == nil || *view.series.host.Value != name || view.series.served[0] != counted {
			view.series = labels.of(name, view)
		}
		list = append(list, view.series)
	}
	return list
}

// A takenSnapshot remembers of which versions a snapshot was taken.
type takenSnapshot struct {
	snapshot          *corpSnapshot
	inventory, ledger uint64
	listed            bool
	views             map[string]*hostView // by host_user_id
}
