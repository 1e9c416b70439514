// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
)

// SetPolicy replaces the policy; nil: there are no rules.
func (inv *Inventory) SetPolicy(p *policy.Policy) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.policy.Equal(p) {
		return
	}
	inv.policy = p
	inv.recompute()
}

// accepts reports whether a file may be exposed. The lock is held.
func (inv *Inventory) accepts(recordingID, fileID string, now time.Time) bool {
	accepted, _ := inv.policy.Accepts(recordingID, fileID, now)
	return accepted != nil
}

// Unmatched returns the IDs that the policy accepts and that are those of no recording or file
// that is there now, sorted. When the context ends, it returns its cause.
func (inv *Inventory) Unmatched(ctx context.Context, now time.Time) ([]string, error) {
	inv.mu.Lock()
	rules := inv.policy
	inv.mu.Unlock()
	if !rules.Accepting() {
		return nil, nil
	}
	missing := make(map[string]bool, len(rules.Accepted))
	for id := range rules.Accepted {
		missing[id] = true
	}
	var r recording.Record
	err := inv.Find(ctx, &Query{}, now, func(m Match, _ *sums.Sums) {
		m.Record(&r)
		delete(missing, r.ID)
		for i := range r.Files {
			delete(missing, r.Files[i].ID)
		}
	})
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(missing))
	for id := range missing {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}
