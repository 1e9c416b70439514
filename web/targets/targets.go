// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package targets serves the targets of each corp and how polling them goes: as a page and as CSV.
package targets

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// perPage bounds the page of a corp with 100,000 targets.
const perPage = 200

// The parameters of the query.
const (
	paramCorp = "corp"
	paramPage = "page"

	mostPages = 1_000_000
)

//go:embed targets.html
var pageHTML string

var pageTemplate = page.New(pageHTML)

// A Reporter reports the state of polling.
type Reporter interface {
	// Status returns how polling goes, sorted by the name of the corp.
	Status() []poll.Status
	// Targets returns up to limit targets of a corp, failing ones first, and the
	// number of all its targets.
	Targets(corp string, offset, limit int) (part []schedule.TargetReport, total int)
}

// A Handler serves targets. Logger and Reporter are required.
type Handler struct {
	Logger   log.Logger
	Reporter Reporter
	// HasRecordings reports that the pages of single recordings are on.
	HasRecordings bool
}

type listPage struct {
	page.Frame

	Corps []corpSection
}

type corpSection struct {
	poll.Status

	Lag, Coverage          string
	Retry                  *page.Moment // nil: there is no outage
	Counts                 []targetCount
	OutageText, Remedy     string
	Closed                 []closedEndpoint
	Rows                   []targetRow
	First, Last, Page      int
	PreviousPage, NextPage int // 0: none
}

// A closedEndpoint is one that WeCom, or a gateway before it, asked not to call for some time.
type closedEndpoint struct {
	Until        *page.Moment
	Text, Remedy string
}

type targetCount struct {
	Selector wecom.Selector
	Status   schedule.Status
	Count    int
}

// countsOf returns the counts that are not 0.
func countsOf(counts map[wecom.Selector]*[schedule.NumStatuses]int) (list []targetCount) {
	for _, selector := range wecom.Selectors() {
		byStatus := counts[selector]
		if byStatus == nil {
			continue
		}
		for status, n := range byStatus {
			if n > 0 {
				list = append(list, targetCount{selector, schedule.Status(status), n})
			}
		}
	}
	return list
}

type targetRow struct {
	schedule.TargetReport

	Polled        *page.Moment // nil: never
	Due           string
	Error, Remedy string
}

// ServePage serves the first page of targets of each corp. The parameters corp
// and page choose another page for one of them.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	q, err := parse(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if q.format == page.CSV {
		language, _ := page.LanguageOf(r)
		h.serveCSV(w, q, language)
		return
	}
	now := time.Now()
	data := listPage{Frame: page.NewFrame(r, page.Targets, q.values, now, texts, h.HasRecordings)}
	for _, report := range h.Reporter.Status() {
		section := corpSection{
			Status:   report,
			Page:     1,
			Counts:   countsOf(report.Counts),
			Lag:      report.Lag.Round(time.Second).String(),
			Coverage: fmt.Sprintf("%.1f%%", 100*report.Coverage),
		}
		if report.Name == q.corp {
			section.Page = q.page
		}
		section.addOutage(now, data.Language)
		section.addRows(h.Reporter, now, data.Language)
		data.Corps = append(data.Corps, section)
	}
	page.Serve(w, h.Logger, pageTemplate, data)
}

func (s *corpSection) addOutage(now time.Time, language wecom.Language) {
	if s.Outage != nil {
		s.OutageText = wecom.Describe(s.Outage, language)
		s.Remedy = wecom.Remedy(s.Outage, language)
		s.Retry = page.NewMoment(s.Status.Retry, now, language)
	}
	for _, b := range s.Blocks {
		s.Closed = append(s.Closed, closedEndpoint{
			Until:  page.NewMoment(b.Until, now, language),
			Text:   wecom.Describe(b.Err, language),
			Remedy: wecom.Remedy(b.Err, language),
		})
	}
}

// A listQuery is the query of a URL.
type listQuery struct {
	corp   string
	page   int
	format string
	values url.Values
}

// parse reads a query. An error names the parameter and the remedy.
func parse(rawQuery string) (q listQuery, err error) {
	q.values, err = query.Parse(rawQuery, []string{
		paramCorp, paramPage, page.ParamFormat, page.ParamLang, page.ParamRefresh,
	})
	if err != nil {
		return q, err
	}
	if err := page.CheckParams(q.values); err != nil {
		return q, err
	}
	if q.format, err = query.Choice(q.values, page.ParamFormat, page.HTML, page.CSV); err != nil {
		return q, err
	}
	q.corp = q.values.Get(paramCorp)
	q.page, err = query.Number(q.values, paramPage, 1, mostPages)
	return q, err
}

func (s *corpSection) addRows(reporter Reporter, now time.Time, language wecom.Language) {
	offset := (s.Page - 1) * perPage
	part, total := reporter.Targets(s.Name, offset, perPage)
	for _, t := range part {
		row := targetRow{
			TargetReport: t,
			Polled:       page.NewMoment(t.Polled, now, language),
			Due:          page.Distance(t.Due, now, language),
		}
		if t.Err != nil {
			row.Error = wecom.Describe(t.Err, language)
			row.Remedy = wecom.Remedy(t.Err, language)
		}
		s.Rows = append(s.Rows, row)
	}
	if len(part) > 0 {
		s.First, s.Last = offset+1, offset+len(part)
	}
	if s.Page > 1 {
		s.PreviousPage = s.Page - 1
	}
	if offset+len(part) < total {
		s.NextPage = s.Page + 1
	}
}

var texts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title":      "Targets",
		"corp":       "Corp",
		"up":         "WeCom accepts calls",
		"down":       "The last call to WeCom failed",
		"notCalled":  "WeCom has not been called yet",
		"count":      "targets",
		"covered":    "polled successfully",
		"lag":        "most overdue by",
		"budget":     "calls in the last 60 seconds, and the budget",
		"outage":     "No target can be asked",
		"closed":     "WeCom, or a gateway before it, asked to wait until",
		"retry":      "next try",
		"remedy":     "what to do",
		"selector":   "selector",
		"id":         "target",
		"status":     "status",
		"asked":      "last poll",
		"due":        "due",
		"recordings": "recordings",
		"error":      "error",
		"never":      "never",
		"previous":   "previous",
		"next":       "next",
		"none":       "no targets",
		"note":       "Failing targets come first. What was known of them stays.",
	},
	wecom.Chinese: {
		"title":      "目标",
		"corp":       "企业",
		"up":         "企业微信接受调用",
		"down":       "最近一次调用企业微信失败",
		"notCalled":  "尚未调用企业微信",
		"count":      "目标数",
		"covered":    "近期轮询成功率",
		"lag":        "最大滞后",
		"budget":     "最近 60 秒调用次数与预算",
		"outage":     "无法查询任何目标",
		"closed":     "企业微信或其前的网关要求暂停调用至",
		"retry":      "下次重试",
		"remedy":     "处理办法",
		"selector":   "查询方式",
		"id":         "目标",
		"status":     "状态",
		"asked":      "上次轮询",
		"due":        "到期",
		"recordings": "录制数",
		"error":      "错误",
		"never":      "从未",
		"previous":   "上一页",
		"next":       "下一页",
		"none":       "没有目标",
		"note":       "失败的目标排在最前，其已知数据会保留。",
	},
}
