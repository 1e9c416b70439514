// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// How far from the start of a span a time must lie before a list's silence
	// about it counts: clocks differ, and the span is asked for in whole seconds.
	spanMargin = 5 * time.Minute
	// How long after it left the lookback a recording is known, so that it is not
	// counted again where a list has it late.
	memoryMargin   = day
	forgetInterval = time.Hour
)

// An inventory is what is known of one corp's recordings, and the ledger of what
// has happened to them. It is safe for concurrent use.
type inventory struct {
	mu       sync.Mutex
	lookback time.Duration
	ledger   ledger
	items    map[string]*item // by recording ID, those that are gone included
	holdings map[wecom.Target]*holding
	hosts    map[string]*host // by host_user_id, those that have recordings
	clock    uint32           // grows with every list that is applied
	version  uint64           // grows with every change of what is served
	number   uint32           // of the newest item
	// forgotten is before when recordings may have been counted that are not
	// among the items any more.
	forgotten   wecom.Instant
	forgetDue   time.Time
	lastSuccess time.Time // when any target was last listed to the end
	ready       bool      // whether every target was asked once
	hostLimit   int       // when it was decided which hosts have series of their own; undecided before

	// titles are those of the recordings that are held, by ID, if they were read
	// since the start.
	titles map[string]string

	unsaved *unsaved
	saved   uint64 // the version of the ledger that was last stored

	// These save allocations.
	known  recording.Record
	buffer []byte
}

// An item is a recording that was listed once. One or more targets hold it, which
// is to say that their last list had it or said nothing about it, or it is gone.
type item struct {
	encoded string // the record
	host    *host  // nil: it is gone
	index   int32  // among the items of the host
	holders int32
	changed uint32 // the inventory's clock when the record last changed
	number  uint32 // by which it is stored
}

// gone tells whether no target holds the item.
func (it *item) gone() bool { return it.host == nil }

// A holding is what a target holds.
type holding struct {
	items []*item
	// covered is the start of the earliest span that was ever listed; 0: none.
	covered wecom.Instant
	// When it was last listed to the end, and all of the lookback so.
	succeeded, whole time.Time
}

// A host is the host of recordings that are held.
type host struct {
	name  string
	items []*item
	sums  *sums // as last computed; nil: to be computed
}

// A listing is a complete list: all recordings of a target in a span that ends
// now.
type listing struct {
	target     wecom.Target
	span       wecom.Window
	recordings []wecom.Recording
	asked      uint32    // what [inventory.now] said before the list was asked for
	at         time.Time // when it had come
	succeeded  bool      // whether everything that was asked for was listed
	whole      bool      // whether that was all of the lookback
}

func newInventory(lookback time.Duration, birth time.Time) *inventory {
	return &inventory{
		lookback: lookback, ledger: newLedger(birth), hostLimit: undecided, unsaved: newUnsaved(), saved: never,
		titles: map[string]string{}, items: map[string]*item{}, holdings: map[wecom.Target]*holding{}, hosts: map[string]*host{},
	}
}

// now returns the inventory's clock.
func (inv *inventory) now() uint32 {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.clock
}

// apply takes in a listing. Recordings that earlier ones of the target had and
// this one lacks are gone where the span leaves no doubt, or once they started
// before the lookback. It returns how many recordings the target holds then.
func (inv *inventory) apply(l *listing) int {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.clock++
	h := inv.holdings[l.target]
	if h == nil {
		h = &holding{}
		inv.holdings[l.target] = h
	}
	before := h.items
	held := make(map[*item]bool, len(before)) // whether the new list has it
	for _, it := range before {
		held[it] = false
	}
	after := make([]*item, 0, len(l.recordings))
	for i := range l.recordings {
		it := inv.see(&l.recordings[i], l, h.covered)
		seen, hadIt := held[it]
		if seen || it.gone() {
			continue
		}
		if !hadIt {
			it.holders++
		}
		held[it] = true
		after = append(after, it)
	}
	for _, it := range before {
		if held[it] {
			continue
		}
		gone, removed := inv.goneFrom(it, l)
		if gone {
			inv.release(it, removed, l.at)
		} else {
			after = append(after, it)
		}
	}
	h.items = after
	if start := wecom.InstantOf(l.span.Start); h.covered == 0 || start < h.covered {
		h.covered = start
	}
	if l.succeeded {
		h.succeeded, inv.lastSuccess = l.at, l.at
	}
	if l.whole {
		h.whole = l.at
	}
	inv.unsaved.targets[l.target] = struct{}{}
	return len(after)
}

// see takes in what a list says of a recording. Where another list has told of it
// since this one was asked for, nobody knows which of them is newer, and the next
// one will tell.
func (inv *inventory) see(listed *wecom.Recording, l *listing, covered wecom.Instant) *item {
	it := inv.items[listed.ID]
	if it != nil && it.changed > l.asked {
		return it
	}
	var known *recording.Record
	if it == nil {
		inv.number++
		it = &item{number: inv.number}
	} else {
		inv.read(it)
		known = &inv.known
	}
	_, last := recording.StartsOf(listed)
	r := inv.ledger.see(known, listed, sight{
		at: l.at, first: covered == 0 || last != 0 && last < covered, forgotten: inv.forgotten,
	})
	inv.write(it, &r)
	if listed.Title != "" {
		inv.titles[recording.IDOf(it.encoded)] = listed.Title
	}
	return it
}

// read reads the record of an item into inv.known.
func (inv *inventory) read(it *item) {
	inv.known.MustDecode(it.encoded)
}

// write makes a record that of an item.
func (inv *inventory) write(it *item, r *recording.Record) {
	inv.buffer = r.AppendTo(inv.buffer[:0])
	if it.encoded == string(inv.buffer) {
		return
	}
	it.encoded, it.changed = string(inv.buffer), inv.clock
	// The key is a part of the record.
	inv.items[recording.IDOf(it.encoded)] = it
	inv.unsaved.items[it] = struct{}{}
	inv.attach(it, r)
	inv.version++
}

// attach puts an item among those of its host, unless it is gone.
func (inv *inventory) attach(it *item, r *recording.Record) {
	if it.host != nil && (it.host.name != r.Host || r.Gone != 0) {
		inv.detach(it)
	}
	switch {
	case r.Gone != 0:
		return
	case it.host != nil:
		it.host.sums = nil
		return
	}
	h := inv.hosts[r.Host]
	if h == nil {
		h = &host{name: r.Host}
		inv.hosts[r.Host] = h
		inv.ledger.open(r.Host)
	}
	it.host, it.index = h, int32(len(h.items))
	h.items = append(h.items, it)
	h.sums = nil
}

// detach takes an item out of those of its host.
func (inv *inventory) detach(it *item) {
	h := it.host
	last := len(h.items) - 1
	h.items[it.index] = h.items[last]
	h.items[it.index].index = it.index
	h.items[last] = nil
	h.items = h.items[:last]
	h.sums = nil
	it.host = nil
	if last == 0 {
		delete(inv.hosts, h.name)
	}
}

// drop forgets what a target holds.
func (inv *inventory) drop(t wecom.Target, now time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	h := inv.holdings[t]
	if h == nil {
		return
	}
	for _, it := range h.items {
		inv.release(it, false, now)
	}
	delete(inv.holdings, t)
	inv.unsaved.targets[t] = struct{}{}
}

// release takes an item from a target.
func (inv *inventory) release(it *item, removed bool, now time.Time) {
	it.holders--
	if it.holders > 0 {
		return
	}
	inv.read(it)
	r := &inv.known
	r.Gone = wecom.InstantOf(now)
	delete(inv.titles, r.ID)
	if removed {
		inv.ledger.remove(r)
	}
	inv.write(it, r)
}

// goneFrom tells whether an item that a listing lacks is gone, and whether that is
// because it was removed. WeCom does not say whether it selects by the start of the
// meeting or by that of the recording, so both must lie in the span.
func (inv *inventory) goneFrom(it *item, l *listing) (gone, removed bool) {
	inv.read(it)
	first, last := inv.known.Starts()
	span := l.span
	switch {
	case last == 0:
		return l.whole, false // Any of the windows may list what has no times.
	case last < wecom.InstantOf(span.End.Add(-inv.lookback)):
		return true, false
	}
	inside := first >= wecom.InstantOf(span.Start.Add(spanMargin)) && last <= wecom.InstantOf(span.End)
	return inside, inside
}

// forget drops items that have been gone for so long that no list will have them
// again.
func (inv *inventory) forget(now time.Time) {
	if now.Before(inv.forgetDue) {
		return
	}
	inv.forgetDue = now.Add(forgetInterval)
	before := wecom.InstantOf(now.Add(-inv.lookback - memoryMargin))
	for id, it := range inv.items {
		if !it.gone() {
			continue
		}
		inv.read(it)
		last := inv.known.Latest()
		if last == 0 {
			last = inv.known.Gone
		}
		if last < before {
			delete(inv.items, id)
			inv.unsaved.forget(it)
			inv.forgotten = max(inv.forgotten, before)
		}
	}
}

// each calls visit for every recording inside the lookback.
func (inv *inventory) each(now time.Time, visit func(*recording.Record)) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for _, h := range inv.hosts {
		inv.eachItemOf(h, now, func(_ *item, r *recording.Record) { visit(r) })
	}
}

// eachItemOf calls visit for every recording of a host inside the lookback. A
// target that has failed for long holds some that are not. It returns when the
// next one leaves.
func (inv *inventory) eachItemOf(h *host, now time.Time, visit func(*item, *recording.Record)) (next wecom.Instant) {
	start := wecom.InstantOf(now.Add(-inv.lookback))
	for _, it := range h.items {
		inv.read(it)
		latest := inv.known.Latest()
		if latest != 0 && latest < start {
			continue
		}
		if latest != 0 {
			next = recording.Earliest(next, latest+1)
		}
		visit(it, &inv.known)
	}
	return next
}

// sumsOf returns the sums of a host at the given time.
func (inv *inventory) sumsOf(h *host, now time.Time) *sums {
	if h.sums == nil || !now.Before(h.sums.stale) {
		s := newSums(now)
		next := inv.eachItemOf(h, now, func(_ *item, r *recording.Record) { s.add(r, now) })
		if next != 0 {
			s.staleAt(next.Time().Add(inv.lookback))
		}
		h.sums = s
	}
	return h.sums
}

// setLookback goes on with another lookback.
func (inv *inventory) setLookback(lookback time.Duration) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.lookback == lookback {
		return
	}
	inv.lookback = lookback
	inv.saved = never
	inv.version++
	for _, h := range inv.hosts {
		h.sums = nil
	}
}

// holdsAny tells whether any target holds a recording.
func (inv *inventory) holdsAny() bool {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return len(inv.hosts) > 0
}

// An unsaved is what has changed since it was last stored.
type unsaved struct {
	items   map[*item]struct{}
	gone    map[uint32]struct{} // numbers of items that were forgotten
	targets map[wecom.Target]struct{}
}

func newUnsaved() *unsaved {
	return &unsaved{items: map[*item]struct{}{}, gone: map[uint32]struct{}{}, targets: map[wecom.Target]struct{}{}}
}

func (u *unsaved) forget(it *item) {
	delete(u.items, it)
	u.gone[it.number] = struct{}{}
}

// add adds what was to be stored, and was not.
func (u *unsaved) add(other *unsaved) {
	maps.Copy(u.targets, other.targets)
	maps.Copy(u.gone, other.gone)
	for it := range other.items {
		if _, gone := u.gone[it.number]; !gone {
			u.items[it] = struct{}{}
		}
	}
}

// mergeLists adds the recordings of one page or window to those of others. A
// recording that moved to another page while the list was read comes twice; its
// files are counted once.
func mergeLists(list []wecom.Recording, at map[string]int, more []wecom.Recording) []wecom.Recording {
	for _, listed := range more {
		listed.Files = uniqueFiles(listed.Files)
		i, known := at[listed.ID]
		if !known {
			at[listed.ID] = len(list)
			list = append(list, listed)
			continue
		}
		before := slices.DeleteFunc(list[i].Files, func(f wecom.File) bool { return f.ID == "" && slices.Contains(listed.Files, f) })
		listed.Files = uniqueFiles(append(listed.Files, before...))
		list[i] = listed
	}
	return list
}

// uniqueFiles keeps the first of several files with the same ID. Files without
// an ID are all kept, since each takes space.
func uniqueFiles(files []wecom.File) []wecom.File {
	if len(files) < 2 {
		return files
	}
	seen := make(map[string]bool, len(files))
	return slices.DeleteFunc(files, func(f wecom.File) bool {
		if f.ID == "" {
			return false
		}
		duplicate := seen[f.ID]
		seen[f.ID] = true
		return duplicate
	})
}
