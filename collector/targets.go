// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A TargetQuery selects targets of a corp, and a part of them.
type TargetQuery struct {
	Corp string
	// Search is a part of an ID as it is shown, in any case; "": all. If ShowUsers is set, it may
	// be the value of the label host too.
	Search   string
	Selector wecom.Selector   // "": all
	Status   *schedule.Status // nil: all
	Cause    string           // as of [wecom.CauseOf]; "": all
	// ShowUsers shows user IDs even if the label host does not.
	ShowUsers     bool
	Offset, Limit int
}

// Targets are what a query finds.
type Targets struct {
	schedule.Found

	// UsersHidden reports that user IDs are hashes as of the label host, or "" without that label.
	UsersHidden bool
}

// Targets returns what a query finds, which is nothing if there is no such corp. User IDs are
// shown as the label host shows them, unless the query wants them plain.
func (c *Collector) Targets(q *TargetQuery) Targets {
	naming := c.published.Load().naming
	found, _ := c.manager.Targets(q.Corp, schedule.Query{Match: q.match(naming), Offset: q.Offset, Limit: q.Limit})
	t := Targets{Found: found, UsersHidden: naming.hides() && !q.ShowUsers}
	if t.UsersHidden {
		naming.hideUsers(t.Part)
		for _, e := range t.Errors {
			naming.hideUsers(e.Targets)
		}
	}
	return t
}

func (n *naming) hideUsers(targets []schedule.TargetReport) {
	for i := range targets {
		if t := &targets[i]; t.IsUser() {
			t.Target.ID = n.public(t.Target.ID)
		}
	}
}

// match returns what reports whether the query selects a target; nil if it selects all.
func (q *TargetQuery) match(naming *naming) func(*schedule.TargetReport) bool {
	if q.Search == "" && q.Selector == "" && q.Status == nil && q.Cause == "" {
		return nil
	}
	matchID := q.matchID(naming)
	return func(t *schedule.TargetReport) bool {
		return (q.Selector == "" || q.Selector == t.Target.Selector) &&
			(q.Status == nil || *q.Status == t.Status) &&
			(q.Cause == "" || q.Cause == t.Cause) &&
			matchID(t)
	}
}

// matchID returns what reports whether the ID of a target is searched for.
func (q *TargetQuery) matchID(naming *naming) func(*schedule.TargetReport) bool {
	if q.Search == "" {
		return func(*schedule.TargetReport) bool { return true }
	}
	part := strings.ToLower(q.Search)
	isHidden := naming.hides() && !q.ShowUsers
	mayBeLabel := naming.hides() && q.ShowUsers && len(part) == 2*hashBytes
	return func(t *schedule.TargetReport) bool {
		id := t.Target.ID
		if t.IsUser() && isHidden {
			id = naming.public(id)
		}
		return strings.Contains(strings.ToLower(id), part) ||
			t.IsUser() && mayBeLabel && naming.public(id) == part
	}
}
