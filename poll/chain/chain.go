// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package chain lists targets page by page, and decides which list goes on when a call may be
// made, so that no long list keeps other targets from the budget.
package chain

import (
	"context"
	"errors"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// yieldAfter is how many pages of a poll, over all of its windows, come before those of polls
// that yielded earlier. 400 recordings are more than nearly any target has, and a year of
// windows fits.
const yieldAfter = 20

// A Chain is a poll under way: it lists the windows of a target, the newest first, page by
// page. Between two pages any time may pass; it holds nothing but memory then. It is not safe
// for concurrent use.
type Chain struct {
	Poll    *schedule.Poll
	Route   uint64 // that of the corp when it began
	Started time.Time
	Pages   int // that were listed
	// Listing has the windows that are complete, and the last one even if it is not.
	Listing inventory.Listing
	// Listed means that there is something in Listing to apply.
	Listed bool

	client   *wecom.Client
	lookback time.Duration
	windows  []wecom.Window // that are not complete; the first is being listed
	list     *wecom.List    // of the first window
	window   []wecom.Recording
	size     int    // bytes of what was listed, more or less
	limit    int    // of size; 0: none but that of a list
	turn     uint64 // of its queue, at which it began to wait
}

// New returns a poll before its first page.
func New(client *wecom.Client, p *schedule.Poll, lookback time.Duration, route uint64, now time.Time) *Chain {
	c := &Chain{Poll: p, Route: route, Started: now, client: client, lookback: lookback}
	c.begin()
	return c
}

func (c *Chain) begin() {
	c.Pages = 0
	c.Listing = inventory.Listing{Target: c.Poll.Target, Asked: c.Listing.Asked}
	c.windows = windows(c.client.Now(), c.lookback, c.Poll.History)
	c.list = c.client.List(c.Poll.Target, c.windows[0])
}

// IsLong reports whether the poll has listed so many pages that it yields to all others.
func (c *Chain) IsLong() bool { return c.Pages >= yieldAfter }

// HasJustYielded reports whether the last page made the poll a long one.
func (c *Chain) HasJustYielded() bool { return c.Pages == yieldAfter }

// Next lists the next page, on what is reserved. The poll is done after its last page and on
// an error. A [*wecom.ChainError] means that the last window is incomplete.
func (c *Chain) Next(ctx context.Context, r *wecom.Reservation) (done bool, err error) {
	knewClock := c.client.KnowsClock()
	page, err := c.list.Next(ctx, r)
	if c.Pages == 0 && !knewClock && c.client.Correction() != 0 && ctx.Err() == nil {
		c.begin() // The windows were cut by a clock that is wrong.
		page, err = c.list.Next(ctx, r)
	}
	c.add(page)
	if err == nil && c.limit > 0 && c.size > c.limit && c.list.HasMore() {
		err = c.list.GiveUp()
	}
	_, incomplete := errors.AsType[*wecom.ChainError](err)
	switch {
	case err != nil && !incomplete:
		return true, err // Half a window never replaces a whole one.
	case err == nil && c.list.HasMore():
		return false, nil
	}
	c.Listing.Add(c.window)
	c.Listing.Incomplete, c.Listed = incomplete, true
	if incomplete {
		return true, err
	}
	c.endWindow()
	return len(c.windows) == 0, nil
}

// endWindow goes on to the next window, if there is one.
func (c *Chain) endWindow() {
	w := c.windows[0]
	if c.Listing.Span.End.IsZero() {
		c.Listing.Span.End = w.End
	}
	c.Listing.Span.Start = w.Start
	c.window, c.windows = nil, c.windows[1:]
	if len(c.windows) > 0 {
		c.list = c.client.List(c.Poll.Target, c.windows[0])
	}
}

func (c *Chain) add(page []wecom.Recording) {
	const recordingSize, fileSize = 128, 64 // without their texts; with the room to grow of a slice
	c.Pages++
	c.window = append(c.window, page...)
	for i := range page {
		r := &page[i]
		c.size += recordingSize + len(r.ID) + len(r.Host) + len(r.Title)
		for j := range r.Files {
			c.size += fileSize + len(r.Files[j].ID)
		}
	}
}

// windows cuts the lookback into windows, the newest first. Without history it returns the
// newest alone.
func windows(now time.Time, lookback time.Duration, history bool) []wecom.Window {
	end := now.Truncate(time.Second)
	oldest := end.Add(-lookback)
	var all []wecom.Window
	for end.After(oldest) {
		start := end.Add(-wecom.MaxWindow)
		if start.Before(oldest) {
			start = oldest
		}
		all = append(all, wecom.Window{Start: start, End: end})
		if !history {
			break
		}
		end = start
	}
	return all
}
