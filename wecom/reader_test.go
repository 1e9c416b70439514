// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecordings(t *testing.T) {
	t.Parallel()
	sample := Recording{
		ID: "GEIGN", Host: "XGMEIG", MeetingStart: 177777777, State: StateRecording,
		Files: []File{{
			ID: "FILEID", Start: 15555, End: 1777777, Size: 323235325,
			Sharing: Sharing{On: true, SameCorp: true, Attendee: true, HasPassword: true, Download: true, Expire: 3323},
		}},
	}
	old := map[Anomaly]int{ImplausibleTime: 3} // the sample's times are in 1970
	plain := func(change func(*Recording)) []Recording {
		r := Recording{ID: "r", Host: "h", State: StateCompleted, Files: []File{}}
		change(&r)
		return []Recording{r}
	}
	one := func(fields string) string {
		return `{"errcode":0,"record_list":[{"meeting_record_id":"r","host_user_id":"h","state":3,` + fields + `}]}`
	}
	file := func(fields string) string { return one(`"record_file_list":[{"record_file_id":"f",` + fields + `}]`) }
	withFile := func(f File) []Recording {
		f.ID = "f"
		return plain(func(r *Recording) { r.Files = []File{f} })
	}

	for name, test := range map[string]struct {
		body      string
		want      []Recording
		anomalies map[Anomaly]int
	}{
		"the sample of the document":              {bodyOf(t, listEndpoint, "sample"), []Recording{sample}, old},
		"the names of the document's table":       {bodyOf(t, listEndpoint, "table"), []Recording{sample}, old},
		"numbers as strings, booleans as numbers": {bodyOf(t, listEndpoint, "strings"), []Recording{sample}, old},
		"one spelling outside, the other inside": {
			strings.ReplaceAll(bodyOf(t, listEndpoint, "sample"), "record_meetings", "record_list"),
			[]Recording{sample},
			old,
		},
		"neither list":               {`{"errcode":0,"errmsg":"ok"}`, nil, nil},
		"the list is null":           {`{"errcode":0,"record_list":null,"has_more":null,"next_cursor":null}`, nil, nil},
		"no errcode but a list":      {`{"record_list":[]}`, nil, nil},
		"a byte order mark":          {"\ufeff" + `{"errcode":0}`, nil, nil},
		"more to come but no cursor": {`{"errcode":0,"has_more":true,"next_cursor":"","record_list":[]}`, nil, nil},
		"absent fields": {
			`{"errcode":0,"record_list":[{"meeting_record_id":"r"}]}`,
			[]Recording{{ID: "r", Files: []File{}}},
			map[Anomaly]int{UnknownState: 1},
		},
		"null fields": {
			one(`"meeting_start_time":null,"title":null,"record_file_list":null,"record_files":null`),
			plain(func(*Recording) {}), nil,
		},
		"unknown fields":         {one(`"x":{"y":[1]},"meeting_summary":[]`), plain(func(*Recording) {}), nil},
		"a host that is digits":  {one(`"host_user_id":10001`), plain(func(r *Recording) { r.Host = "10001" }), nil},
		"a host of another kind": {one(`"host_user_id":{"id":1}`), plain(func(r *Recording) { r.Host = "" }), nil},
		"an unknown state": {
			one(`"state":9`), plain(func(r *Recording) { r.State = StateUnknown }), map[Anomaly]int{UnknownState: 1},
		},
		"transcoding": {one(`"state":2`), plain(func(r *Recording) { r.State = StateTranscoding }), nil},
		"seconds for milliseconds": {
			one(`"meeting_start_time":1772413200`),
			plain(func(r *Recording) { r.MeetingStart = 1772413200000 }),
			map[Anomaly]int{SecondsTimestamp: 1},
		},
		"a time that is far in the future": {
			one(`"meeting_start_time":17724132000000000`),
			plain(func(*Recording) {}),
			map[Anomaly]int{ImplausibleTime: 1},
		},
		"a negative time": {
			one(`"meeting_start_time":-1`), plain(func(*Recording) {}), map[Anomaly]int{ImplausibleTime: 1},
		},
		"5 GiB":                    {file(`"record_size":5368709120`), withFile(File{Size: 5 << 30}), nil},
		"5 GiB as a string":        {file(`"record_size":"5368709120"`), withFile(File{Size: 5 << 30}), nil},
		"a size with exponent":     {file(`"record_size":5.36870912e9`), withFile(File{Size: 5 << 30}), nil},
		"a negative size":          {file(`"record_size":-2147483648`), withFile(File{}), map[Anomaly]int{NegativeSize: 1}},
		"a size that is no number": {file(`"record_size":"big"`), withFile(File{}), map[Anomaly]int{MalformedValue: 1}},
		"an end before its start": {
			file(`"record_start_time":1772413200000,"record_end_time":1772413100000`),
			withFile(File{Start: 1772413200000, End: 1772413100000}),
			map[Anomaly]int{ImplausibleTime: 1},
		},
		"sharing off hides what else is there": {
			file(`"sharing_state":0,"required_same_corp":true,"password":"p","sharing_expire":5`), withFile(File{}), nil,
		},
		"shared with anyone": {
			file(`"sharing_state":1`), withFile(File{Sharing: Sharing{On: true}}), nil,
		},
		"sharing state as boolean": {
			file(`"sharing_state":true,"allow_download":"true","required_attendee":"0"`),
			withFile(File{Sharing: Sharing{On: true, Download: true}}), nil,
		},
		"a flag that is no flag": {
			file(`"sharing_state":1,"allow_download":"maybe"`),
			withFile(File{Sharing: Sharing{On: true}}),
			map[Anomaly]int{MalformedValue: 1},
		},
		"an empty password":         {file(`"sharing_state":1,"password":""`), withFile(File{Sharing: Sharing{On: true}}), nil},
		"a null password":           {file(`"sharing_state":1,"password":null`), withFile(File{Sharing: Sharing{On: true}}), nil},
		"a password that is digits": {file(`"sharing_state":1,"password":1234`), withFile(File{Sharing: Sharing{On: true, HasPassword: true}}), nil},
		"a link that ends in seconds": {
			file(`"sharing_state":1,"sharing_expire":1900000000`),
			withFile(File{Sharing: Sharing{On: true, Expire: 1900000000000}}),
			map[Anomaly]int{SecondsTimestamp: 1},
		},
		"a link that ends never but has an end": {
			file(`"sharing_state":1,"sharing_expire":9223372036854775807`),
			withFile(File{Sharing: Sharing{On: true, Expire: InstantOf(time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC))}}),
			nil,
		},
		"a file without ID": {
			one(`"record_files":[{"record_size":7}]`),
			plain(func(r *Recording) { r.Files = []File{{Size: 7}} }),
			map[Anomaly]int{MissingID: 1},
		},
		"garbage among the files": {
			one(`"record_files":["garbage",7,null,{},{"record_file_id":"f","record_size":7}]`),
			plain(func(r *Recording) { r.Files = []File{{ID: "f", Size: 7}} }),
			map[Anomaly]int{MissingID: 4, MalformedValue: 1},
		},
		"files that are no list": {
			one(`"record_files":"none"`), plain(func(*Recording) {}), map[Anomaly]int{MalformedValue: 1},
		},
		"garbage among good ones": {
			`{"errcode":0,"record_list":["garbage",7,null,{},[],{"meeting_record_id":{}},
			{"meeting_record_id":"r","host_user_id":"h","state":3}]}`,
			plain(func(*Recording) {}),
			map[Anomaly]int{MissingID: 6, MalformedValue: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) { c.Transport = respond{http.StatusOK, test.body} })
				got, err := recordingsOf(t.Context(), client, Target{ByUserID, "h"}, lastMonth())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("recordings (-want +got):\n%s", diff)
				}
				if test.anomalies == nil {
					test.anomalies = map[Anomaly]int{}
				}
				if diff := cmp.Diff(test.anomalies, seen.anomalies); diff != "" {
					t.Errorf("anomalies (-want +got):\n%s", diff)
				}
			})
		})
	}
}
