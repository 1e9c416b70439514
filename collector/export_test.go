// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import "github.com/wecom-recording-exporter/wecom_recording_exporter/poll"

// A Publisher makes snapshots of views, one after the other.
type Publisher struct{ last *publication }

// Publish makes the snapshot of a view.
func (p *Publisher) Publish(v *poll.View) *Snapshot {
	p.last = p.last.next(v)
	return p.last.snapshot
}
