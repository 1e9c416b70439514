// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	startsEndpoint = "meeting/statistics/get_start_list"
	startsPageSize = 1000
	startsType     = 1 // meetings that started; 2 is those that failed to start

	// MaxActivity is the longest span that Starts may ask for; see
	// https://developer.work.weixin.qq.com/document/path/99651.
	MaxActivity = 30 * 24 * time.Hour
)

// A Start is the start of a meeting by a member.
type Start struct {
	UserID string
	At     time.Time
}

// Starts returns who started meetings in a span of at most [MaxActivity]. It covers
// all meetings of members in the app's visible scope, not only those that the app
// created; see https://developer.work.weixin.qq.com/document/path/99651. Starts by users
// whose ID is longer than [MaxUserIDBytes] are left out; oversized is how many these are.
func (c *Client) Starts(ctx context.Context, span Window) (starts []Start, oversized int, err error) {
	op := &operation{client: c, list: true}
	for pages := newPager(c.observer); !pages.ended; {
		page, err := startsPage(ctx, op, span, pages)
		if err != nil {
			return nil, 0, fmt.Errorf("querying who started meetings: %w", err)
		}
		r := reader{now: c.Now(), observer: c.observer}
		for _, m := range page.meetings {
			switch {
			case m.UserID.oversized():
				c.observer.Anomalous(OversizedID)
				oversized++
			case *m.UserID != "":
				starts = append(starts, Start{UserID: string(*m.UserID), At: r.start(int64(*m.StartTime), span)})
			}
		}
	}
	return starts, oversized, nil
}

// startsPage returns the next page. An error is one of the whole list.
func startsPage(ctx context.Context, op *operation, span Window, pages *pager) (*startsResponse, error) {
	r, err := post(startsEndpoint, startsRequest{
		Type:      startsType,
		BeginTime: span.Start.Unix(),
		EndTime:   span.End.Unix(),
		Cursor:    pages.cursor,
		Limit:     startsPageSize,
	})
	if err != nil {
		return nil, pages.fail(err)
	}
	page, err := call[startsResponse](ctx, op, r)
	if err != nil {
		return nil, pages.fail(err)
	}
	return page, pages.advance(&page.paging)
}

// start reads when a meeting started that WeCom listed for a span. An implausible
// time counts as the start of the span, since the meeting was in it.
func (r *reader) start(seconds int64, span Window) time.Time {
	at := time.Unix(seconds, 0)
	if seconds >= maxSeconds {
		at = time.UnixMilli(seconds) // as in other APIs
	}
	if InstantOf(at) < EarliestPlausible || at.After(r.now.Add(maxClockSkew)) {
		r.observer.Anomalous(ImplausibleTime)
		return span.Start
	}
	return at
}

type startsRequest struct {
	Type      int    `json:"type"`
	BeginTime int64  `json:"begin_time"` // seconds
	EndTime   int64  `json:"end_time"`
	Cursor    string `json:"cursor,omitempty"`
	Limit     int    `json:"limit"`
}

type startsResponse struct {
	envelope
	paging
	Meetings json.RawMessage // meeting_list

	meetings pageOf[startResponse]
}

func (r *startsResponse) read(name []byte, c *cursor) {
	if string(name) == "meeting_list" {
		r.Meetings = c.value()
		return
	}
	r.paging.read(name, c)
}

type startResponse struct {
	UserID    *userID  `json:"userid"`
	StartTime *integer `json:"start_time"` // seconds
}

func (r *startsResponse) holdsPayload() bool { return isGiven(r.Meetings) }

func (r *startsResponse) check() error {
	const name = "meeting_list"
	if !r.holdsPayload() {
		return missing(name)
	}
	if err := strictly(name, r.Meetings, &r.meetings); err != nil {
		return err
	}
	for _, m := range r.meetings {
		if m.UserID == nil || m.StartTime == nil {
			return undocumented(name)
		}
	}
	return r.paging.check()
}
