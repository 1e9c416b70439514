// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
)

const (
	// Publishing may take up to a tenth of the time of one core, and what a poll learned
	// is served within 5 s.
	shortestPublishInterval = time.Second
	longestPublishInterval  = 4 * time.Second
	publishCost             = 10
)

// A View is what there is to serve of all corps at one moment. It never changes.
type View struct {
	Metrics *config.Metrics
	Corps   []CorpView // by name
}

// A CorpView is what there is to serve of one corp.
type CorpView struct {
	*inventory.View

	Name        string
	QuotaBytes  int64                  // 0: none is configured
	Statistics  bool                   // views and downloads are asked for
	Departments *discovery.Departments // nil: none are known, or none are to be served
}

// View returns what was last published.
func (m *Manager) View() *View { return m.view.Load() }

// Subscribe has publish called with the view of now, and then with each new one. It must be
// called before [Manager.Run]. There is nobody else who calls publish at the same time.
func (m *Manager) Subscribe(publish func(*View)) {
	m.subscribers = append(m.subscribers, publish)
	publish(m.view.Load())
}

// publish takes a view of all corps, commits it to the store and hands it to the
// subscribers. What is served was committed, so no counter goes down when the process is
// killed. Only while the store cannot be written in time, what is known is served all the
// same. The time that it took but for waiting for the disk is returned.
func (m *Manager) publish(ctx context.Context, now time.Time) (cost time.Duration) {
	var waited time.Duration
	m.publishAfter(func(c *commit.Committer, parts []*commit.Part) { waited = c.Commit(ctx, now, parts) })
	return time.Since(now) - waited
}

// publishLast is publish before the manager ends.
func (m *Manager) publishLast(ctx context.Context, now time.Time) {
	m.publishAfter(func(c *commit.Committer, parts []*commit.Part) { c.CommitLast(ctx, now, parts) })
}

// publishAfter publishes after a commit. It is called by NewManager, and then by Run alone.
func (m *Manager) publishAfter(commitTo func(*commit.Committer, []*commit.Part)) {
	m.mu.Lock()
	corps, metrics, committer := m.corps, m.metrics, m.committer
	m.mu.Unlock()
	view := &View{Metrics: metrics, Corps: make([]CorpView, 0, len(corps))}
	parts := make([]*commit.Part, 0, len(corps))
	for _, c := range corps {
		view.Corps = append(view.Corps, c.view(metrics))
		parts = append(parts, c.part)
	}
	commitTo(committer, parts)
	m.publishView(view)
	m.publishChanges(committer.Changes(), view)
}

// publishView hands a view to the subscribers, if there is anything new in it.
func (m *Manager) publishView(view *View) {
	if v := m.view.Load(); v != nil && v.Metrics == view.Metrics && slices.Equal(v.Corps, view.Corps) {
		return
	}
	m.view.Store(view)
	for _, subscriber := range m.subscribers {
		subscriber(view)
	}
}

// hostLimit returns how many hosts may have series of their own; 0 is no limit, and
// inventory.NoHostSeries means none.
func hostLimit(m *config.Metrics) int {
	if m.HostLabel == config.HostLabelOff {
		return inventory.NoHostSeries
	}
	return m.MaxHosts
}

// publishUntil publishes until the context ends.
func (m *Manager) publishUntil(ctx context.Context) {
	timer := time.NewTimer(shortestPublishInterval)
	defer timer.Stop()
	for {
		select {
		case start := <-timer.C:
			cost := m.publish(ctx, start) * publishCost
			interval := min(max(cost, shortestPublishInterval), longestPublishInterval)
			// A disk that is slow, but in time, must not delay the next one too.
			timer.Reset(max(interval-time.Since(start), shortestPublishInterval))
		case <-ctx.Done():
			return
		}
	}
}
