// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
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
