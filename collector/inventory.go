// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// How far from the start of a span a time must lie before a list's silence
// about it counts: clocks differ, and the span is asked for in whole seconds.
const spanMargin = 5 * time.Minute

// An inventory is what is known of one corp's recordings. It is safe for
// concurrent use.
type inventory struct {
	mu      sync.Mutex
	items   map[string]*item // by recording ID
	held    map[wecom.Target][]*item
	version uint64 // grows with every change
}

// An item is a recording that one or more targets hold, which is to say that
// their last list had it or said nothing about it.
type item struct {
	recording wecom.Recording
	holders   int
}

func newInventory() *inventory {
	return &inventory{items: map[string]*item{}, held: map[wecom.Target][]*item{}}
}

// apply takes in a complete list: all recordings of a target in a span that
// ends now. Recordings that earlier lists had and this one lacks are gone where
// the span leaves no doubt, or once they started before the lookback. It
// returns how many recordings the target holds then.
func (inv *inventory) apply(t wecom.Target, span wecom.Window, lookback time.Duration, listed []wecom.Recording) int {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	before := inv.held[t]
	held := make(map[*item]bool, len(before)) // whether the new list has it
	for _, it := range before {
		held[it] = false
	}
	after := make([]*item, 0, len(listed))
	for _, recording := range listed {
		it := inv.put(recording)
		seen, hadIt := held[it]
		if seen {
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
		if it.goneFrom(span, lookback) {
			inv.release(it)
		} else {
			after = append(after, it)
		}
	}
	if len(after) == 0 {
		delete(inv.held, t)
	} else {
		inv.held[t] = after
	}
	return len(after)
}

// drop forgets what a target holds.
func (inv *inventory) drop(t wecom.Target) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for _, it := range inv.held[t] {
		inv.release(it)
	}
	delete(inv.held, t)
}

func (inv *inventory) put(recording wecom.Recording) *item {
	it, known := inv.items[recording.ID]
	if !known {
		it = &item{}
		inv.items[recording.ID] = it
	} else if sameRecording(it.recording, recording) {
		return it
	}
	it.recording = recording
	inv.version++
	return it
}

func (inv *inventory) release(it *item) {
	it.holders--
	if it.holders == 0 {
		delete(inv.items, it.recording.ID)
		inv.version++
	}
}

func sameRecording(a, b wecom.Recording) bool {
	return a.Host == b.Host && a.MeetingStart == b.MeetingStart && a.State == b.State && slices.Equal(a.Files, b.Files)
}

// goneFrom tells whether an item that a list of the span lacks is gone. WeCom
// does not say whether it selects by the start of the meeting or by that of the
// recording, so both must lie in the span.
func (it *item) goneFrom(span wecom.Window, lookback time.Duration) bool {
	first, last := it.starts()
	if last == 0 {
		return true // nothing else tells when it ends
	}
	if last < wecom.InstantOf(span.End.Add(-lookback)) {
		return true
	}
	return first >= wecom.InstantOf(span.Start.Add(spanMargin)) && last <= wecom.InstantOf(span.End)
}

// starts returns the earliest and the latest time by which WeCom may have
// selected the item; 0 where it has none to be believed.
func (it *item) starts() (first, last wecom.Instant) {
	note := func(i wecom.Instant) {
		if i < wecom.EarliestPlausible {
			return
		}
		if first == 0 || i < first {
			first = i
		}
		last = max(last, i)
	}
	note(it.recording.MeetingStart)
	for _, f := range it.recording.Files {
		note(f.Start)
	}
	return first, last
}

// outlived tells whether everything about the item lies before the lookback, as
// happens where a target has failed for long.
func (it *item) outlived(lookbackStart wecom.Instant) bool {
	_, last := it.starts()
	for _, f := range it.recording.Files {
		last = max(last, f.End)
	}
	return last >= wecom.EarliestPlausible && last < lookbackStart
}

// each calls visit for every recording inside the lookback, and returns the
// version of what was visited.
func (inv *inventory) each(lookbackStart time.Time, visit func(*wecom.Recording)) uint64 {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	start := wecom.InstantOf(lookbackStart)
	for _, it := range inv.items {
		if !it.outlived(start) {
			visit(&it.recording)
		}
	}
	return inv.version
}

// current returns the version of the inventory.
func (inv *inventory) current() uint64 {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.version
}

// mergeLists adds the recordings of one page or window to those of others. A
// recording that moved to another page while the list was read comes twice; its
// files are counted once.
func mergeLists(list []wecom.Recording, at map[string]int, more []wecom.Recording) []wecom.Recording {
	for _, recording := range more {
		recording.Files = uniqueFiles(recording.Files)
		i, known := at[recording.ID]
		if !known {
			at[recording.ID] = len(list)
			list = append(list, recording)
			continue
		}
		recording.Files = uniqueFiles(append(recording.Files, list[i].Files...))
		list[i] = recording
	}
	return list
}

// uniqueFiles keeps the first of several files with the same ID. Files without
// an ID are kept, since they take space all the same.
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
