// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Grid is the instants of a history: the multiples of its step, counted from the Unix
// epoch, within a span. Graphs ask for such instants too.
type Grid struct {
	first, step wecom.Instant
	n           int32
}

// MaxInstants is the most that a grid may have.
const MaxInstants = 1_000_000

// NewGrid returns the grid of a span, both ends included. The step must be whole
// seconds, and the span have no more than [MaxInstants] of it.
func NewGrid(from, to time.Time, step time.Duration) Grid {
	g := Grid{step: wecom.Instant(step.Milliseconds())}
	g.first = ceil(wecom.InstantOf(from), g.step) * g.step
	if span := wecom.InstantOf(to) - g.first; span >= 0 {
		g.n = int32(span/g.step) + 1
	}
	return g
}

// ceil returns a/b, rounded up; b is positive.
func ceil(a, b wecom.Instant) wecom.Instant {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

// Len returns how many instants the grid has.
func (g Grid) Len() int { return int(g.n) }

// First returns the first instant.
func (g Grid) First() time.Time { return g.first.Time() }

// at returns an instant.
func (g Grid) at(i int32) wecom.Instant { return g.first + wecom.Instant(i)*g.step }

// index returns the first instant that is not before t; Len if there is none.
func (g Grid) index(t wecom.Instant) int32 {
	switch {
	case t <= g.first:
		return 0
	case g.n == 0 || t > g.at(g.n-1):
		return g.n
	}
	return int32(ceil(t-g.first, g.step))
}
