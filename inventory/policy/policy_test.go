// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

var (
	last     = time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	midnight = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) // after the last day
)

func TestAccepts(t *testing.T) {
	t.Parallel()
	open, until, longer := &Acceptance{Reason: "open"}, &Acceptance{Reason: "until", Until: last},
		&Acceptance{Reason: "longer", Until: last.Add(day)}
	accept := func(recordings, files *Acceptance) *Policy {
		p := &Policy{Accepted: map[string]*Acceptance{"other": open}}
		if recordings != nil {
			p.Accepted["r"] = recordings
		}
		if files != nil {
			p.Accepted["f"] = files
		}
		return p
	}
	tests := []struct {
		name   string
		policy *Policy
		now    time.Time
		want   *Acceptance
		ends   time.Time
	}{
		{name: "no policy", policy: nil, now: last},
		{name: "no entry", policy: accept(nil, nil), now: last},
		{name: "a recording", policy: accept(open, nil), now: midnight, want: open},
		{name: "a file", policy: accept(nil, open), now: midnight, want: open},
		{name: "until a day", policy: accept(nil, until), now: last.Add(-day), want: until, ends: midnight},
		{name: "the last instant of the last day", policy: accept(until, nil), now: midnight.Add(-1), want: until, ends: midnight},
		{name: "the midnight after the last day", policy: accept(until, nil), now: midnight},
		{name: "both, the file's lasts longer", policy: accept(until, longer), now: last, want: longer, ends: midnight.Add(day)},
		{name: "both, the recording's lasts longer", policy: accept(longer, until), now: last, want: longer, ends: midnight.Add(day)},
		{name: "both, the recording's has no end", policy: accept(open, until), now: last, want: open},
		{name: "both, one has ended", policy: accept(until, longer), now: midnight, want: longer, ends: midnight.Add(day)},
		{name: "both, the other has ended", policy: accept(longer, until), now: midnight, want: longer, ends: midnight.Add(day)},
		{name: "both have ended", policy: accept(longer, until), now: midnight.Add(day)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ends := test.policy.Accepts("r", "f", test.now)
			if got != test.want || !ends.Equal(test.ends) {
				t.Errorf("%+v until %s, want %+v until %s", got, ends, test.want, test.ends)
			}
		})
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	if got := (&Acceptance{Until: last}).Date(); got != "2026-12-31" {
		t.Errorf("the last day is %q", got)
	}
	if got := (&Acceptance{}).Date(); got != "" {
		t.Errorf("the last day of what has none is %q", got)
	}
}

func TestIsOverdue(t *testing.T) {
	t.Parallel()
	started := wecom.InstantOf(last)
	tests := []struct {
		name    string
		policy  *Policy
		started wecom.Instant
		age     time.Duration
		want    bool
		becomes time.Time
	}{
		{name: "no policy", started: started, age: 999 * day},
		{name: "no retention", policy: &Policy{}, started: started, age: 999 * day},
		{name: "younger", policy: &Policy{Retention: 90 * day}, started: started, age: day, becomes: last.Add(90*day + 1)},
		{name: "exactly as old", policy: &Policy{Retention: 90 * day}, started: started, age: 90 * day, becomes: last.Add(90*day + 1)},
		{name: "older", policy: &Policy{Retention: 90 * day}, started: started, age: 90*day + 1, want: true},
		{name: "start not known", policy: &Policy{Retention: 90 * day}, age: 999 * day},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, becomes := test.policy.IsOverdue(test.started, last.Add(test.age))
			if got != test.want || !becomes.Equal(test.becomes) {
				t.Errorf("overdue: %t, becomes so at %s; want %t, %s", got, becomes, test.want, test.becomes)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	accepting := func(a Acceptance) *Policy { return &Policy{Accepted: map[string]*Acceptance{"r": &a}} }
	tests := []struct {
		name string
		a, b *Policy
		want bool
	}{
		{name: "none", want: true},
		{name: "none and one without rules", b: &Policy{}, want: true},
		{name: "none and an empty list", b: &Policy{Accepted: map[string]*Acceptance{}}},
		{name: "none and a retention", b: &Policy{Retention: day}},
		{name: "no list and an empty list", a: &Policy{}, b: &Policy{Accepted: map[string]*Acceptance{}}},
		{name: "the same retention", a: &Policy{Retention: day}, b: &Policy{Retention: day}, want: true},
		{name: "another retention", a: &Policy{Retention: day}, b: &Policy{Retention: 2 * day}},
		{name: "the same list", a: accepting(Acceptance{"a", last}), b: accepting(Acceptance{"a", last}), want: true},
		{name: "another reason", a: accepting(Acceptance{"a", last}), b: accepting(Acceptance{"b", last})},
		{name: "another day", a: accepting(Acceptance{"a", last}), b: accepting(Acceptance{"a", midnight})},
		{name: "another ID", a: accepting(Acceptance{}), b: &Policy{Accepted: map[string]*Acceptance{"x": {}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, reverse := test.a.Equal(test.b), test.b.Equal(test.a); got != test.want || reverse != test.want {
				t.Errorf("equal: %t, the other way round: %t; want %t", got, reverse, test.want)
			}
		})
	}
}
