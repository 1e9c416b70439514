// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package backoff computes how long to wait between attempts that fail.
package backoff

import "time"

// Range is the first wait and the longest.
type Range struct{ First, Max time.Duration }

// A Backoff is a wait that doubles with each failure in a row. The zero value has
// not failed. It is not safe for concurrent use.
type Backoff struct {
	wait  time.Duration // the last one
	until time.Time     // when it ends; zero: not failing
}

// Fail records a failure at now. It doubles the last wait, keeps it within r, and
// returns it. The range may differ from that of the failure before.
func (b *Backoff) Fail(now time.Time, r Range) time.Duration {
	wait := r.Max
	if b.wait <= r.Max/2 { // Twice a longer wait may overflow.
		wait = min(max(2*b.wait, r.First), r.Max)
	}
	b.wait, b.until = wait, now.Add(wait)
	return wait
}

// WaitUntil records a failure at now whose wait is dictated, for example by the
// server. The next wait doubles it.
func (b *Backoff) WaitUntil(now, until time.Time) {
	b.wait, b.until = max(0, until.Sub(now)), until
}

// Reset ends a series of failures, after a success.
func (b *Backoff) Reset() { *b = Backoff{} }

// Until returns when the last wait ends; the zero time if the last attempt did
// not fail.
func (b *Backoff) Until() time.Time { return b.until }

// Failing reports whether the last attempt failed. It stays true after the wait.
func (b *Backoff) Failing() bool { return !b.until.IsZero() }
