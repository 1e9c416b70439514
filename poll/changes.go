// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A ChangeQuery selects changes, and a page of them.
type ChangeQuery struct {
	Corp      string                              // the name of a corp; "": all
	MatchHost func(host string, folded bool) bool // see [inventory.Query]; nil: all
	Kind      *ledger.Kind                        // nil: all
	Recording string                              // its ID; "": all
	Exposed   *bool                               // after the change; nil: both
	// Since <= At < Until; the zero time is open.
	Since, Until time.Time
	Before       uint32 // only numbers below it; 0: from the newest
	Limit        int    // how many changes to return at the most
}

// A Change is one change of a corp. Numbers rise with time over all corps.
type Change struct {
	ledger.Change

	Number uint32
	Corp   string
	Title  string // "" unless titles are kept, and the recording is held
}

// Changes returns the page of the changes that a query selects, the newest first, and the value
// of Before for the next page; 0: there is none. A change is on a page once it was stored or,
// while the store cannot be written, once it has its number. When the context ends, it returns its
// cause.
func (m *Manager) Changes(ctx context.Context, q *ChangeQuery) (page []Change, next uint32, err error) {
	iq := inventory.ChangeQuery{
		Filter: changelog.Filter{
			Kind:      q.Kind,
			Recording: q.Recording,
			Exposed:   q.Exposed,
			Since:     wecom.InstantOf(q.Since),
			Until:     wecom.InstantOf(q.Until),
			Before:    q.Before,
		},
		MatchHost: q.MatchHost,
		Limit:     q.Limit + 1,
	}
	m.mu.Lock()
	corps, committer := m.corps, m.committer
	m.mu.Unlock()
	// One number for all corps: what becomes visible meanwhile is on no page of this reader.
	if visible := committer.Changes().Visible(); iq.Before == 0 || iq.Before > visible {
		iq.Before = visible + 1
	}
	for _, c := range corps {
		if q.Corp != "" && q.Corp != c.key.name {
			continue
		}
		found, err := c.inventory.Changes(ctx, &iq, func(load func(*store.Group) error) error {
			return committer.Read(ctx, c.part.Group, load)
		})
		if err != nil {
			return nil, 0, fmt.Errorf("finding changes: %w", err)
		}
		for i := range found {
			page = append(page, Change{
				Change: found[i].Change, Number: found[i].Number, Corp: c.key.name, Title: found[i].Title,
			})
		}
	}
	slices.SortFunc(page, func(a, b Change) int { return cmp.Compare(b.Number, a.Number) })
	if len(page) > q.Limit {
		page = page[:q.Limit]
		next = page[q.Limit-1].Number
	}
	return page, next, nil
}

// ErrSlow means that changes cannot be read now, since the disk takes too long.
var ErrSlow = commit.ErrSlow

// A CorpSince is the time from which on the list of changes of a corp is complete.
type CorpSince struct {
	Corp  string
	Since time.Time
}

// ChangesSince returns, by corp name, the time from which on the list of changes is complete: the
// birth of the ledger, an upgrade, the loss of the store, or the age at which changes expire.
func (m *Manager) ChangesSince() []CorpSince {
	corps := m.current()
	list := make([]CorpSince, 0, len(corps))
	for _, c := range corps {
		list = append(list, CorpSince{c.key.name, c.inventory.ChangesSince()})
	}
	return list
}

// publishChanges hands over the changes that have become visible: see [Options.Changes].
func (m *Manager) publishChanges(committed *changelog.Sequence, v *View) {
	shown := committed.TakeShown()
	if len(shown) == 0 {
		return
	}
	changes := make([]Change, len(shown))
	for i := range shown {
		changes[i] = Change{Change: shown[i].Change, Number: shown[i].Number, Corp: shown[i].Corp}
	}
	m.options.Changes(v, changes)
}
