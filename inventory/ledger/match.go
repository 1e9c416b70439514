// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// An identity is what a file of a recording is known by: its ID or, if it has none, its
// start.
type identity struct {
	id    string
	start wecom.Instant
}

func identityOf(f *wecom.File) identity {
	if f.ID != "" {
		return identity{id: f.ID}
	}
	return identity{start: f.Start}
}

// A matcher finds the files of a known record that are listed again. Files of one identity
// are matched in their order. As a rule all are listed again in the same order; only from
// the first that is not is there an index.
type matcher struct {
	known *recording.Record  // nil: there is none
	taken int                // files taken in their order
	index map[identity][]int // of those not taken; nil: all were taken in their order
}

// len returns how many files are known, those that were no longer listed included.
func (m *matcher) len() int {
	if m.known == nil {
		return 0
	}
	return len(m.known.Files) + len(m.known.Former)
}

func (m *matcher) at(i int) *recording.File {
	if i < len(m.known.Files) {
		return &m.known.Files[i]
	}
	return &m.known.Former[i-len(m.known.Files)]
}

// take returns the known file that a listed one is; nil if there is none.
func (m *matcher) take(listed *wecom.File) *recording.File {
	if m.taken == m.len() {
		return nil
	}
	id := identityOf(listed)
	if m.index == nil && identityOf(&m.at(m.taken).File) == id {
		m.taken++
		return m.at(m.taken - 1)
	}
	if m.index == nil {
		m.index = make(map[identity][]int, m.len()-m.taken)
		for i := m.taken; i < m.len(); i++ {
			id := identityOf(&m.at(i).File)
			m.index[id] = append(m.index[id], i)
		}
	}
	same := m.index[id]
	if len(same) == 0 {
		return nil
	}
	m.index[id] = same[1:]
	return m.at(same[0])
}

// rest returns the known files that were not taken, in their order.
func (m *matcher) rest() (files []recording.File) {
	for i := m.taken; i < m.len(); i++ {
		f := m.at(i)
		if m.index != nil {
			id := identityOf(&f.File)
			same := m.index[id]
			if len(same) == 0 || same[0] != i {
				continue
			}
			m.index[id] = same[1:]
		}
		files = append(files, *f)
	}
	return files
}

// maxFormer is how many former files of a recording are remembered. A recording has a file for
// each part between two pauses, a few as a rule. A server that gives files other IDs in each
// list would make a record, and the time to compare it with a list, grow without end.
const maxFormer = 1000

// newestFormer returns the former files to remember: those that started last, in their order.
// It also returns the latest start of all that were ever forgotten; 0: none was.
func newestFormer(files []recording.File, forgotten wecom.Instant) ([]recording.File, wecom.Instant) {
	excess := len(files) - maxFormer
	if excess <= 0 {
		return files, forgotten
	}
	starts := make([]wecom.Instant, len(files))
	for i := range files {
		starts[i] = startOf(&files[i].File)
	}
	slices.Sort(starts)
	earliest, equal := starts[excess], 0
	for _, start := range starts[excess:] {
		if start == earliest {
			equal++
		}
	}
	kept := make([]recording.File, 0, maxFormer)
	for i := range files {
		start := startOf(&files[i].File)
		if start == earliest {
			equal--
		}
		if start > earliest || start == earliest && equal >= 0 {
			kept = append(kept, files[i])
		}
	}
	return kept, max(forgotten, starts[excess-1], 1)
}

// startOf returns when a file started, or else when it ended; 0 if neither is known.
func startOf(f *wecom.File) wecom.Instant {
	if f.Start != 0 {
		return f.Start
	}
	return f.End
}
