// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Bits of the flags of an encoded record, and of an encoded file.
const (
	recordStateMask = 0x03
	recordCompleted = 0x04
	recordRemoved   = 0x08
	recordForgotten = 0x10

	fileShared   = 0x01
	fileSameCorp = 0x02
	fileAttendee = 0x04
	filePassword = 0x08
	fileDownload = 0x10
	fileCounted  = 0x20
)

// AppendTo appends the encoded record to b. The ID comes first, so that the key of a map
// can share the memory of the record: see [IDOf]. Numbers are varints, and times that
// are often close to each other are encoded as differences.
func (r *Record) AppendTo(b []byte) []byte {
	b = appendString(b, r.ID)
	b = appendString(b, r.Host)
	flags := byte(r.State) & recordStateMask
	if r.Completed {
		flags |= recordCompleted
	}
	if r.Removed {
		flags |= recordRemoved
	}
	if r.Forgotten != 0 {
		flags |= recordForgotten
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, int64(r.MeetingStart))
	b = binary.AppendVarint(b, int64(r.Gone))
	if r.Forgotten != 0 {
		b = binary.AppendVarint(b, int64(r.Forgotten))
	}
	for _, files := range [][]File{r.Files, r.Former} {
		b = binary.AppendUvarint(b, uint64(len(files)))
		for i := range files {
			b = files[i].appendTo(b, r.MeetingStart)
		}
	}
	return b
}

func (f *File) appendTo(b []byte, meeting wecom.Instant) []byte {
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

var errRecord = errors.New("not an encoded record")

// Decode reads an encoded record into r. The record shares memory with the text, and the
// slices of r are reused.
func (r *Record) Decode(text string) error {
	d := NewReader(text)
	*r = Record{ID: d.String(), Host: d.String(), Files: r.Files[:0], Former: r.Former[:0]}
	flags := d.Byte()
	r.State = wecom.State(flags & recordStateMask)
	r.Completed, r.Removed = flags&recordCompleted != 0, flags&recordRemoved != 0
	r.MeetingStart, r.Gone = wecom.Instant(d.Varint()), wecom.Instant(d.Varint())
	if flags&recordForgotten != 0 {
		r.Forgotten = wecom.Instant(d.Varint())
	}
	for _, files := range []*[]File{&r.Files, &r.Former} {
		n := d.Uvarint()
		if n > uint64(len(d.rest)) {
			return errRecord
		}
		*files = slices.Grow(*files, int(n))
		for range n {
			*files = append(*files, d.file(r.MeetingStart))
		}
	}
	if d.Close() != nil || r.ID == "" {
		return errRecord
	}
	return nil
}

// MustDecode is Decode for text that this process encoded, or checked when it loaded it.
// It panics on an error, since going on would count wrongly.
func (r *Record) MustDecode(text string) {
	if err := r.Decode(text); err != nil {
		panic(fmt.Sprintf("recording: decoding a record of %d bytes: %v", len(text), err))
	}
}

// IDOf returns the ID of an encoded record, in the memory of the record.
func IDOf(text string) string {
	d := NewReader(text)
	return d.String()
}

// StateOf returns the state in an encoded record.
func StateOf(text string) wecom.State {
	d := NewReader(text)
	_, _ = d.String(), d.String()
	return wecom.State(d.Byte() & recordStateMask)
}

// A Reader reads the parts of an encoded value in order. After an error it reads zeros;
// Close reports the error.
type Reader struct {
	rest string
	bad  bool
}

// NewReader returns a reader of text, whose strings share the memory of the text.
func NewReader(text string) Reader { return Reader{rest: text} }

func (d *Reader) file(meeting wecom.Instant) File {
	f := File{File: wecom.File{ID: d.String()}}
	flags := d.Byte()
	f.Start = meeting + wecom.Instant(d.Varint())
	f.End = f.Start + wecom.Instant(d.Varint())
	f.Size = d.Varint()
	f.Sharing = wecom.Sharing{
		On:          flags&fileShared != 0,
		SameCorp:    flags&fileSameCorp != 0,
		Attendee:    flags&fileAttendee != 0,
		HasPassword: flags&filePassword != 0,
		Download:    flags&fileDownload != 0,
	}
	if f.Sharing.On {
		f.Sharing.Expire = wecom.Instant(d.Varint())
	}
	if flags&fileCounted != 0 {
		f.Counted = true
		f.Bytes = f.Size + d.Varint()
		f.Milliseconds = int64(f.End-f.Start) + d.Varint()
	}
	return f
}

func (d *Reader) fail() { d.rest, d.bad = "", true }

// Byte reads one byte.
func (d *Reader) Byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// Uvarint reads what binary.AppendUvarint wrote.
func (d *Reader) Uvarint() uint64 {
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

// Varint reads what binary.AppendVarint wrote.
func (d *Reader) Varint() int64 {
	u := d.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// String reads a string, which comes behind its length.
func (d *Reader) String() string {
	n := d.Uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

var errEncoding = errors.New("not an encoded value, or more than one")

// Close returns an error unless everything was read, and nothing was missing.
func (d *Reader) Close() error {
	if d.bad || d.rest != "" {
		return errEncoding
	}
	return nil
}
