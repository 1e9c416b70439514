// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package reminder decides when a log line about something that goes on is due: at once, and
// hourly; and how many lines about single things there are.
package reminder

import "time"

const (
	// interval is how often a line is repeated about what goes on.
	interval = time.Hour
	// After so many lines about single things in an hour, one a minute counts those that are
	// not shown.
	shownInAnHour   = 20
	summaryInterval = time.Minute
)

// A Reminder has a line logged at once, and hourly as long as it is about the same. The zero
// value has logged none.
type Reminder struct {
	about string
	last  time.Time
}

// Due reports whether the line is to be logged now.
func (r *Reminder) Due(about string, now time.Time) bool {
	if about == r.about && now.Before(r.last.Add(interval)) {
		return false
	}
	*r = Reminder{about: about, last: now}
	return true
}

// Reset ends what the line is about, and reports whether it was ever due.
func (r *Reminder) Reset() bool {
	wasDue := !r.last.IsZero()
	*r = Reminder{}
	return wasDue
}

// A Limit bounds how many lines there are about single things. The zero value has shown none.
type Limit struct {
	began      time.Time // the hour
	shown      int       // in the hour
	more       int       // not shown since the last summary
	summarized time.Time // the last summary
}

// Show reports whether a line is shown, and counts it.
func (l *Limit) Show(now time.Time) bool {
	if !now.Before(l.began.Add(interval)) {
		l.began, l.shown = now, 0
	}
	if l.shown < shownInAnHour {
		l.shown++
		return true
	}
	if l.more == 0 {
		l.summarized = now
	}
	l.more++
	return false
}

// Summary returns how many lines were not shown, if it is time to say so, and otherwise 0.
func (l *Limit) Summary(now time.Time) int {
	if l.more == 0 || now.Before(l.summarized.Add(summaryInterval)) {
		return 0
	}
	more := l.more
	l.more = 0
	return more
}
