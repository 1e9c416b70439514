// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package recordings serves the recordings behind the metrics: as a page, as JSON and as CSV.
package recordings

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
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
	// what all that match now amount to. An error is [poll.ErrTooManyFiles], or the
	// cause of the end of the context.
	Recordings(ctx context.Context, q collector.RecordingQuery) (part []poll.Recording, totals inventory.Totals, err error)
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
	page.Frame

	Query          listQuery
	State          string // the value of the query; "" means all
	Corps          []string
	States         []stateChoice
	Flags          []page.Choice
	Columns        []tableColumn
	Rows           []tableRow
	First, Last    int
	Total          int
	Previous, Next string // queries; empty if there is no such page
	HistoryAddress string // of the changes of the recording that was asked for, if it is not known
	CSV, JSON      string // addresses of the same list in these formats
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

	Start          *page.Moment
	StateText      string
	Size, Length   string
	ChangesAddress string
	IsOverdue      bool
	Watched        string       // how often, in words; "" if that is not known
	Files          []sharedFile // that are shared
}

type sharedFile struct {
	Sharing   string // in words
	IsExposed bool
	// Reason and AcceptedUntil are set of an accepted file.
	Reason, AcceptedUntil string
}

// ServePage serves the recordings as a page without scripts.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	q, values, err := parse(r.URL.RawQuery, page.HTML, page.CSV)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	part, all, err := h.Finder.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, message := findingError(err)
		http.Error(w, message, status)
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, &q, values, part, all.Recordings)
		return
	}
	now := time.Now()
	frame := page.NewFrame(r, page.Recordings, values, now, texts, true)
	text := frame.Text
	whole := page.WithParams(values, map[string]string{
		paramPage: "", paramLimit: strconv.Itoa(mostPerPage), page.ParamLang: "", page.ParamRefresh: "",
	})
	data := listPage{
		Frame:  frame,
		Query:  q,
		State:  values.Get(paramState),
		Corps:  page.WithAsked(h.Corps(), q.Corp),
		States: stateChoices(text),
		Flags: []page.Choice{
			page.NewChoice(paramShared, text["isShared"], q.Shared),
			page.NewChoice(paramExposed, text["isExposed"], q.Exposed),
			page.NewChoice(paramAccepted, text["isAccepted"], q.Accepted),
			page.NewChoice(paramOverdue, text["isOverdue"], q.Overdue),
		},
		Columns: q.columns(values, text),
		Rows:    newRows(part, values, now, frame.Language),
		Total:   all.Recordings,
		Next:    q.next(values, len(part), all.Recordings),
		CSV:     whole + "&" + page.ParamFormat + "=" + page.CSV,
		JSON:    "./api/v1/recordings" + whole,
	}
	if len(part) > 0 {
		data.First, data.Last = q.Offset+1, q.Offset+len(part)
	} else if q.ID != "" {
		data.HistoryAddress = page.Address(page.Changes, values, map[string]string{paramCorp: q.Corp, paramRecording: q.ID})
	}
	if q.page > 1 {
		data.Previous = page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page - 1)})
	}
	page.Serve(w, h.Logger, pageTemplate, data)
}

// next returns the query of the page behind one with n recordings; "" if there is none.
func (q *listQuery) next(values url.Values, n, total int) string {
	if q.Offset+n >= total || q.Offset+2*q.Limit > deepest {
		return ""
	}
	return page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
}

func (h Handler) serveCSV(w http.ResponseWriter, q *listQuery, values url.Values, part []poll.Recording, total int) {
	page.ServeCSV(w, h.Logger, "recordings", q.next(values, len(part), total), func(w io.Writer) error {
		c, err := listing.NewCSV(w)
		for i := 0; err == nil && i < len(part); i++ {
			err = c.Write(&part[i])
		}
		if err != nil {
			return err
		}
		return c.Flush()
	})
}

// A stateChoice is a value of the parameter state.
type stateChoice struct{ Name, Text string }

func stateChoices(text map[string]string) []stateChoice {
	choices := make([]stateChoice, 0, wecom.NumStates)
	for _, name := range wecom.StateNames() {
		choices = append(choices, stateChoice{name, text["state_"+name]})
	}
	return choices
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
