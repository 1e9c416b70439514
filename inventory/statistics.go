// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Shared is a recording with a shared file.
type Shared struct {
	ID      string
	Exposed bool          // a file of it is
	Asked   wecom.Instant // when WeCom last answered how often it was viewed; 0: never
}

// Shared returns the recordings with a shared file, in no order.
func (inv *Inventory) Shared(ctx context.Context, now time.Time) ([]Shared, error) {
	var list []Shared
	err := inv.Find(ctx, &Query{Shared: new(true), Order: ByExposed}, now, func(m Match, _ *sums.Sums) {
		list = append(list, Shared{ID: recording.IDOf(m.encoded), Exposed: m.rank > 0})
	})
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for i := range list {
		if it := inv.items.find(list[i].ID); it != nil {
			list[i].Asked = inv.book.Of(it.number).Asked()
		}
	}
	return list, err
}

// ObserveViews takes in an answer about the views of a recording. They count for the host that
// it has now. An answer about one that is gone is dropped: if it comes back, the next one has
// its views.
func (inv *Inventory) ObserveViews(id string, a *views.Answer) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if it := inv.items.find(id); it != nil && !it.isTombstone() {
		inv.ledger.ObserveViews(it.host.name, inv.book, it.number, a)
	}
}

// viewsOf returns the views and downloads of a recording in the last 31 days.
func (inv *Inventory) viewsOf(id string, now time.Time) (viewed, downloaded *int64) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	it := inv.items.find(id)
	if it == nil {
		return nil, nil
	}
	return inv.book.Of(it.number).Sum(now)
}

// viewTables returns the tables of views, as far as there is something to store.
func (inv *Inventory) viewTables(hosts map[string]struct{}, numbers map[uint32]struct{}) []store.Table {
	recordings := make([]store.Entry, 0, len(numbers))
	totals := make([]store.Entry, 0, min(len(hosts), inv.ledger.ViewedHosts()))
	for number := range numbers {
		e := store.Entry{Key: numberKey(number)}
		if n := inv.book.Of(number); n != nil {
			e.Value = n.AppendTo(nil)
		}
		recordings = append(recordings, e)
	}
	for host := range hosts {
		e := store.Entry{Key: []byte("@" + host)}
		switch t := inv.ledger.Hosts()[host]; {
		case t == nil: // It was folded.
		case t.Views == 0 && t.Downloads == 0:
			continue
		default:
			e.Value = binary.AppendUvarint(binary.AppendUvarint(nil, t.Views), t.Downloads)
		}
		totals = append(totals, e)
	}
	var tables []store.Table
	if len(recordings) > 0 {
		tables = append(tables, store.Table{Name: tableViews, Entries: recordings})
	}
	if len(totals) > 0 {
		tables = append(tables, store.Table{Name: tableViewTotals, Entries: totals})
	}
	return tables
}

func (l *loader) loadViews(key, value []byte) error {
	if len(key) != numberSize {
		return errEntry
	}
	number := binary.BigEndian.Uint32(key)
	if l.item(number) == nil {
		return errors.New("views of a recording that does not exist")
	}
	noted, err := views.Decode(string(value))
	if err != nil {
		return err
	}
	l.inventory.book.Restore(number, noted)
	return nil
}

func (l *loader) loadViewTotals(key, value []byte) error {
	name, ok := strings.CutPrefix(string(key), "@")
	d := recording.NewReader(string(value))
	viewed, downloaded := d.Uvarint(), d.Uvarint()
	if !ok || d.Close() != nil || !l.inventory.ledger.RestoreViews(name, viewed, downloaded) {
		return errEntry
	}
	return nil
}
