// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A corp that is not configured any more is forgotten after so long.
const abandonedAfter = 366 * day

// never is no version of a ledger.
const never = math.MaxUint64

// corpState is what is stored of a corp besides its recordings, targets and
// hosts, of which it tells how many there are.
type corpState struct {
	ledger

	Lookback    time.Duration `json:"lookback"`
	Forgotten   wecom.Instant `json:"forgotten"`
	LastSuccess time.Time     `json:"last_success"`
	Ready       bool          `json:"ready"`
	Number      uint32        `json:"number"`
	HostLimit   int           `json:"host_limit"`
	Recordings  int           `json:"recordings"`
	Targets     int           `json:"targets"`
	Hosts       int           `json:"hosts"`
}

// The tables of a corp's group in the store.
const (
	tableRecordings = "recordings"
	tableTargets    = "targets"
	tableHosts      = "hosts"
)

// pending is what has changed in an inventory since it was last stored: as a batch for
// the store, and as what it takes to put it back if that fails.
type pending struct {
	inventory *inventory
	unsaved   *unsaved
	touched   map[string]struct{}
	batch     store.Batch
}

// changes returns what has changed since it was last called; nil if that is nothing.
// The lock is held.
func (inv *inventory) changes(group string) (*pending, error) {
	u, touched := inv.unsaved, inv.ledger.touched
	p := &pending{inventory: inv, unsaved: u, touched: touched}
	if len(u.items)+len(u.gone)+len(u.targets)+len(touched) == 0 && inv.saved == inv.ledger.version {
		return p, nil
	}
	var recordings, targets, hosts []store.Entry
	for it := range u.items {
		recordings = append(recordings, store.Entry{Key: numberKey(it.number), Value: []byte(it.encoded)})
	}
	for number := range u.gone {
		recordings = append(recordings, store.Entry{Key: numberKey(number)})
	}
	for t := range u.targets {
		e := store.Entry{Key: targetKey(t)}
		if h := inv.holdings[t]; h != nil {
			e.Value = h.append(nil)
		}
		targets = append(targets, e)
	}
	for host := range touched {
		hosts = append(hosts, store.Entry{Key: []byte("@" + host), Value: inv.ledger.hosts[host].append(nil)})
	}
	head, err := json.Marshal(inv.state())
	if err != nil {
		return p, fmt.Errorf("encoding the ledger: %w", err)
	}
	inv.discardChanges()
	p.batch = store.Batch{Group: group, Head: head, Tables: []store.Table{
		{Name: tableRecordings, Entries: recordings},
		{Name: tableTargets, Entries: targets},
		{Name: tableHosts, Entries: hosts},
	}}
	return p, nil
}

// isEmpty reports whether there is nothing to store.
func (p *pending) isEmpty() bool { return p.batch.Head == nil }

// putBack has the changes stored later.
func (p *pending) putBack() {
	inv := p.inventory
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.unsaved.add(p.unsaved)
	maps.Copy(inv.ledger.touched, p.touched)
	inv.saved = never
}

// discardChanges has only what changes from now on stored.
func (inv *inventory) discardChanges() {
	if u := inv.unsaved; len(u.items)+len(u.gone)+len(u.targets) > 0 {
		inv.unsaved = newUnsaved()
	}
	if len(inv.ledger.touched) > 0 {
		inv.ledger.touched = map[string]struct{}{}
	}
	inv.saved = inv.ledger.version
}

func (inv *inventory) state() *corpState {
	return &corpState{
		ledger: inv.ledger, Lookback: inv.lookback, Forgotten: inv.forgotten, LastSuccess: inv.lastSuccess, Ready: inv.ready, Number: inv.number,
		HostLimit: inv.hostLimit, Recordings: len(inv.items), Targets: len(inv.holdings), Hosts: len(inv.ledger.hosts),
	}
}

// loadInventory reads what the batches of an inventory wrote over time.
func loadInventory(group *store.Group) (*inventory, error) {
	value, err := group.Head()
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	inv := newInventory(0, time.Time{})
	state := inv.state()
	if err := json.Unmarshal(value, state); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	inv.ledger = state.ledger
	for _, d := range []*distribution{&inv.ledger.FileSizes, &inv.ledger.FileDurations, &inv.ledger.Transcodings} {
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	inv.lookback, inv.forgotten, inv.lastSuccess, inv.ready, inv.number, inv.hostLimit =
		state.Lookback, state.Forgotten, state.LastSuccess, state.Ready, state.Number, state.HostLimit

	byNumber := make(map[uint32]*item, state.Recordings)
	err = group.Each(tableRecordings, state.Recordings, func(key, value []byte) error {
		return inv.loadItem(key, string(value), byNumber)
	})
	if err == nil {
		err = group.Each(tableHosts, state.Hosts, func(key, value []byte) error {
			return inv.loadHost(string(key), value)
		})
	}
	if err == nil {
		err = group.Each(tableTargets, state.Targets, func(key, value []byte) error {
			return inv.loadHolding(string(key), value, byNumber)
		})
	}
	if err != nil {
		return nil, err
	}
	for _, it := range inv.items {
		if (it.holders == 0) != it.gone() {
			return nil, errors.New("recordings: one is held by nobody and not gone, or the other way round")
		}
	}
	inv.discardChanges()
	return inv, nil
}

func (inv *inventory) loadItem(key []byte, encoded string, byNumber map[uint32]*item) error {
	if len(key) != numberSize {
		return errors.New("a key is no number")
	}
	it := &item{encoded: encoded, number: binary.BigEndian.Uint32(key)}
	if err := inv.known.Decode(encoded); err != nil {
		return err
	}
	byNumber[it.number] = it
	inv.items[recording.IDOf(encoded)] = it
	inv.attach(it, &inv.known)
	return nil
}

func (inv *inventory) loadHost(key string, value []byte) error {
	name, ok := strings.CutPrefix(key, "@")
	d := recording.NewReader(string(value))
	t := &hostTotals{recordings: d.Uvarint(), bytes: d.Varint(), milliseconds: d.Varint(), admitted: d.Byte() != 0}
	if !ok || d.Close() != nil {
		return errors.New("one cannot be read")
	}
	inv.ledger.hosts[name] = t
	return nil
}

func (inv *inventory) loadHolding(key string, value []byte, byNumber map[uint32]*item) error {
	selector, id, ok := strings.Cut(key, "\x00")
	d := recording.NewReader(string(value))
	h := &holding{covered: wecom.Instant(d.Varint()), succeeded: wecom.Instant(d.Varint()).Time(), whole: wecom.Instant(d.Varint()).Time()}
	for range d.Uvarint() {
		it := byNumber[uint32(d.Uvarint())]
		if it == nil {
			return errors.New("one holds a recording that there is not")
		}
		it.holders++
		h.items = append(h.items, it)
	}
	if !ok || d.Close() != nil {
		return errors.New("one cannot be read")
	}
	inv.holdings[wecom.Target{Selector: wecom.Selector(selector), ID: id}] = h
	return nil
}

func (h *holding) append(b []byte) []byte {
	b = binary.AppendVarint(b, int64(h.covered))
	b = binary.AppendVarint(b, int64(wecom.InstantOf(h.succeeded)))
	b = binary.AppendVarint(b, int64(wecom.InstantOf(h.whole)))
	b = binary.AppendUvarint(b, uint64(len(h.items)))
	for _, it := range h.items {
		b = binary.AppendUvarint(b, uint64(it.number))
	}
	return b
}

func (t *hostTotals) append(b []byte) []byte {
	b = binary.AppendUvarint(b, t.recordings)
	b = binary.AppendVarint(b, t.bytes)
	b = binary.AppendVarint(b, t.milliseconds)
	admitted := byte(0)
	if t.admitted {
		admitted = 1
	}
	return append(b, admitted)
}

const numberSize = 4

func numberKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32(make([]byte, 0, numberSize), number)
}

func targetKey(t wecom.Target) []byte { return []byte(string(t.Selector) + "\x00" + t.ID) }
