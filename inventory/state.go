// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The tables of an inventory in the store.
const (
	tableRecordings = "recordings" // by number
	tableTargets    = "targets"    // by selector and ID
	tableHosts      = "hosts"      // by host_user_id, behind an @
	// These are absent in a store without statistics.
	tableViews      = "views"       // by number of the recording
	tableViewTotals = "view_totals" // by host_user_id, behind an @
)

// head is what is stored of an inventory besides its tables, whose counts it carries, so
// that a truncated table is noticed.
type head struct {
	*ledger.Ledger

	Lookback    time.Duration `json:"lookback"`
	Horizon     wecom.Instant `json:"forgotten"`
	LastSuccess time.Time     `json:"last_success"`
	Ready       bool          `json:"ready"`
	Number      uint32        `json:"number"`
	HostLimit   int           `json:"host_limit"`
	Recordings  int           `json:"recordings"`
	Targets     int           `json:"targets"`
	Hosts       int           `json:"hosts"`
	Views       int           `json:"views,omitzero"` // recordings with statistics
	ViewTotals  int           `json:"view_totals,omitzero"`

	// Changes of this corp, the newest number of all corps, and since when all are there.
	Changes      int           `json:"changes"`
	LastChange   uint32        `json:"last_change"`
	ChangesSince wecom.Instant `json:"changes_since"`
}

func (inv *Inventory) head() *head {
	return &head{
		Ledger:      inv.ledger,
		Lookback:    inv.lookback,
		Horizon:     inv.horizon,
		LastSuccess: inv.lastSuccess,
		Ready:       inv.ready,
		Number:      inv.number,
		HostLimit:   inv.admission.stored(),
		Recordings:  inv.items.count,
		Targets:     len(inv.holdings),
		Hosts:       len(inv.ledger.Hosts()),
		Views:       inv.book.Len(),
		ViewTotals:  inv.ledger.ViewedHosts(),

		Changes:      inv.changes.log.Len(),
		LastChange:   inv.changes.sequence.Last(),
		ChangesSince: inv.changes.log.Since,
	}
}

// Track has the inventory track from now on what changes, for [Inventory.TakeBatch]. One that
// does so already keeps what it has tracked.
func (inv *Inventory) Track() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.unsaved.isTracking() {
		return
	}
	head := inv.unsaved.head // The birth of a new ledger has yet to be stored.
	inv.ledger.Track()
	inv.book.Track()
	inv.unsaved.start(inv.ledger.Version())
	inv.unsaved.head = head
	inv.changes.log.Track()
}

// A Batch is what has changed of an inventory since the batch before. If it cannot be
// stored it must be put back, and otherwise released.
type Batch struct {
	store.Batch

	inventory *Inventory
	unsaved   unsaved
	hosts     map[string]struct{}
	views     map[uint32]struct{}
	changes   changelog.Unsaved
}

// TakeBatch returns what has changed since it was last called, if anything has. The
// inventory must track changes.
func (inv *Inventory) TakeBatch(group string) (b *Batch, changed bool, err error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	hosts, viewed := inv.ledger.TakeDirty(), inv.book.TakeDirty()
	if len(hosts) == 0 && len(viewed) == 0 && inv.unsaved.isEmpty(inv.ledger.Version()) && inv.changes.log.IsSaved() {
		return nil, false, nil
	}
	b = &Batch{inventory: inv, unsaved: inv.unsaved, hosts: hosts, views: viewed}
	inv.giveNumbers()
	encoded, err := json.Marshal(inv.head())
	if err != nil {
		b.markDirty()
		return nil, false, fmt.Errorf("encoding the ledger: %w", err)
	}
	b.changes = inv.changes.log.Take()
	b.Batch = store.Batch{Group: group, Head: encoded, Tables: []store.Table{
		{Name: tableRecordings, Entries: recordingEntries(&b.unsaved)},
		{Name: tableTargets, Entries: inv.targetEntries(&b.unsaved)},
		{Name: tableHosts, Entries: inv.hostEntries(hosts)},
		{Name: tableChanges, Entries: inv.changeEntries(&b.changes)},
	}}
	b.Tables = append(b.Tables, inv.viewTables(hosts, viewed)...)
	inv.unsaved.start(inv.ledger.Version())
	return b, true, nil
}

// PutBack returns changes that could not be stored: the next batch includes them.
func (b *Batch) PutBack() {
	b.inventory.mu.Lock()
	defer b.inventory.mu.Unlock()
	b.inventory.unsaved.add(&b.unsaved)
	b.inventory.changes.log.PutBack(&b.changes)
	b.markDirty()
}

// markDirty marks what was taken of totals and views as dirty again. The lock is held.
func (b *Batch) markDirty() {
	for host := range b.hosts {
		b.inventory.ledger.MarkDirty(host)
	}
	for number := range b.views {
		b.inventory.book.MarkDirty(number)
	}
}

// Release frees the memory of what is stored.
func (b *Batch) Release() {
	b.inventory.mu.Lock()
	defer b.inventory.mu.Unlock()
	b.inventory.changes.log.Release(&b.changes)
}

// MarkUnsaved marks everything as changed, because what was stored is lost. It returns how many
// changes only the store had, so that they are gone.
func (inv *Inventory) MarkUnsaved() (lostChanges int) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.unsaved.start(inv.ledger.Version())
	inv.unsaved.head = true
	for it := range inv.items.all() {
		inv.unsaved.addItem(it)
	}
	for t := range inv.holdings {
		inv.unsaved.addTarget(t)
	}
	for host := range inv.ledger.Hosts() {
		inv.ledger.MarkDirty(host)
	}
	inv.book.MarkAllDirty()
	return inv.loseChanges()
}

func recordingEntries(u *unsaved) []store.Entry {
	entries := make([]store.Entry, 0, len(u.items)+len(u.dropped))
	for it := range u.items {
		entries = append(entries, store.Entry{Key: numberKey(it.number), Value: []byte(it.encoded)})
	}
	for number := range u.dropped {
		entries = append(entries, store.Entry{Key: numberKey(number)})
	}
	return entries
}

func (inv *Inventory) targetEntries(u *unsaved) []store.Entry {
	entries := make([]store.Entry, 0, len(u.targets))
	for t := range u.targets {
		e := store.Entry{Key: []byte(string(t.Selector) + "\x00" + t.ID)}
		if h := inv.holdings[t]; h != nil {
			e.Value = h.appendTo(nil)
		}
		entries = append(entries, e)
	}
	return entries
}

func (inv *Inventory) hostEntries(hosts map[string]struct{}) []store.Entry {
	entries := make([]store.Entry, 0, len(hosts))
	for host := range hosts {
		e := store.Entry{Key: []byte("@" + host)}
		if t := inv.ledger.Hosts()[host]; t != nil {
			e.Value = appendTotals(nil, t) // Of one that was folded, the entry is deleted.
		}
		entries = append(entries, e)
	}
	return entries
}

const numberSize = 4

func numberKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32(make([]byte, 0, numberSize), number)
}

func (h *holding) appendTo(b []byte) []byte {
	b = binary.AppendVarint(b, int64(h.covered))
	b = binary.AppendVarint(b, int64(wecom.InstantOf(h.succeeded)))
	b = binary.AppendVarint(b, int64(wecom.InstantOf(h.whole)))
	b = binary.AppendUvarint(b, uint64(len(h.items)))
	for _, it := range h.items {
		b = binary.AppendUvarint(b, uint64(it.number))
	}
	return b
}

func appendTotals(b []byte, t *ledger.Totals) []byte {
	b = binary.AppendUvarint(b, t.Recordings)
	b = binary.AppendVarint(b, t.Bytes)
	b = binary.AppendVarint(b, t.Milliseconds)
	admitted := byte(0)
	if t.Admitted {
		admitted = 1
	}
	return binary.AppendVarint(append(b, admitted), int64(t.Created))
}

// MigrateToSchema2 stores with each host when it was first seen. What is known of those of
// schema 1 is that they were seen after the birth of the ledger.
func MigrateToSchema2(group *store.Group) error {
	value, err := group.Head()
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	h := New(0, time.Time{}).head()
	if err := json.Unmarshal(value, h); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	hosts := make([]store.Entry, 0, h.Hosts)
	err = group.Each(tableHosts, h.Hosts, func(key, value []byte) error {
		value = binary.AppendVarint(bytes.Clone(value), int64(wecom.InstantOf(h.Birth)))
		hosts = append(hosts, store.Entry{Key: bytes.Clone(key), Value: value})
		return nil
	})
	if err != nil {
		return err
	}
	return group.Put(store.Table{Name: tableHosts, Entries: hosts})
}

// MigrateToSchema3 changes nothing: what schema 3 adds is absent in a store of schema 2. A program
// that does not know the totals of folded hosts, or forgotten files, must not open the store.
func MigrateToSchema3(*store.Group) error { return nil }

// MigrateToSchema4 changes nothing: a store of schema 3 has no list of changes, which begins when
// [Inventory.NumberChanges] is called. A program that does not know the list must not open it.
func MigrateToSchema4(*store.Group) error { return nil }

// Load returns the inventory whose batches wrote a group. It checks everything that it
// reads.
func Load(group *store.Group) (*Inventory, error) {
	value, err := group.Head()
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	inv := New(0, time.Time{})
	h := inv.head()
	if err := json.Unmarshal(value, h); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := inv.ledger.Check(); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	inv.lookback, inv.horizon, inv.lastSuccess = h.Lookback, h.Horizon, h.LastSuccess
	inv.ready, inv.number, inv.admission = h.Ready, h.Number, storedAdmission(h.HostLimit)
	inv.changes.log.Since = h.ChangesSince
	inv.changes.sequence.Raise(h.LastChange)

	l := loader{inventory: inv}
	err = group.Each(tableRecordings, h.Recordings, l.loadItem)
	if err == nil {
		err = group.Each(tableHosts, h.Hosts, l.loadHost)
	}
	if err == nil {
		err = group.Each(tableTargets, h.Targets, l.loadHolding)
	}
	if err == nil {
		err = group.Each(tableViews, h.Views, l.loadViews)
	}
	if err == nil {
		err = group.Each(tableViewTotals, h.ViewTotals, l.loadViewTotals)
	}
	if err == nil {
		err = group.Each(tableChanges, h.Changes, l.loadChange)
	}
	if err != nil {
		return nil, err
	}
	for it := range inv.items.all() {
		if (it.holders == 0) != it.isTombstone() {
			return nil, errors.New("recordings: one has no holder and is not a tombstone, or has both")
		}
	}
	inv.listed = len(inv.holdings) > 0
	inv.unsaved.head = false
	return inv, nil
}

// ClampTimes moves to now the stored times that are later. A clock that was ahead left them,
// and with them nothing would count as new until they have come. The time must be one that WeCom
// confirms: moved back by a clock that is behind, the birth would make the baseline count.
func (inv *Inventory) ClampTimes(now time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.ledger.Birth.After(now) {
		inv.ledger.Birth = now.Truncate(time.Millisecond)
		inv.unsaved.head = true
	}
	if inv.lastSuccess.After(now) {
		inv.lastSuccess = now
		inv.unsaved.head = true
	}
	if horizon := wecom.InstantOf(now); inv.horizon > horizon {
		inv.horizon = horizon
		inv.unsaved.head = true
	}
	if since := wecom.InstantOf(now); inv.changes.log.Since > since {
		inv.changes.log.Since = since
		inv.unsaved.head = true
	}
}

// A loader loads the tables of an inventory.
type loader struct {
	inventory *Inventory
	items     []*item // by number
	record    recording.Record
}

// item returns the item of a number; nil if there is none.
func (l *loader) item(number uint32) *item {
	i, found := slices.BinarySearchFunc(l.items, number, func(it *item, number uint32) int {
		return cmp.Compare(it.number, number)
	})
	if !found {
		return nil
	}
	return l.items[i]
}

var errEntry = errors.New("an entry cannot be read")

func (l *loader) loadItem(key, value []byte) error {
	if len(key) != numberSize {
		return errEntry
	}
	it := &item{encoded: string(value), number: binary.BigEndian.Uint32(key)}
	if err := l.record.Decode(it.encoded); err != nil {
		return err
	}
	if n := len(l.items); n > 0 && l.items[n-1].number >= it.number {
		return errors.New("the numbers of recordings are not in order")
	}
	if l.inventory.items.find(l.record.ID) != nil {
		return errors.New("two recordings have the same ID")
	}
	l.items = append(l.items, it)
	l.inventory.items.insert(it)
	l.inventory.attach(it, &l.record)
	return nil
}

func (l *loader) loadHost(key, value []byte) error {
	name, ok := strings.CutPrefix(string(key), "@")
	d := recording.NewReader(string(value))
	t := ledger.Totals{
		Recordings: d.Uvarint(), Bytes: d.Varint(), Milliseconds: d.Varint(), Admitted: d.Byte() != 0,
		Created: wecom.Instant(d.Varint()),
	}
	if !ok || d.Close() != nil {
		return errEntry
	}
	l.inventory.ledger.Restore(name, t)
	return nil
}

func (l *loader) loadHolding(key, value []byte) error {
	selector, id, ok := strings.Cut(string(key), "\x00")
	d := recording.NewReader(string(value))
	h := &holding{
		covered:   wecom.Instant(d.Varint()),
		succeeded: wecom.Instant(d.Varint()).Time(),
		whole:     wecom.Instant(d.Varint()).Time(),
	}
	n := d.Uvarint()
	if n > uint64(len(value)) { // Each takes a byte at least.
		return errEntry
	}
	for range n {
		it := l.item(uint32(d.Uvarint()))
		if it == nil {
			return errors.New("a target holds a recording that does not exist")
		}
		it.holders++
		h.items = append(h.items, it)
	}
	if !ok || d.Close() != nil {
		return errEntry
	}
	l.inventory.holdings[wecom.Target{Selector: wecom.Selector(selector), ID: id}] = h
	return nil
}
