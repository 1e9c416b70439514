// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A record is what is kept of a recording: what WeCom said of it last, and what
// was counted of it. In memory and on disk it is kept encoded, because there may
// be a million.
type record struct {
	ID           string
	Host         string // "" where WeCom gives none
	MeetingStart wecom.Instant
	State        wecom.State
	Completed    bool          // it was seen completed once
	Removed      bool          // its removal was counted
	Gone         wecom.Instant // since when no target holds it; 0: one does
	Files        []fileRecord  // as last listed
	Former       []fileRecord  // those listed before, and no longer
}

// A fileRecord is what is kept of a file of a recording.
type fileRecord struct {
	wecom.File

	// Counted tells whether the file was added to the totals, and Bytes and
	// Milliseconds how much of it. What was there before counting began was not.
	Counted             bool
	Bytes, Milliseconds int64
}

// A fileIdentity is what a file of a recording is known by: its ID or, where it
// has none, its start.
type fileIdentity struct {
	id    string
	start wecom.Instant
}

func identityOf(f *wecom.File) fileIdentity {
	if f.ID != "" {
		return fileIdentity{id: f.ID}
	}
	return fileIdentity{start: f.Start}
}

// started returns when the recording began: with its meeting, or with its first
// file where WeCom does not tell when the meeting began; 0 where it tells neither.
func (r *record) started() wecom.Instant {
	start := r.MeetingStart
	if start != 0 {
		return start
	}
	for i := range r.Files {
		if f := &r.Files[i]; f.Start != 0 && (start == 0 || f.Start < start) {
			start = f.Start
		}
	}
	return start
}

// starts returns the earliest and the latest time by which WeCom may have
// selected the recording; 0 where it has none to be believed.
func (r *record) starts() (first, last wecom.Instant) {
	var s startSpan
	s.note(r.MeetingStart)
	for i := range r.Files {
		s.note(r.Files[i].Start)
	}
	return s.first, s.last
}

// startsOf does for a listed recording what starts does for a record.
func startsOf(r *wecom.Recording) (first, last wecom.Instant) {
	var s startSpan
	s.note(r.MeetingStart)
	for i := range r.Files {
		s.note(r.Files[i].Start)
	}
	return s.first, s.last
}

type startSpan struct{ first, last wecom.Instant }

func (s *startSpan) note(i wecom.Instant) {
	if i < wecom.EarliestPlausible {
		return
	}
	s.first = earliest(s.first, i)
	s.last = max(s.last, i)
}

// latest returns the latest of all times of the recording; 0 where it has none to
// be believed.
func (r *record) latest() wecom.Instant {
	_, last := r.starts()
	for i := range r.Files {
		last = max(last, r.Files[i].End)
	}
	if last < wecom.EarliestPlausible {
		return 0
	}
	return last
}

// How a record is encoded: see appendTo. Bits of the two bytes of flags.
const (
	recordStateMask = 0x03
	recordCompleted = 0x04
	recordRemoved   = 0x08

	fileShared   = 0x01
	fileSameCorp = 0x02
	fileAttendee = 0x04
	filePassword = 0x08
	fileDownload = 0x10
	fileCounted  = 0x20
)

// appendTo appends the encoded record to a buffer. The ID comes first, so that
// the key of a map can be a part of the record. Numbers are varints, and those
// that are often alike are told by their difference.
func (r *record) appendTo(b []byte) []byte {
	b = appendString(b, r.ID)
	b = appendString(b, r.Host)
	flags := byte(r.State) & recordStateMask
	if r.Completed {
		flags |= recordCompleted
	}
	if r.Removed {
		flags |= recordRemoved
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, int64(r.MeetingStart))
	b = binary.AppendVarint(b, int64(r.Gone))
	for _, files := range [][]fileRecord{r.Files, r.Former} {
		b = binary.AppendUvarint(b, uint64(len(files)))
		for i := range files {
			b = files[i].appendTo(b, r.MeetingStart)
		}
	}
	return b
}

func (f *fileRecord) appendTo(b []byte, meeting wecom.Instant) []byte {
	b = appendString(b, f.ID)
	flags := byte(0)
	for _, bit := range []struct {
		set  bool
		flag byte
	}{
		{f.Sharing.On, fileShared},
		{f.Sharing.SameCorp, fileSameCorp},
		{f.Sharing.Attendee, fileAttendee},
		{f.Sharing.HasPassword, filePassword},
		{f.Sharing.Download, fileDownload},
		{f.Counted, fileCounted},
	} {
		if bit.set {
			flags |= bit.flag
		}
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, int64(f.Start-meeting))
	b = binary.AppendVarint(b, int64(f.End-f.Start))
	b = binary.AppendVarint(b, f.Size)
	if f.Sharing.On {
		b = binary.AppendVarint(b, int64(f.Sharing.Expire))
	}
	if f.Counted {
		b = binary.AppendVarint(b, f.Bytes-f.Size)
		b = binary.AppendVarint(b, f.Milliseconds-int64(f.End-f.Start))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errRecord = errors.New("not a record of a recording")

// decode reads an encoded record. The record shares memory with the text, and its
// slices are used again.
func (r *record) decode(text string) error {
	d := recordReader{rest: text}
	*r = record{ID: d.string(), Host: d.string(), Files: r.Files[:0], Former: r.Former[:0]}
	flags := d.byte()
	r.State = wecom.State(flags & recordStateMask)
	r.Completed, r.Removed = flags&recordCompleted != 0, flags&recordRemoved != 0
	r.MeetingStart, r.Gone = wecom.Instant(d.varint()), wecom.Instant(d.varint())
	for _, files := range []*[]fileRecord{&r.Files, &r.Former} {
		n := d.uvarint()
		if n > uint64(len(d.rest)) {
			return errRecord
		}
		*files = slices.Grow(*files, int(n))
		for range n {
			*files = append(*files, d.file(r.MeetingStart))
		}
	}
	if d.bad || d.rest != "" || r.ID == "" {
		return errRecord
	}
	return nil
}

// A recordReader reads parts of an encoded record one after the other. After
// something that is none it is bad, and reads zeros.
type recordReader struct {
	rest string
	bad  bool
}

func (d *recordReader) file(meeting wecom.Instant) fileRecord {
	f := fileRecord{File: wecom.File{ID: d.string()}}
	flags := d.byte()
	f.Start = meeting + wecom.Instant(d.varint())
	f.End = f.Start + wecom.Instant(d.varint())
	f.Size = d.varint()
	f.Sharing = wecom.Sharing{
		On:          flags&fileShared != 0,
		SameCorp:    flags&fileSameCorp != 0,
		Attendee:    flags&fileAttendee != 0,
		HasPassword: flags&filePassword != 0,
		Download:    flags&fileDownload != 0,
	}
	if f.Sharing.On {
		f.Sharing.Expire = wecom.Instant(d.varint())
	}
	if flags&fileCounted != 0 {
		f.Counted, f.Bytes, f.Milliseconds = true, f.Size+d.varint(), int64(f.End-f.Start)+d.varint()
	}
	return f
}

func (d *recordReader) fail() {
	d.rest, d.bad = "", true
}

func (d *recordReader) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *recordReader) uvarint() uint64 {
	value := uint64(0)
	for i := range min(len(d.rest), binary.MaxVarintLen64) {
		b := d.rest[i]
		value |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			d.rest = d.rest[i+1:]
			return value
		}
	}
	d.fail()
	return 0
}

func (d *recordReader) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *recordReader) string() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}
