// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestBrokenChainLeavesTheInventory(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for i := range 50 {
			server.Put(rig.Recorded(fmt.Sprintf("r%d", i), "li", time.Duration(i+1)*time.Hour))
		}
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "50", `wecom_poll_targets{selector="userid",status="ok"}`: "1"})

		for i := range 20 {
			server.Remove(fmt.Sprintf("r%d", i))
		}
		for i := range 40 {
			server.Put(rig.Recorded(fmt.Sprintf("new%d", i), "li", time.Duration(i+1)*time.Minute+2*time.Hour))
		}
		repair := server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Status: 502,
			Match: func(req wecomtest.Request) bool { return strings.Count(pages(server, req.Cursor), "x") == 2 },
		})
		r.Wait(5 * time.Minute)
		r.Expect(map[string]string{
			`wecom_recording_files{host="li"}`:                       "50",
			`wecom_poll_targets{selector="userid",status="failing"}`: "1",
			`wecom_poll_targets{selector="userid",status="ok"}`:      "0",
			`wecom_up`: "0",
		})
		repair()
		r.Wait(6 * time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "70", `wecom_up`: "1"})
	})
}

// pages returns an x for each page of the chain so far.
func pages(server *wecomtest.Server, cursor string) string {
	if cursor == "" {
		return ""
	}
	x := ""
	for _, req := range server.Requests() {
		switch {
		case req.Endpoint != rig.ListEndpoint:
		case req.Cursor == "":
			x = "x"
		case req.Errcode == 0:
			x += "x"
		}
	}
	return x
}

func TestTargetDroppedWhileItIsAsked(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "targets.yml", "userids: [li, wang]")
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Delay: 5 * time.Second})
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets.Files = []string{file}
		r := rig.Start(t, server, cfg)
		r.Wait(2 * time.Second)
		write("userids: [wang, zhao]")
		r.Wait(20 * time.Second)
		r.Expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`: "-", `wecom_recording_files{host="wang"}`: "2",
			`wecom_poll_targets{selector="userid",status="ok"}`: "2",
		})
	})
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("r1", "hot", time.Hour))
		cfg := rig.ConfigOf("hot", "idle")
		cfg.Poll.Lookback = 90 * rig.Day
		r := rig.Start(t, server, cfg)
		begin := time.Now()
		r.Wait(6*time.Hour + 30*time.Minute)
		newest, history := map[string]int{}, map[string]int{}
		type window struct{ start, end int64 }
		first := map[string][]window{}
		for _, req := range server.Requests() {
			if req.Endpoint != rig.ListEndpoint {
				continue
			}
			if req.End-req.Time.Unix() > -60 {
				newest[req.Target]++
			} else {
				history[req.Target]++
			}
			if req.Time.Sub(begin) < time.Minute {
				first[req.Target] = append(first[req.Target], window{req.Start, req.End})
			}
		}
		if n := newest["hot"]; n < 78 || n > 80 {
			t.Errorf("the hot target was asked %d times in 6.5 hours, want 79 or so", n)
		}
		if n := newest["idle"]; n != 7 {
			t.Errorf("the idle target was asked %d times in 6.5 hours, want 7", n)
		}
		if history["hot"] != 4 || history["idle"] != 4 {
			t.Errorf("older windows were asked for %v times, want two windows twice each", history)
		}
		for user, windows := range first {
			if len(windows) != 3 {
				t.Errorf("%s: %d windows for 90 days, want 3", user, len(windows))
				continue
			}
			for i, w := range windows {
				if w.end-w.start > 31*86400 || i > 0 && w.end != windows[i-1].start {
					t.Errorf("%s: window %d is %+v after %+v", user, i, w, windows[max(0, i-1)])
				}
			}
			if covered := windows[0].end - windows[2].start; covered != 90*86400 {
				t.Errorf("%s: the windows cover %d s, want 90 days", user, covered)
			}
		}
	})
}

func TestARecordingWithoutTimesGoesWithTheNextList(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		remove := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Body: []byte(
			`{"errcode":0,"record_list":[{"meeting_record_id":"r","host_user_id":"li","state":3,"record_file_list":[{"record_file_id":"f","record_size":5}]}]}`,
		)})
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(time.Minute)
		r.Expect(map[string]string{`wecom_recording_bytes{host="li"}`: "5"})
		remove()
		r.Wait(5 * time.Minute)
		r.Expect(map[string]string{`wecom_recording_bytes{host="li"}`: "-", `wecom_recordings_removed_total`: "0"})
	})
}

// TestWindowsSlide polls for three days what lies at every edge of the windows, and
// compares with what the inventory should hold whichever way WeCom selects.
func TestWindowsSlide(t *testing.T) {
	t.Parallel()
	for _, byRecord := range []bool{false, true} {
		t.Run(fmt.Sprintf("by record start: %t", byRecord), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{FilterByRecordStart: byRecord, RequestLog: -1})
				for i := range 100 {
					r := rig.Recorded(fmt.Sprintf("r%02d", i), "li", time.Duration(i+1)*rig.Day-12*time.Hour)
					r.Files[0].Start = r.Files[0].Start.Add(10 * time.Minute)
					r.Started = r.MeetingStart
					server.Put(r)
				}
				cfg := rig.ConfigOf("li")
				cfg.Poll.Lookback = 90 * rig.Day
				r := rig.Start(t, server, cfg)
				for passed := range 3 {
					r.Wait(time.Hour)
					r.Expect(map[string]string{`wecom_recording_files{host="li"}`: strconv.Itoa(90 - passed)})
					r.Wait(23 * time.Hour)
				}
			})
		})
	}
}

// TestPlanAfterTheFirstRound has lists of two users fail or succeed.
func TestPlanAfterTheFirstRound(t *testing.T) {
	t.Parallel()
	const known, unknown = "plan, after the first round found who has recordings", "plan, though no list has succeeded yet"
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		want  string
	}{
		"all succeed": {
			fault: wecomtest.Fault{Endpoint: "none"},
			want:  known,
		},
		"one fails": {
			fault: wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60111, Times: 1},
			want:  known,
		},
		"all fail": {
			fault: wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60111},
			want:  unknown,
		},
		"all fail, for meetings": {
			fault: wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 730005},
			want:  unknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.Fail(test.fault)
				r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
				r.Wait(10 * time.Second)
				text := r.Log.String()
				for _, msg := range []string{known, unknown} {
					if got := strings.Count(text, msg); got != strings.Count(test.want, msg) {
						t.Errorf("the log has %d times %q:\n%s", got, msg, text)
					}
				}
			})
		})
	}
}
