// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy decides what a company's rules say about files: which may be exposed, and
// which are older than they may be. It is pure: time is an argument.
package policy

import (
	"maps"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Policy is the rules of one corp. It never changes. A nil Policy has no rules.
type Policy struct {
	// Retention is how long recordings may be kept; 0: there is no rule.
	Retention time.Duration
	// Accepted holds what may be exposed, by the ID of a recording, for all of its files, or
	// of a file. nil: there is no rule, which is not the same as a rule that accepts nothing.
	Accepted map[string]*Acceptance
}

// An Acceptance is why something may be exposed, and until when.
type Acceptance struct {
	Reason string
	// Until is the midnight, in UTC, at which the last day begins; zero: there is no last day.
	Until time.Time
}

// Ends returns the first instant at which the acceptance is not in force any more: the
// midnight, in UTC, after its last day. It returns the zero time if there is none.
func (a *Acceptance) Ends() time.Time {
	if a.Until.IsZero() {
		return time.Time{}
	}
	return a.Until.AddDate(0, 0, 1)
}

// IsInForce reports whether the acceptance is in force.
func (a *Acceptance) IsInForce(now time.Time) bool {
	return a.Until.IsZero() || now.Before(a.Ends())
}

// Date returns the last day, such as 2026-12-31, or "" if there is none.
func (a *Acceptance) Date() string {
	if a.Until.IsZero() {
		return ""
	}
	return a.Until.Format(time.DateOnly)
}

// outlasts reports whether the acceptance is longer in force than another.
func (a *Acceptance) outlasts(other *Acceptance) bool {
	return !other.Until.IsZero() && (a.Until.IsZero() || a.Until.After(other.Until))
}

// Accepts reports whether a file of a recording may be exposed. It returns the acceptance,
// the one that lasts longer if both the recording and the file have one, and when it ends;
// the zero time if it does not. Without one in force it returns nil.
func (p *Policy) Accepts(recordingID, fileID string, now time.Time) (a *Acceptance, ends time.Time) {
	if p == nil || len(p.Accepted) == 0 {
		return nil, time.Time{}
	}
	for _, id := range [...]string{fileID, recordingID} {
		found, ok := p.Accepted[id]
		if ok && found.IsInForce(now) && (a == nil || found.outlasts(a)) {
			a = found
		}
	}
	if a == nil {
		return nil, time.Time{}
	}
	return a, a.Ends()
}

// IsOverdue reports whether a file is older than the retention: one that is exactly as old is
// not, nor is one whose start is not known, which is 0. It also returns when a file that is
// not becomes overdue; the zero time if it never does.
func (p *Policy) IsOverdue(started wecom.Instant, now time.Time) (overdue bool, becomes time.Time) {
	if p == nil || p.Retention == 0 || started == 0 {
		return false, time.Time{}
	}
	becomes = started.Time().Add(p.Retention + 1)
	if now.Before(becomes) {
		return false, becomes
	}
	return true, time.Time{}
}

// Accepting reports whether there is a rule about what may be exposed.
func (p *Policy) Accepting() bool { return p != nil && p.Accepted != nil }

// Retaining reports whether there is a rule about how long recordings may be kept.
func (p *Policy) Retaining() bool { return p != nil && p.Retention > 0 }

// Equal reports whether two policies have the same rules.
func (p *Policy) Equal(other *Policy) bool {
	if p == nil || other == nil {
		return !p.Accepting() && !p.Retaining() && !other.Accepting() && !other.Retaining()
	}
	same := func(a, b *Acceptance) bool { return a.Reason == b.Reason && a.Until.Equal(b.Until) }
	return p.Retention == other.Retention && p.Accepting() == other.Accepting() &&
		maps.EqualFunc(p.Accepted, other.Accepted, same)
}
