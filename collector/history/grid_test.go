// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"testing"
	"time"
)

// TestGrid has instants that graphs ask for too: the multiples of the step.
func TestGrid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to time.Time
		step     time.Duration
		n        int
		first    time.Time
	}{
		"from a multiple to a multiple, both included": {
			from: begin, to: begin.Add(2 * time.Hour), step: time.Hour, n: 3, first: begin,
		},
		"from between two": {
			from: begin.Add(time.Second), to: begin.Add(2 * time.Hour), step: time.Hour, n: 2, first: begin.Add(time.Hour),
		},
		"to between two": {
			from: begin, to: begin.Add(119 * time.Minute), step: time.Hour, n: 2, first: begin,
		},
		"one instant": {
			from: begin, to: begin, step: time.Hour, n: 1, first: begin,
		},
		"none": {
			from: begin.Add(time.Second), to: begin.Add(time.Minute), step: time.Hour, n: 0, first: begin.Add(time.Hour),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewGrid(test.from, test.to, test.step)
			if g.Len() != test.n || !g.First().Equal(test.first) {
				t.Errorf("%d instants from %v on, want %d from %v on", g.Len(), g.First(), test.n, test.first)
			}
		})
	}
}

func TestIndexOfInstant(t *testing.T) {
	t.Parallel()
	g := days(0, 2)
	for after, want := range map[time.Duration]int32{
		-1000 * day:            0,
		0:                      0,
		time.Millisecond:       1,
		day:                    1,
		2 * day:                2,
		2*day + time.Second:    3,
		100_000 * day:          3,
		day + time.Millisecond: 2,
	} {
		if got := g.index(instant(after)); got != want {
			t.Errorf("%v after the first instant: %d, want %d", after, got, want)
		}
	}
}
