// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package inventory keeps what is known now of one corp's recordings: which target holds
// which recording, what the recordings of each host amount to, and which hosts have series
// of their own. The ledger counts what changes.
package inventory

import (
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	day = 24 * time.Hour

	// spanMargin is how far inside the span of a list the times of a recording must lie
	// before its absence counts: clocks differ, and spans are in whole seconds.
	spanMargin = 5 * time.Minute
	// retentionMargin is how long a recording is remembered after it left the lookback, so
	// that it is not counted again if a list has it late.
	retentionMargin   = day
	retentionInterval = time.Hour
)

// An Inventory is what is known of one corp's recordings. It is safe for concurrent use.
type Inventory struct {
	mu       sync.Mutex
	lookback time.Duration
	policy   *policy.Policy // nil: there are no rules
	ledger   *ledger.Ledger
	items    itemIndex // tombstones included
	holdings map[wecom.Target]*holding
	book     *views.Book      // how often recordings were viewed, by the numbers of the items
	hosts    map[string]*host // by host_user_id, those that have recordings

	generation uint32 // grows with every list that is applied
	version    uint64 // grows with every change of what is served
	number     uint32 // of the newest item

	listed bool // a list was applied, or stored before
	ready  bool // every target was polled at least once
	// horizon is the retention horizon: recordings before it may have been counted, and
	// forgotten since.
	horizon      wecom.Instant
	retentionDue time.Time
	lastSuccess  time.Time // when any target was last listed to the end
	lastListing  time.Time // when the last list came; zero: none has since the start
	admission    admission

	// titles are those of the recordings that are held, by ID, as far as they were listed
	// since the start.
	titles map[string]string

	changes changes
	unsaved unsaved
	last    *View
	views   hostList            // of all hosts, as last taken
	touched map[string]struct{} // hosts whose sums are to be computed
}

// An item is a recording that was listed at least once. Targets hold it: their last list
// had it, or did not cover it. An item that no target holds is a tombstone.
type item struct {
	encoded string // the record
	next    *item  // in the same bucket of the index
	host    *host  // nil: a tombstone
	index   int32  // among the items of the host
	holders int32  // reference count
	changed uint32 // the generation in which the record last changed
	number  uint32 // the key in the store
}

func (it *item) isTombstone() bool { return it.host == nil }

// A holding is what a target holds.
type holding struct {
	items []*item
	// covered is the start of the earliest span that was ever listed; 0: none.
	covered wecom.Instant
	// When it was last listed to the end, and when all of the lookback was.
	succeeded, whole time.Time
}

// unfinished returns how many recordings that the target holds are not completed.
func (h *holding) unfinished() int {
	n := 0
	for _, it := range h.items {
		if recording.StateOf(it.encoded) != wecom.StateCompleted {
			n++
		}
	}
	return n
}

// A host has recordings that are held.
type host struct {
	name  string
	items []*item
	sums  *sums.Sums // nil: to be computed
}

// New returns an empty inventory, whose ledger is born at the given time.
func New(lookback time.Duration, birth time.Time) *Inventory {
	return &Inventory{
		lookback: lookback,
		ledger:   ledger.New(birth),
		items:    newItemIndex(),
		holdings: map[wecom.Target]*holding{},
		book:     views.NewBook(),
		hosts:    map[string]*host{},
		titles:   map[string]string{},
		changes:  newChanges(birth),
		touched:  map[string]struct{}{},
		unsaved:  unsaved{head: true},
	}
}

// Generation returns how many lists were applied. A list must be asked for after it was
// called: see [Listing].
func (inv *Inventory) Generation() uint32 {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.generation
}

// SetLookback goes on with another lookback.
func (inv *Inventory) SetLookback(lookback time.Duration) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.lookback == lookback {
		return
	}
	inv.lookback = lookback
	inv.unsaved.head = true
	inv.recompute()
}

// recompute has the sums of all hosts computed again. The lock is held.
func (inv *Inventory) recompute() {
	inv.version++
	for _, h := range inv.hosts {
		inv.touch(h)
	}
}

// touch has the sums of a host computed again.
func (inv *Inventory) touch(h *host) {
	h.sums = nil
	inv.touched[h.name] = struct{}{}
}

// SetBirth gives the ledger another birth, unless a list was applied: the clock was wrong.
func (inv *Inventory) SetBirth(birth time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	birth = birth.Truncate(time.Millisecond)
	if inv.listed || inv.ledger.Birth.Equal(birth) {
		return
	}
	inv.ledger.Birth, inv.unsaved.head = birth, true
	inv.changes.log.Since = wecom.InstantOf(birth)
	inv.version++
}

// SetReady notes that every target was polled at least once.
func (inv *Inventory) SetReady() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if !inv.ready {
		inv.ready, inv.unsaved.head = true, true
		inv.version++
	}
}

// Status is what is known of an inventory at a glance.
type Status struct {
	Listed      bool // a list was applied, or stored before
	Ready       bool // every target was polled at least once
	Recordings  int  // that are held or remembered
	Hosts       int  // with recordings that are held
	Lookback    time.Duration
	Birth       time.Time // of the ledger
	LastSuccess time.Time // when any target was last listed to the end; zero: never
}

// Status returns what is known at a glance.
func (inv *Inventory) Status() Status {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return Status{
		Listed:      inv.listed,
		Ready:       inv.ready,
		Recordings:  inv.items.count,
		Hosts:       len(inv.hosts),
		Lookback:    inv.lookback,
		Birth:       inv.ledger.Birth,
		LastSuccess: inv.lastSuccess,
	}
}

// A Holding is what is known of one target.
type Holding struct {
	Recordings int
	Unfinished int       // recordings that are not completed
	Succeeded  time.Time // when it was last listed to the end; zero: never
	Whole      time.Time // when all of the lookback was last listed; zero: never
}

// Holdings returns what is known of each target that was ever listed.
func (inv *Inventory) Holdings() map[wecom.Target]Holding {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	all := make(map[wecom.Target]Holding, len(inv.holdings))
	for t, h := range inv.holdings {
		all[t] = Holding{
			Recordings: len(h.items),
			Unfinished: h.unfinished(),
			Succeeded:  h.succeeded,
			Whole:      h.whole,
		}
	}
	return all
}

// buffers are what the callers of the methods below lend them, to save allocations.
type buffers struct {
	record  recording.Record
	encoded []byte
}

// write gives an item another record. The lock is held.
func (inv *Inventory) write(it *item, r *recording.Record, b *buffers) {
	b.encoded = r.AppendTo(b.encoded[:0])
	if it.encoded == string(b.encoded) {
		return
	}
	isNew := it.encoded == ""
	it.encoded, it.changed = string(b.encoded), inv.generation
	if isNew {
		inv.items.insert(it)
	}
	inv.unsaved.addItem(it)
	inv.attach(it, r)
	inv.version++
}

// attach puts an item among those of its host, unless it is a tombstone.
func (inv *Inventory) attach(it *item, r *recording.Record) {
	if it.host != nil && (it.host.name != r.Host || r.Gone != 0) {
		inv.detach(it)
	}
	switch {
	case r.Gone != 0:
		return
	case it.host != nil:
		inv.touch(it.host)
		return
	}
	h := inv.hosts[r.Host]
	if h == nil {
		h = &host{name: r.Host}
		inv.hosts[r.Host] = h
	}
	it.host, it.index = h, int32(len(h.items))
	h.items = append(h.items, it)
	inv.touch(h)
}

// detach takes an item out of those of its host.
func (inv *Inventory) detach(it *item) {
	h := it.host
	last := len(h.items) - 1
	h.items[it.index] = h.items[last]
	h.items[it.index].index = it.index
	h.items[last] = nil
	h.items = h.items[:last]
	inv.touch(h)
	it.host = nil
	if last == 0 {
		delete(inv.hosts, h.name)
	}
}

// eachItemOf calls visit for every recording of a host inside the lookback; a target that
// has failed for long holds some that are not. A recording that is not completed is inside:
// only its meeting may be old. The record is only valid in the call. eachItemOf also returns
// the instant at which the next recording falls out of the lookback; 0 if none will. The lock
// is held.
func (inv *Inventory) eachItemOf(
	h *host, now time.Time, r *recording.Record, visit func(*item),
) (next wecom.Instant) {
	start := wecom.InstantOf(now.Add(-inv.lookback))
	for _, it := range h.items {
		r.MustDecode(it.encoded)
		if hasLeft(r, start) {
			continue
		}
		if at, ages := Leaves(r, inv.lookback); ages {
			next = recording.Earliest(next, at)
		}
		visit(it)
	}
	return next
}

// hasLeft reports whether a recording has left a lookback that begins at start.
func hasLeft(r *recording.Record, start wecom.Instant) bool {
	latest, ages := lastInside(r)
	return ages && latest < start
}

// lastInside returns the latest time of a recording, with which it leaves the lookback, and
// whether it ever does.
func lastInside(r *recording.Record) (latest wecom.Instant, ages bool) {
	latest = r.Latest()
	return latest, latest != 0 && r.State == wecom.StateCompleted
}

// Leaves returns the first instant at which a recording is outside of a lookback that ends
// then, and whether there is one, as far as its present state shows.
func Leaves(r *recording.Record, lookback time.Duration) (at wecom.Instant, leaves bool) {
	latest, ages := lastInside(r)
	return latest + 1 + wecom.Instant(lookback.Milliseconds()), ages
}

// expire drops tombstones that are so old that no list will have them again. The retention
// horizon moves with them and not with the clock, which may be wrong for a while.
func (inv *Inventory) expire(now time.Time) {
	if wait := inv.retentionDue.Sub(now); 0 < wait && wait <= retentionInterval {
		return
	}
	inv.retentionDue = now.Add(retentionInterval)
	horizon := wecom.InstantOf(now.Add(-inv.lookback - retentionMargin))
	var r recording.Record
	for it := range inv.items.all() {
		if !it.isTombstone() {
			continue
		}
		r.MustDecode(it.encoded)
		last := r.Latest()
		if last == 0 || r.State != wecom.StateCompleted {
			last = max(last, r.Gone)
		}
		if last < horizon {
			inv.items.remove(it)
			inv.unsaved.dropItem(it)
			inv.book.Drop(it.number)
			inv.horizon = max(inv.horizon, last+1)
		}
	}
}
