// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"sync"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
)

// A Sequence numbers the changes of all corps of a process, from 1 on, and knows up to which
// number they may be shown. It is safe for concurrent use.
type Sequence struct {
	mu      sync.Mutex
	last    uint32 // the newest number
	visible uint32 // the newest number that may be shown
	kept    []numbered
	keeps   bool // changes are kept for TakeShown
}

type numbered struct {
	number  uint32
	corp    string
	encoded string
}

// A Numbered is a change with its number, and the name of its corp.
type Numbered struct {
	ledger.Change

	Number uint32
	Corp   string
}

// Raise makes the sequence go on after a number that a store had.
func (s *Sequence) Raise(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.visible == s.last {
		s.visible = max(s.visible, number)
	}
	s.last = max(s.last, number)
}

// next returns the next number, for an encoded change of a corp.
func (s *Sequence) next(corp, encoded string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	if s.keeps {
		s.kept = append(s.kept, numbered{s.last, corp, encoded})
	}
	return s.last
}

// Last returns the newest number.
func (s *Sequence) Last() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Visible returns the newest number that may be shown.
func (s *Sequence) Visible() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visible
}

// Show makes all changes up to a number visible.
func (s *Sequence) Show(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visible = max(s.visible, number)
}

// Keep keeps the changes from now on for TakeShown.
func (s *Sequence) Keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keeps = true
}

// TakeShown returns the kept changes that have become visible since it was last called, in the
// order of their numbers.
func (s *Sequence) TakeShown() []Numbered {
	s.mu.Lock()
	defer s.mu.Unlock()
	var shown []Numbered
	for _, n := range s.kept {
		if n.number > s.visible {
			break
		}
		c, _ := Decode(n.encoded) // A Log has encoded it.
		shown = append(shown, Numbered{c, n.number, n.corp})
	}
	if s.kept = s.kept[len(shown):]; len(s.kept) == 0 {
		s.kept = nil
	}
	return shown
}
