// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const membersInterval = time.Hour

// members are the users in the app's visible scope.
type members struct {
	userIDs []string
	// partial means that a part of the scope was refused that was never read, so that who
	// was in it before may still be.
	partial bool
	scope   *wecom.Scope // that they are from; nil: never read
	found   time.Time    // when reading the scope began; zero: never
}

func (m *members) isFound() bool { return !m.found.IsZero() }

// findMembers reads the app's visible scope.
func (d *Discovery) findMembers(ctx context.Context) error {
	d.mu.Lock()
	agentID, before := d.settings.agentID, d.members.scope
	d.mu.Unlock()
	began := time.Now()
	found, err := d.client.Members(ctx, agentID, before)
	if err != nil {
		return err
	}
	d.logRefused(found.Refused)
	d.logOversized("members", found.Oversized)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.settings.targets.DiscoverMembers || d.settings.agentID != agentID {
		return nil // That was the scope of another app. The finder was woken up.
	}
	if !d.members.isFound() || len(d.members.userIDs) != len(found.UserIDs) {
		level.Info(d.logger).Log("msg", "found the members in the app's visible scope", "members", len(found.UserIDs))
	}
	d.members = members{
		userIDs: found.UserIDs,
		partial: len(found.Refused) > 0 && (before == nil || d.members.partial),
		scope:   found,
		found:   d.client.Now().Add(-time.Since(began)),
	}
	d.setDepartments(found.Departments)
	d.version++
	return nil
}

// shownRefusals is how many of the departments and tags that were refused are named.
const shownRefusals = 3

// logRefused logs in one line which departments and tags WeCom refused.
func (d *Discovery) logRefused(refused []error) {
	if len(refused) == 0 {
		return
	}
	first := make([]string, 0, shownRefusals)
	for _, err := range refused[:min(len(refused), shownRefusals)] {
		first = append(first, err.Error())
	}
	level.Warn(d.logger).Log("msg", "part of the visible scope cannot be read; its last known members are kept",
		"refused", len(refused), "first", strings.Join(first, "; "),
		"remedy", wecom.Remedy(refused[0], wecom.English), "remedy_zh", wecom.Remedy(refused[0], wecom.Chinese))
}

// logOversized logs in one line how many users are no targets because their IDs are longer
// than any user's. The IDs are not shown.
func (d *Discovery) logOversized(discover string, users int) {
	if users == 0 {
		return
	}
	level.Warn(d.logger).Log("msg", "some users are not polled: their IDs are too long",
		"discover", discover, "oversized", users, "max_bytes", wecom.MaxUserIDBytes,
		"remedy", "check whether a gateway changes answers, and contact WeCom support",
		"remedy_zh", "请检查是否有网关改动了响应，并联系企业微信客服")
}
