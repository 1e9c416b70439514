// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/chain"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// WrapStore puts another store around that of a manager, which must not be writing it.
func (m *Manager) WrapStore(wrap func(store.Store) store.Store) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store = wrap(m.store)
	m.committer = commit.New(m.store, m.options.Logger)
	for _, c := range m.corps {
		c.inventory.NumberChanges(m.committer.Changes(), c.key.name, c.client.Now())
	}
}

// Inventory returns the inventory of the first corp.
func (m *Manager) Inventory() *inventory.Inventory { return m.current()[0].inventory }

// Migrations is migrations.
func Migrations() []store.Migration { return migrations() }

// UnansweredLimit is unansweredLimit.
const UnansweredLimit = unansweredLimit

// UseOwnTransports has the transport of each corp be that of its configuration, from the
// next configuration on.
func (m *Manager) UseOwnTransports() { m.options.Transport = nil }

// SetInventory gives the first corp another inventory.
func (m *Manager) SetInventory(inv *inventory.Inventory) {
	c := m.current()[0]
	c.inventory, c.part.Inventory = inv, inv
}

// Publish is publish.
func (m *Manager) Publish(now time.Time) { m.publish(context.Background(), now) }

// Poll polls a target of the first corp, and returns how many recordings it holds then.
func (m *Manager) Poll(ctx context.Context, t wecom.Target) (recordings int, err error) {
	c := m.current()[0]
	next := chain.New(c.client, &schedule.Poll{Target: t}, c.settings.poll.Lookback, c.route, time.Now())
	for {
		reservation, err := c.client.Reserve(ctx)
		if err != nil {
			return 0, err
		}
		o := c.poll(ctx, reservation, next)
		reservation.Release()
		if o.done {
			return o.recordings, o.err
		}
	}
}

// Work is what a corp has to do.
type Work struct {
	Waiting int  // calls that wait for the budget
	Chain   bool // a poll waits for its next page
	Outage  bool
}

// HasNothingUrgent is hasNothingUrgent of the first corp, which must not run, with some work.
func (m *Manager) HasNothingUrgent(now time.Time, w Work) bool {
	c := m.current()[0]
	c.readTargets(now)
	c.waiting = w.Waiting
	if w.Chain {
		p := &schedule.Poll{Target: wecom.Target{Selector: wecom.ByUserID, ID: "li"}}
		c.chains.Push(chain.New(c.client, p, c.settings.poll.Lookback, c.route, now))
	}
	if w.Outage {
		c.breaker.fail(errors.New("refused"), wecom.ClassCorp, now, now)
	}
	return c.hasNothingUrgent(now)
}
