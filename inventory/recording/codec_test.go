// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// oddRecords returns records in which everything occurs that may be kept of one.
func oddRecords() map[string]Record {
	start := wecom.InstantOf(noon)
	file := func(id string) File {
		return File{File: wecom.File{ID: id, Start: start, End: start + 3_600_000, Size: 1 << 30}}
	}
	counted := file("counted")
	counted.Counted, counted.Bytes, counted.Milliseconds = true, 1<<20, 60_000
	shrunk := file("shrunk")
	shrunk.Counted, shrunk.Bytes, shrunk.Milliseconds = true, 1<<40, 1<<40
	everything := file("shared")
	everything.Counted, everything.Bytes, everything.Milliseconds = true, everything.Size, 3_600_000
	everything.Sharing = wecom.Sharing{On: true, SameCorp: true, Attendee: true, HasPassword: true, Download: true, Expire: start}
	huge := File{File: wecom.File{ID: "huge", Start: math.MinInt64, End: math.MaxInt64, Size: math.MaxInt64}}
	many := Record{ID: "many", MeetingStart: start, Former: []File{file("former")}}
	for range 1000 {
		many.Files = append(many.Files, file(""))
	}
	records := map[string]Record{
		"no more than an ID": {ID: "r"},
		"everything": {
			ID: "r", Host: "li", MeetingStart: start, State: wecom.StateCompleted, Completed: true, Removed: true, Gone: start + 1,
			Files: []File{counted, everything}, Former: []File{shrunk, file("former")},
		},
		"no host":                  {ID: "r", MeetingStart: start, Files: []File{file("f")}},
		"not from here":            {ID: "会议-录制-🎥", Host: "张三", Files: []File{file("文件\x00\xff")}},
		"long IDs":                 {ID: strings.Repeat("r", 300), Host: strings.Repeat("h", 70_000), Files: []File{file(strings.Repeat("f", 200))}},
		"negative times":           {ID: "r", MeetingStart: -1, Gone: -start, Files: []File{{File: wecom.File{ID: "f", Start: -5, End: -9}}}},
		"a file before it began":   {ID: "r", MeetingStart: start + 1000, Files: []File{file("f")}},
		"the largest and least":    {ID: "r", MeetingStart: math.MaxInt64, Gone: math.MinInt64, Files: []File{huge}},
		"forgotten files":          {ID: "r", MeetingStart: start, Gone: start, Forgotten: start + 1, Former: []File{shrunk}},
		"former files alone":       {ID: "r", Former: []File{shrunk}},
		"many files without an ID": many,
		"a link that is off":       {ID: "r", Files: []File{{File: wecom.File{ID: "f", Sharing: wecom.Sharing{Download: true}}}}},
		"a link without an end":    {ID: "r", Files: []File{{File: wecom.File{ID: "f", Sharing: wecom.Sharing{On: true}}}}},
	}
	for _, state := range []wecom.State{wecom.StateUnknown, wecom.StateRecording, wecom.StateTranscoding, wecom.StateCompleted} {
		r := Record{ID: "r", State: state}
		records["state "+state.String()] = r
		r.Completed = true
		records["completed, then "+state.String()] = r
		r.Completed, r.Removed = false, true
		records["removed, then "+state.String()] = r
	}
	return records
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	// What was read before must leave nothing behind.
	var got Record
	for name, want := range oddRecords() {
		text := string(want.AppendTo([]byte("before"))[len("before"):])
		if err := got.Decode(text); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
		if state := StateOf(text); state != want.State {
			t.Errorf("%s: its state is read as %d", name, state)
		}
		if id := IDOf(text); id != want.ID {
			t.Errorf("%s: its ID is read as %q", name, id)
		}
	}
}

func TestWhatIsNoRecord(t *testing.T) {
	t.Parallel()
	var r Record
	refuse := func(name, text string) {
		if err := r.Decode(text); err == nil {
			t.Errorf("%s is read as %+v", name, r)
		}
	}
	for name, written := range oddRecords() {
		text := string(written.AppendTo(nil))
		refuse(name+", and a byte more", text+"\x00")
		// All texts that are cut off are tried where they are not too many.
		for cut := 0; cut < len(text); cut += 1 + len(text)/2000 {
			refuse(name+", cut off", text[:cut])
		}
	}
	number := func(n uint64) string { return string(binary.AppendUvarint(nil, n)) }
	// An ID, no host, no flags, no times.
	const begun = "\x01r\x00\x00\x00\x00"
	file := "\x01f\x00\x00\x00\x00"
	for name, text := range map[string]string{
		"nothing":                        "",
		"a record without an ID":         "\x00\x00\x00\x00\x00\x00\x00",
		"a string longer than the text":  number(5) + "r",
		"a string of the longest length": number(math.MaxUint64) + begun,
		"a number without an end":        strings.Repeat("\xff", 20),
		"more files than bytes":          begun + number(1+uint64(len(file))) + file,
		"too many files by far":          begun + number(math.MaxUint64) + file,
		"as many as make a negative int": begun + number(1<<63) + file,
		"a file that there is not":       begun + "\x02" + file + "\x00",
		"too many former files":          begun + "\x00" + number(math.MaxInt64) + file,
		"a file that is cut off":         begun + "\x01" + file[:4] + "\x00",
	} {
		refuse(name, text)
	}
	if err := r.Decode(begun + "\x01" + file + "\x01" + file); err != nil {
		t.Errorf("a record that these are made of: %v", err)
	}
}

// FuzzRecord reads arbitrary text as a record. What can be read must be the same
// after it was written again.
func FuzzRecord(f *testing.F) {
	for _, r := range oddRecords() {
		// Long texts are slow to compare, and have nothing that short ones lack.
		if text := string(r.AppendTo(nil)); len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		var r, again Record
		if r.Decode(text) != nil {
			return
		}
		// With all that a file may have, so that nothing is lost at both times.
		odd := File{File: wecom.File{ID: r.ID, Start: r.MeetingStart + 1, End: -r.MeetingStart, Size: int64(len(text))}}
		odd.Sharing = wecom.Sharing{On: true, SameCorp: true, HasPassword: true, Expire: r.MeetingStart}
		r.Files = append(r.Files, odd)
		odd.Sharing = wecom.Sharing{On: true, Attendee: true, Download: true}
		odd.Counted, odd.Bytes, odd.Milliseconds = true, 7, 9
		r.Files = append(r.Files, odd)
		if err := again.Decode(string(r.AppendTo(nil))); err != nil {
			t.Fatalf("%+v cannot be read again: %v", r, err)
		}
		if reflect.DeepEqual(r, again) {
			return
		}
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("read again (-before +after):\n%s", diff)
		}
	})
}
