// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A CorpReport tells people how polling one corp goes.
type CorpReport struct {
	Name    string
	Up      bool
	Targets []TargetCount // by selector and status, those that occur
	Total   int           // targets
	Lag     time.Duration
	// Coverage is the share of targets that were polled with success of late.
	Coverage float64
	// Used is how many calls the last 60 seconds took of the budget.
	Used, Budget int
	// Outage is why no target can be asked, and nil where they can. The next try
	// is at Retry.
	Outage error
	Retry  time.Time
}

// A TargetCount counts targets.
type TargetCount struct {
	Selector wecom.Selector
	Status   schedule.Status
	Count    int
}

// A TargetReport tells people how polling one target goes.
type TargetReport struct {
	Selector   wecom.Selector
	ID         string // a user ID is hashed or hidden where the label host is
	Status     schedule.Status
	Asked      time.Time // zero: never
	Due        time.Time
	Recordings int
	Err        error // of the last poll
}

// Report returns a report of each corp, by name.
func (c *Collector) Report() []CorpReport {
	now := time.Now()
	corps := c.current()
	reports := make([]CorpReport, 0, len(corps))
	for _, corp := range corps {
		reports = append(reports, corp.report(now))
	}
	return reports
}

// Targets returns reports of a part of a corp's targets, the failing ones first,
// and how many there are in all.
func (c *Collector) Targets(corpName string, offset, limit int) (part []TargetReport, total int) {
	for _, corp := range c.current() {
		if corp.config.Name == corpName {
			return corp.targetReports(offset, limit)
		}
	}
	return nil, 0
}

func (c *corp) report(now time.Time) CorpReport {
	limits := c.client.Limits()
	r := CorpReport{Name: c.config.Name, Used: limits.Used(), Budget: limits.Budget()}
	c.mu.Lock()
	defer c.mu.Unlock()
	summary := c.summary(now)
	r.Up, r.Total, r.Lag, r.Coverage = c.up, summary.Total, summary.Lag, summary.Coverage
	if c.outage != nil {
		r.Outage, r.Retry = c.outage.err, c.outage.until
	}
	for _, selector := range wecom.Selectors() {
		for status := range schedule.Status(schedule.NumStatuses) {
			if n := summary.Counts[selector][status]; n > 0 {
				r.Targets = append(r.Targets, TargetCount{selector, status, n})
			}
		}
	}
	return r
}

func (c *corp) targetReports(offset, limit int) (part []TargetReport, total int) {
	all := c.schedule.Targets()
	order := [schedule.NumStatuses]int{schedule.Failing: 0, schedule.Pending: 1, schedule.OK: 2}
	slices.SortFunc(all, func(a, b schedule.TargetReport) int {
		return cmp.Or(cmp.Compare(order[a.Status], order[b.Status]),
			cmp.Compare(a.Target.Selector, b.Target.Selector), cmp.Compare(a.Target.ID, b.Target.ID))
	})
	offset = min(offset, len(all))
	for _, t := range all[offset:min(offset+limit, len(all))] {
		id := t.Target.ID
		if t.Target.Selector == wecom.ByUserID {
			id = c.hosts.public(id)
		}
		part = append(part, TargetReport{
			Selector: t.Target.Selector, ID: id, Status: t.Status, Asked: t.Polled, Due: t.Due,
			Recordings: t.Recordings, Err: t.Err,
		})
	}
	return part, len(all)
}
