// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"math"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Kind is what happened to a recording, or to the sharing of a file. A file that is counted
// when it is first seen, and is shared then, was enabled.
type Kind uint8

// The kinds. Those before Removed index [Ledger.SharingChanges].
const (
	Enabled Kind = iota
	Disabled
	Widened  // anything became more open: audience, password, expiry or download
	Narrowed // things became less open only
	Removed  // the recording is gone upstream

	NumKinds        = iota
	NumSharingKinds = int(Removed)
)

// String returns the value of the label change.
func (k Kind) String() string {
	return [NumKinds]string{"enabled", "disabled", "widened", "narrowed", "removed"}[k]
}

// A Change is one increment of a counter of the ledger: of Removed, or of SharingChanges.
type Change struct {
	At        wecom.Instant // when it was noticed
	Kind      Kind
	Recording string
	File      string        // "" for Removed
	Host      string        // host_user_id, as listed at the time; "" if WeCom gives none
	Start     wecom.Instant // of the recording: see [recording.Record.Started]
	// The sharing of the file; nil: there was none.
	Before, After *Sharing
}

// A Sharing is how a file is shared at one moment.
type Sharing struct {
	Audience recording.Audience
	Password recording.Password
	Download recording.Download
	Expire   wecom.Instant // 0: never
	// Exposed reports whether anyone with the link could watch the file at the time of the
	// change, and that was not accepted then.
	Exposed bool
}

// sharingOf returns how a file is shared at the given time; nil if it is not.
func sharingOf(s *wecom.Sharing, at time.Time, accepted bool) *Sharing {
	if !s.On {
		return nil
	}
	class, _ := recording.ClassOf(s, at)
	return &Sharing{
		Audience: class.Audience,
		Password: class.Password,
		Download: class.Download,
		Expire:   s.Expire,
		Exposed:  class.Exposed() && !accepted,
	}
}

// TakeNoticed returns the changes since it was last called, in their order. Each is one
// increment of a counter.
func (l *Ledger) TakeNoticed() []Change {
	noticed := l.noticed
	l.noticed = nil
	return noticed
}

// noteSharing counts a change of the sharing of a file.
func (l *Ledger) noteSharing(kind Kind, r *recording.Record, before, after *recording.File, o *Observation) {
	l.SharingChanges[kind]++
	l.version++
	accepted := o.Accepted != nil && o.Accepted(r.ID, after.ID)
	c := Change{
		At: wecom.InstantOf(o.At), Kind: kind, Recording: r.ID, File: after.ID, Host: r.Host,
		After: sharingOf(&after.Sharing, o.At, accepted),
	}
	if before != nil {
		c.Before = sharingOf(&before.Sharing, o.At, accepted)
	}
	l.noticed = append(l.noticed, c)
}

// KindOf returns how sharing changed, if it did.
func KindOf(before, after *wecom.Sharing) (k Kind, changed bool) {
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
