// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	_ "embed"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed recordings.html
var pageHTML string

var pageTemplate = page.New(pageHTML)

type listPage struct {
	page.Frame

	Query          *listQuery
	State          string // the value of the query; "" means all
	Corps          []string
	HasCorps       bool // there are several
	States         []stateChoice
	Flags          []page.Choice
	Kept           []page.Param
	Filters        page.Filters
	Totals         []total
	Columns        []tableColumn
	Rows           []tableRow
	NotShared      string // in words
	First, Last    string // numbers of the recordings on the page
	Total          string // "": there are none
	Previous, Next string // queries; empty if there is no such page
	HistoryAddress string // of the changes of the recording that was asked for, if it is not known
	CSV, JSON      string // addresses of the same list in these formats
	Held           string // how many recordings these hold, in words
}

// A total is what all recordings that match amount to.
type total struct {
	Label, Value string
	Exact        string // "": the value is
	IsExposed    bool
}

func (h Handler) newPage(
	frame page.Frame, q *listQuery, values url.Values, part []poll.Recording, all inventory.Totals, now time.Time,
) *listPage {
	text := frame.Text
	whole := page.WithParams(values, map[string]string{
		paramSort: string(q.Order), paramOrder: q.direction(), paramPage: "", paramLimit: strconv.Itoa(mostPerPage),
		page.ParamLang: "", page.ParamRefresh: "",
	})
	corps := page.WithAsked(h.Corps(), q.Corp)
	p := &listPage{
		Frame:    frame,
		Query:    q,
		State:    values.Get(paramState),
		Corps:    corps,
		HasCorps: len(corps) > 1,
		States:   stateChoices(text),
		Flags: []page.Choice{
			page.NewChoice(paramExposed, text["isExposed"], q.Exposed),
			page.NewChoice(paramShared, text["isShared"], q.Shared),
			page.NewChoice(paramAccepted, text["isAccepted"], q.Accepted),
			page.NewChoice(paramOverdue, text["isOverdue"], q.Overdue),
		},
		Kept:      page.KeptParams(values, paramSort, paramOrder, paramLimit, page.ParamLang, page.ParamRefresh),
		Totals:    newTotals(&all, text, frame.Language),
		Columns:   q.columns(values, text, len(corps) > 1),
		Rows:      newRows(part, values, now, frame.Language),
		NotShared: page.WordsOf(frame.Language).NotShared,
		Next:      q.next(values, len(part), all.Recordings),
		CSV:       whole + "&" + page.ParamFormat + "=" + page.CSV,
		JSON:      "./api/v1/recordings" + whole,
		Held:      fmt.Sprintf(text["held"], page.Count(all.Recordings)),
	}
	p.Filters = page.NewFilters(values, frame.Language, paramPage, readyFilters(text), p.fields(text))
	if all.Recordings > mostPerPage {
		p.Held = fmt.Sprintf(text["heldFirst"], page.Count(mostPerPage))
	}
	if len(part) > 0 {
		p.First, p.Last, p.Total = page.Count(q.Offset+1), page.Count(q.Offset+len(part)), page.Count(all.Recordings)
	} else if q.ID != "" {
		p.HistoryAddress = page.Address(page.Changes, values, map[string]string{paramCorp: q.Corp, paramRecording: q.ID})
	}
	if q.page > 1 {
		p.Previous = page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page - 1)})
	}
	return p
}

func newTotals(all *inventory.Totals, text map[string]string, language wecom.Language) []total {
	size, length := total{Label: text["bytes"], Value: notKnown}, total{Label: text["duration"], Value: notKnown}
	if all.Files > 0 {
		size.Value, size.Exact = listing.Size(all.Bytes), fmt.Sprintf("%d B", all.Bytes)
		length.Value = page.Length(all.Duration(), language)
	}
	return []total{
		{Label: text["recordings"], Value: page.Count(all.Recordings)},
		{Label: text["exposed"], Value: page.Count(all.Exposed), IsExposed: all.Exposed > 0},
		{Label: text["shared"], Value: page.Count(all.Shared)},
		{Label: text["files"], Value: page.Count(all.Files)},
		size,
		length,
	}
}

func readyFilters(text map[string]string) []page.ReadyFilter {
	return []page.ReadyFilter{
		{Text: text["all"]},
		{Text: text["isExposed"], Params: map[string]string{paramExposed: "true"}},
		{Text: text["isShared"], Params: map[string]string{paramShared: "true"}},
		{Text: text["isAccepted"], Params: map[string]string{paramAccepted: "true"}},
		{Text: text["isOverdue"], Params: map[string]string{paramOverdue: "true"}},
		{Text: text["recordingNow"], Params: map[string]string{paramState: wecom.StateRecording.String()}},
	}
}

// fields returns the filters that the list may have, in words. With a single corp, to ask for it
// filters nothing.
func (p *listPage) fields(text map[string]string) []page.FilterField {
	var fields []page.FilterField
	if p.HasCorps {
		fields = append(fields, page.FilterField{Name: paramCorp, Label: text["corp"], Value: p.Query.Corp})
	}
	fields = append(fields, page.FilterField{Name: paramHost, Label: text["host"], Value: p.Query.Host})
	state := page.FilterField{Name: paramState, Label: text["state"]}
	if p.State != "" {
		state.Value = text["state_"+p.State]
	}
	fields = append(fields, state)
	for _, flag := range p.Flags {
		fields = append(fields, flag.Field(text["yes"], text["no"]))
	}
	return append(fields, page.FilterField{Name: paramRecording, Label: text["id"], Value: p.Query.ID})
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
