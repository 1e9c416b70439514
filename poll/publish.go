// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
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

	Name       string
	QuotaBytes int64 // 0: none is configured
}

// Subscribe has publish called with the view of now, and then with each new one. It must be
// called before [Manager.Run]. There is nobody else who calls publish at the same time.
func (m *Manager) Subscribe(publish func(*View)) {
	m.subscribers = append(m.subscribers, publish)
	publish(m.view.Load())
}

// publish takes a view of all corps, commits it to the store and hands it to the
// subscribers. What is served was committed, so no counter goes down when the process is
// killed. Only while the store cannot be written, what is known is served all the same.
func (m *Manager) publish(now time.Time) { m.publishAndCommit(now, false) }

// publishLast is publish before corps or the manager end: it is committed even if a commit
// that failed would have to wait.
func (m *Manager) publishLast(now time.Time) { m.publishAndCommit(now, true) }

func (m *Manager) publishAndCommit(now time.Time, last bool) {
	m.publishing.Lock()
	defer m.publishing.Unlock()
	m.mu.Lock()
	corps, metrics := m.corps, m.metrics
	m.mu.Unlock()
	view := &View{Metrics: metrics, Corps: make([]CorpView, 0, len(corps))}
	for _, c := range corps {
		view.Corps = append(view.Corps, c.view(hostLimit(metrics)))
	}
	if m.store.Keeps() && (last || m.store.Due(now)) {
		m.commit(now, corps)
	}
	if v := m.view.Load(); v != nil && v.Metrics == metrics && slices.Equal(v.Corps, view.Corps) {
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

// commit stores what has changed. What cannot be stored is put back, to be stored later.
func (m *Manager) commit(now time.Time, corps []*corp) {
	taken, batches := takeBatches(corps)
	err := m.store.Commit(now, batches)
	if errors.Is(err, store.ErrLost) {
		for _, c := range corps {
			c.inventory.MarkUnsaved()
		}
		taken, batches = takeBatches(corps)
		err = m.store.Rebuild(now, batches)
	}
	if err != nil { // The store has logged it.
		for _, b := range taken {
			b.PutBack()
		}
	}
}

// takeBatches takes what has changed of each corp.
func takeBatches(corps []*corp) (taken []*inventory.Batch, batches []store.Batch) {
	for _, c := range corps {
		b, changed, err := c.inventory.TakeBatch(c.key.group())
		if err != nil {
			level.Error(c.logger).Log("msg", "the state cannot be stored", "err", err)
		}
		if changed {
			taken, batches = append(taken, b), append(batches, b.Batch)
		}
	}
	return taken, batches
}

// publishUntil publishes until the context ends.
func (m *Manager) publishUntil(ctx context.Context) {
	timer := time.NewTimer(shortestPublishInterval)
	defer timer.Stop()
	for {
		select {
		case start := <-timer.C:
			m.publish(start)
			cost := time.Since(start) * publishCost
			timer.Reset(min(max(cost, shortestPublishInterval), longestPublishInterval))
		case <-ctx.Done():
			return
		}
	}
}
