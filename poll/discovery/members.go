// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const membersInterval = time.Hour

// members are the users in the app's visible scope.
type members struct {
	userIDs []string
	found   time.Time // when reading the scope began; zero: never
}

func (m *members) isFound() bool { return !m.found.IsZero() }

// findMembers reads the app's visible scope.
func (d *Discovery) findMembers(ctx context.Context) error {
	d.mu.Lock()
	agentID := d.settings.agentID
	d.mu.Unlock()
	began := time.Now()
	found, err := d.client.Members(ctx, agentID)
	if err != nil {
		return err
	}
	for _, refused := range found.Refused {
		level.Warn(d.logger).Log("msg", "some of the visible scope cannot be read; the rest is used", "err", refused,
			"remedy", wecom.Remedy(refused, wecom.English), "remedy_zh", wecom.Remedy(refused, wecom.Chinese))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.settings.targets.DiscoverMembers || d.settings.agentID != agentID {
		return nil // That was the scope of another app. The finder was woken up.
	}
	if !d.members.isFound() || len(d.members.userIDs) != len(found.UserIDs) {
		level.Info(d.logger).Log("msg", "found the members in the app's visible scope", "members", len(found.UserIDs))
	}
	d.members = members{userIDs: found.UserIDs, found: began}
	d.version++
	return nil
}
