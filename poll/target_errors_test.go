// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestCorpErrorOfOneTarget(t *testing.T) {
	t.Parallel()
	for code, what := range map[int]string{730005: "of a meeting", 40058: "of an argument", 48001: "of the corp"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: code,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" },
				})
				cfg := rig.ConfigOf("li", "wang")
				cfg.Corps[0].Targets.MeetingIDs = []string{"of-another-app"}
				r := rig.Start(t, server, cfg)
				r.Wait(5 * time.Minute)
				r.Expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`:         "2",
					`wecom_poll_targets{selector="meetingid",status="failing"}`: "1",
					`wecom_up`: "1",
				})
				before := server.Count(rig.ListEndpoint, code)
				r.Wait(50 * time.Minute)
				if n := server.Count(rig.ListEndpoint, code) - before; n > 0 {
					t.Errorf("%d more calls for the bad target within the idle interval", n)
				}
			})
		})
	}
}

// A target that always meets an error of the whole corp must not make an outage that
// is one look like its own.
func TestOutageBesideACorpErrorOfOneTarget(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]wecomtest.Fault{
		"an errcode":       {Endpoint: rig.ListEndpoint, Errcode: 60020},
		"a refused secret": {Endpoint: "gettoken", Errcode: 40001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				var away atomic.Bool
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: 48001,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" && !away.Load() },
				})
				cfg := rig.ConfigOf("li", "wang")
				cfg.Corps[0].Targets.MeetingIDs = []string{"malformed"}
				r := rig.Start(t, server, cfg)
				r.Wait(90 * time.Minute)
				r.Expect(map[string]string{`wecom_up`: "1"})

				away.Store(true)
				repair := server.Fail(outage)
				server.InvalidateTokens()
				r.Wait(5 * time.Minute)
				for range 4 * 60 {
					r.Wait(time.Minute)
					r.Expect(map[string]string{`wecom_up`: "0"})
				}
				repair()
				away.Store(false)
				r.Wait(20 * time.Minute)
				r.Expect(map[string]string{
					`wecom_up`: "1",
					`wecom_poll_targets{selector="userid",status="ok"}`:         "2",
					`wecom_poll_targets{selector="meetingid",status="failing"}`: "1",
				})
			})
		})
	}
}

func TestCorpErrorsOfManyTargets(t *testing.T) {
	t.Parallel()
	for code, what := range map[int]string{730010: "of a meeting", 48001: "of the corp"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: code,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meeting_code" },
				})
				cfg := rig.ConfigOf("li", "wang")
				for i := range 30 {
					cfg.Corps[0].Targets.MeetingCodes = append(cfg.Corps[0].Targets.MeetingCodes, fmt.Sprintf("90000%d", i))
				}
				r := rig.Start(t, server, cfg)
				r.Wait(30 * time.Minute)
				r.Expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`:            "2",
					`wecom_poll_targets{selector="meeting_code",status="failing"}`: "30",
					`wecom_up`: "1",
				})
				server.ResetRequests()
				r.Wait(30 * time.Minute)
				if n := rig.Asked(server, "li"); n < 5 {
					t.Errorf("a good target was asked %d times in 30 minutes, want every 5", n)
				}
			})
		})
	}
}

// Bad targets stop nobody else, whatever their number and on whatever page their error comes.
func TestArgumentErrorsStopNobody(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]func(wecomtest.Request) bool{
		"on the first page":  func(wecomtest.Request) bool { return true },
		"on the second page": func(req wecomtest.Request) bool { return req.Cursor != "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				for i := range 30 {
					server.Put(wecomtest.Recording{
						ID: fmt.Sprintf("r%d", i), Creator: "li", MeetingID: "m", MeetingStart: time.Now().Add(-time.Hour),
					})
				}
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: 40058,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" && page(req) },
				})
				cfg := rig.ConfigOf("li", "wang")
				cfg.Corps[0].Targets.MeetingIDs = []string{"m"}
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Second)
				r.Expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`:         "2",
					`wecom_poll_targets{selector="meetingid",status="failing"}`: "1",
					`wecom_up`: "1",
				})
			})
		})
	}
}

// TestIncompleteList has the second page of a list lead back to itself. What it adds counts,
// and what it lacks stays.
func TestIncompleteList(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		for i := range 40 {
			server.Put(rig.Recorded(fmt.Sprintf("old%d", i), "zhao", time.Duration(i+2)*time.Hour))
		}
		r := rig.Start(t, server, rig.ConfigOf("zhao"))
		r.Wait(time.Minute)
		files := func(n string) map[string]string {
			return map[string]string{`wecom_recording_files{host="zhao"}`: n, "wecom_recordings_removed_total": "0"}
		}
		r.Expect(files("40"))

		server.Put(rig.Recorded("new", "zhao", 100*time.Hour)) // on the first page
		right := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, RepeatCursor: true})
		r.Wait(10 * time.Minute)
		r.Expect(files("41"))
		r.Expect(map[string]string{
			`wecom_recordings_discovered_total{host="zhao"}`:         "1",
			`wecom_poll_targets{selector="userid",status="failing"}`: "1",
			`wecom_up`: "1",
		})
		if want := "the list is incomplete"; !strings.Contains(r.Log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, r.Log)
		}

		right()
		server.Remove("old7")
		r.Wait(time.Hour)
		r.Expect(map[string]string{
			`wecom_recording_files{host="zhao"}`: "40", "wecom_recordings_removed_total": "1",
			`wecom_poll_targets{selector="userid",status="ok"}`: "1",
		})
	})
}

// TestBadTargetsDoNotDelayTheOthers has four of 16 targets that WeCom always refuses.
func TestBadTargetsDoNotDelayTheOthers(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		users := make([]string, 0, 16)
		for i := range 16 {
			users = append(users, fmt.Sprintf("user%d", i))
			server.Put(rig.Recorded(fmt.Sprintf("of%d", i), users[i], time.Hour))
		}
		bad := users[:4]
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 40058,
			Match: func(req wecomtest.Request) bool { return slices.Contains(bad, req.Target) },
		})
		r := rig.Start(t, server, rig.ConfigOf(users...))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`:      "12",
			`wecom_poll_targets{selector="userid",status="failing"}`: "4",
			`wecom_up`: "1",
		})
		if !r.Collector.Ready() {
			t.Error("not ready")
		}
	})
}

// TestOutageFromTheStartIsNotReady has two targets, and no call that WeCom accepts.
func TestOutageFromTheStartIsNotReady(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wecomtest.Fault{
		"an IP that is not trusted": {Endpoint: rig.ListEndpoint, Errcode: 60020},
		"no connection":             {Drop: true},
		"no answer to lists":        {Endpoint: rig.ListEndpoint, Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.Fail(fault)
				r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
				r.Wait(3 * time.Hour)
				r.Expect(map[string]string{`wecom_up`: "0"})
				if r.Collector.Ready() {
					t.Error("ready though WeCom has accepted no call")
				}
			})
		})
	}
}
