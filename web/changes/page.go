// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed changes.html
var pageHTML string

var pageTemplate = page.New(pageHTML)

type listPage struct {
	page.Frame

	Query        *listQuery
	Corps        []string
	HasCorps     bool // there are several
	Kinds        []kindChoice
	Exposed      page.Choice
	Since, Until string // as they were asked for
	Spans        []spanChoice
	Kept         []page.Param
	Filters      page.Filters
	Complete     []completeness
	Rows         []Row
	Shown        string // how many changes the page shows, in words
	Older        string // query; "" if there are none
	Newest       string // query of the first page; "" if this is it
	CSV, JSON    string // addresses of the same list in these formats
	Held         string // how many changes these hold, in words
}

// A spanChoice is a value of the parameters since and until.
type spanChoice struct{ Name, Text string }

// spans are the choices.
var spans = [...]string{"1h", "1d", "7d", "30d"}

type kindChoice struct {
	Name, Text string
	IsAsked    bool
}

// A completeness is since when the list of a corp is complete.
type completeness struct {
	Corp  string
	Since *page.Moment
}

// A Row is a change as pages show it.
type Row struct {
	poll.Change

	Time, Start        *page.Moment
	KindText           string
	Host               string
	RecordingAddress   string // of the recording; "" if that was removed
	HistoryAddress     string // of the changes of the recording
	BeforeIs, AfterIs  string // the sharing in words
	IsRemoval, Exposed bool
}

func (h Handler) newPage(
	frame page.Frame, q *listQuery, values url.Values, part []poll.Change, next uint32, now time.Time,
) *listPage {
	text := frame.Text
	whole := page.WithParams(values, map[string]string{
		paramLimit: strconv.Itoa(mostPerPage), page.ParamLang: "", page.ParamRefresh: "",
	})
	corps := page.WithAsked(h.Corps(), q.Corp)
	p := &listPage{
		Frame:    frame,
		Query:    q,
		Corps:    corps,
		HasCorps: len(corps) > 1,
		Exposed:  page.NewChoice(paramExposed, text["exposedAfter"], q.Exposed),
		Since:    values.Get(paramSince),
		Until:    values.Get(paramUntil),
		Kept:     page.KeptParams(values, paramLimit, page.ParamLang, page.ParamRefresh),
		Shown:    fmt.Sprintf(text["shown"], page.Count(len(part))),
		Older:    older(values, next),
		CSV:      whole + "&" + page.ParamFormat + "=" + page.CSV,
		JSON:     "./api/v1/changes" + whole,
		Held:     fmt.Sprintf(text["held"], page.Count(len(part))),
	}
	if next != 0 {
		p.Held = fmt.Sprintf(text["heldMost"], page.Count(mostPerPage))
	}
	p.Filters = page.NewFilters(values, frame.Language, paramBefore, readyFilters(text), p.fields(text, now))
	for kind := range ledger.Kind(ledger.NumKinds) {
		p.Kinds = append(p.Kinds, kindChoice{
			Name:    kind.String(),
			Text:    text[kind.String()],
			IsAsked: q.Kind != nil && *q.Kind == kind,
		})
	}
	for _, span := range spans {
		p.Spans = append(p.Spans, spanChoice{Name: span, Text: agoWords(span, now, frame.Language)})
	}
	for _, s := range h.Finder.ChangesSince() {
		if q.Corp == "" || q.Corp == s.Corp {
			p.Complete = append(p.Complete, completeness{s.Corp, page.NewMoment(s.Since, now, frame.Language)})
		}
	}
	if q.Before != 0 {
		p.Newest = page.WithParams(values, map[string]string{paramBefore: ""})
	}
	p.Rows = newRows(part, "", values, now, frame.Language)
	return p
}

func readyFilters(text map[string]string) []page.ReadyFilter {
	return []page.ReadyFilter{
		{Text: text["all"]},
		{Text: text["exposedAfter"], Params: map[string]string{paramExposed: "true"}},
		{Text: text["removed"], Params: map[string]string{paramChange: ledger.Removed.String()}},
		{Text: text["widened"], Params: map[string]string{paramChange: ledger.Widened.String()}},
		{Text: text["lastDay"], Params: map[string]string{paramSince: "1d", paramUntil: ""}},
	}
}

// fields returns the filters that the list may have, in words. With a single corp, to ask for it
// filters nothing.
func (p *listPage) fields(text map[string]string, now time.Time) []page.FilterField {
	var fields []page.FilterField
	if p.HasCorps {
		fields = append(fields, page.FilterField{Name: paramCorp, Label: text["corp"], Value: p.Query.Corp})
	}
	change := page.FilterField{Name: paramChange, Label: text["change"]}
	if p.Query.Kind != nil {
		change.Value = text[p.Query.Kind.String()]
	}
	return append(fields,
		page.FilterField{Name: paramHost, Label: text["host"], Value: p.Query.Host},
		change,
		p.Exposed.Field(text["yes"], text["no"]),
		page.FilterField{Name: paramRecording, Label: text["id"], Value: p.Query.Recording},
		page.FilterField{Name: paramSince, Label: text["since"], Value: agoWords(p.Since, now, p.Language)},
		page.FilterField{Name: paramUntil, Label: text["until"], Value: agoWords(p.Until, now, p.Language)},
	)
}

// Latest returns the latest changes for a page that shows up to n of them. Values are its query.
func Latest(ctx context.Context, f Finder, n int, values url.Values, language wecom.Language) ([]Row, error) {
	part, _, err := f.Changes(ctx, collector.ChangeQuery{ChangeQuery: poll.ChangeQuery{Limit: n}})
	if err != nil {
		return nil, fmt.Errorf("finding the latest changes: %w", err)
	}
	return newRows(part, page.Changes, values, time.Now(), language), nil
}

// newRows returns changes as pages show them. List is the address of the page of changes.
func newRows(
	part []poll.Change, list string, values url.Values, now time.Time, language wecom.Language,
) []Row {
	rows := make([]Row, 0, len(part))
	for i := range part {
		rows = append(rows, newRow(&part[i], list, values, now, language))
	}
	return rows
}

func newRow(c *poll.Change, list string, values url.Values, now time.Time, language wecom.Language) Row {
	about := map[string]string{paramCorp: c.Corp, paramRecording: c.Recording}
	row := Row{
		Change:         *c,
		Time:           page.NewMoment(c.At.Time(), now, language),
		Start:          page.NewMoment(c.Start.Time(), now, language),
		KindText:       texts[language][c.Kind.String()],
		Host:           cmp.Or(c.Host, inventory.UnknownHost),
		HistoryAddress: page.Address(list, values, about),
		IsRemoval:      c.Kind == ledger.Removed,
		Exposed:        c.After != nil && c.After.Exposed,
	}
	if row.IsRemoval {
		return row
	}
	row.RecordingAddress = page.Address(page.Recordings, values, about)
	row.BeforeIs = inWords(c.Before, c.After, c.At, language)
	row.AfterIs = inWords(c.After, c.Before, c.At, language)
	return row
}
