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
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestOutageOfTheCorp(t *testing.T) {
	t.Parallel()
	for _, code := range []int{60020, 48002, 50003, 40014} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				users := append(make([]string, 0, 102), "li", "wang")
				for i := range 100 {
					users = append(users, fmt.Sprintf("user%d", i))
				}
				r := rig.Start(t, server, rig.ConfigOf(users...))
				r.Wait(time.Minute)
				repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: code})
				server.ResetRequests()
				begin := time.Now()
				r.Wait(4 * time.Hour)
				var asked []int
				for _, req := range server.Requests() {
					if minute := int(req.Time.Sub(begin).Minutes()); req.Endpoint == rig.ListEndpoint && (len(asked) == 0 || asked[len(asked)-1] != minute) {
						asked = append(asked, minute)
					}
				}
				// Hot targets fall due after about 4 minutes; then the outage is waited out for 1, 2, 4, 8, 15, 15 ... minutes.
				if len(asked) < 8 || len(asked) > 21 || asked[1]-asked[0] != 1 || asked[2]-asked[1] != 2 || asked[6]-asked[5] != 15 {
					t.Errorf("asked in minutes %v", asked)
				}
				if n := server.Count(rig.ListEndpoint); n > 45 {
					t.Errorf("%d calls in four hours", n)
				}
				r.Expect(map[string]string{`wecom_recording_files{host="wang"}`: "2", `wecom_up`: "0"})
				// At once, and hourly.
				if n := strings.Count(r.Log.String(), "level=error"); n != 4 || !strings.Contains(r.Log.String(), "remedy_zh=") {
					t.Errorf("%d errors logged, want 4:\n%s", n, r.Log)
				}
				repair()
				r.Wait(20 * time.Minute)
				r.Expect(map[string]string{
					`wecom_up`: "1",
					`wecom_poll_targets{selector="userid",status="failing"}`: "0",
					`wecom_poll_coverage_ratio`:                              "1",
				})
			})
		})
	}
}

func TestOneTargetWithoutAnswersHurtsNoOther(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Status: 502, Match: func(req wecomtest.Request) bool { return req.Target == "odd" },
		})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang", "odd"))
		r.Wait(3 * time.Hour)
		if n := rig.Asked(server, "odd"); n < 4*poll.UnansweredLimit {
			t.Fatalf("the odd target was asked %d times, too few for this test", n)
		}
		if text := r.Log.String(); strings.Contains(text, "level=error") {
			t.Errorf("one target makes an outage:\n%s", text)
		}
	})
}

func TestPollsUnderWaySayNothingAboutAnOutage(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		isWang := func(req wecomtest.Request) bool { return req.Target == "wang" }
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Delay: 5 * time.Second, Match: isWang, Times: 1})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020, Delay: time.Second})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		r.Wait(30 * time.Second)
		if n := server.Count(rig.ListEndpoint); n != 2 {
			t.Errorf("%d calls, want the two that began before the outage was known", n)
		}
		if text := r.Log.String(); strings.Contains(text, "accepts calls again") || strings.Count(text, "level=error") != 1 {
			t.Errorf("log:\n%s", text)
		}
	})
}

func TestUpstreamThatIsAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wecomtest.Fault{
		"no connection": {Endpoint: rig.ListEndpoint, Drop: true},
		"bad gateway":   {Endpoint: rig.ListEndpoint, Status: 502},
		"busy":          {Endpoint: rig.ListEndpoint, Errcode: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 500)
				for i := range 500 {
					users = append(users, fmt.Sprintf("user%d", i))
					server.Put(rig.Recorded("r"+users[i], users[i], time.Hour))
				}
				r := rig.Start(t, server, rig.ConfigOf(users...))
				r.Wait(2 * time.Minute)
				repair := server.Fail(fault)
				server.ResetRequests()
				r.Wait(time.Hour)
				// Some in a row, then one probe a minute, each of four tries.
				if n := server.Count(rig.ListEndpoint); n > 400 {
					t.Errorf("%d calls in an hour without an answer", n)
				}
				r.Expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="user7"}`: "1"})
				if n := strings.Count(r.Log.String(), "level=error"); n != 1 {
					t.Errorf("%d errors logged, want 1:\n%s", n, r.Log)
				}
				repair()
				r.Wait(2 * time.Minute)
				r.Expect(map[string]string{`wecom_up`: "1"})
				r.Wait(5 * time.Minute)
				r.Expect(map[string]string{`wecom_poll_coverage_ratio`: "1"})
			})
		})
	}
}

// TestUpDuringAnOutage has a poll that began before the outage end well during it.
func TestUpDuringAnOutage(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Delay: 5 * time.Second, Times: 1,
			Match: func(req wecomtest.Request) bool { return req.Target == "wang" },
		})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 60020, Delay: time.Second,
			Match: func(req wecomtest.Request) bool { return req.Target == "li" },
		})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		r.Wait(30 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="wang"}`: "2"})
	})
}

// TestRouteThatChangesDuringAPoll has a poll fail on the way to WeCom that the configuration
// has just left.
func TestRouteThatChangesDuringAPoll(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		here, there := rig.WorldOf(wecomtest.Config{}), rig.WorldOf(wecomtest.Config{})
		here.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020, Delay: 5 * time.Second})
		r := rig.Start(t, rig.ByHost{"wecom.test": here, "there.test": there}, rig.ConfigOf("li"))
		r.Wait(2 * time.Second)
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].APIURL = "https://there.test"
		r.Reload(cfg)
		r.Wait(20 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "1", `wecom_recordings{host="li",state="recording"}`: "1"})
	})
}
