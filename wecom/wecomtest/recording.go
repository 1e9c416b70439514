// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"slices"
	"strings"
	"time"
)

// States of a recording in a response. The document lists 1 and 3
// (https://developer.work.weixin.qq.com/document/path/98192); 2 is what Tencent Meeting, which
// WeCom builds on, documents (https://cloud.tencent.com/document/product/1095/53224).
const (
	StateRecording   = 1
	StateTranscoding = 2
	StateCompleted   = 3
)

// Recording is one entry of a list, with the times at which it changes. A response is a function of
// these and of the server's clock, so a recording needs to be put only once.
//
// A zero Started, Transcoding or Completed counts as passed: a Recording without any times is
// completed, and stays. A zero Deleted means never. For a recording that never completes, set
// Transcoding and Completed far in the future, or override the state.
type Recording struct {
	ID          string
	MeetingID   string
	MeetingCode string
	Creator     string // The userid whose list it is in; case-insensitive.
	Host        string // The userid in the response; may differ from Creator, may be empty.
	Title       string

	MeetingStart time.Time
	Started      time.Time // Not listed before.
	Transcoding  time.Time // StateRecording before.
	Completed    time.Time // StateTranscoding before; from here on the files are listed.
	Deleted      time.Time // Not listed from here on.

	// State overrides the state while the recording is listed. Files are listed only in
	// StateCompleted, overridden or not.
	State *int
	Files []File
}

// File is one file of a completed recording.
type File struct {
	ID         string
	Start, End time.Time
	Size       int64 // Bytes.
	Shares     []Share
}

// Share is how a file is shared from At on. The share in force is the one with the latest At that
// has passed, and the last of equals. A file without one is not shared.
type Share struct {
	At       time.Time // Zero is always.
	On       bool
	SameCorp bool // Only members of the company.
	Attendee bool // Only those who attended.
	Download bool
	Password string
	Expire   time.Time // Zero is never.
	URL      string    // Made from the file's ID if empty.
}

// stateAt returns the state at a time, and whether the recording is listed then.
func (r *Recording) stateAt(now time.Time) (state int, listed bool) {
	switch {
	case now.Before(r.Started), !r.Deleted.IsZero() && !now.Before(r.Deleted):
		return 0, false
	case r.State != nil:
		return *r.State, true
	case !now.Before(r.Completed):
		return StateCompleted, true
	case !now.Before(r.Transcoding):
		return StateTranscoding, true
	default:
		return StateRecording, true
	}
}

// recordStart returns when the recording began, which may be long after the meeting did.
func (r *Recording) recordStart() time.Time {
	start := r.Started
	for i := range r.Files {
		if i == 0 || r.Files[i].Start.Before(start) {
			start = r.Files[i].Start
		}
	}
	if start.IsZero() {
		return r.MeetingStart
	}

	return start
}

// shareAt returns the share in force at a time, and whether sharing is on.
func (f *File) shareAt(now time.Time) (share *Share, on bool) {
	for i := range f.Shares {
		s := &f.Shares[i]
		if !now.Before(s.At) && (share == nil || !s.At.Before(share.At)) {
			share = s
		}
	}

	return share, share != nil && share.On
}

// key is what lists are sorted by: the meeting's start, then the ID.
type key struct {
	start time.Time
	id    string
}

func (r *Recording) key() key {
	return key{start: r.MeetingStart, id: r.ID}
}

func (k key) compare(other key) int {
	if c := k.start.Compare(other.start); c != 0 {
		return c
	}

	return strings.Compare(k.id, other.id)
}

// index holds sorted recordings by the value of one field.
type index struct {
	field func(*Recording) string
	lists map[string][]*Recording
}

// Names of the indexes; the first three are the selectors of meeting/record/list.
const (
	byUserID      = "userid"
	byMeetingID   = "meetingid"
	byMeetingCode = "meeting_code"
	byNothing     = ""
)

// store holds all recordings. A stored recording is never changed, only replaced, so that it can be
// read without the lock once it was found. Indexes are built at first use, since one for a million
// meetings takes as much memory as the recordings.
type store struct {
	recordings map[string]*Recording
	indexes    map[string]*index
}

func newStore() store {
	return store{recordings: map[string]*Recording{}, indexes: map[string]*index{}}
}

// list returns the sorted recordings whose field has the value. The slice is valid only under the
// lock.
func (s *store) list(name, value string) []*Recording {
	x, ok := s.indexes[name]
	if !ok {
		x = s.build(name)
		s.indexes[name] = x
	}

	return x.lists[value]
}

func (s *store) build(name string) *index {
	x := &index{lists: map[string][]*Recording{}}
	switch name {
	case byUserID:
		x.field = func(r *Recording) string { return fold(r.Creator) }
	case byMeetingID:
		x.field = func(r *Recording) string { return r.MeetingID }
	case byMeetingCode:
		x.field = func(r *Recording) string { return r.MeetingCode }
	default:
		x.field = func(*Recording) string { return "" }
	}
	for _, r := range s.recordings {
		value := x.field(r)
		x.lists[value] = append(x.lists[value], r)
	}
	for _, list := range x.lists {
		slices.SortFunc(list, func(a, b *Recording) int { return a.key().compare(b.key()) })
	}

	return x
}

func (s *store) put(r *Recording) {
	r.MeetingStart = r.MeetingStart.Round(0) // Without the monotonic clock, which a cursor cannot carry.
	s.remove(r.ID)
	s.recordings[r.ID] = r
	for _, x := range s.indexes {
		value := x.field(r)
		list := x.lists[value]
		x.lists[value] = slices.Insert(list, search(list, r.key()), r)
	}
}

func (s *store) remove(id string) {
	r, ok := s.recordings[id]
	if !ok {
		return
	}
	delete(s.recordings, id)
	for _, x := range s.indexes {
		value := x.field(r)
		list := x.lists[value]
		i := search(list, r.key())
		if list = slices.Delete(list, i, i+1); len(list) == 0 {
			delete(x.lists, value)
		} else {
			x.lists[value] = list
		}
	}
}

// search returns the index of the first recording at k or after it.
func search(list []*Recording, k key) int {
	i, _ := slices.BinarySearchFunc(list, k, func(r *Recording, k key) int { return r.key().compare(k) })

	return i
}

// fold makes userids comparable, since WeCom ignores their case.
func fold(userID string) string {
	return strings.ToLower(userID)
}
