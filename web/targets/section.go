// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const noValue = "–"

// A section is what the page shows of one corp.
type section struct {
	poll.Status

	Number        string // of targets
	Lag, Coverage string
	Calls         string       // of the budget
	Success       *page.Moment // the last one; nil: there was none
	Counts        []targetCounts
	Outage        *trouble // nil: there is none
	Undiscovered  *trouble // why discovering users failed; nil: it has not, or the outage says so
	NoTargets     *trouble // nil: there are some, or it is not known
	Closed        []trouble
	Errors        []errorGroup
	OtherErrors   int
	Failing       string // address of all failing targets
	Rows          []row
	First, Last   int
	Total         int    // that match the query
	Previous      string // address of the page before; "": none
	Next          string
	All           string // address of the pages of this corp, if the page shows several; "": none
	CSV           string
	ManySelectors bool // there are targets of several selectors

	usersHidden bool
}

// A trouble concerns more than single targets: an outage, or an endpoint that WeCom, or a
// gateway before it, asked not to call for some time.
type trouble struct {
	Until        *page.Moment // when it is tried again
	Text, Remedy string
}

// targetCounts are how many targets of a selector have each status, without zeros.
type targetCounts struct {
	Text     string // of the selector
	Statuses []statusCount
}

type statusCount struct {
	Status        schedule.Status
	Text, Address string
	Count         int
	IsHere        bool // the page shows just these
}

// An errorGroup is an error and the targets that fail for it.
type errorGroup struct {
	Cause, Count, Text, Remedy string
	Address                    string // of all of its targets
	Summary                    string // of Targets
	Targets                    []row  // some of them; nil: they are below, or their IDs are hidden
	HasMore                    bool   // there are others
}

type row struct {
	ID, Selector                  string // ID is "" if it is hidden
	Status                        schedule.Status
	StatusText                    string
	Polled                        *page.Moment // nil: never
	Due, DueExact                 string
	Recordings, RecordingsAddress string // the address may be ""
	Error, Remedy                 string // "" if they are above
}

// A view is what sections are made for.
type view struct {
	handler  Handler
	query    *listQuery
	now      time.Time
	language wecom.Language
	words    *words
	common   map[string]string // texts of all pages
	limit    int               // rows of a section
}

func (v *view) section(report *poll.Status) section {
	s := section{
		Status:   *report,
		Number:   page.Count(report.Total),
		Lag:      page.Span(max(report.Lag, 0), v.language),
		Calls:    fmt.Sprintf(v.words.calls, page.Count(report.Used), page.Count(report.Budget)),
		Coverage: fmt.Sprintf("%.1f%%", 100*report.Coverage),
		Success:  page.NewMoment(report.LastSuccess, v.now, v.language),
		Counts:   v.counts(report),
		Failing:  v.filter(report.Name, map[string]string{paramStatus: schedule.Failing.String()}),
		CSV: v.same(report.Name, map[string]string{
			paramPage: "", page.ParamRefresh: "", page.ParamFormat: page.CSV,
		}),
	}
	s.ManySelectors = len(s.Counts) > 1
	if report.Total == 0 {
		s.Coverage = noValue
	}
	s.NoTargets = v.noTargets(report)
	// Remedies by cause of errors that are said above the rows.
	said := map[string]string{}
	if report.Outage != nil {
		s.Outage = v.trouble(report.Outage, report.Retry)
		said[wecom.CauseOf(report.Outage)] = s.Outage.Remedy
	}
	if err := report.DiscoveryErr; err != nil {
		if t := v.trouble(err, time.Time{}); s.Outage == nil || s.Outage.Text != t.Text {
			s.Undiscovered = t
		}
	}
	for _, b := range report.Blocks {
		closed := v.trouble(b.Err, b.Until)
		s.Closed = append(s.Closed, *closed)
		said[wecom.CauseOf(b.Err)] = closed.Remedy
	}
	offset := (v.query.page - 1) * v.limit
	found := v.handler.find(v.query, report.Name, offset, v.limit)
	s.usersHidden = found.UsersHidden
	s.OtherErrors = found.OtherErrors
	for i := range found.Errors {
		e := &found.Errors[i]
		if _, isSaid := said[e.Cause]; isSaid {
			continue
		}
		group := v.group(report.Name, e)
		s.Errors = append(s.Errors, group)
		said[e.Cause] = group.Remedy
	}
	for i := range found.Part {
		s.Rows = append(s.Rows, v.row(report.Name, &found.Part[i], said))
	}
	s.addPages(v, offset, found.Total)
	return s
}

func (s *section) addPages(v *view, offset, total int) {
	s.Total = total
	if len(s.Rows) > 0 {
		s.First, s.Last = offset+1, offset+len(s.Rows)
	}
	hasMore := offset+len(s.Rows) < total
	if v.limit < perPage {
		if hasMore {
			s.All = v.same(s.Name, nil)
		}
		return
	}
	if v.query.page > 1 {
		s.Previous = v.same(s.Name, map[string]string{paramPage: strconv.Itoa(v.query.page - 1)})
	}
	if hasMore {
		s.Next = v.same(s.Name, map[string]string{paramPage: strconv.Itoa(v.query.page + 1)})
	}
}

// filter returns the address of targets of a corp with other filters than those of the query.
func (v *view) filter(corp string, params map[string]string) string {
	params[paramCorp] = corp
	return page.Address(page.Targets, v.query.values, params)
}

// same returns the query of targets of a corp with the filters of the query, but for params.
func (v *view) same(corp string, params map[string]string) string {
	all := map[string]string{paramCorp: corp}
	maps.Copy(all, params)
	return page.WithParams(v.query.values, all)
}

func (v *view) trouble(err error, until time.Time) *trouble {
	return &trouble{
		Until:  page.NewMoment(until, v.now, v.language),
		Text:   describe(err, v.language),
		Remedy: v.remedy(err),
	}
}

// remedy returns what to do about an error; "" if there is no advice.
func (v *view) remedy(err error) string {
	return page.Sentence(wecom.Remedy(err, v.language), v.language)
}

// noTargets returns why there is nobody to poll, and what to do; nil if there is somebody, or if
// that is not known.
func (v *view) noTargets(report *poll.Status) *trouble {
	switch {
	case !report.HasNoTargets():
		return nil
	case report.Elsewhere > 0:
		return &trouble{Text: fmt.Sprintf(v.common["emptyShard"], report.Elsewhere)}
	default:
		return &trouble{Text: v.common["noTargets"], Remedy: page.Sentence(v.common["noTargetsRemedy"], v.language)}
	}
}

func (v *view) counts(report *poll.Status) (list []targetCounts) {
	for _, selector := range wecom.Selectors() {
		counts := targetCounts{Text: v.words.selectors[selector]}
		for _, status := range statuses() {
			byStatus := report.Counts[selector]
			if byStatus == nil || byStatus[status] == 0 {
				continue
			}
			counts.Statuses = append(counts.Statuses, statusCount{
				Status: status,
				Text:   v.words.statuses[status],
				Count:  byStatus[status],
				IsHere: v.query.corp == report.Name && v.query.selector == selector && isStatus(v.query, status),
				Address: v.filter(report.Name, map[string]string{
					paramSelector: string(selector), paramStatus: status.String(),
				}),
			})
		}
		if len(counts.Statuses) > 0 {
			list = append(list, counts)
		}
	}
	return list
}

// group returns what is shown of an error. Its targets are folded below it, unless a filter has
// made the table of targets short.
func (v *view) group(corp string, e *schedule.ErrorReport) errorGroup {
	g := errorGroup{
		Cause:   e.Cause,
		Count:   v.words.count(e.Count),
		Text:    describe(e.Err, v.language),
		Remedy:  v.remedy(e.Err),
		Address: v.filter(corp, map[string]string{paramError: e.Cause}),
		HasMore: e.Count > len(e.Targets),
	}
	if v.query.isFiltered() {
		return g
	}
	for i := range e.Targets {
		if e.Targets[i].Target.ID == "" {
			continue
		}
		t := v.row(corp, &e.Targets[i], nil)
		if t.Error == g.Text {
			t.Error = ""
		}
		g.Targets = append(g.Targets, t)
	}
	g.Summary = v.words.which
	if n := len(g.Targets); n < e.Count {
		g.Summary = fmt.Sprintf(v.words.firstOf, n, e.Count)
	}
	return g
}

// row returns what is shown of a target. Its error is left out if said has the same remedy for
// its cause.
func (v *view) row(corp string, t *schedule.TargetReport, said map[string]string) row {
	r := row{
		ID:         t.Target.ID,
		Selector:   v.words.selectors[t.Target.Selector],
		Status:     t.Status,
		StatusText: v.words.statuses[t.Status],
		Polled:     page.NewMoment(t.Polled, v.now, v.language),
		Due:        v.words.due(t.Due, v.now, v.language),
		DueExact:   t.Due.UTC().Format(time.RFC3339),
	}
	if t.Status == schedule.OK || t.Recordings > 0 {
		r.Recordings = strconv.Itoa(t.Recordings)
	}
	if v.handler.HasRecordings && t.IsUser() && t.Recordings > 0 {
		r.RecordingsAddress = page.Address(page.Recordings, v.query.values, map[string]string{
			paramCorp: corp, "host": t.Target.ID,
		})
	}
	if t.Err == nil {
		return r
	}
	remedy := v.remedy(t.Err)
	if saidRemedy, isSaid := said[t.Cause]; !isSaid || saidRemedy != remedy {
		r.Error, r.Remedy = describe(t.Err, v.language), remedy
	}
	return r
}

// describe describes an error without the page of the list on which it was met.
func describe(err error, language wecom.Language) string {
	return wecom.Describe(wecom.Origin(err), language)
}
