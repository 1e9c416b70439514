// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// largeInventory returns an inventory of hosts with as many recordings each, all
// of one file, told by as many targets.
func largeInventory(hosts, each int) *inventory {
	inv := newInventory(month, noon.Add(-month))
	for h := range hosts {
		inv.apply(largeListing(inv, h, each))
	}
	return inv
}

func largeListing(inv *inventory, h, each int) *listing {
	host := fmt.Sprintf("user%05d", h)
	l := &listing{
		target: wecom.Target{Selector: wecom.ByUserID, ID: host}, span: wecom.Window{Start: noon.Add(-month), End: noon},
		asked: inv.now(), at: noon, succeeded: true, whole: true,
	}
	for i := range each {
		start := wecom.InstantOf(noon.Add(-time.Duration(h%20+1)*day - time.Duration(i)*time.Hour))
		l.recordings = append(l.recordings, wecom.Recording{
			ID: fmt.Sprintf("wr%05dx%010d", h, i), Host: host, MeetingStart: start, State: wecom.StateCompleted,
			Files: []wecom.File{{
				ID: fmt.Sprintf("wf%05dx%010d", h, i), Start: start, End: start + 3_600_000, Size: 400<<20 + int64(i)<<10,
				Sharing: wecom.Sharing{On: i%4 == 0, SameCorp: i%8 == 0, Expire: start + 90*24*3_600_000},
			}},
		})
	}
	return l
}

func liveHeap() float64 {
	var m runtime.MemStats
	for range 2 { // The first one leaves what is in pools.
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkStore measures what a million known recordings cost: in memory, on
// disk, at the start, and for each commit of the changes of twenty polls.
func BenchmarkStore(b *testing.B) {
	const hosts, each = 20_000, 50
	dir, group := b.TempDir(), corpKey{"acme", "ww"}.group()
	open := func() (*Collector, store.Store) {
		c := &Collector{options: Options{Logger: log.NewNopLogger()}}
		s, err := c.openStore(dir, nil)
		if err != nil || !s.Keeps() {
			b.Fatal(err)
		}
		return c, s
	}
	closeStore := func(s store.Store) {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	_, s := open()
	before := liveHeap()
	inv := largeInventory(hosts, each)
	commit := func() {
		changes, err := inv.changes(group)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Commit(noon, []store.Batch{changes.batch}); err != nil {
			b.Fatal(err)
		}
	}
	started := time.Now()
	commit()
	first := time.Since(started)
	heap := liveHeap() - before

	poll, state := 0, wecom.StateTranscoding
	b.Run("commit of 20 polls", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			for range 20 {
				l := largeListing(inv, poll%hosts, each)
				l.recordings[poll/hosts%each].State = state // One recording is another in each list.
				inv.apply(l)
				poll++
			}
			b.StartTimer()
			commit()
		}
	})
	closeStore(s)

	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			c, s := open()
			if inv := c.loaded[group]; inv == nil || len(inv.items) != hosts*each {
				b.Fatal("not loaded")
			}
			closeStore(s)
		}
		info, err := os.Stat(filepath.Join(dir, "state.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/(hosts*each), "disk-B/recording")
		b.ReportMetric(heap/(hosts*each), "heap-B/recording")
		b.ReportMetric(first.Seconds(), "s/first-commit")
	})
	runtime.KeepAlive(inv)
}

// BenchmarkApply measures the exporter's own work for a page of 20 recordings:
// nothing has changed, or one has.
func BenchmarkApply(b *testing.B) {
	inv := largeInventory(1000, 20)
	same := largeListing(inv, 7, 20)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			same.asked = inv.now()
			inv.apply(same)
		}
	})
	states := []wecom.State{wecom.StateTranscoding, wecom.StateCompleted}
	b.Run("one changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			same.asked = inv.now()
			same.recordings[3].State = states[i%2]
			inv.apply(same)
		}
	})
}

// BenchmarkCall measures the exporter's own work for a call that lists a page of
// 20 recordings: asking, decoding, applying and counting, without the network.
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
	cfg := configOf("li")
	cfg.Poll.MaxRequestsPerMinute = math.MaxInt32
	c, err := New(cfg, Options{Logger: log.NewNopLogger(), Transport: respond(strings.TrimSuffix(page.String(), ",") + "]}")})
	if err != nil {
		b.Fatal(err)
	}
	corp := c.corps[0]
	for b.Loop() {
		o := corp.ask(b.Context(), corp.client, &schedule.Poll{Target: li})
		if o.err != nil || o.recordings != 20 {
			b.Fatalf("%d recordings: %v", o.recordings, o.err)
		}
	}
}

// BenchmarkPublish measures what it takes to publish the change of one recording
// among those of so many hosts.
func BenchmarkPublish(b *testing.B) {
	for _, hosts := range []int{1000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			cfg := configOf("li")
			cfg.Metrics.MaxHosts = 0
			c, err := New(cfg, Options{Logger: log.NewNopLogger()})
			if err != nil {
				b.Fatal(err)
			}
			inv := largeInventory(hosts, 10)
			c.corps[0].inventory, c.corps[0].listed, c.corps[0].ready = inv, true, true
			c.publish(noon)
			states := []wecom.State{wecom.StateTranscoding, wecom.StateCompleted}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				l := largeListing(inv, i%hosts, 10)
				l.recordings[0].State = states[i/hosts%2]
				inv.apply(l)
				b.StartTimer()
				c.publish(noon)
			}
		})
	}
}
