// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"slices"
	"time"
)

// A State is how far a recording has come.
type State int8

// The states. WeCom documents 1 and 3; 2 is documented by Tencent Meeting, which
// records for it.
const (
	StateUnknown     State = 0
	StateRecording   State = 1
	StateTranscoding State = 2
	StateCompleted   State = 3

	// NumStates is the number of states, for arrays indexed by State.
	NumStates = 4
)

// String returns the value of the label state: "unknown", "recording",
// "transcoding" or "completed".
func (s State) String() string {
	switch s {
	case StateRecording:
		return "recording"
	case StateTranscoding:
		return "transcoding"
	case StateCompleted:
		return "completed"
	default:
		return "unknown"
	}
}

// StateNames returns the values of the label state, each at its number.
func StateNames() []string {
	names := make([]string, 0, NumStates)
	for state := range State(NumStates) {
		names = append(names, state.String())
	}
	return names
}

// StateNamed returns the state with a value of the label state, and whether there is one.
func StateNamed(name string) (s State, ok bool) {
	i := slices.Index(StateNames(), name)
	return State(max(i, 0)), i >= 0
}

// An Instant is a time in milliseconds since the Unix epoch; 0 means that none was
// given.
type Instant int64

// Seconds returns the instant in seconds since the Unix epoch.
func (i Instant) Seconds() float64 { return float64(i) / 1000 }

// Time returns the instant as a time.Time; the zero time for 0.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(i))
}

// InstantOf returns a time as an Instant; 0 for the zero time.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMilli())
}

// A Recording is one entry of a list of recordings; see
// https://developer.work.weixin.qq.com/document/path/98192. Codes, sharing URLs
// and passwords are not read at all.
type Recording struct {
	ID           string // meeting_record_id
	Host         string // host_user_id; "" if WeCom gives none
	Title        string // read only with [Config].Titles
	MeetingStart Instant
	State        State
	Files        []File
}

// A File is one file of a recording.
type File struct {
	ID         string // record_file_id; "" if WeCom gives none
	Start, End Instant
	Size       int64 // bytes, never negative
	Sharing    Sharing
}

// Duration returns how long the file is; 0 if its times do not allow to compute it.
func (f File) Duration() time.Duration {
	if f.Start == 0 || f.End < f.Start {
		return 0
	}
	return time.Duration(f.End-f.Start) * time.Millisecond
}

// Sharing is who can watch a file that has a link. The other fields mean nothing
// unless On is true.
type Sharing struct {
	On          bool
	SameCorp    bool // only members of the corp
	Attendee    bool // only attendees of the meeting
	HasPassword bool
	Download    bool
	Expire      Instant // 0: never; in the year 9999 at the latest
}
