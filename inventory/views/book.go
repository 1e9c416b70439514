// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package views

import "github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"

// A Book is what was noted of the recordings of a corp, by their numbers. It is not safe for
// concurrent use.
type Book struct {
	noted map[uint32]*Noted
	dirty map[uint32]struct{} // changed since TakeDirty; nil: not tracked
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{noted: map[uint32]*Noted{}} }

// Len returns of how many recordings something was noted.
func (b *Book) Len() int { return len(b.noted) }

// Of returns what was noted of a recording; nil: nothing.
func (b *Book) Of(number uint32) *Noted { return b.noted[number] }

// Note takes in an answer about a recording: see [Noted.Note].
func (b *Book) Note(number uint32, a *Answer, birth wecom.Date) Growth {
	if b.noted[number] == nil {
		b.noted[number] = &Noted{}
	}
	b.MarkDirty(number)
	return b.noted[number].Note(a, birth)
}

// Restore sets what was noted of a recording to what was stored.
func (b *Book) Restore(number uint32, n *Noted) { b.noted[number] = n }

// Drop drops what was noted of a recording.
func (b *Book) Drop(number uint32) {
	if b.noted[number] != nil {
		delete(b.noted, number)
		b.MarkDirty(number)
	}
}

// Track has the book remember from now on which recordings are dirty: changed, and not stored
// since.
func (b *Book) Track() { b.dirty = map[uint32]struct{}{} }

// TakeDirty returns the dirty recordings, which are clean from then on.
func (b *Book) TakeDirty() map[uint32]struct{} {
	dirty := b.dirty
	if len(dirty) > 0 {
		b.Track()
	}
	return dirty
}

// MarkDirty makes a recording dirty: it is in the next TakeDirty.
func (b *Book) MarkDirty(number uint32) {
	if b.dirty != nil {
		b.dirty[number] = struct{}{}
	}
}

// MarkAllDirty makes all recordings dirty.
func (b *Book) MarkAllDirty() {
	for number := range b.noted {
		b.MarkDirty(number)
	}
}
