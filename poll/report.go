// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/topk"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Status is how polling one corp goes.
type Status struct {
	schedule.Summary // The coverage is 0 unless Known.

	Name        string
	Known       bool      // it is known whom to poll
	Elsewhere   int       // targets that other shards poll
	Started     time.Time // when polling was set up, at the start of the process or by a reload
	Called      bool      // anything was called yet
	Up          bool      // WeCom accepted the last call chain
	LastSuccess time.Time // of any target; zero: there was none
	Lookback    time.Duration
	// UpSince is when the first call chain ended that showed Up as it is; zero: there was no call.
	// Unless UpChanged, no call since the start has shown the opposite, so it may be so for longer.
	UpSince   time.Time
	UpChanged bool
	// Used is how many calls the last 60 seconds took of the budget.
	Used, Budget int
	// Outage is why no target can be polled; nil if they can. The next probe is at Retry.
	Outage error
	Retry  time.Time
	// RoundOver reports that every discovery was tried, and a poll of every target has ended.
	RoundOver bool
	// Undiscovered reports that the last attempt to discover users failed, and DiscoveryErr why.
	Undiscovered bool
	DiscoveryErr error
	// Blocks are the endpoints that are closed now.
	Blocks []wecom.Block
	// Statistics reports whether views are asked for. ViewsAsked is when last there were none to
	// ask for, or none could be asked for; zero: never since the start.
	Statistics bool
	ViewsAsked time.Time
	ViewsErr   error // why none are asked for now; nil: they are
}

// HasNoTargets reports that there is nobody to poll. The coverage has no meaning then.
func (s *Status) HasNoTargets() bool { return s.Known && s.Total == 0 }

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
	held := c.inventory.Status()
	s := Status{
		Summary:     c.reports.Summary(now),
		Name:        c.key.name,
		Started:     c.born,
		LastSuccess: held.LastSuccess,
		Lookback:    held.Lookback,
		Statistics:  c.hasStatistics(),
		ViewsAsked:  c.asker.Idle(),
		ViewsErr:    c.asker.Err(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Known = c.targetsSet && c.discovery.Known(); !s.Known {
		s.Coverage = 0
	}
	s.Elsewhere = c.elsewhere
	s.Used, s.Budget = c.settings.limits.Used(), c.settings.limits.Budget()
	s.Called, s.Up = c.acceptance.up != neverCalled, c.acceptance.up == callsAccepted
	s.UpSince, s.UpChanged = c.acceptance.since, c.acceptance.changed
	s.Blocks = slices.DeleteFunc(c.settings.limits.Blocks(), func(b wecom.Block) bool { return !b.Until.After(now) })
	s.Outage, s.Retry = c.breaker.err, c.breaker.wait.Until()
	s.RoundOver = c.targetsSet && c.allFound && s.Listed
	if s.Undiscovered = c.discovery.Failing(); s.Undiscovered {
		s.DiscoveryErr = c.foundErr
	}
	return s
}

// A StoreStatus is how writing the store goes.
type StoreStatus = store.Status

// StoreStatus returns how the last write of the store went.
func (m *Manager) StoreStatus() StoreStatus {
	m.mu.Lock()
	committer := m.committer
	m.mu.Unlock()
	return committer.Status()
}

// Targets returns what a query finds among the targets of a corp, and whether there is such a
// corp.
func (m *Manager) Targets(corp string, q schedule.Query) (found schedule.Found, ok bool) {
	for _, c := range m.current() {
		if c.key.name == corp {
			return c.reports.Targets(time.Now(), q), true
		}
	}
	return schedule.Found{}, false
}

// mostFiles is how many files the recordings of an answer may have together, unless it is one
// recording. As a page or JSON they take some 6 MB, and forty readers may be slow at once.
const mostFiles = 20_000

// ErrTooManyFiles means that the recordings of an answer have too many files.
var ErrTooManyFiles = fmt.Errorf("the recordings have more than %d files", mostFiles)

// A RecordingQuery selects recordings, and a part of them.
type RecordingQuery struct {
	inventory.Query

	Corp          string // the name of a corp; "": all
	Offset, Limit int
}

// A Recording is what is known of one recording of a corp.
type Recording struct {
	inventory.Recording

	Corp       string
	Statistics bool // views and downloads are asked for
}

// Recordings returns the part of the recordings that a query selects, and what all of them amount
// to. They are those that the gauges count now, by the clock of WeCom if that decides.
// It takes memory for as many as the offset and the limit together. When the context ends, it
// returns its cause.
func (m *Manager) Recordings(
	ctx context.Context, q *RecordingQuery,
) (part []Recording, totals inventory.Totals, err error) {
	first := topk.New(q.Offset+q.Limit, q.compare)
	err = m.match(ctx, q, func(found match, s *sums.Sums) {
		totals.Add(s)
		first.Add(found)
	})
	if err != nil {
		return nil, inventory.Totals{}, err
	}
	files := 0
	for _, found := range first.TakeLast(max(0, first.Len()-q.Offset)) {
		r := found.recording()
		part = append(part, r)
		if files += len(r.Files); files > mostFiles && len(part) > 1 {
			return nil, totals, ErrTooManyFiles
		}
	}
	return part, totals, nil
}

// EachRecording calls each with all recordings that a query selects, in its order; its offset
// and limit do not count. An error of each ends it, and is returned.
func (m *Manager) EachRecording(ctx context.Context, q *RecordingQuery, each func(*Recording) error) error {
	var matches []match
	err := m.match(ctx, q, func(found match, _ *sums.Sums) { matches = append(matches, found) })
	if err != nil {
		return err
	}
	slices.SortFunc(matches, q.compare)
	for _, found := range matches {
		r := found.recording()
		if err := each(&r); err != nil {
			return err
		}
	}
	return nil
}

// EachRecord calls each with every record that the gauges count now, in no order, and the name
// of its corp. The record is only valid in the call.
func (m *Manager) EachRecord(ctx context.Context, each func(corp string, r *recording.Record)) error {
	var r recording.Record
	return m.match(ctx, &RecordingQuery{}, func(found match, _ *sums.Sums) {
		found.Record(&r)
		each(found.corp.key.name, &r)
	})
}

// A match is a recording of a corp that a query selects.
type match struct {
	inventory.Match

	corp *corp
	at   time.Time // when it was found, by the clock of the corp
}

func (m *match) recording() Recording {
	r := Recording{Corp: m.corp.key.name, Recording: m.corp.inventory.Recording(&m.Match, m.at)}
	if r.Statistics = m.corp.hasStatistics(); !r.Statistics {
		r.Views, r.Downloads = nil, nil // They may be old.
	}
	return r
}

func (c *corp) hasStatistics() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.config.Statistics
}

func (q *RecordingQuery) compare(a, b match) int {
	return cmp.Or(q.Compare(&a.Match, &b.Match), cmp.Compare(a.corp.key.name, b.corp.key.name))
}

// match calls found with each recording that a query selects, in no order, and with what it
// amounts to, which is only valid in the call.
func (m *Manager) match(ctx context.Context, q *RecordingQuery, found func(match, *sums.Sums)) error {
	for _, c := range m.current() {
		if q.Corp != "" && q.Corp != c.key.name {
			continue
		}
		now := c.client.Now()
		err := c.inventory.Find(ctx, &q.Query, now, func(m inventory.Match, s *sums.Sums) { found(match{m, c, now}, s) })
		if err != nil {
			return fmt.Errorf("finding recordings: %w", err)
		}
	}
	return nil
}
