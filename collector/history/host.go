// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A host is what is known of the recordings under one value of the label host. There may be
// a million of them.
type host struct {
	label   string
	entries []entry
	changes []change // in their order, once sorted
}

// An entry is what a recording adds to the sums.
type entry struct {
	started             wecom.Instant
	bytes, milliseconds int64
	files               int32
	left                int32 // the first instant without it
	state               recording.State
}

// A change is that something of an entry begins or ends at an instant.
type change struct {
	at    int32
	entry int32
	kind  kind
}

type kind uint8

const (
	begins kind = iota
	ends        // its last file: it is as it is listed now
	leaves      // the lookback
)

// add adds a recording that begins, ends and leaves at instants.
func (h *host) add(e *entry, start, end int32) {
	i := int32(len(h.entries))
	h.entries = append(h.entries, *e)
	h.changes = append(h.changes, change{start, i, begins}, change{end, i, ends}, change{e.left, i, leaves})
}

// sort puts the changes in their order. Of recordings that begin at one instant of the grid,
// the older comes first.
func (h *host) sort() {
	slices.SortFunc(h.changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(h.entries[a.entry].started, h.entries[b.entry].started))
	})
}

// first returns the first instant at which the host has had a recording.
func (h *host) first() int32 { return h.changes[0].at }

// A sweep goes through the instants of a host, and keeps what there is to serve at each.
type sweep struct {
	host    *host
	pending []change
	sums    sums.Sums
	totals  ledger.Totals
	bytes   byteSum
	// latest are the recordings that have begun, in that order, without those at the end that
	// have left.
	latest []int32
}

func newSweep(h *host) *sweep { return &sweep{host: h, pending: h.changes} }

// advance goes to an instant, and reports whether anything changes at it.
func (s *sweep) advance(i int32) bool {
	n := 0
	for n < len(s.pending) && s.pending[n].at <= i {
		s.apply(&s.pending[n])
		n++
	}
	s.pending = s.pending[n:]
	if n == 0 {
		return false
	}
	s.sums.Bytes = s.bytes.value()
	s.sums.LastStart = s.lastStart(i)
	return true
}

func (s *sweep) apply(c *change) {
	e := &s.host.entries[c.entry]
	completed := e.state == recording.Completed
	switch c.kind {
	case begins:
		if completed {
			s.sums.Recordings[recording.Recording]++
		} else {
			s.sums.Recordings[e.state]++
		}
		s.latest = append(s.latest, c.entry)
		if c.at > 0 {
			s.totals.Recordings++
		}
	case ends:
		if completed {
			s.sums.Recordings[recording.Recording]--
			s.sums.Recordings[recording.Completed]++
		}
		s.sums.Files += e.files
		s.sums.Milliseconds += e.milliseconds
		s.bytes.add(e.bytes)
		if c.at > 0 {
			s.totals.Bytes = recording.AddBytes(s.totals.Bytes, e.bytes)
			s.totals.Milliseconds += e.milliseconds
		}
	case leaves:
		s.sums.Recordings[e.state]--
		s.sums.Files -= e.files
		s.sums.Milliseconds -= e.milliseconds
		s.bytes.sub(e.bytes)
	}
}

// lastStart returns the start of the newest recording at an instant; 0 if there is none.
func (s *sweep) lastStart(at int32) wecom.Instant {
	for n := len(s.latest); n > 0; n-- {
		if e := &s.host.entries[s.latest[n-1]]; e.left > at {
			return max(e.started, 0)
		}
		s.latest = s.latest[:n-1]
	}
	return 0
}

// A byteSum is a sum of sizes that does not overflow.
type byteSum struct{ high, low uint64 }

func (b *byteSum) add(n int64) {
	var carry uint64
	b.low, carry = bits.Add64(b.low, uint64(n), 0)
	b.high += carry
}

func (b *byteSum) sub(n int64) {
	var borrow uint64
	b.low, borrow = bits.Sub64(b.low, uint64(n), 0)
	b.high -= borrow
}

// value returns the sum, or the largest int64 if that is less, as [recording.AddBytes].
func (b *byteSum) value() int64 {
	if b.high > 0 || b.low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(b.low)
}
