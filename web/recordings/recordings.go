// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package recordings serves the recordings behind the metrics: as a page, as JSON and as CSV.
package recordings

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed recordings.html
var pageHTML string

var pageTemplate = page.New(pageHTML)

// A Finder finds the recordings behind the metrics.
type Finder interface {
	// Recordings returns the part of the matching recordings that q asks for, and
	// the number of all that match now. An error is [poll.ErrTooManyFiles], or the
	// cause of the end of the context.
	Recordings(ctx context.Context, q collector.RecordingQuery) (part []poll.Recording, total int, err error)
}

// A Handler serves recordings. All fields are required.
type Handler struct {
	Logger log.Logger
	Finder Finder
	// Corps returns the names of the corps.
	Corps func() []string
}

// findingError returns what to answer if recordings were not found because of an error.
func findingError(err error) (status int, message string) {
	if errors.Is(err, poll.ErrTooManyFiles) {
		return http.StatusBadRequest, fmt.Sprintf("%s: %s: write a smaller number", paramLimit, poll.ErrTooManyFiles)
	}
	// The client has gone, or seems to: the server takes one for gone after readTimeout.
	return http.StatusServiceUnavailable,
		"Finding the recordings took too long: try again later, or ask for fewer by corp, host or state."
}

type listPage struct {
	Text           map[string]string
	Lang           string
	Query          listQuery
	State          string // the value of the query; "" means all
	Corps          []string
	States         []string
	Flags          []choice
	Columns        []tableColumn
	Rows           []tableRow
	First, Last    int
	Total          int
	Previous, Next string // queries; empty if there is no such page
	Other          string // query of the same page in the other language
}

// A choice is a filter with the choices yes, no and all.
type choice struct {
	Name, Text string
	Yes, No    bool // the choice; neither means all
}

func newChoice(name, text string, asked *bool) choice {
	return choice{
		Name: name,
		Text: text,
		Yes:  asked != nil && *asked,
		No:   asked != nil && !*asked,
	}
}

// A sortDirection is a value of the attribute aria-sort.
type sortDirection string

const (
	unsorted         sortDirection = ""
	sortedAscending  sortDirection = "ascending"
	sortedDescending sortDirection = "descending"
)

// A tableColumn is the heading of a column. Link is the query that sorts by
// it, or empty.
type tableColumn struct {
	Text, Link string
	Sorted     sortDirection
	IsNumber   bool
}

type tableRow struct {
	poll.Recording

	Start, Size, Length string
	Files               []sharedFile
}

type sharedFile struct {
	inventory.File

	Expiry string
}

// ServePage serves the recordings as a page without scripts.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	language, lang := page.LanguageOf(r)
	q, values, err := parse(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text := texts[language]
	part, total, err := h.Finder.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, message := findingError(err)
		http.Error(w, message, status)
		return
	}
	data := listPage{
		Text:   text,
		Lang:   lang,
		Query:  q,
		State:  values.Get(paramState),
		Corps:  h.Corps(),
		States: wecom.StateNames(),
		Flags: []choice{
			newChoice(paramShared, text["isShared"], q.Shared),
			newChoice(paramExposed, text["isExposed"], q.Exposed),
		},
		Columns: q.columns(values, text),
		Total:   total,
		Other:   page.WithParams(values, map[string]string{page.ParamLang: text["otherLang"]}),
	}
	for i := range part {
		data.Rows = append(data.Rows, newRow(&part[i], text))
	}
	if len(part) > 0 {
		data.First, data.Last = q.Offset+1, q.Offset+len(part)
	}
	if q.page > 1 {
		data.Previous = page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page - 1)})
	}
	if q.Offset+len(part) < total && q.Offset+2*q.Limit <= deepest {
		data.Next = page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
	}
	page.Serve(w, h.Logger, pageTemplate, data)
}

// headings are the columns in their order. A key is that of the text and, if the
// column sorts, the value of paramSort.
var headings = [...]struct {
	key      string
	isNumber bool
}{
	{paramCorp, false},
	{string(inventory.ByHost), false},
	{"title", false},
	{string(inventory.ByStart), false},
	{paramState, false},
	{string(inventory.ByBytes), true},
	{string(inventory.ByDuration), true},
	{string(inventory.ByShared), false},
	{string(inventory.ByExposed), true},
}

// columns returns the headings of the table. A link sorts by its column, and
// reverses the order if the table is sorted by it already.
func (q *listQuery) columns(values url.Values, text map[string]string) []tableColumn {
	columns := make([]tableColumn, 0, len(headings))
	for _, h := range headings {
		column := tableColumn{Text: text[h.key], Sorted: unsorted, IsNumber: h.isNumber}
		order := inventory.Order(h.key)
		isSorted := order == q.Order
		if slices.Contains(inventory.Orders(), order) {
			next := descending
			if isSorted && q.Descending || !isSorted && order == inventory.ByHost {
				next = ascending
			}
			column.Link = page.WithParams(values, map[string]string{paramSort: h.key, paramOrder: next, paramPage: ""})
		}
		switch {
		case isSorted && q.Descending:
			column.Sorted = sortedDescending
		case isSorted:
			column.Sorted = sortedAscending
		}
		columns = append(columns, column)
	}
	return columns
}

func newRow(r *poll.Recording, text map[string]string) tableRow {
	row := tableRow{
		Recording: *r,
		Size:      listing.Size(r.Bytes),
		Length:    r.Duration.Round(time.Second).String(),
	}
	if !r.Start.IsZero() {
		row.Start = r.Start.UTC().Format(time.RFC3339)
	}
	for _, f := range r.Files {
		if f.Shared {
			file := sharedFile{File: f, Expiry: text["never"]}
			if !f.Expiry.IsZero() {
				file.Expiry = f.Expiry.UTC().Format(time.RFC3339)
			}
			row.Files = append(row.Files, file)
		}
	}
	return row
}
