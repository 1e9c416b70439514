// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed recordings.html
var recordingsHTML string

var recordingsTemplate = newPage(recordingsHTML)

// Recordings finds the recordings behind the metrics.
type Recordings interface {
	// Recordings returns the part of the matching recordings that q asks for, and
	// the number of all that match now. An error is [poll.ErrTooManyFiles], or the
	// cause of the end of the context.
	Recordings(ctx context.Context, q collector.RecordingQuery) (part []poll.Recording, total int, err error)
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

type recordingsPage struct {
	Text           map[string]string
	Lang           string
	Query          recordingsQuery
	State          string // the value of the query; "" means all
	Corps          []string
	States         []string
	Flags          []recordingsFlag
	Columns        []recordingsColumn
	Rows           []recordingsRow
	First, Last    int
	Total          int
	Previous, Next string // queries; empty if there is no such page
	Other          string // query of the same page in the other language
}

// A recordingsFlag is a filter with the choices yes, no and all.
type recordingsFlag struct {
	Name, Text string
	Yes, No    bool // the choice; neither means all
}

func newRecordingsFlag(name, text string, asked *bool) recordingsFlag {
	return recordingsFlag{
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

// A recordingsColumn is the heading of a column. Link is the query that sorts by
// it, or empty.
type recordingsColumn struct {
	Text, Link string
	Sorted     sortDirection
	IsNumber   bool
}

type recordingsRow struct {
	poll.Recording

	Start, Size, Length string
	Files               []recordingsFile
}

type recordingsFile struct {
	inventory.File

	Expiry string
}

// serveRecordings serves the recordings as a page without scripts.
func (o Options) serveRecordings(w http.ResponseWriter, r *http.Request) {
	language, lang := languageOf(r)
	q, values, err := parseRecordingsQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text := recordingsTexts[language]
	part, total, err := o.Recordings.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, message := findingError(err)
		http.Error(w, message, status)
		return
	}
	data := recordingsPage{
		Text:   text,
		Lang:   lang,
		Query:  q,
		State:  values.Get(paramState),
		States: stateNames(),
		Flags: []recordingsFlag{
			newRecordingsFlag(paramShared, text["isShared"], q.Shared),
			newRecordingsFlag(paramExposed, text["isExposed"], q.Exposed),
		},
		Columns: q.columns(values, text),
		Total:   total,
		Other:   withParams(values, map[string]string{paramLang: text["otherLang"]}),
	}
	for _, report := range o.Targets.Status() {
		data.Corps = append(data.Corps, report.Name)
	}
	for i := range part {
		data.Rows = append(data.Rows, newRecordingsRow(&part[i], text))
	}
	if len(part) > 0 {
		data.First, data.Last = q.Offset+1, q.Offset+len(part)
	}
	if q.page > 1 {
		data.Previous = withParams(values, map[string]string{paramPage: strconv.Itoa(q.page - 1)})
	}
	if q.Offset+len(part) < total && q.Offset+2*q.Limit <= deepest {
		data.Next = withParams(values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
	}
	o.servePage(w, recordingsTemplate, data)
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
func (q *recordingsQuery) columns(values url.Values, text map[string]string) []recordingsColumn {
	columns := make([]recordingsColumn, 0, len(headings))
	for _, h := range headings {
		column := recordingsColumn{Text: text[h.key], Sorted: unsorted, IsNumber: h.isNumber}
		order := inventory.Order(h.key)
		isSorted := order == q.Order
		if slices.Contains(inventory.Orders(), order) {
			next := descending
			if isSorted && q.Descending || !isSorted && order == inventory.ByHost {
				next = ascending
			}
			column.Link = withParams(values, map[string]string{paramSort: h.key, paramOrder: next, paramPage: ""})
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

// withParams returns the query of a link: values with those of params instead. An
// empty value removes a parameter.
func withParams(values url.Values, params map[string]string) string {
	values = maps.Clone(values)
	for name, value := range params {
		values.Del(name)
		if value != "" {
			values.Set(name, value)
		}
	}
	return "?" + values.Encode()
}

func newRecordingsRow(r *poll.Recording, text map[string]string) recordingsRow {
	row := recordingsRow{
		Recording: *r,
		Size:      listing.Size(r.Bytes),
		Length:    r.Duration.Round(time.Second).String(),
	}
	if !r.Start.IsZero() {
		row.Start = r.Start.UTC().Format(time.RFC3339)
	}
	for _, f := range r.Files {
		if f.Shared {
			file := recordingsFile{File: f, Expiry: text["never"]}
			if !f.Expiry.IsZero() {
				file.Expiry = f.Expiry.UTC().Format(time.RFC3339)
			}
			row.Files = append(row.Files, file)
		}
	}
	return row
}

var recordingsTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title":     "Title",
		"heading":   "Recordings",
		"other":     "中文",
		"otherLang": "zh",
		"corp":      "Corp",
		"host":      "Host",
		"start":     "Start (UTC)",
		"state":     "State",
		"bytes":     "Size",
		"duration":  "Length",
		"shared":    "Shared files",
		"exposed":   "Exposed files",
		"all":       "all",
		"yes":       "yes",
		"no":        "no",
		"isShared":  "shared",
		"show":      "Show",
		"previous":  "previous",
		"next":      "next",
		"none":      "No recordings match.",
		"never":     "never",
		"note": "The recordings behind the metrics, as they were when last polled. " +
			"Exposed: anyone with the link can watch, without a password, and the link has not expired.",
		"isExposed": "exposed",
		"audience":  "audience",
		"password":  "password",
		"expires":   "expires",
		"download":  "download",
		"unknown":   "unknown",
	},
	wecom.Chinese: {
		"title":     "标题",
		"heading":   "录制",
		"other":     "English",
		"otherLang": "en",
		"corp":      "企业",
		"host":      "主持人",
		"start":     "开始时间（UTC）",
		"state":     "状态",
		"bytes":     "大小",
		"duration":  "时长",
		"shared":    "已共享文件",
		"exposed":   "暴露的文件",
		"all":       "全部",
		"yes":       "是",
		"no":        "否",
		"isShared":  "已共享",
		"show":      "查看",
		"previous":  "上一页",
		"next":      "下一页",
		"none":      "没有符合条件的录制。",
		"never":     "永不过期",
		"note": "指标背后的录制，均为最近一次轮询时的状态。" +
			"暴露：任何人获得链接即可观看，无需密码，且链接未过期。",
		"isExposed": "暴露",
		"audience":  "可见范围",
		"password":  "密码",
		"expires":   "过期时间",
		"download":  "下载",
		"unknown":   "未知",
	},
}
