// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestStarts(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		now := time.Now()
		want := map[Start]bool{}
		for i := range 2500 {
			start := Start{UserID: fmt.Sprintf("user%04d", i%1200), At: now.Add(-time.Duration(i+1) * time.Minute)}
			want[start] = true
			server.Put(wecomtest.Recording{ID: strconv.Itoa(i), Creator: start.UserID, MeetingStart: start.At})
		}
		client, _ := clientOf(t, server)
		starts, _, err := client.Starts(t.Context(), Window{Start: now.Add(-MaxActivity), End: now})
		got := map[Start]bool{}
		for _, s := range starts {
			got[s] = true
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v; starts (-want +got):\n%s", err, diff)
		}
		if n := server.Count(startsEndpoint); n != 3 {
			t.Errorf("%d calls, want 3 pages", n)
		}
		starts, _, err = client.Starts(t.Context(), Window{Start: now.Add(-90 * time.Second), End: now})
		if diff := cmp.Diff([]Start{{"user0000", now.Add(-time.Minute)}}, starts); diff != "" || err != nil {
			t.Errorf("error %v; starts of 90 s (-want +got):\n%s", err, diff)
		}
	})
}

func TestTimesOfStarts(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		now := time.Now()
		span := Window{Start: now.Add(-time.Hour), End: now}
		for name, test := range map[string]struct {
			value     string
			want      time.Time
			anomalies map[Anomaly]int
		}{
			"seconds": {
				value:     strconv.FormatInt(now.Unix()-60, 10),
				want:      now.Add(-time.Minute),
				anomalies: map[Anomaly]int{},
			},

			"seconds as a string": {
				value:     fmt.Sprintf("%q", strconv.FormatInt(now.Unix()-60, 10)),
				want:      now.Add(-time.Minute),
				anomalies: map[Anomaly]int{},
			},

			"milliseconds": {
				value:     strconv.FormatInt(now.UnixMilli()-60_000, 10),
				want:      now.Add(-time.Minute),
				anomalies: map[Anomaly]int{},
			},

			"before WeCom": {value: "7", want: span.Start, anomalies: map[Anomaly]int{ImplausibleTime: 1}},

			"in the far future": {
				value:     strconv.FormatInt(now.AddDate(1, 0, 0).Unix(), 10),
				want:      span.Start,
				anomalies: map[Anomaly]int{ImplausibleTime: 1},
			},
		} {
			client, seen := clientOf(t, nil, func(c *Config) {
				c.Transport = respond{http.StatusOK, `{"errcode":0,"meeting_list":[{"userid":"li","start_time":` + test.value + `}]}`}
			})
			starts, _, err := client.Starts(t.Context(), span)
			if diff := cmp.Diff([]Start{{"li", test.want}}, starts); diff != "" || err != nil {
				t.Errorf("%s: error %v; starts (-want +got):\n%s", name, err, diff)
			}
			if diff := cmp.Diff(test.anomalies, seen.anomalies); diff != "" {
				t.Errorf("%s: anomalies (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestStartsOfDocument(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, seen := clientOf(t, nil, func(c *Config) {
			c.Transport = respond{http.StatusOK, bodyOf(t, startsEndpoint, "fields")}
		})
		now := time.Now()
		got, _, err := client.Starts(t.Context(), Window{Start: now.Add(-MaxActivity), End: now})
		want := []Start{{"zhangsan", now.Add(-time.Minute)}, {"lisi", now.Add(-time.Hour)}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || len(seen.anomalies) != 0 {
			t.Errorf("error %v, anomalies %v; starts (-want +got):\n%s", err, seen.anomalies, diff)
		}
	})
}

func TestStrictStarts(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		now := time.Now()
		for body, want := range map[string]string{
			`"meeting_list":[]`: "",
			`"meeting_list":[{"userid":"","start_time":1772413140}]`:  "",
			`"meeting_list":[{"userid":7,"start_time":"1772413140"}]`: "",
			`"has_more":false`:                           "it has no meeting_list",
			`"meeting_list":null`:                        "it has no meeting_list",
			`"meeting_list":{}`:                          "its meeting_list is not as documented",
			`"meeting_list":["li"]`:                      "its meeting_list is not as documented",
			`"meeting_list":[null]`:                      "its meeting_list is not as documented",
			`"meeting_list":[{"start_time":1772413140}]`: "its meeting_list is not as documented",
			`"meeting_list":[{"userid":["li"],"start_time":1772413140}]`:               "its meeting_list is not as documented",
			`"meeting_list":[{"userid":"li"}]`:                                         "its meeting_list is not as documented",
			`"meeting_list":[{"userid":"li","start_time":null}]`:                       "its meeting_list is not as documented",
			`"meeting_list":[{"userid":"li","start_time":"soon"}]`:                     "its meeting_list is not as documented",
			`"meeting_list":[{"userid":"li","start_time":1772413140}],"has_more":true`: "(missing_cursor)",
		} {
			client, _ := clientOf(t, nil, func(c *Config) {
				c.Transport = respond{http.StatusOK, `{"errcode":0,` + body + `}`}
			})
			starts, _, err := client.Starts(t.Context(), Window{Start: now.Add(-time.Hour), End: now})
			if (err == nil) != (want == "") || err != nil && (!strings.HasSuffix(err.Error(), want) || starts != nil) {
				t.Errorf("%s: starts %v, error %v; want %q", body, starts, err, want)
			}
		}
	})
}
