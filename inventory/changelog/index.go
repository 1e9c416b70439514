// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"hash/maphash"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// An entry is what the index has of a change. There may be a million of them.
type entry struct {
	number  uint32
	seconds uint32 // when it was noticed, since the Unix epoch
	host    uint32 // see hosts
	bits    uint32 // of the recording ID a hash, then the kind, and whether it is exposed after
}

const (
	entryExposed  = 1
	entryKind     = 1 // shift
	entryKindMask = 0x7
	entryHash     = 4 // shift

	// chunkSize is how many entries are allocated at once, so that a growing index is never
	// copied.
	chunkSize = 4096
)

// secondsOf returns an instant in seconds, or the nearest that an entry can hold.
func secondsOf(i wecom.Instant) uint32 {
	return uint32(min(max(int64(i)/1000, 0), math.MaxUint32))
}

// hashOf returns the bits of an entry that are those of a recording.
func hashOf(seed maphash.Seed, recordingID string) uint32 {
	return uint32(maphash.String(seed, recordingID)) >> entryHash << entryHash
}

func bitsOf(seed maphash.Seed, c *ledger.Change) uint32 {
	bits := hashOf(seed, c.Recording) | uint32(c.Kind)<<entryKind
	if c.After != nil && c.After.Exposed {
		bits |= entryExposed
	}
	return bits
}

// hosts numbers the hosts of changes, so that an entry takes four bytes for its host.
type hosts struct {
	numbers map[string]uint32
	names   []string
	refs    []uint32 // how many entries have it
	free    []uint32 // numbers without an entry
}

// ref returns the number of a host, which one more entry has.
func (h *hosts) ref(name string) uint32 {
	n, ok := h.numbers[name]
	if !ok {
		name = strings.Clone(name) // It is a part of a longer text.
		if last := len(h.free) - 1; last >= 0 {
			n, h.free = h.free[last], h.free[:last]
		} else {
			n = uint32(len(h.names))
			h.names, h.refs = append(h.names, ""), append(h.refs, 0)
		}
		h.names[n], h.numbers[name] = name, n
	}
	h.refs[n]++
	return n
}

// unref notes that one entry less has a host.
func (h *hosts) unref(n uint32) {
	if h.refs[n]--; h.refs[n] > 0 {
		return
	}
	delete(h.numbers, h.names[n])
	h.names[n] = ""
	h.free = append(h.free, n)
}

// A Filter selects changes.
type Filter struct {
	MatchHost func(host string) bool // nil: all
	Kind      *ledger.Kind           // nil: all
	Recording string                 // "": all
	Exposed   *bool                  // after the change; nil: both
	// Since <= At < Until; 0: open.
	Since, Until wecom.Instant
	Before       uint32 // only numbers below it
}

// Matches reports whether a filter selects a change, whatever its number.
func (f *Filter) Matches(c *ledger.Change) bool {
	exposed := c.After != nil && c.After.Exposed
	return (f.Kind == nil || *f.Kind == c.Kind) &&
		(f.Recording == "" || f.Recording == c.Recording) &&
		(f.Exposed == nil || *f.Exposed == exposed) &&
		c.At >= f.Since && (f.Until == 0 || c.At < f.Until) &&
		(f.MatchHost == nil || f.MatchHost(c.Host))
}

// A Snapshot is the index of a log at one moment. It never changes.
type Snapshot struct {
	seed   maphash.Seed
	chunks [][]entry
	names  []string // of hosts by number; nil unless asked for
}

// Scan calls visit with the number of each change that a filter may select, the newest first,
// until visit returns false. The index has a hash of the recording and whole seconds, so the
// caller must check each change with Matches. Idle is called once for each chunk; its error ends
// the scan and is returned.
func (s *Snapshot) Scan(f *Filter, idle func() error, visit func(number uint32) bool) error {
	m := s.newMatcher(f)
	for _, chunk := range slices.Backward(s.chunks) {
		if err := idle(); err != nil {
			return err
		}
		end := sort.Search(len(chunk), func(k int) bool { return chunk[k].number >= f.Before })
		for k := end - 1; k >= 0; k-- {
			if m.matches(&chunk[k]) && !visit(chunk[k].number) {
				return nil
			}
		}
	}
	return nil
}

// A matcher is a filter in terms of entries.
type matcher struct {
	mask, bits  uint32
	from, until uint32 // seconds, both inclusive
	names       []string
	matchHost   func(string) bool
	verdicts    []verdict // on hosts, by number
}

type verdict uint8

const (
	unasked verdict = iota
	selected
	rejected
)

func (s *Snapshot) newMatcher(f *Filter) *matcher {
	m := &matcher{from: secondsOf(f.Since), until: math.MaxUint32}
	if f.Until != 0 {
		m.until = secondsOf(f.Until - 1)
	}
	if f.Kind != nil {
		m.mask |= entryKindMask << entryKind
		m.bits |= uint32(*f.Kind) << entryKind
	}
	if f.Exposed != nil {
		m.mask |= entryExposed
		if *f.Exposed {
			m.bits |= entryExposed
		}
	}
	if f.Recording != "" {
		m.mask |= math.MaxUint32 >> entryHash << entryHash
		m.bits |= hashOf(s.seed, f.Recording)
	}
	if f.MatchHost != nil {
		m.names, m.matchHost, m.verdicts = s.names, f.MatchHost, make([]verdict, len(s.names))
	}
	return m
}

func (m *matcher) matches(e *entry) bool {
	return e.bits&m.mask == m.bits && e.seconds >= m.from && e.seconds <= m.until &&
		(m.matchHost == nil || m.matchesHost(e.host))
}

func (m *matcher) matchesHost(host uint32) bool {
	if m.verdicts[host] == unasked {
		m.verdicts[host] = rejected
		if m.matchHost(m.names[host]) {
			m.verdicts[host] = selected
		}
	}
	return m.verdicts[host] == selected
}
