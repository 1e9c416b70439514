// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"cmp"
	"net/url"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
)

// A sortDirection is a value of the attribute aria-sort.
type sortDirection string

const (
	unsorted         sortDirection = ""
	sortedAscending  sortDirection = "ascending"
	sortedDescending sortDirection = "descending"
)

// A tableColumn is the heading of a column: links that sort by what is in it, or just a text.
type tableColumn struct {
	Text   string
	Sorts  []sortLink
	Sorted sortDirection
	Class  string
}

// A sortLink sorts by something in a column.
type sortLink struct {
	Text, Link string
	Sorted     sortDirection
}

// headings are the columns in their order. A key is that of the text.
var headings = [...]struct {
	key    string
	orders []inventory.Order
	class  string
}{
	{key: "title", class: "plain"}, // There is nothing to sort by.
	{key: "sharing", orders: []inventory.Order{inventory.ByExposed, inventory.ByShared}},
	{key: paramHost, orders: []inventory.Order{inventory.ByHost}},
	{key: paramCorp, class: "plain"},
	{key: "start", orders: []inventory.Order{inventory.ByStart}},
	{key: paramState, class: "plain"},
	{key: "bytes", orders: []inventory.Order{inventory.ByBytes}, class: "number"},
	{key: "duration", orders: []inventory.Order{inventory.ByDuration}, class: "number"},
}

// columns returns the headings of the table.
func (q *listQuery) columns(values url.Values, text map[string]string, hasCorps bool) []tableColumn {
	columns := make([]tableColumn, 0, len(headings))
	for _, h := range headings {
		if h.key == paramCorp && !hasCorps {
			continue
		}
		column := tableColumn{Text: text[h.key], Class: h.class}
		for _, order := range h.orders {
			link := q.sortLink(order, values, text)
			if link.Sorted != unsorted {
				column.Sorted = link.Sorted
			}
			column.Sorts = append(column.Sorts, link)
		}
		columns = append(columns, column)
	}
	return columns
}

// sortLink returns the link that sorts by an order, and reverses it if the table is sorted by it
// already.
func (q *listQuery) sortLink(order inventory.Order, values url.Values, text map[string]string) sortLink {
	link := sortLink{Text: cmp.Or(text["by_"+string(order)], text[string(order)]), Sorted: unsorted}
	next := descending
	switch isSorted := order == q.Order; {
	case isSorted && q.Descending:
		link.Sorted, next = sortedDescending, ascending
	case isSorted:
		link.Sorted = sortedAscending
	case order == inventory.ByHost:
		next = ascending
	}
	link.Link = page.WithParams(values, map[string]string{paramSort: string(order), paramOrder: next, paramPage: ""})
	return link
}
