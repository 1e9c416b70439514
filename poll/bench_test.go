// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A plainPage is a page of a list as plain structs, with all that the exporter reads.
type plainPage struct {
	Errcode    int    `json:"errcode"`
	Errmsg     string `json:"errmsg"`
	HasMore    bool   `json:"has_more"`
	NextCursor string `json:"next_cursor"`
	Recordings []struct {
		ID           string `json:"meeting_record_id"`
		Host         string `json:"host_user_id"`
		Title        string `json:"title"`
		MeetingStart int64  `json:"meeting_start_time"`
		State        int    `json:"state"`
		Files        []struct {
			ID       string `json:"record_file_id"`
			Start    int64  `json:"record_start_time"`
			End      int64  `json:"record_end_time"`
			Size     int64  `json:"record_size"`
			State    int    `json:"sharing_state"`
			SameCorp bool   `json:"required_same_corp"`
			Attendee bool   `json:"required_attendee"`
			Password string `json:"password"`
			Expire   int64  `json:"sharing_expire"`
			Download bool   `json:"allow_download"`
		} `json:"record_files"`
	} `json:"record_meetings"`
}

// pageOf20 returns the body of a page of 20 recordings.
func pageOf20() string {
	now := time.Now()
	var page strings.Builder
	page.WriteString(`{"errcode":0,"errmsg":"ok","has_more":false,"next_cursor":"","record_meetings":[`)
	for i := range 20 {
		start := now.Add(-time.Duration(i+1) * time.Hour).UnixMilli()
		fmt.Fprintf(&page, `{"meeting_record_id":"wr%018d","meetingid":"hy%018d","meeting_code":"123456789","host_user_id":"user%05d","meeting_start_time":%d,`+
			`"title":"产品部周会","state":3,"record_files":[{"record_file_id":"wf%018d","record_start_time":%d,"record_end_time":%d,"record_size":%d,`+
			`"sharing_state":1,"sharing_url":"https://meeting.example/v2/cloud-record/share?id=%018d","required_same_corp":true,"required_attendee":false,`+
			`"password":"123456","sharing_expire":%d,"allow_download":false}]},`, i, i, i%5, start, i, start, start+3_600_000, 400<<20, i, start+1e10)
	}
	return strings.TrimSuffix(page.String(), ",") + "]}"
}

// BenchmarkCall compares the exporter's own work for a call that lists a page of 20
// recordings (asking, decoding, applying and counting, without the network) with what
// encoding/json takes to decode the same page into plain structs.
func BenchmarkCall(b *testing.B) {
	page := pageOf20()
	var plain float64 // seconds
	b.Run("plain", func(b *testing.B) {
		body := []byte(page)
		b.ReportAllocs()
		for b.Loop() {
			var decoded plainPage
			if err := json.Unmarshal(body, &decoded); err != nil || len(decoded.Recordings) != 20 {
				b.Fatalf("%d recordings: %v", len(decoded.Recordings), err)
			}
		}
		plain = b.Elapsed().Seconds() / float64(b.N)
	})

	cfg := rig.ConfigOf("li")
	cfg.Poll.MaxRequestsPerMinute = math.MaxInt32
	m, err := poll.NewManager(cfg, poll.Options{
		Logger: log.NewNopLogger(), Observer: collector.NewCalls().Observer, Transport: rig.Respond(page),
	})
	if err != nil {
		b.Fatal(err)
	}
	target := wecom.Target{Selector: wecom.ByUserID, ID: "li"}
	b.Run("exporter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if recordings, err := m.Poll(b.Context(), target); err != nil || recordings != 20 {
				b.Fatalf("%d recordings: %v", recordings, err)
			}
		}
		if plain > 0 {
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/plain, "times-plain")
		}
	})
}

// BenchmarkPublish measures what it takes to publish the change of one recording among
// those of so many hosts.
func BenchmarkPublish(b *testing.B) {
	for _, hosts := range []int{1000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			cfg := rig.ConfigOf("li")
			cfg.Metrics.MaxHosts = 0
			calls := collector.NewCalls()
			m, err := poll.NewManager(cfg, poll.Options{Logger: log.NewNopLogger(), Observer: calls.Observer})
			if err != nil {
				b.Fatal(err)
			}
			inv := rig.Large(hosts, 10)
			inv.SetReady()
			m.SetInventory(inv)
			collector.New(m, calls)
			m.Publish(rig.LargeNow)
			states := []wecom.State{wecom.StateTranscoding, wecom.StateCompleted}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				inv.Apply(rig.LargeListing(inv, i%hosts, 10, states[i/hosts%2]))
				b.StartTimer()
				m.Publish(rig.LargeNow)
			}
		})
	}
}
