// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package changelog keeps the numbered changes of one corp: an index of all of them, and the
// content of those that the store does not have yet. It has no clock, no I/O and no logger.
package changelog

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// MaxInMemory is how many changes are kept without a store.
const MaxInMemory = 10_000

// A Log is the changes of one corp. A change is added as pending, gets its number, and is then
// written to the store, if there is one. A Log is not safe for concurrent use.
type Log struct {
	// Since is the time from which on the log is complete.
	Since wecom.Instant

	seed    maphash.Seed
	chunks  [][]entry // by number; a [Snapshot] shares them, so they only grow at the end
	len     int
	hosts   hosts
	pending []string          // encoded, without a number
	values  map[uint32]string // encoded, of those that are not known to be in the store
	stored  bool              // there is a store, to which what is taken is written
	unsaved Unsaved
}

// Unsaved are numbers of changes that a store is to write, and to delete.
type Unsaved struct{ Written, Deleted []uint32 }

// New returns an empty log, which keeps no more than [MaxInMemory] changes.
func New() *Log {
	return &Log{
		seed:   maphash.MakeSeed(),
		hosts:  hosts{numbers: map[string]uint32{}},
		values: map[uint32]string{},
	}
}

// Track makes the log keep everything, and collect what a store is to write.
func (l *Log) Track() {
	if !l.stored {
		l.stored = true
		l.unsaved.Written = slices.Collect(maps.Keys(l.values))
	}
}

// Len returns how many changes have a number.
func (l *Log) Len() int { return l.len }

// Add adds a change, which is pending until it gets a number.
func (l *Log) Add(c *ledger.Change) {
	var array [256]byte
	l.pending = append(l.pending, string(appendTo(array[:0], c)))
}

// Number gives numbers to the pending changes of a corp.
func (l *Log) Number(s *Sequence, corp string) {
	for _, encoded := range l.pending {
		number := s.next(corp, encoded)
		c, _ := Decode(encoded) // We have encoded it.
		l.index(number, &c)
		l.values[number] = encoded
		if l.stored {
			l.unsaved.Written = append(l.unsaved.Written, number)
		}
	}
	l.pending = nil
	if !l.stored && l.len > MaxInMemory {
		l.dropFirst(l.len - MaxInMemory)
	}
}

// Restore adds a change that is in the store. They come in the order of their numbers.
func (l *Log) Restore(number uint32, encoded string) error {
	c, err := Decode(encoded)
	if err != nil {
		return err
	}
	if number == 0 || number <= l.newest() {
		return fmt.Errorf("%d after %d", number, l.newest())
	}
	l.index(number, &c)
	return nil
}

func (l *Log) newest() uint32 {
	if len(l.chunks) == 0 {
		return 0
	}
	last := l.chunks[len(l.chunks)-1]
	return last[len(last)-1].number
}

// index adds a change to the index.
func (l *Log) index(number uint32, c *ledger.Change) {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == cap(l.chunks[last]) {
		l.chunks = append(l.chunks, make([]entry, 0, chunkSize))
		last++
	}
	l.chunks[last] = append(l.chunks[last], entry{
		number:  number,
		seconds: secondsOf(c.At),
		host:    l.hosts.ref(c.Host),
		bits:    bitsOf(l.seed, c),
	})
	l.len++
}

// Snapshot returns the index as it is, with the names of hosts if they are asked for.
func (l *Log) Snapshot(hosts bool) *Snapshot {
	s := &Snapshot{seed: l.seed, chunks: slices.Clone(l.chunks)}
	if hosts {
		s.names = slices.Clone(l.hosts.names)
	}
	return s
}

// Value returns an encoded change. It is not in memory if the store has it.
func (l *Log) Value(number uint32) (encoded string, inMemory bool) {
	encoded, inMemory = l.values[number]
	return encoded, inMemory
}

// Has reports whether the log has a change of that number.
func (l *Log) Has(number uint32) bool {
	for _, chunk := range l.chunks {
		if last := chunk[len(chunk)-1].number; number <= last {
			_, found := slices.BinarySearchFunc(chunk, number, func(e entry, n uint32) int {
				return int(int64(e.number) - int64(n))
			})
			return found
		}
	}
	return false
}

// IsSaved reports whether the store has all of the log.
func (l *Log) IsSaved() bool {
	return len(l.pending)+len(l.unsaved.Written)+len(l.unsaved.Deleted) == 0
}

// Take returns what the store is to write: to be put back if that fails, or else to be released.
func (l *Log) Take() Unsaved {
	taken := l.unsaved
	l.unsaved = Unsaved{}
	return taken
}

// PutBack puts back what could not be written.
func (l *Log) PutBack(u *Unsaved) {
	l.unsaved.Written = slices.Concat(u.Written, l.unsaved.Written)
	l.unsaved.Deleted = slices.Concat(u.Deleted, l.unsaved.Deleted)
}

// Release frees the memory of changes that the store has.
func (l *Log) Release(u *Unsaved) {
	for _, number := range u.Written {
		delete(l.values, number)
	}
	if len(l.values) == 0 {
		l.values = map[uint32]string{} // A map does not shrink.
	}
}

// Lose drops the changes that only the store had, and marks those in memory to be written again.
// It returns how many are lost.
func (l *Log) Lose() int {
	lost := l.drop(func(e *entry) bool {
		_, inMemory := l.values[e.number]
		return !inMemory
	})
	if l.stored {
		l.unsaved.Written = slices.Collect(maps.Keys(l.values))
	}
	return lost
}

// Expire drops the changes older than the horizon, to the second, and reports whether there were
// any.
func (l *Log) Expire(horizon wecom.Instant) bool {
	first := secondsOf(horizon)
	if l.drop(func(e *entry) bool { return e.seconds < first }) == 0 {
		return false
	}
	l.Since = max(l.Since, wecom.Instant(first)*1000)
	return true
}

// dropFirst drops the n changes with the lowest numbers, all of which are in memory.
func (l *Log) dropFirst(n int) {
	dropped := 0
	l.drop(func(e *entry) bool {
		dropped++
		if dropped > n {
			return false
		}
		if c, err := Decode(l.values[e.number]); err == nil {
			l.Since = max(l.Since, c.At+1)
		}
		return true
	})
}

// drop drops entries and their values, and returns how many.
func (l *Log) drop(condition func(*entry) bool) int {
	before := l.len
	chunks := make([][]entry, 0, len(l.chunks))
	for _, chunk := range l.chunks {
		if chunk = l.dropOf(chunk, condition); len(chunk) > 0 {
			chunks = append(chunks, chunk)
		}
	}
	l.chunks = chunks
	return before - l.len
}

// dropOf returns a chunk without the entries that are dropped. Snapshots may have the chunk, so
// it stays as it is.
func (l *Log) dropOf(chunk []entry, condition func(*entry) bool) []entry {
	var kept []entry
	first, isCopy := 0, false // Where kept begins in the chunk, as long as it is a part of it.
	for i := range chunk {
		e := &chunk[i]
		if !condition(e) {
			if isCopy {
				kept = append(kept, *e)
			}
			continue
		}
		if i > first && !isCopy {
			kept, isCopy = append(make([]entry, 0, cap(chunk)), chunk[first:i]...), true
		}
		first = i + 1
		l.forget(e)
	}
	if isCopy {
		return kept
	}
	return chunk[first:]
}

// forget drops what there is of an entry besides the entry.
func (l *Log) forget(e *entry) {
	l.len--
	l.hosts.unref(e.host)
	delete(l.values, e.number)
	if l.stored {
		l.unsaved.Deleted = append(l.unsaved.Deleted, e.number)
	}
}
