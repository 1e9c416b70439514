// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"fmt"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
)

// abandonedAfter is when what is stored of a corp that is no longer configured is deleted.
const abandonedAfter = 366 * 24 * time.Hour

// migrations lead from schema 1 to that of this program.
func migrations() []store.Migration {
	return []store.Migration{inventory.MigrateToSchema2, inventory.MigrateToSchema3, inventory.MigrateToSchema4}
}

// A corpKey identifies a corp over reloads and restarts: by the value of its label and by
// its corp ID, so that two corps never mix.
type corpKey struct{ name, corpID string }

func keyOf(c config.Corp) corpKey { return corpKey{c.Name, c.CorpID} }

// group is the name of the corp's group in the store.
func (k corpKey) group() string { return k.name + "\x00" + k.corpID }

// inventories are what was loaded from a store, by group, and no corp has taken yet.
type inventories map[string]*inventory.Inventory

// load is called with the groups of a store.
func (all *inventories) load(groups []*store.Group) error {
	*all = make(inventories, len(groups))
	for _, g := range groups {
		inv, err := inventory.Load(g)
		if err != nil {
			return err
		}
		(*all)[g.Name()] = inv
	}
	return nil
}

// raise makes numbers of changes begin after those that are stored, also those of corps that are
// not configured.
func (all inventories) raise(s *changelog.Sequence) {
	for _, inv := range all {
		s.Raise(inv.LastChange())
	}
}

// take returns the stored inventory of a corp; nil if nothing was stored of it.
func (all inventories) take(c *commit.Committer, key corpKey) (*inventory.Inventory, error) {
	group := key.group()
	if inv := all[group]; inv != nil {
		delete(all, group)
		return inv, nil
	}
	inv, err := c.Load(group)
	if err != nil {
		return nil, fmt.Errorf("corp %s: %w", key.name, err)
	}
	return inv, nil
}

// deleteAbandoned deletes what nobody took and is too old to matter.
func (all inventories) deleteAbandoned(s store.Store, now time.Time) error {
	var abandoned []string
	for group, inv := range all {
		status := inv.Status()
		if now.Sub(status.LastSuccess) > abandonedAfter && now.Sub(status.Birth) > abandonedAfter {
			abandoned = append(abandoned, group)
		}
	}
	if err := s.Delete(abandoned); err != nil {
		return fmt.Errorf("deleting the stored state of corps that are gone: %w", err)
	}
	return nil
}
