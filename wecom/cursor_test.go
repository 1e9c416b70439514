// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCursor(t *testing.T) {
	t.Parallel()
	const text = ` { "a" : [ 1 , -2.5e3 , "x\"]}\\" , { } , [ ] , [ [ "]" ] , { "b" : "}" } ] , true , null ] ,
		"\u0062" : { "c" : false } , "D_E" : "" } `
	var got []string
	c := cursor{data: []byte(text)}
	c.members(func(name []byte) {
		got = append(got, string(name))
		if c.kind() != '[' {
			got = append(got, string(c.value()))
			return
		}
		c.elements(func() { got = append(got, string(c.value())) })
	})
	want := []string{
		"a", `1`, `-2.5e3`, `"x\"]}\\"`, `{ }`, `[ ]`, `[ [ "]" ] , { "b" : "}" } ]`, `true`, `null`,
		"b", `{ "c" : false }`, "d_e", `""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what a cursor finds (-want +got):\n%s", diff)
	}
}

// A plain type is what encoding/json reads, value by value, like its namesake.
type (
	plainText     struct{ text }
	plainNumber   struct{ number }
	plainFlag     struct{ flag }
	plainPresence struct{ presence }
	plainCode     struct{ code }
)

func (p *plainText) UnmarshalJSON(raw []byte) error     { p.read(raw); return nil }
func (p *plainNumber) UnmarshalJSON(raw []byte) error   { p.read(raw); return nil }
func (p *plainFlag) UnmarshalJSON(raw []byte) error     { p.read(raw); return nil }
func (p *plainPresence) UnmarshalJSON(raw []byte) error { p.read(raw); return nil }
func (p *plainCode) UnmarshalJSON(raw []byte) error     { p.read(raw); return nil }

type plainPage struct {
	Errcode        plainCode        `json:"errcode"`
	Errmsg         plainText        `json:"errmsg"`
	HasMore        *plainFlag       `json:"has_more"`
	NextCursor     plainText        `json:"next_cursor"`
	RecordMeetings []plainRecording `json:"record_meetings"`
	RecordList     []plainRecording `json:"record_list"`
}

type plainRecording struct {
	ID             plainText   `json:"meeting_record_id"`
	Host           plainText   `json:"host_user_id"`
	Title          plainText   `json:"title"`
	MeetingStart   plainNumber `json:"meeting_start_time"`
	State          plainNumber `json:"state"`
	RecordFiles    []plainFile `json:"record_files"`
	RecordFileList []plainFile `json:"record_file_list"`
}

type plainFile struct {
	ID       plainText     `json:"record_file_id"`
	Start    plainNumber   `json:"record_start_time"`
	End      plainNumber   `json:"record_end_time"`
	Size     plainNumber   `json:"record_size"`
	State    plainFlag     `json:"sharing_state"`
	SameCorp plainFlag     `json:"required_same_corp"`
	Attendee plainFlag     `json:"required_attendee"`
	Password plainPresence `json:"password"`
	Expire   plainNumber   `json:"sharing_expire"`
	Download plainFlag     `json:"allow_download"`
}

func (p *plainPage) recordings() []recordingResponse {
	all := slices.Concat(p.RecordMeetings, p.RecordList)
	list := make([]recordingResponse, 0, len(all))
	for _, r := range all {
		rec := recordingResponse{
			ID: r.ID.text, Host: r.Host.text, Title: r.Title.text, MeetingStart: r.MeetingStart.number, State: r.State.number,
		}
		for _, f := range slices.Concat(r.RecordFiles, r.RecordFileList) {
			rec.Files = append(rec.Files, fileResponse{
				ID: f.ID.text, Start: f.Start.number, End: f.End.number, Size: f.Size.number, State: f.State.flag,
				SameCorp: f.SameCorp.flag, Attendee: f.Attendee.flag, Password: f.Password.presence,
				Expire: f.Expire.number, Download: f.Download.flag,
			})
		}
		list = append(list, rec)
	}
	return list
}

// FuzzPageLikeEncodingJSON reads pages with a cursor and with encoding/json. Both must
// find the same. They differ in the order of lists in two spellings, and in names that are
// there twice: encoding/json takes the last, and mixes it with the one before.
func FuzzPageLikeEncodingJSON(f *testing.F) {
	for _, name := range []string{"sample", "table", "strings", "untrusted_ip"} {
		f.Add([]byte(bodyOf(f, listEndpoint, name)))
	}
	f.Add([]byte(`{"errcode":0,"RECORD_liſt":[{"MEETING_RECORD_ID":"\ud83d\ude00","ſtate":"3","record_files":[[],{},null,{"pas\u0073word":[]}]},0]}`))
	f.Add([]byte(` { "errcode" : "0" , "has_more" : null , "next_cursor" : 7 , "record_meetings" : [ [ { } ] , "]" , { "x" : [ "}" , "\\" ] } ] } `))
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.TrimSpace(body)
		if isValid := json.Valid(body); isJSON(body) != isValid {
			t.Fatalf("it is JSON: %t, want %t", !isValid, isValid)
		}
		var want plainPage
		err := json.Unmarshal(body, &want)
		typeErr, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
		if err != nil && !mistyped || hasNameTwice(body) {
			return
		}
		var got listResponse
		err = response{body: body}.walk(&got)
		if isObject := !mistyped || typeErr.Field != ""; errors.Is(err, errNotObject) == isObject {
			t.Errorf("error %v, want that it is an object: %t", err, isObject)
		}
		if err != nil {
			return
		}
		if got.Errcode != want.Errcode.code || got.Errmsg != want.Errmsg.text || got.NextCursor != want.NextCursor.text ||
			(got.HasMore == nil) != (want.HasMore == nil) || got.HasMore != nil && *got.HasMore != want.HasMore.flag {
			t.Errorf("envelope %+v, paging %+v; want %+v", got.envelope, got.paging, want)
		}
		if (got.mistyped || got.notAList) != mistyped {
			t.Errorf("mistyped: %t, not a list: %t; want %v", got.mistyped, got.notAList, typeErr)
		}
		if given := want.RecordMeetings != nil || want.RecordList != nil; got.holdsPayload() != given {
			t.Errorf("there is a list: %t, want %t", got.holdsPayload(), given)
		}
		if list := want.recordings(); len(want.RecordMeetings) == 0 || len(want.RecordList) == 0 {
			if len(got.recordings) != len(list) {
				t.Fatalf("%d recordings, want %d", len(got.recordings), len(list))
			}
			for i := range list {
				sameOrder(list[i].Files)
				sameOrder(got.recordings[i].Files)
				if !reflect.DeepEqual(list[i], got.recordings[i]) {
					t.Errorf("recording %+v, want %+v", got.recordings[i], list[i])
				}
			}
		}
	})
}

// sameOrder sorts files, since those of one spelling may be before those of the other.
func sameOrder(files []fileResponse) {
	slices.SortFunc(files, func(a, b fileResponse) int {
		left, _ := json.Marshal(fileKey(a))
		right, _ := json.Marshal(fileKey(b))
		return bytes.Compare(left, right)
	})
}

func fileKey(f fileResponse) []any {
	return []any{
		f.ID, f.Start.value, f.End.value, f.Size.value, f.State.value, f.SameCorp.value, f.Attendee.value, f.Password,
		f.Expire.value, f.Download.value, f.Start.malformed, f.End.malformed, f.Size.malformed, f.State.malformed,
		f.SameCorp.malformed, f.Attendee.malformed, f.Expire.malformed, f.Download.malformed,
	}
}

// hasNameTwice reports whether any object of valid JSON has a name twice, in whatever case.
func hasNameTwice(body []byte) bool {
	twice := false
	var visit func(raw []byte)
	visit = func(raw []byte) {
		c := cursor{data: raw}
		switch c.kind() {
		case '{':
			seen := map[string]bool{}
			c.members(func(name []byte) {
				twice = twice || seen[string(name)]
				seen[string(name)] = true
				visit(c.value())
			})
		case '[':
			c.elements(func() { visit(c.value()) })
		}
	}
	visit(body)
	return twice
}
