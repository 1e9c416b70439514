// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
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

// BenchmarkCall measures the exporter's own work for a call that lists a page of 20
// recordings: asking, decoding, applying and counting, without the network.
func BenchmarkCall(b *testing.B) {
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
	cfg := rig.ConfigOf("li")
	cfg.Poll.MaxRequestsPerMinute = math.MaxInt32
	calls := collector.NewCalls()
	m, err := poll.NewManager(cfg, poll.Options{
		Logger: log.NewNopLogger(), Observer: calls.Observer,
		Transport: rig.Respond(strings.TrimSuffix(page.String(), ",") + "]}"),
	})
	if err != nil {
		b.Fatal(err)
	}
	target := wecom.Target{Selector: wecom.ByUserID, ID: "li"}
	for b.Loop() {
		if recordings, err := m.Poll(b.Context(), target); err != nil || recordings != 20 {
			b.Fatalf("%d recordings: %v", recordings, err)
		}
	}
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
