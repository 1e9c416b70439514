// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package targets serves the targets of each corp and how polling them goes: as a page and as CSV.
package targets

import (
	_ "embed"
	"net/http"
	"slices"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// perPage bounds the page of a corp with 100,000 targets. Several corps share it, but each has
	// the fewest at least.
	perPage = 100
	fewest  = 10
)

//go:embed targets.html
var pageHTML string

var pageTemplate = page.New(pageHTML)

// A Reporter reports the state of polling.
type Reporter interface {
	// Status returns how polling goes, sorted by the name of the corp.
	Status() []poll.Status
	// Targets returns what a query finds, the failing targets first.
	Targets(q *collector.TargetQuery) collector.Targets
}

// A Handler serves targets. Logger and Reporter are required.
type Handler struct {
	Logger   log.Logger
	Reporter Reporter
	// HasRecordings reports that the pages of single recordings are on. The operator wants user
	// IDs to be seen then, whatever the label host hides.
	HasRecordings bool
}

// A listPage is what the template takes.
type listPage struct {
	page.Frame

	Corps       []string // names for the form
	Corp        string   // that was asked for; "" means all
	Search      string
	Error       string
	Selectors   []choice
	Statuses    []choice
	Causes      []choice // of the errors on the page
	Sections    []section
	Whole       string // address without filters; "" if there are none
	UsersHidden bool
	LeadsOn     bool // to recordings
}

// A choice is a value of a parameter.
type choice struct {
	Name, Text string
	IsAsked    bool
}

// ServePage serves targets as a page without scripts, or as CSV.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	q, err := parse(r.URL.RawQuery)
	reports := h.Reporter.Status()
	corps := namesOf(reports)
	if err == nil {
		err = q.check(corps)
	}
	if err != nil {
		page.ServeFailure(w, r, h.Logger, &page.Failure{
			Here:          page.Targets,
			HasRecordings: h.HasRecordings,
			Status:        http.StatusBadRequest,
			Err:           err,
		})
		return
	}
	if q.format == page.CSV {
		language, _ := page.LanguageOf(r)
		h.serveCSV(w, &q, corps, language)
		return
	}
	now := time.Now()
	frame := page.NewFrame(r, page.Targets, q.values, now, texts, h.HasRecordings)
	page.Serve(w, h.Logger, pageTemplate, h.newPage(frame, &q, reports, now))
}

func (h Handler) newPage(frame page.Frame, q *listQuery, reports []poll.Status, now time.Time) *listPage {
	words, corps := wordsOf(frame.Language), namesOf(reports)
	p := &listPage{
		Frame:     frame,
		Corps:     page.WithAsked(corps, q.corp),
		Corp:      q.corp,
		Search:    q.search,
		Error:     q.cause,
		Selectors: selectorChoices(q, words),
		Statuses:  statusChoices(q, words),
		LeadsOn:   h.HasRecordings,
	}
	if q.isFiltered() || q.corp != "" && len(corps) > 1 {
		p.Whole = page.Address(page.Targets, q.values, nil)
	}
	if q.corp != "" {
		reports = slices.DeleteFunc(reports, func(s poll.Status) bool { return s.Name != q.corp })
	}
	v := view{
		handler:  h,
		query:    q,
		now:      now,
		language: frame.Language,
		words:    words,
		common:   frame.Common,
		limit:    perPage,
	}
	if len(reports) > 1 {
		v.limit = max(fewest, perPage/len(reports))
	}
	for i := range reports {
		s := v.section(&reports[i])
		p.UsersHidden = p.UsersHidden || s.usersHidden
		if s.Total == 0 && q.isFiltered() && q.corp == "" && len(reports) > 1 {
			continue
		}
		p.Sections = append(p.Sections, s)
		for _, e := range s.Errors {
			p.addCause(e.Cause, e.Text)
		}
	}
	return p
}

func (p *listPage) addCause(cause, text string) {
	if !slices.ContainsFunc(p.Causes, func(c choice) bool { return c.Name == cause }) {
		p.Causes = append(p.Causes, choice{Name: cause, Text: text})
	}
}

func namesOf(reports []poll.Status) []string {
	names := make([]string, 0, len(reports))
	for i := range reports {
		names = append(names, reports[i].Name)
	}
	return names
}

func selectorChoices(q *listQuery, words *words) []choice {
	choices := make([]choice, 0, len(wecom.Selectors()))
	for _, selector := range wecom.Selectors() {
		choices = append(choices, choice{string(selector), words.selectors[selector], q.selector == selector})
	}
	return choices
}

func statusChoices(q *listQuery, words *words) []choice {
	choices := make([]choice, 0, schedule.NumStatuses)
	for _, status := range statuses() {
		choices = append(choices, choice{status.String(), words.statuses[status], isStatus(q, status)})
	}
	return choices
}

func isStatus(q *listQuery, status schedule.Status) bool {
	return q.status != nil && *q.status == status
}

// find returns what the query finds among the targets of a corp.
func (h Handler) find(q *listQuery, corp string, offset, limit int) collector.Targets {
	return h.Reporter.Targets(&collector.TargetQuery{
		Corp:      corp,
		Search:    q.search,
		Selector:  q.selector,
		Status:    q.status,
		Cause:     q.cause,
		ShowUsers: h.HasRecordings,
		Offset:    offset,
		Limit:     limit,
	})
}
