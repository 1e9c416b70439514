// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
)

// A Status is how polling one corp goes.
type Status struct {
	schedule.Summary // The coverage is 0 until it is known whom to poll.

	Name        string
	Called      bool      // anything was called yet
	Up          bool      // WeCom accepted the last call chain
	LastSuccess time.Time // of any target; zero: there was none
	// Used is how many calls the last 60 seconds took of the budget.
	Used, Budget int
	// Outage is why no target can be polled; nil if they can. The next probe is at Retry.
	Outage error
	Retry  time.Time
}

// Status returns how polling goes, by corp name.
func (m *Manager) Status() []Status {
	now := time.Now()
	corps := m.current()
	list := make([]Status, 0, len(corps))
	for _, c := range corps {
		list = append(list, c.status(now))
	}
	return list
}

func (c *corp) status(now time.Time) Status {
	s := Status{Name: c.key.name, Summary: c.reports.Summary(now), LastSuccess: c.inventory.Status().LastSuccess}
	if !c.discovery.Known() {
		s.Coverage = 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Used, s.Budget = c.settings.limits.Used(), c.settings.limits.Budget()
	s.Called, s.Up = c.up != neverCalled, c.up == callsAccepted
	s.Outage, s.Retry = c.breaker.err, c.breaker.wait.Until()
	return s
}

// StoreStatus returns how the last write of the store went.
func (m *Manager) StoreStatus() store.Status { return m.store.Status() }

// Targets returns reports of a part of a corp's targets, the failing ones first, and how
// many there are in all.
func (m *Manager) Targets(corp string, offset, limit int) (part []schedule.TargetReport, total int) {
	for _, c := range m.current() {
		if c.key.name == corp {
			return c.reports.Targets(time.Now(), offset, limit)
		}
	}
	return nil, 0
}

func page[T any](all []T, offset, limit int) []T {
	offset = min(offset, len(all))
	return all[offset:min(offset+limit, len(all))]
}

// A RecordingQuery selects recordings, and a part of them.
type RecordingQuery struct {
	inventory.Query

	Corp          string // the name of a corp; "": all
	Offset, Limit int
}

// A Recording is what is known of one recording of a corp.
type Recording struct {
	inventory.Recording

	Corp string
}

// Recordings returns the part of the recordings that a query selects, and how many there
// are in all. They are those that the gauges count at the given time.
func (m *Manager) Recordings(q *RecordingQuery, now time.Time) (part []Recording, total int) {
	type match struct {
		inventory.Match

		corp *corp
	}
	var all []match
	for _, c := range m.current() {
		if q.Corp != "" && q.Corp != c.key.name {
			continue
		}
		for _, found := range c.inventory.Find(nil, &q.Query, now) {
			all = append(all, match{found, c})
		}
	}
	slices.SortFunc(all, func(a, b match) int { return q.Compare(&a.Match, &b.Match) })
	for _, found := range page(all, q.Offset, q.Limit) {
		part = append(part, Recording{
			Corp:      found.corp.key.name,
			Recording: found.corp.inventory.Recording(&found.Match, now),
		})
	}
	return part, len(all)
}
