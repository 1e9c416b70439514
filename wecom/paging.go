// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"fmt"
	"iter"
)

// maxPages is the most pages that are plausible for a list.
const maxPages = 1000

// A paging is the part of a response that leads to the next page.
type paging struct {
	HasMore    *flag `json:"has_more"`
	NextCursor text  `json:"next_cursor"`
}

func (p *paging) page() *paging { return p }

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

// chain reads a list page by page. An error ends the list; the pages before it are
// not the whole list. It is a [*ChainError] if the list led nowhere.
func chain[A any, P interface {
	*A
	page() *paging
}](o Observer, read func(cursor string) (*A, error)) iter.Seq2[*A, error] {
	return func(yield func(*A, error) bool) {
		cursor := ""
		seen := map[string]bool{}
		for number := 1; ; number++ {
			response, err := read(cursor)
			if err != nil {
				yield(nil, fmt.Errorf("page %d of the list: %w", number, err))
				return
			}
			if !yield(response, nil) {
				return
			}
			paging := P(response).page()
			if !paging.more(o) {
				return
			}
			cursor = string(paging.NextCursor)
			var anomaly Anomaly
			switch {
			case cursor == "":
				anomaly = MissingCursor
			case seen[cursor]:
				anomaly = RepeatedCursor
			case number == maxPages:
				anomaly = PageLimit
			default:
				seen[cursor] = true
				continue
			}
			o.Anomalous(anomaly)
			yield(nil, &ChainError{Anomaly: anomaly, Pages: number})
			return
		}
	}
}
