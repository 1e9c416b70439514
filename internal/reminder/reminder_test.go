// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package reminder

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestReminder(t *testing.T) {
	t.Parallel()
	var r Reminder
	if r.Reset() {
		t.Error("what was never due is reset")
	}
	for _, step := range []struct {
		after time.Duration
		about string
		want  bool
	}{
		{0, "a", true},
		{time.Second, "a", false},
		{time.Hour - 1, "a", false},
		{time.Hour, "a", true},
		{time.Hour + 1, "b", true},
		{time.Hour + 2, "a", true},
		{2*time.Hour + 1, "a", false},
		{2*time.Hour + 2, "a", true},
	} {
		if got := r.Due(step.about, noon.Add(step.after)); got != step.want {
			t.Errorf("after %s, about %s: due %t, want %t", step.after, step.about, got, step.want)
		}
	}
	if !r.Reset() || r.Reset() || !r.Due("a", noon) {
		t.Error("after a reset it is not as new")
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	var l Limit
	for i := range 23 {
		if got, want := l.Show(noon), i < 20; got != want {
			t.Errorf("line %d: shown %t, want %t", i, got, want)
		}
	}
	if n := l.Summary(noon.Add(time.Minute - 1)); n != 0 {
		t.Errorf("%d more within a minute", n)
	}
	if n := l.Summary(noon.Add(time.Minute)); n != 3 {
		t.Errorf("%d more, want 3", n)
	}
	if n := l.Summary(noon.Add(time.Hour)); n != 0 {
		t.Errorf("%d more for the second time", n)
	}
	if l.Show(noon.Add(time.Hour-1)) || !l.Show(noon.Add(time.Hour)) {
		t.Error("another hour does not begin an hour after the first line")
	}
}
