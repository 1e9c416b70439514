// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

// A State is how far a recording has come; its String is the value of the label state.
type State = wecom.State

// The states.
const (
	Unknown     = wecom.StateUnknown
	Recording   = wecom.StateRecording
	Transcoding = wecom.StateTranscoding
	Completed   = wecom.StateCompleted
	NumStates   = wecom.NumStates
)

// IsGoingOn reports whether a recording in that state is still being made.
func IsGoingOn(s State) bool { return s == Recording || s == Transcoding }

// An Audience is who can open the link of a shared file. The widest comes first.
type Audience uint8

// The audiences.
const (
	Anyone Audience = iota
	Company
	Attendees
	NumAudiences = iota
)

// String returns the value of the label audience.
func (a Audience) String() string {
	return [NumAudiences]string{"anyone", "company", "attendees"}[a]
}

// A Password reports whether a shared file asks for a password.
type Password uint8

// The passwords.
const (
	NoPassword Password = iota
	PasswordSet
	NumPasswords = iota
)

// String returns the value of the label password.
func (p Password) String() string { return [NumPasswords]string{"none", "set"}[p] }

// A Download reports whether a shared file can be downloaded.
type Download uint8

// The downloads.
const (
	DownloadBlocked Download = iota
	DownloadAllowed
	NumDownloads = iota
)

// String returns the value of the label download.
func (d Download) String() string { return [NumDownloads]string{"blocked", "allowed"}[d] }

// An Expiry is how long a link stays open.
type Expiry uint8

// The expiries: each but the first and the last two ends so many days from now.
const (
	Expired Expiry = iota
	ExpiresIn1Day
	ExpiresIn7Days
	ExpiresIn30Days
	ExpiresLater
	NeverExpires
	NumExpiries = iota
)

// String returns the value of the label expiry.
func (e Expiry) String() string {
	return [NumExpiries]string{"expired", "1d", "7d", "30d", "later", "never"}[e]
}

// expiryBounds[e] is the longest time left of a link of expiry e.
var expiryBounds = [ExpiresLater]time.Duration{0, day, 7 * day, 30 * day}

// ExpiryOf returns the expiry of a link that ends at the given instant, and when that
// changes by the clock alone; the zero time if it does not.
func ExpiryOf(end wecom.Instant, now time.Time) (e Expiry, changes time.Time) {
	if end == 0 {
		return NeverExpires, time.Time{}
	}
	left := end.Time().Sub(now)
	for e < ExpiresLater && left > expiryBounds[e] {
		e++
	}
	if e > Expired {
		changes = end.Time().Add(-expiryBounds[e-1])
	}
	return e, changes
}

// A Class is how a shared file can be reached.
type Class struct {
	Audience Audience
	Password Password
	Expiry   Expiry
	Download Download
}

// Exposed reports whether anyone with the link can watch the file now.
func (c Class) Exposed() bool {
	return c.Audience == Anyone && c.Password == NoPassword && c.Expiry != Expired
}

// ClassOf returns the class of a file that is shared, and when it changes by the clock
// alone; the zero time if it does not.
func ClassOf(s *wecom.Sharing, now time.Time) (c Class, changes time.Time) {
	c.Audience = AudienceOf(s)
	if s.HasPassword {
		c.Password = PasswordSet
	}
	if s.Download {
		c.Download = DownloadAllowed
	}
	c.Expiry, changes = ExpiryOf(s.Expire, now)
	return c, changes
}

// AudienceOf returns the audience of a link. A link for attendees of the company is for
// attendees.
func AudienceOf(s *wecom.Sharing) Audience {
	switch {
	case s.Attendee:
		return Attendees
	case s.SameCorp:
		return Company
	default:
		return Anyone
	}
}

// An Age is how long ago a file was started.
type Age uint8

// The ages, in days. The last one takes whatever is older, so that every file has one.
const (
	Age0To7 Age = iota
	Age7To30
	Age30To90
	Age90To180
	Age180To366
	NumAges = iota
)

// String returns the value of the label age.
func (a Age) String() string {
	return [NumAges]string{"0-7d", "7-30d", "30-90d", "90-180d", "180-366d"}[a]
}

// ageBounds[a] is the age at which a file leaves a for the next one.
var ageBounds = [Age180To366]time.Duration{7 * day, 30 * day, 90 * day, 180 * day}

// AgeOf returns the age of a file that was started at the given instant, and when that
// changes by the clock alone; the zero time if it does not.
func AgeOf(started wecom.Instant, now time.Time) (a Age, changes time.Time) {
	for a < Age180To366 && now.Sub(started.Time()) >= ageBounds[a] {
		a++
	}
	if a < Age180To366 {
		changes = started.Time().Add(ageBounds[a])
	}
	return a, changes
}
