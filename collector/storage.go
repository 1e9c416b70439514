// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// migrations lead from schema 1 to that of this program.
func migrations() []store.Migration { return nil }

// A corpKey identifies a corp in a store: by the value of its label and by its corp ID,
// so that two corps never mix.
type corpKey struct{ name, corpID string }

func (k corpKey) group() string { return k.name + "\x00" + k.corpID }

// openStore opens the store in a directory; that in memory if dir is empty.
func (c *Collector) openStore(dir string, steps []store.Migration) (store.Store, error) {
	if dir == "" {
		return store.InMemory(), nil
	}
	return store.Open(dir, store.Options{Logger: c.options.Logger, Migrations: steps, Load: c.load})
}

// load loads the inventories of all groups of a store.
func (c *Collector) load(groups []*store.Group) error {
	c.loaded = make(map[string]*inventory, len(groups))
	for _, g := range groups {
		inv, err := loadInventory(g)
		if err != nil {
			return err
		}
		c.loaded[g.Name()] = inv
	}
	return nil
}

// deleteAbandoned ends the start: it lets go of what was loaded of corps that are not
// configured, and deletes what is too old to matter.
func (c *Collector) deleteAbandoned(now time.Time) error {
	var abandoned []string
	for group, inv := range c.loaded {
		if now.Sub(inv.lastSuccess) > abandonedAfter && now.Sub(inv.ledger.Birth) > abandonedAfter {
			abandoned = append(abandoned, group)
		}
	}
	c.loaded = nil
	if err := c.store.Delete(abandoned); err != nil {
		return fmt.Errorf("deleting corps that are gone: %w", err)
	}
	return nil
}

func (c *Collector) closeStore() {
	if err := c.store.Close(); err != nil {
		level.Error(c.options.Logger).Log("msg", "closing the store failed", "err", err)
	}
}

// A saving is what to do with changes.
type saving int

const (
	saveNever saving = iota
	saveLater
	saveNow
)

func (c *Collector) saving(now time.Time) saving {
	switch {
	case !c.store.Keeps():
		return saveNever
	case !c.store.Due(now):
		return saveLater
	}
	return saveNow
}

// commit stores changes. What cannot be stored is put back, to be stored later.
func (c *Collector) commit(now time.Time, changes []*pending) {
	batches := make([]store.Batch, 0, len(changes))
	for _, p := range changes {
		batches = append(batches, p.batch)
	}
	if err := c.store.Commit(now, batches); err != nil {
		for _, p := range changes {
			p.putBack()
		}
	}
}

// collectStorage sends the metrics of the store.
func (c *Collector) collectStorage(ch chan<- prometheus.Metric) {
	status := c.store.Status()
	ch <- storageLastWrite.gauge(wecom.InstantOf(status.LastWrite).Seconds())
	if !status.Configured {
		return
	}
	successful := 0.0
	if status.Successful {
		successful = 1
	}
	ch <- storageSuccessful.gauge(successful)
}
