// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Listing is what WeCom lists of a target.
type Listing struct {
	Target wecom.Target
	// Span is of what all recordings were listed; zero: of nothing.
	Span wecom.Window
	// Incomplete means that a list led nowhere, so that nothing it lacks is gone.
	Incomplete bool
	// Asked is what [Inventory.Generation] returned before the list was asked for.
	Asked uint32
	// At is when the list had come.
	At time.Time
	// Succeeded means that everything that was asked for was listed.
	Succeeded bool

	recordings []wecom.Recording
	merged     bool // each recording is there once
}

// Add adds the recordings of one page or window. One that moved to another page while the
// list was read comes twice; its files are counted once.
func (l *Listing) Add(page []wecom.Recording) {
	l.recordings = append(l.recordings, page...)
	l.merged = false
}

// merge leaves each recording in the listing once.
func (l *Listing) merge() {
	if !l.merged {
		l.recordings, l.merged = recording.Merge(l.recordings), true
	}
}

// whole reports whether the listing has all of the lookback.
func (l *Listing) whole(lookback time.Duration) bool {
	return l.Succeeded && !l.Span.Start.After(l.Span.End.Add(-lookback))
}

// Apply takes in a listing. Recordings that the target held and that the listing lacks are
// gone if the span leaves no doubt, or if they started before the lookback. It returns how
// many recordings the target holds then, and how many of these are not completed.
func (inv *Inventory) Apply(l *Listing) (held, unfinished int) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.generation++
	inv.listed, inv.lastListing = true, l.At.Round(0)
	h := inv.holdings[l.Target]
	if h == nil {
		h = &holding{}
		inv.holdings[l.Target] = h
	}
	var array [512]byte
	b := &buffers{encoded: array[:0]}
	l.merge()
	h.items = inv.hold(h, l, b)
	if start := wecom.InstantOf(l.Span.Start); start != 0 && (h.covered == 0 || start < h.covered) {
		h.covered = start
	}
	if l.Succeeded {
		h.succeeded, inv.lastSuccess = l.At, l.At
	}
	if l.whole(inv.lookback) {
		h.whole = l.At
	}
	inv.unsaved.addTarget(l.Target)
	inv.noteChanges()
	return len(h.items), h.unfinished()
}

// hold returns the items that a target holds after a listing: those of the listing, and
// those from before of which it does not say that they are gone.
func (inv *Inventory) hold(h *holding, l *Listing, b *buffers) []*item {
	before := h.items
	isListed := make(map[*item]bool, len(before)) // of all that were held before
	for _, it := range before {
		isListed[it] = false
	}
	after := make([]*item, 0, len(l.recordings))
	for i := range l.recordings {
		it := inv.observe(&l.recordings[i], l, h.covered, b)
		again, wasHeld := isListed[it]
		if again || it.isTombstone() {
			continue
		}
		if !wasHeld {
			it.holders++
		}
		isListed[it] = true
		after = append(after, it)
	}
	for _, it := range before {
		if isListed[it] {
			continue
		}
		if gone, removed := inv.goneFrom(it, h, l, b); gone {
			inv.release(it, removed, l.At, b)
		} else {
			after = append(after, it)
		}
	}
	return after
}

// observe takes in a recording of a listing. If another listing changed it since this one
// was asked for, it is not known which of them is newer, and the next one decides.
func (inv *Inventory) observe(listed *wecom.Recording, l *Listing, covered wecom.Instant, b *buffers) *item {
	it := inv.items.find(listed.ID)
	if it != nil && it.changed > l.Asked {
		return it
	}
	var known *recording.Record
	if it == nil {
		inv.number++
		it = &item{number: inv.number}
	} else {
		known = &b.record
		known.MustDecode(it.encoded)
	}
	_, last := recording.StartsOf(listed)
	r := inv.ledger.Observe(known, listed, &ledger.Observation{
		At:       l.At,
		Baseline: covered == 0 || last != 0 && last < covered && !recording.IsGoingOn(listed.State),
		Horizon:  inv.horizon,
		Accepted: func(recordingID, fileID string) bool { return inv.accepts(recordingID, fileID, l.At) },
	})
	inv.write(it, &r, b)
	if listed.Title != "" {
		inv.titles[recording.IDOf(it.encoded)] = listed.Title
	}
	return it
}

// goneFrom reports whether an item that a listing lacks is gone, and whether that is because
// it was removed. WeCom does not document whether it selects by the start of the meeting
// or by that of the recording, so both must lie in the span.
//
// A recording that is not completed may be listed though its meeting is older than the
// lookback. If the list before this one had it then, it was removed.
//
// A list that is incomplete removes nothing. What left the lookback is gone all the same: a
// target whose lists are never complete would hold ever more.
func (inv *Inventory) goneFrom(it *item, h *holding, l *Listing, b *buffers) (gone, removed bool) {
	r := &b.record
	r.MustDecode(it.encoded)
	first, last := r.Starts()
	switch {
	case l.Incomplete:
		// Without one list that is complete there is no span.
		old := last != 0 && last < wecom.InstantOf(l.At.Add(-inv.lookback))
		return old && r.State == wecom.StateCompleted, false
	case last == 0:
		return l.whole(inv.lookback), false // Any of the windows may list what has no times.
	case last < wecom.InstantOf(l.Span.End.Add(-inv.lookback)):
		listedSince := last < wecom.InstantOf(h.succeeded.Add(-inv.lookback))
		return true, r.State != wecom.StateCompleted && listedSince
	}
	inside := first >= wecom.InstantOf(l.Span.Start.Add(spanMargin)) && last <= wecom.InstantOf(l.Span.End)
	return inside, inside
}

// release takes an item from a target. The last one to hold it leaves a tombstone.
func (inv *Inventory) release(it *item, removed bool, now time.Time, b *buffers) {
	it.holders--
	if it.holders > 0 {
		return
	}
	r := &b.record
	r.MustDecode(it.encoded)
	r.Gone = wecom.InstantOf(now)
	delete(inv.titles, r.ID)
	if removed {
		inv.ledger.Remove(r, now)
	}
	inv.write(it, r, b)
}

// Drop takes from a target all that it holds, because it is no target any more.
func (inv *Inventory) Drop(t wecom.Target, now time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	h := inv.holdings[t]
	if h == nil {
		return
	}
	b := &buffers{}
	for _, it := range h.items {
		inv.release(it, false, now, b)
	}
	delete(inv.holdings, t)
	inv.unsaved.addTarget(t)
}
