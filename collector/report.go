// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// Status returns how polling goes, by corp name.
func (c *Collector) Status() []poll.Status { return c.manager.Status() }

// View returns the sums that the gauges show.
func (c *Collector) View() *poll.View { return c.manager.View() }

// StoreStatus returns how the last write of the store went.
func (c *Collector) StoreStatus() poll.StoreStatus { return c.manager.StoreStatus() }

// A RecordingQuery selects recordings, and a part of them.
type RecordingQuery struct {
	poll.RecordingQuery

	// Host is a user ID, or a value of the label host; "": all. It replaces MatchHost.
	Host string
}

// Recordings returns the part of the recordings that a query selects, and what all of them amount
// to: see [poll.Manager.Recordings].
func (c *Collector) Recordings(
	ctx context.Context, q RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	if q.Host != "" {
		naming := c.published.Load().naming
		q.MatchHost = func(host string, folded bool) bool { return naming.matches(q.Host, host, folded) }
	}
	return c.manager.Recordings(ctx, &q.RecordingQuery)
}

// A ChangeQuery selects changes, and a part of them.
type ChangeQuery struct {
	poll.ChangeQuery

	// Host is a user ID, or a value of the label host; "": all. It replaces MatchHost.
	Host string
}

// Changes returns the part of the changes that a query selects, newest first, and the number
// before which there are older ones; 0 if there are none: see [poll.Manager.Changes].
func (c *Collector) Changes(ctx context.Context, q ChangeQuery) (part []poll.Change, next uint32, err error) {
	if q.Host != "" {
		naming := c.published.Load().naming
		q.MatchHost = func(host string, folded bool) bool { return naming.matches(q.Host, host, folded) }
	}
	return c.manager.Changes(ctx, &q.ChangeQuery)
}

// ChangesSince returns, by corp name, the time from which on the list of changes is complete.
func (c *Collector) ChangesSince() []poll.CorpSince { return c.manager.ChangesSince() }
