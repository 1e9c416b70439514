// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const tableChanges = "changes" // by number

// changes is the list of what the ledger has counted of sharing and removals.
type changes struct {
	log       *changelog.Log
	sequence  *changelog.Sequence
	corp      string
	retention time.Duration // 0: nothing expires
	due       time.Time     // when to look for what has expired
}

func newChanges(birth time.Time) changes {
	c := changes{log: changelog.New(), sequence: &changelog.Sequence{}}
	c.log.Since = wecom.InstantOf(birth)
	return c
}

// NumberChanges numbers the changes by a sequence that all inventories share, and under the name
// of the corp. The list of changes begins now if the store has none, since an earlier version
// wrote it, or if nothing is tracked, so that what only the store had cannot be read any more.
func (inv *Inventory) NumberChanges(s *changelog.Sequence, corp string, now time.Time) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.changes.sequence != s {
		s.Raise(inv.changes.sequence.Last())
	}
	inv.changes.sequence, inv.changes.corp = s, corp
	lost := 0
	if !inv.unsaved.isTracking() {
		lost = inv.changes.log.Lose()
	}
	if lost > 0 || inv.changes.log.Since == 0 {
		inv.changes.log.Since = wecom.InstantOf(now)
		inv.unsaved.head = true
	}
}

// LastChange returns the number of the newest change that was known of any corp when the
// inventory was stored, or of one that was numbered since.
func (inv *Inventory) LastChange() uint32 {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.changes.sequence.Last()
}

// SetChangesRetention sets the age at which changes are dropped; 0: never.
func (inv *Inventory) SetChangesRetention(retention time.Duration) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.changes.retention != retention {
		inv.changes.retention = retention
		inv.changes.due = time.Time{}
	}
}

// ChangesSince returns the time from which on the list of changes is complete.
func (inv *Inventory) ChangesSince() time.Time {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.changes.log.Since.Time()
}

// GiveNumbers numbers the changes that have no number yet, so that they can be shown before
// they are stored. [Inventory.TakeBatch] does the same.
func (inv *Inventory) GiveNumbers() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.giveNumbers()
}

func (inv *Inventory) giveNumbers() { inv.changes.log.Number(inv.changes.sequence, inv.changes.corp) }

// noteChanges moves what the ledger has noticed to the list of changes. The lock is held.
func (inv *Inventory) noteChanges() {
	noticed := inv.ledger.TakeNoticed()
	for i := range noticed {
		inv.changes.log.Add(&noticed[i])
	}
}

// expireChanges drops changes that are older than the retention, up to a tenth of it late. The
// lock is held.
func (inv *Inventory) expireChanges(now time.Time) {
	c := &inv.changes
	interval := min(retentionInterval, c.retention/10)
	if wait := c.due.Sub(now); c.retention == 0 || 0 < wait && wait <= interval {
		return
	}
	c.due = now.Add(interval)
	if c.log.Expire(wecom.InstantOf(now.Add(-c.retention))) {
		inv.unsaved.head = true
	}
}

// loseChanges drops the changes that only the store had, and returns how many. The lock is held.
func (inv *Inventory) loseChanges() (lost int) {
	log := inv.changes.log
	lost = log.Lose()
	if lost > 0 && !inv.lastListing.IsZero() {
		log.Since = max(log.Since, wecom.InstantOf(inv.lastListing)+1)
	}
	return lost
}

func (inv *Inventory) changeEntries(u *changelog.Unsaved) []store.Entry {
	entries := make([]store.Entry, 0, len(u.Written)+len(u.Deleted))
	for _, number := range u.Written {
		if encoded, ok := inv.changes.log.Value(number); ok { // It may have expired.
			entries = append(entries, store.Entry{Key: numberKey(number), Value: []byte(encoded)})
		}
	}
	for _, number := range u.Deleted {
		entries = append(entries, store.Entry{Key: numberKey(number)})
	}
	return entries
}

func (l *loader) loadChange(key, value []byte) error {
	if len(key) != numberSize {
		return errEntry
	}
	return l.inventory.changes.log.Restore(binary.BigEndian.Uint32(key), string(value))
}

// A ChangeQuery selects changes.
type ChangeQuery struct {
	changelog.Filter

	// MatchHost is that of [Query]; that of the Filter is not used.
	MatchHost func(host string, folded bool) bool
	Limit     int // how many to return at the most
}

// A Change is one change of a corp.
type Change struct {
	changelog.Numbered

	Title string // "" unless titles are read, and the recording is held
}

// A GroupReader calls load with the group of the inventory in the store.
type GroupReader func(load func(*store.Group) error) error

// Changes returns the changes that a query selects, the newest first. What is not in memory is
// read from the store, without the lock of the inventory. When the context ends, it returns its
// cause.
func (inv *Inventory) Changes(ctx context.Context, q *ChangeQuery, read GroupReader) ([]Change, error) {
	inv.mu.Lock()
	snapshot, corp := inv.changes.log.Snapshot(q.MatchHost != nil), inv.changes.corp
	inv.mu.Unlock()
	exact, f := q.Filter, q.Filter
	exact.MatchHost, f.MatchHost = nil, nil // The index has the hosts as they are.
	if q.MatchHost != nil {
		f.MatchHost = func(host string) bool { return q.MatchHost(host, inv.isFolded(host)) }
	}
	hasEnded := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	found := []Change{}
	for len(found) < q.Limit {
		wanted := q.Limit - len(found)
		numbers := make([]uint32, 0, wanted)
		err := snapshot.Scan(&f, hasEnded, func(number uint32) bool {
			numbers = append(numbers, number)
			return len(numbers) < wanted
		})
		if err == nil {
			found, err = inv.appendChanges(found, corp, numbers, &exact, read)
		}
		if err != nil {
			return nil, err
		}
		if len(numbers) < wanted {
			break
		}
		f.Before = numbers[wanted-1]
	}
	return found, nil
}

// appendChanges appends the changes of the given numbers that a filter selects.
func (inv *Inventory) appendChanges(
	found []Change, corp string, numbers []uint32, f *changelog.Filter, read GroupReader,
) ([]Change, error) {
	encoded, err := inv.readChanges(numbers, read)
	if err != nil {
		return nil, err
	}
	for i, text := range encoded {
		if text == "" {
			continue // It has expired.
		}
		c, err := changelog.Decode(text)
		if err != nil {
			return nil, err
		}
		if f.Matches(&c) {
			title, _ := inv.titleAndPolicy(c.Recording)
			found = append(found, Change{
				Numbered: changelog.Numbered{Change: c, Number: numbers[i], Corp: corp},
				Title:    title,
			})
		}
	}
	return found, nil
}

var errNoChange = errors.New("a change is not in the store")

// readChanges returns the encoded changes of the given numbers; "" of those that were dropped
// meanwhile.
func (inv *Inventory) readChanges(numbers []uint32, read GroupReader) ([]string, error) {
	encoded := make([]string, len(numbers))
	if inv.fillChanges(encoded, numbers) == 0 {
		return encoded, nil
	}
	err := read(func(g *store.Group) error {
		for i, number := range numbers {
			if encoded[i] != "" {
				continue
			}
			value, _, err := g.Get(tableChanges, numberKey(number))
			if err != nil {
				return err
			}
			encoded[i] = string(value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if inv.fillChanges(encoded, numbers) > 0 {
		return nil, errNoChange
	}
	return encoded, nil
}

// fillChanges fills in the changes that are in memory, and returns how many are missing of
// those that there are.
func (inv *Inventory) fillChanges(encoded []string, numbers []uint32) (missing int) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for i, number := range numbers {
		if encoded[i] != "" {
			continue
		}
		var inMemory bool
		if encoded[i], inMemory = inv.changes.log.Value(number); !inMemory && inv.changes.log.Has(number) {
			missing++
		}
	}
	return missing
}
