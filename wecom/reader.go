// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"strings"
	"time"
)

const (
	// EarliestPlausible is 2010-01-01; WeCom had no meetings before. An earlier time
	// is an anomaly, and says nothing about the age of what has it.
	EarliestPlausible Instant = 1_262_304_000_000
	// latestExpiry is the end of the year 9999. A later end of a link counts as this
	// one, since RFC 3339 cannot express it.
	latestExpiry Instant = 253_402_300_799_999
	// maxClockSkew is how far WeCom's clock may be ahead.
	maxClockSkew = 24 * time.Hour

	// A value between these can only be seconds: as milliseconds it would be in the
	// first months of 1970, as seconds it is between 2000 and 2286.
	minSeconds, maxSeconds = 946_684_800, 10_000_000_000
)

// A reader turns the values of a response into those of this package. It reports
// each oddity to the observer.
type reader struct {
	now      time.Time
	observer Observer
	titles   bool
}

// recordings returns the recordings of a page. It skips those without an ID, and those
// whose ID is oversized.
func (r *reader) recordings(page *listResponse) []Recording {
	list := make([]Recording, 0, len(page.recordings))
	for i := range page.recordings {
		if r.hasID(page.recordings[i].ID) {
			list = append(list, r.recording(&page.recordings[i]))
		}
	}
	return list
}

// hasID reports whether what has an ID, or lacks it, can be known by it.
func (r *reader) hasID(id text) bool {
	switch {
	case id == "":
		r.observer.Anomalous(MissingID)
	case len(id) > maxIDBytes:
		r.observer.Anomalous(OversizedID)
	default:
		return true
	}
	return false
}

func (r *reader) recording(from *recordingResponse) Recording {
	rec := Recording{
		ID:           string(from.ID),
		Host:         r.host(from.Host),
		MeetingStart: r.instant(from.MeetingStart),
		State:        r.state(from.State),
		Files:        make([]File, 0, len(from.Files)),
	}
	if r.titles {
		rec.Title = title(from.Title)
	}
	for i := range from.Files {
		file := &from.Files[i]
		// A file without an ID is kept. A list entry that is not an object was read as an
		// empty file.
		if (r.hasID(file.ID) || file.ID == "") && *file != (fileResponse{}) {
			rec.Files = append(rec.Files, r.file(file))
		}
	}
	return rec
}

// title reads a title, or so much of it as is kept.
func title(from text) string {
	if len(from) <= maxTitleBytes {
		return string(from)
	}
	// A copy, so that the rest is not kept, and no half of a letter.
	return strings.Clone(strings.ToValidUTF8(string(from[:maxTitleBytes]), ""))
}

// host reads the ID of a host. An oversized one counts as absent.
func (r *reader) host(id text) string {
	if len(id) > MaxUserIDBytes {
		r.observer.Anomalous(OversizedID)
		return ""
	}
	return string(id)
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

func (r *reader) file(from *fileResponse) File {
	f := File{ID: string(from.ID), Start: r.instant(from.Start), End: r.instant(from.End), Size: r.size(from.Size)}
	if f.End != 0 && f.End < f.Start {
		r.observer.Anomalous(ImplausibleTime)
	}
	if r.flag(from.State) {
		f.Sharing = Sharing{
			On:          true,
			SameCorp:    r.flag(from.SameCorp),
			Attendee:    r.flag(from.Attendee),
			HasPassword: bool(from.Password),
			Download:    r.flag(from.Download),
			Expire:      min(r.milliseconds(from.Expire), latestExpiry),
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

// instant reads the time of something that has happened. A time in the future
// counts as absent, since it would win wherever the newest of several is taken.
func (r *reader) instant(n number) Instant {
	i := r.milliseconds(n)
	switch {
	case i > InstantOf(r.now.Add(maxClockSkew)):
		r.observer.Anomalous(ImplausibleTime)
		return 0
	case i != 0 && i < EarliestPlausible:
		r.observer.Anomalous(ImplausibleTime)
	}
	return i
}

// milliseconds reads a time that may be in the future, such as the end of a link.
func (r *reader) milliseconds(n number) Instant {
	switch {
	case n.malformed:
		r.observer.Anomalous(MalformedValue)
		return 0
	case n.value < 0:
		r.observer.Anomalous(ImplausibleTime)
		return 0
	case n.value >= minSeconds && n.value < maxSeconds:
		r.observer.Anomalous(SecondsTimestamp)
		return Instant(n.value * 1000)
	}
	return Instant(n.value)
}
