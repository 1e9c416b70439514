// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const statisticsEndpoint = "meeting/record/get_statistics"

// A Date is a day of WeCom's statistics, in days since 1970-01-01. Its document does not name
// the zone of the dates; WeCom is a service of China, so that they are taken for days in China
// time (UTC+8, without summer time).
type Date int32

const (
	dateOffset  = 8 * 60 * 60
	dateSeconds = 24 * 60 * 60
)

// DateOf returns the date of a time in China.
func DateOf(t time.Time) Date {
	seconds := t.Unix() + dateOffset
	days := seconds / dateSeconds
	if seconds%dateSeconds < 0 {
		days--
	}
	return Date(days)
}

// Start returns the first instant of the date.
func (d Date) Start() time.Time { return time.Unix(int64(d)*dateSeconds-dateOffset, 0) }

// String returns the date as 2006-01-02.
func (d Date) String() string { return time.Unix(int64(d)*dateSeconds, 0).UTC().Format(time.DateOnly) }

// DailyViews is how often a recording was viewed and downloaded on one day.
type DailyViews struct {
	Date             Date
	Views, Downloads int64 // never negative
}

var errSpan = errors.New("the span is empty, or longer than 31 days")

// Statistics returns how often a recording was viewed and downloaded on each day of a span of
// at most [MaxWindow], the earliest first; see
// https://developer.work.weixin.qq.com/document/path/98209. Days that WeCom does not list are
// left out, and each comes once.
//
// The call is not repeated when it fails, but for an access token that was refused, and it
// takes no more than a tenth of the budget: see [Limits.HasRoomForStatistics].
func (c *Client) Statistics(ctx context.Context, recordingID string, span Window) ([]DailyViews, error) {
	if recordingID == "" {
		return nil, errors.New("querying views: no recording ID")
	}
	if !span.Start.Before(span.End) || span.End.Sub(span.Start) > MaxWindow {
		return nil, fmt.Errorf("querying views: %w", errSpan)
	}
	r, err := post(statisticsEndpoint, statisticsRequest{
		RecordingID: recordingID,
		StartTime:   span.Start.Unix(),
		EndTime:     span.End.Unix(),
	})
	if err != nil {
		return nil, err
	}
	r.target, r.background = "meeting_record_id="+recordingID, true
	answer, err := call[statisticsResponse](ctx, &operation{client: c}, r)
	if err != nil {
		return nil, fmt.Errorf("querying views: %w", err)
	}
	read := reader{now: c.Now(), observer: c.observer}
	return read.dailyViews(answer.days), nil
}

type statisticsRequest struct {
	RecordingID string `json:"meeting_record_id"`
	StartTime   int64  `json:"start_time"` // seconds
	EndTime     int64  `json:"end_time"`
}

// A statisticsResponse is the answer about one recording. The counts have the names of WeCom's
// document or those of Tencent Meeting, on which it builds.
type statisticsResponse struct {
	envelope

	days     []dayResponse // not nil if there was a list
	beyond   error         // the bound that the list is beyond
	notAList bool
}

type dayResponse struct {
	date             text   // date
	views, downloads number // view_count or view_counts, download_count or download_counts
}

func (r *statisticsResponse) holdsPayload() bool { return r.days != nil }

func (r *statisticsResponse) check() error {
	switch {
	case r.beyond != nil:
		return r.beyond
	case r.notAList:
		return errNotAList
	}
	return nil
}

func (r *statisticsResponse) read(name []byte, c *cursor) {
	if string(name) != "summaries" {
		c.value()
		return
	}
	if kind := c.kind(); kind != '[' {
		r.notAList = r.notAList || kind != 'n'
		c.value()
		return
	}
	if r.days == nil {
		r.days = []dayResponse{}
	}
	c.elements(func() {
		if r.beyond == nil && len(r.days) == maxDays {
			r.beyond = tooMany("days", maxDays, "of one recording")
		}
		if r.beyond != nil {
			c.value()
			return
		}
		if kind := c.kind(); kind != '{' {
			r.mistyped = r.mistyped || kind != 'n'
			c.value()
			return
		}
		r.days = append(r.days, dayResponse{})
		day := &r.days[len(r.days)-1]
		c.members(func(name []byte) { day.read(name, c.value()) })
	})
}

func (d *dayResponse) read(name, value []byte) {
	switch string(name) {
	case "date":
		d.date.read(value)
	case "view_count", "view_counts":
		d.views.readLarger(value)
	case "download_count", "download_counts":
		d.downloads.readLarger(value)
	}
}

// readLarger reads a number that may come under two names, of which the larger counts.
func (n *number) readLarger(raw []byte) {
	var other number
	other.read(raw)
	if *n == (number{}) || n.malformed {
		*n = other
		return
	}
	n.value = max(n.value, other.value) // That of a malformed one is 0.
}

// dailyViews returns the days of an answer, the earliest first. Of a day that comes twice, the
// larger counts are taken.
func (r *reader) dailyViews(listed []dayResponse) []DailyViews {
	days := make([]DailyViews, 0, len(listed))
	for i := range listed {
		date, ok := r.date(listed[i].date)
		if !ok {
			continue
		}
		days = append(days, DailyViews{Date: date, Views: r.count(listed[i].views), Downloads: r.count(listed[i].downloads)})
	}
	slices.SortFunc(days, func(a, b DailyViews) int { return cmp.Compare(a.Date, b.Date) })
	distinct := days[:0]
	for _, day := range days {
		if last := len(distinct) - 1; last >= 0 && distinct[last].Date == day.Date {
			distinct[last].Views = max(distinct[last].Views, day.Views)
			distinct[last].Downloads = max(distinct[last].Downloads, day.Downloads)
			continue
		}
		distinct = append(distinct, day)
	}
	return distinct
}

// date reads a date, and reports whether it can be one. The sample of the document has
// 2006-01-02, other statistics of WeCom have 20060102.
func (r *reader) date(t text) (Date, bool) {
	for _, layout := range []string{time.DateOnly, "20060102"} {
		at, err := time.Parse(layout, strings.TrimSpace(string(t)))
		if err != nil {
			continue
		}
		date := Date(at.Unix() / dateSeconds)
		if InstantOf(at) < EarliestPlausible || date > DateOf(r.now.Add(maxClockSkew)) {
			r.observer.Anomalous(ImplausibleTime)
			return 0, false
		}
		return date, true
	}
	r.observer.Anomalous(BadDate)
	return 0, false
}

// count reads how often something happened.
func (r *reader) count(n number) int64 {
	switch {
	case n.malformed || n.value > maxCount:
		r.observer.Anomalous(MalformedValue)
		return 0
	case n.value < 0:
		r.observer.Anomalous(NegativeCount)
		return 0
	}
	return n.value
}
