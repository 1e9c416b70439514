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
		"the sample of the document": {
			body:      bodyOf(t, listEndpoint, "sample"),
			want:      []Recording{sample},
			anomalies: old,
		},

		"the names of the document's table": {
			body:      bodyOf(t, listEndpoint, "table"),
			want:      []Recording{sample},
			anomalies: old,
		},

		"numbers as strings, booleans as numbers": {
			body:      bodyOf(t, listEndpoint, "strings"),
			want:      []Recording{sample},
			anomalies: old,
		},

		"one spelling outside, the other inside": {
			body:      strings.ReplaceAll(bodyOf(t, listEndpoint, "sample"), "record_meetings", "record_list"),
			want:      []Recording{sample},
			anomalies: old,
		},

		"neither list":          {body: `{"errcode":0,"errmsg":"ok"}`},
		"the list is null":      {body: `{"errcode":0,"record_list":null,"has_more":null,"next_cursor":null}`},
		"no errcode but a list": {body: `{"record_list":[]}`},
		"a byte order mark":     {body: "\ufeff" + `{"errcode":0}`},

		"absent fields": {
			body:      `{"errcode":0,"record_list":[{"meeting_record_id":"r"}]}`,
			want:      []Recording{{ID: "r", Files: []File{}}},
			anomalies: map[Anomaly]int{UnknownState: 1},
		},

		"null fields": {
			body: one(`"meeting_start_time":null,"title":null,"record_file_list":null,"record_files":null`),
			want: plain(func(*Recording) {}),
		},

		"unknown fields": {body: one(`"x":{"y":[1]},"meeting_summary":[]`), want: plain(func(*Recording) {})},

		"a host that is digits": {
			body: one(`"host_user_id":10001`),
			want: plain(func(r *Recording) { r.Host = "10001" }),
		},

		"a host of another kind": {
			body: one(`"host_user_id":{"id":1}`),
			want: plain(func(r *Recording) { r.Host = "" }),
		},

		"an unknown state": {
			body:      one(`"state":9`),
			want:      plain(func(r *Recording) { r.State = StateUnknown }),
			anomalies: map[Anomaly]int{UnknownState: 1},
		},

		"transcoding": {body: one(`"state":2`), want: plain(func(r *Recording) { r.State = StateTranscoding })},

		"seconds for milliseconds": {
			body:      one(`"meeting_start_time":1772413200`),
			want:      plain(func(r *Recording) { r.MeetingStart = 1772413200000 }),
			anomalies: map[Anomaly]int{SecondsTimestamp: 1},
		},

		"a time that is far in the future": {
			body:      one(`"meeting_start_time":17724132000000000`),
			want:      plain(func(*Recording) {}),
			anomalies: map[Anomaly]int{ImplausibleTime: 1},
		},

		"a negative time": {
			body:      one(`"meeting_start_time":-1`),
			want:      plain(func(*Recording) {}),
			anomalies: map[Anomaly]int{ImplausibleTime: 1},
		},

		"5 GiB":                {body: file(`"record_size":5368709120`), want: withFile(File{Size: 5 << 30})},
		"5 GiB as a string":    {body: file(`"record_size":"5368709120"`), want: withFile(File{Size: 5 << 30})},
		"a size with exponent": {body: file(`"record_size":5.36870912e9`), want: withFile(File{Size: 5 << 30})},

		"a negative size": {
			body:      file(`"record_size":-2147483648`),
			want:      withFile(File{}),
			anomalies: map[Anomaly]int{NegativeSize: 1},
		},

		"a size that is no number": {
			body:      file(`"record_size":"big"`),
			want:      withFile(File{}),
			anomalies: map[Anomaly]int{MalformedValue: 1},
		},

		"an end before its start": {
			body:      file(`"record_start_time":1772413200000,"record_end_time":1772413100000`),
			want:      withFile(File{Start: 1772413200000, End: 1772413100000}),
			anomalies: map[Anomaly]int{ImplausibleTime: 1},
		},

		"sharing off hides what else is there": {
			body: file(`"sharing_state":0,"required_same_corp":true,"password":"p","sharing_expire":5`),
			want: withFile(File{}),
		},

		"shared with anyone": {
			body: file(`"sharing_state":1`),
			want: withFile(File{Sharing: Sharing{On: true}}),
		},

		"sharing state as boolean": {
			body: file(`"sharing_state":true,"allow_download":"true","required_attendee":"0"`),
			want: withFile(File{Sharing: Sharing{On: true, Download: true}}),
		},

		"a flag that is no flag": {
			body:      file(`"sharing_state":1,"allow_download":"maybe"`),
			want:      withFile(File{Sharing: Sharing{On: true}}),
			anomalies: map[Anomaly]int{MalformedValue: 1},
		},

		"an empty password": {
			body: file(`"sharing_state":1,"password":""`),
			want: withFile(File{Sharing: Sharing{On: true}}),
		},

		"a null password": {
			body: file(`"sharing_state":1,"password":null`),
			want: withFile(File{Sharing: Sharing{On: true}}),
		},

		"a password that is digits": {
			body: file(`"sharing_state":1,"password":1234`),
			want: withFile(File{Sharing: Sharing{On: true, HasPassword: true}}),
		},

		"a link that ends in seconds": {
			body:      file(`"sharing_state":1,"sharing_expire":1900000000`),
			want:      withFile(File{Sharing: Sharing{On: true, Expire: 1900000000000}}),
			anomalies: map[Anomaly]int{SecondsTimestamp: 1},
		},

		"a link that ends never but has an end": {
			body: file(`"sharing_state":1,"sharing_expire":9223372036854775807`),
			want: withFile(File{Sharing: Sharing{On: true, Expire: InstantOf(time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC))}}),
		},

		"a file without ID": {
			body:      one(`"record_files":[{"record_size":7}]`),
			want:      plain(func(r *Recording) { r.Files = []File{{Size: 7}} }),
			anomalies: map[Anomaly]int{MissingID: 1},
		},

		"garbage among the files": {
			body:      one(`"record_files":["garbage",7,null,{},{"record_file_id":"f","record_size":7}]`),
			want:      plain(func(r *Recording) { r.Files = []File{{ID: "f", Size: 7}} }),
			anomalies: map[Anomaly]int{MissingID: 4, MalformedValue: 1},
		},

		"files that are no list": {
			body:      one(`"record_files":"none"`),
			want:      plain(func(*Recording) {}),
			anomalies: map[Anomaly]int{MalformedValue: 1},
		},

		"garbage among good ones": {
			body: `{"errcode":0,"record_list":["garbage",7,null,{},[],{"meeting_record_id":{}},
			{"meeting_record_id":"r","host_user_id":"h","state":3}]}`,
			want:      plain(func(*Recording) {}),
			anomalies: map[Anomaly]int{MissingID: 6, MalformedValue: 1},
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
