// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package backoff_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
)

var now = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

func TestFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ranges []backoff.Range // of the failures in a row
		want   []time.Duration
	}{
		"doubles up to the longest": {
			ranges: slices.Repeat([]backoff.Range{{First: time.Minute, Max: 15 * time.Minute}}, 6),
			want: []time.Duration{
				time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute,
			},
		},

		"an odd longest": {
			ranges: slices.Repeat([]backoff.Range{{First: 1, Max: 3}}, 3),
			want:   []time.Duration{1, 2, 3},
		},

		"a range of one wait": {
			ranges: slices.Repeat([]backoff.Range{{First: time.Minute, Max: time.Minute}}, 2),
			want:   []time.Duration{time.Minute, time.Minute},
		},

		"a longer range starts at its first wait": {
			ranges: []backoff.Range{{First: 5 * time.Second, Max: time.Minute}, {First: time.Minute, Max: 15 * time.Minute}},
			want:   []time.Duration{5 * time.Second, time.Minute},
		},

		"a longer range doubles a longer wait": {
			ranges: []backoff.Range{{First: 50 * time.Second, Max: time.Minute}, {First: time.Minute, Max: 15 * time.Minute}},
			want:   []time.Duration{50 * time.Second, 100 * time.Second},
		},

		"a shorter range bounds the wait": {
			ranges: []backoff.Range{{First: 4 * time.Minute, Max: 15 * time.Minute}, {First: 5 * time.Second, Max: time.Minute}},
			want:   []time.Duration{4 * time.Minute, time.Minute},
		},

		"the longest duration": {
			ranges: slices.Repeat([]backoff.Range{{First: math.MaxInt64/2 + 1, Max: math.MaxInt64}}, 2),
			want:   []time.Duration{math.MaxInt64/2 + 1, math.MaxInt64},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b backoff.Backoff
			for i, r := range test.ranges {
				if got := b.Fail(now, r); got != test.want[i] {
					t.Errorf("failure %d: wait %s, want %s", i+1, got, test.want[i])
				}
				if want := now.Add(test.want[i]); !b.Until().Equal(want) || !b.Failing() {
					t.Errorf("failure %d: until %s, failing %t; want until %s", i+1, b.Until(), b.Failing(), want)
				}
			}
		})
	}
}

func TestWaitUntil(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dictated time.Duration
		next     time.Duration // the wait after the next failure
	}{
		"the next wait doubles it":      {dictated: 3 * time.Minute, next: 6 * time.Minute},
		"the next wait is in the range": {dictated: time.Hour, next: 15 * time.Minute},
		"a wait too long to double":     {dictated: math.MaxInt64, next: 15 * time.Minute},
		"no wait":                       {dictated: 0, next: time.Minute},
		"a wait that is over":           {dictated: -time.Hour, next: time.Minute},
		"a wait that is long over":      {dictated: math.MinInt64 / 4 * 3, next: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b backoff.Backoff
			b.WaitUntil(now, now.Add(test.dictated))
			if want := now.Add(test.dictated); !b.Until().Equal(want) || !b.Failing() {
				t.Errorf("until %s, failing %t; want until %s", b.Until(), b.Failing(), want)
			}
			if got := b.Fail(now, backoff.Range{First: time.Minute, Max: 15 * time.Minute}); got != test.next {
				t.Errorf("next wait %s, want %s", got, test.next)
			}
		})
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	r := backoff.Range{First: 2 * time.Second, Max: time.Minute}
	var b backoff.Backoff
	if b.Failing() || !b.Until().IsZero() {
		t.Errorf("zero value: failing %t, until %s", b.Failing(), b.Until())
	}
	b.Fail(now, r)
	b.Fail(now, r)
	b.Reset()
	if b.Failing() || !b.Until().IsZero() {
		t.Errorf("after a reset: failing %t, until %s", b.Failing(), b.Until())
	}
	if got := b.Fail(now, r); got != r.First {
		t.Errorf("first wait after a reset %s, want %s", got, r.First)
	}
}
