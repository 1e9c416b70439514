// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	recordingsPerPage     = 100
	mostRecordingsPerPage = 1000
	mostPages             = 1_000_000
)

//go:embed recordings.html
var recordingsHTML string

var recordingsTemplate = newPage(recordingsHTML)

// A Recordings tells which recordings stand behind the metrics.
type Recordings interface {
	Recordings(q collector.RecordingQuery, now time.Time) (part []collector.RecordingReport, total int)
}

// A recordingsQuery is the query of a URL, the same for the page and the API.
type recordingsQuery struct {
	collector.RecordingQuery

	page int
}

// The parameters of the query.
const (
	paramCorp    = "corp"
	paramHost    = "host"
	paramState   = "state"
	paramExposed = "exposed"
	paramShared  = "shared"
	paramSort    = "sort"
	paramOrder   = "order"
	paramPage    = "page"
	paramLimit   = "limit"
	paramLang    = "lang"

	ascending  = "asc"
	descending = "desc"
)

// parseRecordingsQuery returns an error that tells what to write instead.
func parseRecordingsQuery(values url.Values) (q recordingsQuery, err error) {
	known := []string{paramCorp, paramHost, paramState, paramExposed, paramShared, paramSort, paramOrder, paramPage, paramLimit, paramLang}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return q, fmt.Errorf("%q is no parameter: write one of %s", name, strings.Join(known, ", "))
		}
	}
	q.Corp, q.Host, q.State = values.Get(paramCorp), values.Get(paramHost), values.Get(paramState)
	if states := collector.RecordingStates(); q.State != "" && !slices.Contains(states, q.State) {
		return q, fmt.Errorf("%s: %q is no state: write one of %s", paramState, q.State, strings.Join(states, ", "))
	}
	if q.Exposed, err = parseFlag(values, paramExposed); err != nil {
		return q, err
	}
	if q.Shared, err = parseFlag(values, paramShared); err != nil {
		return q, err
	}
	if err := q.parseOrder(values); err != nil {
		return q, err
	}
	if q.page, err = parseNumber(values, paramPage, 1, mostPages); err != nil {
		return q, err
	}
	if q.Limit, err = parseNumber(values, paramLimit, recordingsPerPage, mostRecordingsPerPage); err != nil {
		return q, err
	}
	q.Offset = (q.page - 1) * q.Limit
	return q, nil
}

func (q *recordingsQuery) parseOrder(values url.Values) error {
	q.Sort = collector.RecordingOrder(values.Get(paramSort))
	if q.Sort == "" {
		q.Sort = collector.ByStart
	}
	if orders := collector.RecordingOrders(); !slices.Contains(orders, q.Sort) {
		names := make([]string, 0, len(orders))
		for _, order := range orders {
			names = append(names, string(order))
		}
		return fmt.Errorf("%s: %q is no order: write one of %s", paramSort, q.Sort, strings.Join(names, ", "))
	}
	switch order := values.Get(paramOrder); order {
	case "":
		q.Descending = q.Sort != collector.ByHost
	case ascending, descending:
		q.Descending = order == descending
	default:
		return fmt.Errorf("%s: %q is neither %s nor %s", paramOrder, order, ascending, descending)
	}
	return nil
}

// parseFlag returns nil where the parameter is not given.
func parseFlag(values url.Values, name string) (*bool, error) {
	text := values.Get(name)
	if text == "" {
		return nil, nil //nolint:nilnil // It means both.
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is neither true nor false", name, text)
	}
	return &value, nil
}

func parseNumber(values url.Values, name string, byDefault, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s: %q is not accepted: write a whole number from 1 to %d", name, text, most)
	}
	return n, nil
}

// recordingsAnswer is the body of the API's answer.
type recordingsAnswer struct {
	Total      int             `json:"total"`
	Page       int             `json:"page"`
	Limit      int             `json:"limit"`
	Recordings []recordingJSON `json:"recordings"`
}

type recordingJSON struct {
	Corp            string     `json:"corp"`
	ID              string     `json:"id"`
	Host            string     `json:"host"`
	Title           string     `json:"title"`
	Start           *time.Time `json:"start"`
	State           string     `json:"state"`
	Bytes           int64      `json:"bytes"`
	DurationSeconds float64    `json:"duration_seconds"`
	SharedFiles     int        `json:"shared_files"`
	ExposedFiles    int        `json:"exposed_files"`
	Files           []fileJSON `json:"files"`
}

type fileJSON struct {
	ID      string       `json:"id"`
	Start   *time.Time   `json:"start"`
	End     *time.Time   `json:"end"`
	Bytes   int64        `json:"bytes"`
	Exposed bool         `json:"exposed"`
	Sharing *sharingJSON `json:"sharing"` // null: it is not shared
}

type sharingJSON struct {
	Audience string     `json:"audience"`
	Password string     `json:"password"` // "set" or "none"
	Expiry   *time.Time `json:"expiry"`   // null: never
	Download string     `json:"download"`
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func recordingToJSON(r *collector.RecordingReport) recordingJSON {
	j := recordingJSON{
		Corp: r.Corp, ID: r.ID, Host: r.Host, Title: r.Title, Start: optional(r.Start), State: r.State, Bytes: r.Bytes,
		DurationSeconds: r.Duration.Seconds(), SharedFiles: r.Shared, ExposedFiles: r.Exposed, Files: []fileJSON{},
	}
	for _, f := range r.Files {
		file := fileJSON{ID: f.ID, Start: optional(f.Start), End: optional(f.End), Bytes: f.Bytes, Exposed: f.Exposed}
		if f.Shared {
			file.Sharing = &sharingJSON{Audience: f.Audience, Password: f.Password, Expiry: optional(f.Expiry), Download: f.Download}
		}
		j.Files = append(j.Files, file)
	}
	return j
}

// serveRecordingsAPI answers with JSON.
func (o Options) serveRecordingsAPI(w http.ResponseWriter, r *http.Request) {
	q, err := parseRecordingsQuery(r.URL.Query())
	if err != nil {
		o.serveJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	part, total := o.Recordings.Recordings(q.RecordingQuery, time.Now())
	answer := recordingsAnswer{Total: total, Page: q.page, Limit: q.Limit, Recordings: []recordingJSON{}}
	for i := range part {
		answer.Recordings = append(answer.Recordings, recordingToJSON(&part[i]))
	}
	o.serveJSON(w, http.StatusOK, answer)
}

func (o Options) serveJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		level.Error(o.Logger).Log("msg", "making JSON failed", "err", err)
		http.Error(w, "making the answer failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // An error means that the client has gone.
}

type recordingsPage struct {
	Text           map[string]string
	Lang           string
	Query          recordingsQuery
	Corps          []string
	States         []string
	Flags          []recordingsFlag
	Columns        []recordingsColumn
	Rows           []recordingsRow
	First, Last    int
	Total          int
	Previous, Next string // queries; empty: none
	Other          string // the query of the same page in the other language
}

// A recordingsFlag is a filter by true or false.
type recordingsFlag struct {
	Name, Text string
	Yes, No    bool // what is asked for; neither: both
}

func newRecordingsFlag(name, text string, asked *bool) recordingsFlag {
	return recordingsFlag{Name: name, Text: text, Yes: asked != nil && *asked, No: asked != nil && !*asked}
}

// A recordingsColumn has a heading that sorts, if Link is not empty.
type recordingsColumn struct {
	Text, Link, Sorted string // Sorted is a value of aria-sort
	IsNumber           bool
}

type recordingsRow struct {
	collector.RecordingReport

	Start, Size, Length string
	Files               []recordingsFile
}

type recordingsFile struct {
	collector.FileReport

	Expiry string
}

// serveRecordings shows a page that can be read without a script.
func (o Options) serveRecordings(w http.ResponseWriter, r *http.Request) {
	language, lang := languageOf(r)
	values := r.URL.Query()
	q, err := parseRecordingsQuery(values)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text := recordingsTexts[language]
	part, total := o.Recordings.Recordings(q.RecordingQuery, time.Now())
	data := recordingsPage{
		Text: text, Lang: lang, Query: q, States: collector.RecordingStates(), Total: total,
		Flags: []recordingsFlag{
			newRecordingsFlag(paramShared, text["isShared"], q.Shared), newRecordingsFlag(paramExposed, text["isExposed"], q.Exposed),
		},
		Columns: q.columns(values, text), Other: withParams(values, map[string]string{paramLang: text["otherLang"]}),
	}
	for _, report := range o.Targets.Report() {
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
	if q.Offset+len(part) < total {
		data.Next = withParams(values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
	}
	o.servePage(w, recordingsTemplate, data)
}

// headings are those of the columns: keys of texts, and what sorting by is asked
// for with.
var headings = [...]struct {
	key      string
	isNumber bool
}{
	{paramCorp, false},
	{string(collector.ByHost), false},
	{"title", false},
	{string(collector.ByStart), false},
	{paramState, false},
	{string(collector.ByBytes), true},
	{string(collector.ByDuration), true},
	{string(collector.ByShared), false},
	{string(collector.ByExposed), true},
}

// columns returns the headings of the table.
func (q *recordingsQuery) columns(values url.Values, text map[string]string) []recordingsColumn {
	columns := make([]recordingsColumn, 0, len(headings))
	for _, h := range headings {
		column := recordingsColumn{Text: text[h.key], IsNumber: h.isNumber}
		order := collector.RecordingOrder(h.key)
		isSorted := order == q.Sort
		if slices.Contains(collector.RecordingOrders(), order) {
			next := descending
			if isSorted && q.Descending || !isSorted && order == collector.ByHost {
				next = ascending
			}
			column.Link = withParams(values, map[string]string{paramSort: h.key, paramOrder: next, paramPage: ""})
		}
		switch {
		case isSorted && q.Descending:
			column.Sorted = "descending"
		case isSorted:
			column.Sorted = "ascending"
		}
		columns = append(columns, column)
	}
	return columns
}

// withParams returns a query with other values of some parameters; an empty value
// leaves one out.
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

func newRecordingsRow(r *collector.RecordingReport, text map[string]string) recordingsRow {
	row := recordingsRow{RecordingReport: *r, Size: formatBytes(r.Bytes), Length: r.Duration.Round(time.Second).String()}
	if !r.Start.IsZero() {
		row.Start = r.Start.UTC().Format(time.RFC3339)
	}
	for _, f := range r.Files {
		if f.Shared {
			file := recordingsFile{FileReport: f, Expiry: text["never"]}
			if !f.Expiry.IsZero() {
				file.Expiry = f.Expiry.UTC().Format(time.RFC3339)
			}
			row.Files = append(row.Files, file)
		}
	}
	return row
}

// formatBytes writes a size for people, with three digits.
func formatBytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit {
		value /= unit
		prefix++
	}
	return fmt.Sprintf("%.3g %ciB", value, "KMGTPE"[prefix])
}

var recordingsTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title": "Title", "heading": "Recordings", "other": "中文", "otherLang": "zh", "corp": "Corp", "host": "Host", "start": "Start (UTC)", "state": "State",
		"bytes": "Size", "duration": "Length", "shared": "Shared files", "exposed": "Exposed files", "all": "all", "yes": "yes", "no": "no",
		"isShared": "shared", "show": "Show", "previous": "previous", "next": "next", "none": "No recordings match.", "never": "never",
		"note":      "The recordings behind the metrics, as they were when last polled. Exposed: anyone with the link can watch, without a password, and the link has not expired.",
		"isExposed": "exposed", "audience": "audience", "password": "password", "expires": "expires", "download": "download", "unknown": "unknown",
	},
	wecom.Chinese: {
		"title": "标题", "heading": "录制", "other": "English", "otherLang": "en", "corp": "企业", "host": "主持人", "start": "开始时间（UTC）", "state": "状态",
		"bytes": "大小", "duration": "时长", "shared": "已共享文件", "exposed": "暴露的文件", "all": "全部", "yes": "是", "no": "否",
		"isShared": "已共享", "show": "查看", "previous": "上一页", "next": "下一页", "none": "没有符合条件的录制。", "never": "永不过期",
		"note":      "指标背后的录制，均为最近一次轮询时的状态。暴露：任何人获得链接即可观看，无需密码，且链接未过期。",
		"isExposed": "暴露", "audience": "可见范围", "password": "密码", "expires": "过期时间", "download": "下载", "unknown": "未知",
	},
}
