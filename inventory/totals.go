// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
)

// Totals are what the recordings that a query selects amount to.
type Totals struct {
	Recordings int
	// Files and their sums.
	Files        int
	Bytes        int64
	Milliseconds int64
	Shared       int
	Exposed      int // but for those that are accepted
}

// Add adds what a recording amounts to.
func (t *Totals) Add(s *sums.Sums) {
	t.Recordings++
	t.Files += int(s.Files)
	t.Bytes = recording.AddBytes(t.Bytes, s.Bytes)
	t.Milliseconds += s.Milliseconds
	t.Shared += int(s.Shared)
	t.Exposed += int(s.Exposed)
}

// Duration returns the length of all files, or the longest duration if that is shorter.
func (t *Totals) Duration() time.Duration { return durationOf(t.Milliseconds) }
