// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package views keeps how often recordings were viewed and downloaded on each of the last 31
// days, so that what a day grows by is counted once. It is pure: no clock, no I/O, no lock, no
// logger.
package views

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// dates is how many dates are asked for and kept: that of today, and those before it. From
	// the start of the first one until now is less than wecom.MaxWindow.
	dates = 31
	// maxDates is how many dates may be stored of a recording. A date may be one day ahead.
	maxDates = 2 * dates
)

// Span returns what to ask WeCom for: the last 31 dates, that of now included.
func Span(now time.Time) wecom.Window {
	return wecom.Window{Start: first(now).Start(), End: now}
}

func first(now time.Time) wecom.Date { return wecom.DateOf(now) - (dates - 1) }

// An Answer is what WeCom answered about one recording, asked for the Span of a time.
type Answer struct {
	At   time.Time          // that of the span
	Days []wecom.DailyViews // the earliest first, each once
}

// A Growth is by how much days grew: what is to be counted.
type Growth struct{ Views, Downloads uint64 }

// Noted is what was noted of one recording. The zero value has never been asked for.
type Noted struct {
	asked wecom.Instant // when it was last asked for with success
	since wecom.Date    // dates before it are over: they were dropped, or never asked for
	days  []wecom.DailyViews
}

// Note takes in an answer, and returns what is new in it. A day keeps the largest counts that it
// ever had, so that what shrinks and grows again is not counted twice. Days before the birth are
// the baseline: what they have when they are first noted is not counted.
func (n *Noted) Note(a *Answer, birth wecom.Date) Growth {
	today := wecom.DateOf(a.At)
	n.asked = wecom.InstantOf(a.At)
	if n.since > today {
		// The clock was ahead. Which counts were noted before is not known any more, and none
		// must be counted twice.
		n.since = today + 1
	}
	n.since = max(n.since, first(a.At))
	days := make([]wecom.DailyViews, 0, len(n.days)+1)
	var g Growth
	for _, day := range n.merge(a.Days) {
		before, isNoted := n.on(day.Date)
		if isNoted || day.Date >= birth {
			g.Views += uint64(day.Views - before.Views)
			g.Downloads += uint64(day.Downloads - before.Downloads)
		}
		days = append(days, day)
	}
	n.days = slices.Clip(days)
	return g
}

// merge returns the days that were noted and those that are listed, as far as they are not over,
// with the larger counts of each.
func (n *Noted) merge(listed []wecom.DailyViews) []wecom.DailyViews {
	merged := make([]wecom.DailyViews, 0, len(n.days)+len(listed))
	add := func(day wecom.DailyViews) {
		if day.Date >= n.since && len(merged) < maxDates {
			merged = append(merged, day)
		}
	}
	noted := n.days
	for _, day := range listed {
		for len(noted) > 0 && noted[0].Date < day.Date {
			add(noted[0])
			noted = noted[1:]
		}
		if len(noted) > 0 && noted[0].Date == day.Date {
			day.Views, day.Downloads = max(day.Views, noted[0].Views), max(day.Downloads, noted[0].Downloads)
			noted = noted[1:]
		}
		if day.Views > 0 || day.Downloads > 0 {
			add(day)
		}
	}
	for _, day := range noted {
		add(day)
	}
	return merged
}

// on returns what was noted of a date, and whether anything was.
func (n *Noted) on(date wecom.Date) (day wecom.DailyViews, isNoted bool) {
	for _, day := range n.days {
		if day.Date == date {
			return day, true
		}
	}
	return wecom.DailyViews{}, false
}

// Asked returns when the recording was last asked for with success; 0: never.
func (n *Noted) Asked() wecom.Instant {
	if n == nil {
		return 0
	}
	return n.asked
}

// Sum returns the views and downloads of the last 31 dates; nil if they were never asked for.
func (n *Noted) Sum(now time.Time) (viewed, downloaded *int64) {
	if n == nil || n.asked == 0 {
		return nil, nil
	}
	viewed, downloaded = new(int64), new(int64)
	for _, day := range n.days {
		if day.Date >= first(now) {
			*viewed += day.Views
			*downloaded += day.Downloads
		}
	}
	return viewed, downloaded
}

// AppendTo appends the encoding of what was noted.
func (n *Noted) AppendTo(b []byte) []byte {
	b = binary.AppendVarint(b, int64(n.asked))
	b = binary.AppendVarint(b, int64(n.since))
	b = binary.AppendUvarint(b, uint64(len(n.days)))
	for _, day := range n.days {
		b = binary.AppendUvarint(b, uint64(day.Date-n.since))
		b = binary.AppendUvarint(b, uint64(day.Views))
		b = binary.AppendUvarint(b, uint64(day.Downloads))
	}
	return b
}

var errNoted = errors.New("the views of a recording cannot be read")

// Decode returns what AppendTo encoded.
func Decode(encoded string) (*Noted, error) {
	r := recording.NewReader(encoded)
	n := &Noted{asked: wecom.Instant(r.Varint()), since: wecom.Date(r.Varint())}
	count := r.Uvarint()
	if count > maxDates {
		return nil, errNoted
	}
	for range count {
		day := wecom.DailyViews{
			Date:      n.since + wecom.Date(r.Uvarint()),
			Views:     int64(r.Uvarint()),
			Downloads: int64(r.Uvarint()),
		}
		last := len(n.days) - 1
		if day.Date < n.since || last >= 0 && day.Date <= n.days[last].Date || day.Views < 0 || day.Downloads < 0 {
			return nil, errNoted
		}
		n.days = append(n.days, day)
	}
	if r.Close() != nil {
		return nil, errNoted
	}
	return n, nil
}
