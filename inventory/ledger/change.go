// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"math"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Change is how the sharing of a file changed. A file that is counted when it is first seen,
// and is shared then, was enabled.
type Change uint8

// The changes.
const (
	Enabled Change = iota
	Disabled
	Widened    // anything became more open: audience, password, expiry or download
	Narrowed   // things became less open only
	NumChanges = iota
)

// String returns the value of the label change.
func (c Change) String() string {
	return [NumChanges]string{"enabled", "disabled", "widened", "narrowed"}[c]
}

// ChangeOf returns how sharing changed, if it did.
func ChangeOf(before, after *wecom.Sharing) (c Change, changed bool) {
	switch {
	case !before.On && !after.On:
		return 0, false
	case !before.On:
		return Enabled, true
	case !after.On:
		return Disabled, true
	}
	was, is := opennessOf(before), opennessOf(after)
	wider, narrower := false, false
	for i := range is {
		wider = wider || is[i] > was[i]
		narrower = narrower || is[i] < was[i]
	}
	switch {
	case wider:
		return Widened, true
	case narrower:
		return Narrowed, true
	}
	return 0, false
}

// opennessOf returns how open sharing is in each of its ways. More is more open.
func opennessOf(s *wecom.Sharing) [4]int64 {
	o := [4]int64{-int64(recording.AudienceOf(s)), 1, 0, math.MaxInt64}
	if s.HasPassword {
		o[1] = 0
	}
	if s.Download {
		o[2] = 1
	}
	if s.Expire != 0 {
		o[3] = int64(s.Expire)
	}
	return o
}
