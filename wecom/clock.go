// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"sync/atomic"
	"time"
)

// MaxSkew is how far the two clocks may be apart before WeCom's decides.
const MaxSkew = 5 * time.Minute

// A skew is how far the local clock is ahead of WeCom's.
type skew struct{ last atomic.Pointer[comparison] }

// A comparison of the two clocks is made at every answer of WeCom that has a Date.
type comparison struct {
	at    time.Time     // by the local clock
	ahead time.Duration // the local clock of WeCom's
}

func (s *skew) note(at, date time.Time) (ahead time.Duration) {
	ahead = at.Sub(date).Truncate(time.Second) // Date has whole seconds.
	s.last.Store(&comparison{at: at, ahead: ahead})
	return ahead
}

// Now returns the time by the last answer of WeCom: that of the local clock or, if the two
// were more than [MaxSkew] apart, that of WeCom's. A local clock that is set in between
// changes nothing before the next answer.
func (c *Client) Now() time.Time {
	last := c.skew.last.Load()
	if last == nil {
		return time.Now()
	}
	return last.at.Add(time.Since(last.at) - c.Correction())
}

// Correction returns what [Client.Now] takes from the local clock: how far that was ahead
// at the last answer if it was more than [MaxSkew], or else 0.
func (c *Client) Correction() time.Duration {
	if last := c.skew.last.Load(); last != nil && last.ahead.Abs() > MaxSkew {
		return last.ahead
	}
	return 0
}

// KnowsClock reports whether an answer of WeCom has shown what time it is there. What was asked
// for before may not be what was meant.
func (c *Client) KnowsClock() bool { return c.skew.last.Load() != nil }
