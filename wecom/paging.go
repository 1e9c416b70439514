// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"fmt"
	"hash/maphash"
)

// A paging is the part of a response that leads to the next page.
type paging struct {
	HasMore    *flag // has_more
	NextCursor text  // next_cursor
	longCursor bool
}

func (p *paging) read(name []byte, c *cursor) {
	value := c.value()
	switch string(name) {
	case "has_more":
		p.HasMore = nil
		if string(value) != "null" {
			p.HasMore = new(flag)
			p.HasMore.read(value)
		}
	case "next_cursor":
		// Half a cursor would lead elsewhere.
		p.longCursor = len(value) > maxTextBytes
		p.NextCursor.read(value)
	}
}

func (p *paging) check() error {
	if p.longCursor {
		return errLongCursor
	}
	return nil
}

// more reports whether there is another page. One page too many does less harm than
// half a list, so there is unless has_more is clearly false, or absent like the cursor.
func (p *paging) more(o Observer) bool {
	switch {
	case p.HasMore == nil:
		return p.NextCursor != ""
	case p.HasMore.malformed:
		o.Anomalous(MalformedValue)
		return true
	}
	return p.HasMore.value
}

// A pager follows a list from page to page.
type pager struct {
	observer Observer
	cursor   string // of the next page
	seen     map[uint64]bool
	seed     maphash.Seed
	read     int // pages
	ended    bool
}

func newPager(o Observer) *pager {
	return &pager{observer: o, seen: map[uint64]bool{}, seed: maphash.MakeSeed()}
}

// fail ends the list with an error of its next page.
func (p *pager) fail(err error) error {
	p.ended = true
	return fmt.Errorf("page %d of the list: %w", p.read+1, err)
}

// advance goes on to the page that follows the one that was read. The error is a
// [*ChainError] if the list leads nowhere.
func (p *pager) advance(read *paging) error {
	p.read++
	if !read.more(p.observer) {
		p.ended = true
		return nil
	}
	p.cursor = string(read.NextCursor)
	hash := maphash.String(p.seed, p.cursor) // A cursor itself may be long.
	switch {
	case p.cursor == "":
		return p.breakOff(MissingCursor)
	case p.seen[hash]:
		return p.breakOff(RepeatedCursor)
	case p.read == maxPages:
		return p.breakOff(PageLimit)
	}
	p.seen[hash] = true
	return nil
}

// breakOff ends the list before its last page.
func (p *pager) breakOff(a Anomaly) error {
	p.ended = true
	p.observer.Anomalous(a)
	return &ChainError{Anomaly: a, Pages: p.read}
}
