// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestProgress has a terminal of 40 columns.
func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := newProgress(&b)
		p.showWritten(1, 4)
		p.note("a note")
		if b.Len() > 0 {
			t.Errorf("what is no terminal got %q", &b)
		}
		p.width = 40
		tenOfForty := schedule.Summary{
			Total:  40,
			Counts: map[wecom.Selector]*[schedule.NumStatuses]int{wecom.ByUserID: {schedule.OK: 10}},
		}
		for _, step := range []struct {
			name  string
			after time.Duration
			do    func()
			want  string
		}{
			{
				name: "at the start, the time left is not known",
				do:   func() { p.showWritten(10, 40) },
				want: "\r\x1b[Kwrote 10 of 40 samples",
			},
			{
				name:  "too soon",
				after: time.Millisecond,
				do:    func() { p.showWritten(11, 40) },
			},
			{
				name:  "a line that would wrap is cut",
				after: 10*time.Second - time.Millisecond,
				do:    func() { p.showWritten(20_000_000, 60_000_000) },
				want:  "\r\x1b[Kwrote 20000000 of 60000000 samples, 20s",
			},
			{
				name: "a note stays",
				do:   func() { p.note("a note") },
				want: "\r\x1b[Ka note\n",
			},
			{
				name: "of a walk",
				do:   func() { p.show([]poll.Status{{Summary: tenOfForty, Used: 10, Budget: 20}}) },
				want: "\r\x1b[Klisted 10 of 40 targets, 30s left",
			},
			{
				name: "of a walk that has spent the budget of its first minute",
				do:   func() { p.show([]poll.Status{{Summary: tenOfForty, Used: 20, Budget: 20}}) },
				want: "\r\x1b[Klisted 10 of 40 targets, 3m0s left",
			},
			{
				name:  "all is written",
				after: time.Second,
				do:    func() { p.showWritten(40, 40) },
				want:  "\r\x1b[Kwrote 40 of 40 samples",
			},
			{
				name: "the line is removed",
				do:   p.clear,
				want: "\r\x1b[K",
			},
		} {
			b.Reset()
			<-time.After(step.after)
			if step.do(); b.String() != step.want {
				t.Errorf("%s: %q, want %q", step.name, &b, step.want)
			}
		}
	})
}

func TestHaveViews(t *testing.T) {
	t.Parallel()
	over := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		status poll.Status
		want   bool
	}{
		"no statistics":          {status: poll.Status{}, want: true},
		"not yet":                {status: poll.Status{Statistics: true}},
		"before the round ended": {status: poll.Status{Statistics: true, ViewsAsked: over}},
		"since":                  {status: poll.Status{Statistics: true, ViewsAsked: over.Add(1)}, want: true},
		"an outage":              {status: poll.Status{Statistics: true, Outage: &wecom.APIError{Code: 60020}}, want: true},
		"a block":                {status: poll.Status{Statistics: true, Blocks: make([]wecom.Block, 1)}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := haveViews([]poll.Status{{}, test.status}, over); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}
