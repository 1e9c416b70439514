// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// Endpoints returns the endpoints that every [Client] calls, as an [Observer] is
// told of them. Those of the discovery of targets come on top.
func Endpoints() []string { return []string{tokenEndpoint, listEndpoint} }

const (
	listEndpoint = "meeting/record/list"
	// The largest page that WeCom gives. It must be the same along a chain.
	pageSize = 20

	// MaxWindow is the longest span that one list may ask for; see
	// https://developer.work.weixin.qq.com/document/path/98192.
	MaxWindow = 31 * 24 * time.Hour
)

// A Selector says by what a list of recordings is asked for.
type Selector string

// The selectors. A list takes exactly one.
const (
	ByUserID      Selector = "userid"       // meetings that the user created
	ByMeetingID   Selector = "meetingid"    // one meeting
	ByMeetingCode Selector = "meeting_code" // one meeting
)

// Selectors returns every selector.
func Selectors() []Selector { return []Selector{ByUserID, ByMeetingID, ByMeetingCode} }

// A Target is one thing to list recordings for.
type Target struct {
	Selector Selector
	ID       string
}

// A Window is the half-open span of time that one list asks for, in whole
// seconds and at most [MaxWindow] long.
type Window struct{ Start, End time.Time }

// A State is how far a recording has come.
type State int8

// The states. WeCom documents 1 and 3; 2 is documented by Tencent Meeting,
// which records for it.
const (
	StateUnknown     State = 0
	StateRecording   State = 1
	StateTranscoding State = 2
	StateCompleted   State = 3

	// NumStates is how many states there are.
	NumStates = 4
)

// String returns the value of the label state.
func (s State) String() string {
	return [NumStates]string{"unknown", "recording", "transcoding", "completed"}[s]
}

// An Instant is a time in milliseconds since the Unix epoch; 0 means that none
// was given.
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
	Host         string // host_user_id; "" where WeCom gives none
	Title        string // read only if [Config] says so
	MeetingStart Instant
	State        State
	Files        []File
}

// A File is one file of a recording.
type File struct {
	ID         string // record_file_id; "" where WeCom gives none
	Start, End Instant
	Size       int64 // bytes, never negative
	Sharing    Sharing
}

// Sharing is who can watch a file that has a link. Where On is false the rest
// means nothing.
type Sharing struct {
	On          bool
	SameCorp    bool // only members of the corp
	Attendee    bool // only attendees of the meeting
	HasPassword bool
	Download    bool
	Expire      Instant // 0: never; in the year 9999 at the latest
}

// Recordings lists the recordings of a target in a window, page by page. After
// an error, which ends the list, the pages before it must not be taken for a
// whole list.
func (c *Client) Recordings(ctx context.Context, t Target, w Window) iter.Seq2[[]Recording, error] {
	return func(yield func([]Recording, error) bool) {
		for page, err := range chain(c.observer, func(cursor string) (*listAnswer, error) { return c.list(ctx, t, w, cursor) }) {
			if err != nil {
				yield(nil, err)
				return
			}
			r := reader{now: time.Now(), observer: c.observer, titles: c.titles}
			if !yield(r.recordings(page), nil) {
				return
			}
		}
	}
}

type listRequest struct {
	UserID      string `json:"userid,omitempty"`
	MeetingID   string `json:"meetingid,omitempty"`
	MeetingCode string `json:"meeting_code,omitempty"`
	StartTime   int64  `json:"start_time"` // seconds, unlike the answer's
	EndTime     int64  `json:"end_time"`
	Cursor      string `json:"cursor,omitempty"`
	Limit       int    `json:"limit"`
}

// A listAnswer takes the spelling of the document's sample and that of its
// table of fields, at both levels.
type listAnswer struct {
	envelope
	paging
	RecordMeetings []wireRecording `json:"record_meetings"`
	RecordList     []wireRecording `json:"record_list"`
}

type wireRecording struct {
	ID             text       `json:"meeting_record_id"`
	Host           text       `json:"host_user_id"`
	Title          text       `json:"title"`
	MeetingStart   number     `json:"meeting_start_time"`
	State          number     `json:"state"`
	RecordFiles    []wireFile `json:"record_files"`
	RecordFileList []wireFile `json:"record_file_list"`
}

type wireFile struct {
	ID       text     `json:"record_file_id"`
	Start    number   `json:"record_start_time"`
	End      number   `json:"record_end_time"`
	Size     number   `json:"record_size"`
	State    flag     `json:"sharing_state"`
	SameCorp flag     `json:"required_same_corp"`
	Attendee flag     `json:"required_attendee"`
	Password presence `json:"password"`
	Expire   number   `json:"sharing_expire"`
	Download flag     `json:"allow_download"`
}

func (a *listAnswer) holdsPayload() bool { return a.RecordMeetings != nil || a.RecordList != nil }

func (c *Client) list(ctx context.Context, t Target, w Window, cursor string) (*listAnswer, error) {
	request := listRequest{StartTime: w.Start.Unix(), EndTime: w.End.Unix(), Cursor: cursor, Limit: pageSize}
	switch t.Selector {
	case ByMeetingID:
		request.MeetingID = t.ID
	case ByMeetingCode:
		request.MeetingCode = t.ID
	default:
		request.UserID = t.ID
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return call[listAnswer](ctx, c, http.MethodPost, listEndpoint, nil, body)
}

// A reader turns the values of an answer into those of this package.
type reader struct {
	now      time.Time
	observer Observer
	titles   bool
}

// recordings returns what a page tells, in a form that can be relied on.
func (r *reader) recordings(a *listAnswer) []Recording {
	list := make([]Recording, 0, len(a.RecordMeetings)+len(a.RecordList))
	for _, wires := range [][]wireRecording{a.RecordMeetings, a.RecordList} {
		for i := range wires {
			if wires[i].ID == "" {
				r.observer.Anomalous(MissingID)
				continue
			}
			list = append(list, r.recording(&wires[i]))
		}
	}
	return list
}

func (r *reader) recording(w *wireRecording) Recording {
	rec := Recording{
		ID:           string(w.ID),
		Host:         string(w.Host),
		MeetingStart: r.instant(w.MeetingStart),
		State:        r.state(w.State),
		Files:        make([]File, 0, len(w.RecordFiles)+len(w.RecordFileList)),
	}
	if r.titles {
		rec.Title = string(w.Title)
	}
	for _, wires := range [][]wireFile{w.RecordFiles, w.RecordFileList} {
		for i := range wires {
			if wires[i].ID == "" {
				r.observer.Anomalous(MissingID)
			}
			// What was no file at all was read as an empty one.
			if wires[i] != (wireFile{}) {
				rec.Files = append(rec.Files, r.file(&wires[i]))
			}
		}
	}
	return rec
}

func (r *reader) state(n number) State {
	for _, s := range []State{StateRecording, StateTranscoding, StateCompleted} {
		if n.value == int64(s) {
			return s
		}
	}
	r.observer.Anomalous(UnknownState)
	return StateUnknown
}

func (r *reader) file(w *wireFile) File {
	f := File{ID: string(w.ID), Start: r.instant(w.Start), End: r.instant(w.End), Size: r.size(w.Size)}
	if f.End != 0 && f.End < f.Start {
		r.observer.Anomalous(ImplausibleTime)
	}
	if r.flag(w.State) {
		f.Sharing = Sharing{
			On:          true,
			SameCorp:    r.flag(w.SameCorp),
			Attendee:    r.flag(w.Attendee),
			HasPassword: bool(w.Password),
			Download:    r.flag(w.Download),
			Expire:      min(r.milliseconds(w.Expire), latestExpiry),
		}
	}
	return f
}

func (r *reader) flag(f flag) bool {
	if f.malformed {
		r.observer.Anomalous(MalformedValue)
	}
	return f.value
}

func (r *reader) size(n number) int64 {
	switch {
	case n.malformed:
		r.observer.Anomalous(MalformedValue)
	case n.value < 0:
		r.observer.Anomalous(NegativeSize)
		return 0
	}
	return n.value
}

const (
	// EarliestPlausible is 2010-01-01; WeCom had no meetings before. An earlier
	// time is an anomaly, and says nothing about the age of what has it.
	EarliestPlausible Instant = 1_262_304_000_000
	// The end of the year 9999. Links that end later end then, since RFC 3339 has
	// no word for later times.
	latestExpiry Instant = 253_402_300_799_999
	// Clocks may differ, but not by more.
	largestSkew = 24 * time.Hour

	// What lies between can only be seconds: as milliseconds it would be in the
	// first months of 1970, as seconds it is between 2000 and 2286.
	fewestSeconds, mostSeconds = 946_684_800, 10_000_000_000
)

// instant reads the time of something that has happened. A time in the future
// is read as absent, since the newest of several would be wrong with it.
func (r *reader) instant(n number) Instant {
	i := r.milliseconds(n)
	switch {
	case i > InstantOf(r.now.Add(largestSkew)):
		r.observer.Anomalous(ImplausibleTime)
		return 0
	case i != 0 && i < EarliestPlausible:
		r.observer.Anomalous(ImplausibleTime)
	}
	return i
}

// milliseconds reads a time that may be any, such as the end of a link.
func (r *reader) milliseconds(n number) Instant {
	switch {
	case n.malformed:
		r.observer.Anomalous(MalformedValue)
		return 0
	case n.value < 0:
		r.observer.Anomalous(ImplausibleTime)
		return 0
	case n.value >= fewestSeconds && n.value < mostSeconds:
		r.observer.Anomalous(SecondsTimestamp)
		return Instant(n.value * 1000)
	}
	return Instant(n.value)
}

// Duration returns how long the file is; 0 where its times do not tell.
func (f File) Duration() time.Duration {
	if f.Start == 0 || f.End < f.Start {
		return 0
	}
	return time.Duration(f.End-f.Start) * time.Millisecond
}
