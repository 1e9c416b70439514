// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type summary struct {
	Date          string `json:"date"`
	ViewCount     int64  `json:"view_count"`
	DownloadCount int64  `json:"download_count"`
}

type statistics struct {
	Errcode   int       `json:"errcode"`
	Summaries []summary `json:"summaries"`
}

// statistics asks for those of a recording in a span.
func (x *client) statistics(t *testing.T, id string, start, end time.Time) statistics {
	t.Helper()
	body := fmt.Sprintf(`{"meeting_record_id":%q,"start_time":%d,"end_time":%d}`, id, start.Unix(), end.Unix())
	var s statistics
	if err := json.Unmarshal(x.raw(t, endpointStatistics, nil, body), &s); err != nil {
		t.Fatal(err)
	}

	return s
}

func TestStatisticsRefuses(t *testing.T) {
	t.Parallel()
	const start, end = 1780000000, 1780000000 + 31*86400
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"31 days":           {fmt.Sprintf(`{"meeting_record_id":"r00","start_time":%d,"end_time":%d}`, start, end), 0},
		"31 days and 1 s":   {fmt.Sprintf(`{"meeting_record_id":"r00","start_time":%d,"end_time":%d}`, start, end+1), 40058},
		"no span":           {`{"meeting_record_id":"r00"}`, 0},
		"no end":            {fmt.Sprintf(`{"meeting_record_id":"r00","start_time":%d}`, start), 40058},
		"end at start":      {fmt.Sprintf(`{"meeting_record_id":"r00","start_time":%d,"end_time":%d}`, start, start), 40058},
		"milliseconds":      {fmt.Sprintf(`{"meeting_record_id":"r00","start_time":%d000,"end_time":%d001}`, start, start), 40058},
		"no recording":      {fmt.Sprintf(`{"start_time":%d,"end_time":%d}`, start, end), 40058},
		"a list":            {fmt.Sprintf(`{"meeting_record_id":["r00"],"start_time":%d,"end_time":%d}`, start, end), 40058},
		"its meeting":       {`{"meeting_record_id":"r00","meetingid":"m"}`, 0},
		"another meeting":   {`{"meeting_record_id":"r00","meetingid":"x"}`, 730002},
		"unknown recording": {`{"meeting_record_id":"x"}`, 730002},
		"deleted recording": {`{"meeting_record_id":"gone"}`, 730002},
		"out of sight":      {`{"meeting_record_id":"hidden"}`, 730002},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.SetDirectory(Directory{
				Members: []Member{{UserID: "zhangsan"}, {UserID: "hidden"}},
				Scope:   Scope{Users: []string{"ZHANGSAN"}},
			})
			x.Put(hours(2)...)
			x.Put(Recording{ID: "gone", Creator: "zhangsan", Deleted: epoch.Add(-1)}, Recording{ID: "hidden", Creator: "hidden"})
			if got := x.call(t, endpointStatistics, tc.body); got.Errcode != tc.want {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
		})
	}
}

// TestStatisticsAreByDayInChina adds views on both sides of midnight in China, and twice on one day.
func TestStatisticsAreByDayInChina(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(hours(1)...)
	midnight := time.Date(2026, 5, 31, 16, 0, 0, 0, time.UTC)
	x.AddViews("r00", midnight.Add(-time.Second), 3, 0)
	x.AddViews("r00", midnight, 1, 1)
	x.AddViews("r00", midnight.Add(time.Hour), 4, 0)
	x.AddViews("r00", midnight.Add(-40*day), 9, 9)
	got := x.statistics(t, "r00", midnight.Add(-30*day), epoch)
	want := statistics{Summaries: []summary{{"2026-05-31", 3, 0}, {"2026-06-01", 5, 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summaries (-want +got):\n%s", diff)
	}
}

// TestDemoIsViewed asks for the views of all recordings of the demo, twice: those of a day grow.
func TestDemoIsViewed(t *testing.T) {
	t.Parallel()
	x := newDemo(t, 1)
	total := func() (viewed, downloaded int64) {
		for id, r := range x.store.recordings {
			if len(r.Files[0].Shares) == 0 {
				continue
			}
			for _, s := range x.statistics(t, id, x.now.Add(-30*day), x.now).Summaries {
				viewed += s.ViewCount
				downloaded += s.DownloadCount
			}
		}

		return viewed, downloaded
	}
	x.now = epoch.Add(time.Hour)
	viewed, downloaded := total()
	if viewed == 0 || downloaded == 0 || downloaded >= viewed {
		t.Errorf("%d views and %d downloads, want some, and fewer downloads", viewed, downloaded)
	}
	x.now = x.now.Add(30 * time.Minute)
	if later, _ := total(); later <= viewed {
		t.Errorf("%d views half an hour after there were %d, want more", later, viewed)
	}
}
