// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"time"
)

const (
	listEndpoint = "meeting/record/list"
	// pageSize is the largest that WeCom allows. It must be the same along a chain.
	pageSize = 20

	// MaxWindow is the longest span that one list may ask for; see
	// https://developer.work.weixin.qq.com/document/path/98192.
	MaxWindow = 31 * 24 * time.Hour
)

// Endpoints returns the endpoints that every [Client] calls, in the form in which
// its [Observer] gets them. Members, Starts and Statistics call
// others.
func Endpoints() []string { return []string{tokenEndpoint, listEndpoint} }

// A Selector is the parameter that selects the recordings of a list.
type Selector string

// The selectors. A list takes exactly one.
const (
	ByUserID      Selector = "userid"       // meetings that the user created
	ByMeetingID   Selector = "meetingid"    // one meeting
	ByMeetingCode Selector = "meeting_code" // one meeting
)

// Selectors returns every selector.
func Selectors() []Selector { return []Selector{ByUserID, ByMeetingID, ByMeetingCode} }

// A Target is one thing to list recordings for.
type Target struct {
	Selector Selector
	ID       string
}

// A Window is the half-open span of time that one list asks for, in whole seconds
// and at most [MaxWindow] long.
type Window struct{ Start, End time.Time }

// A List is the recordings of a target in a window, as WeCom lists them: page by page.
// Between two pages any time may pass. It is not safe for concurrent use.
type List struct {
	op     operation
	target Target
	window Window
	pages  *pager
}

// List returns a list before its first page. It makes no call.
func (c *Client) List(t Target, w Window) *List {
	return &List{op: operation{client: c, list: true}, target: t, window: w, pages: newPager(c.observer)}
}

// HasMore reports whether there is another page to ask for. There is none after an error.
func (l *List) HasMore() bool { return !l.pages.ended }

// Next returns the recordings of the next page. The first call that is made on the
// reservation, which may be nil, uses what was reserved. All others wait for the budget.
//
// An error ends the list; the pages before it are not the whole list. If it is a
// [*ChainError], the page that comes with it is good, and all pages may be added to what is
// known. Otherwise nothing of them may be used.
func (l *List) Next(ctx context.Context, r *Reservation) ([]Recording, error) {
	req, err := listRequestFor(l.target, l.window, l.pages.cursor)
	if err != nil {
		return nil, l.pages.fail(err)
	}
	req.reservation = r
	page, err := call[listResponse](ctx, &l.op, req)
	if err != nil {
		return nil, l.pages.fail(err)
	}
	c := l.op.client
	read := reader{now: c.Now(), observer: c.observer, titles: c.settings.Load().titles}
	return read.recordings(page), l.pages.advance(&page.paging)
}

// GiveUp ends a list before its last page, as if it had too many. It returns the
// [*ChainError] that says so.
func (l *List) GiveUp() error { return l.pages.breakOff(PageLimit) }

func listRequestFor(t Target, w Window, cursor string) (request, error) {
	body := listRequest{StartTime: w.Start.Unix(), EndTime: w.End.Unix(), Cursor: cursor, Limit: pageSize}
	switch t.Selector {
	case ByMeetingID:
		body.MeetingID = t.ID
	case ByMeetingCode:
		body.MeetingCode = t.ID
	default:
		t.Selector, body.UserID = ByUserID, t.ID
	}
	r, err := post(listEndpoint, body)
	r.target = string(t.Selector) + "=" + t.ID
	return r, err
}

type listRequest struct {
	UserID      string `json:"userid,omitempty"`
	MeetingID   string `json:"meetingid,omitempty"`
	MeetingCode string `json:"meeting_code,omitempty"`
	StartTime   int64  `json:"start_time"` // seconds, unlike the times in the response
	EndTime     int64  `json:"end_time"`
	Cursor      string `json:"cursor,omitempty"`
	Limit       int    `json:"limit"`
}
