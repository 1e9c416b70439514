// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMembersAreDiscovered(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		cfg := rig.Discovering(true, false)
		cfg.Corps[0].Targets.UserIDs = []string{"LI"}
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		targets := `wecom_poll_targets{selector="userid",status="ok"}`
		r.Expect(map[string]string{targets: "2", `wecom_recording_files{host="wang"}`: "2", `wecom_recordings{host="li",state="recording"}`: "1"})

		repair := server.Fail(wecomtest.Fault{Endpoint: "user/simplelist", Status: 502})
		server.SetDirectory(rig.Staff("li", "zhao", "qian"))
		r.Wait(time.Hour)
		r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="failing"}`: "1", `wecom_recording_files{host="wang"}`: "2"})
		if n := strings.Count(r.Log.String(), "cannot discover targets"); n != 1 {
			t.Errorf("the failed discovery is told of %d times, want once:\n%s", n, r.Log)
		}
		r.Wait(90 * time.Minute)
		if n := strings.Count(r.Log.String(), "cannot discover targets"); n != 2 {
			t.Errorf("the failed discovery is told of %d times in an hour and a half, want hourly:\n%s", n, r.Log)
		}
		repair()
		r.Wait(16 * time.Minute)
		r.Expect(map[string]string{targets: "3", `wecom_recording_files{host="wang"}`: "-"})
	})
}

func TestDiscoveryAloneIsNotReadyWithoutMembers(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li"))
		repair := server.Fail(wecomtest.Fault{Endpoint: "agent/get", Errcode: 301002})
		r := rig.Start(t, server, rig.Discovering(true, false))
		r.Wait(10 * time.Second)
		if r.Collector.Ready() {
			t.Error("ready before any target is known")
		}
		r.Expect(map[string]string{`wecom_poll_coverage_ratio`: "0", `wecom_up`: "0"})
		repair()
		r.Wait(2 * time.Minute)
		if !r.Collector.Ready() {
			t.Error("not ready though every target was asked")
		}
	})
}

func TestDiscoveryTriesANewSecretAtOnce(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "secret", "wrong")
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li"))
		cfg := rig.Discovering(true, true)
		cfg.Corps[0].Secret = secret.FromFile(file)
		r := rig.Start(t, server, cfg)
		r.Wait(20 * time.Minute)
		if n := server.Count("gettoken"); n > 6 {
			t.Errorf("%d calls of gettoken with a wrong secret in 20 minutes, want 1, 2, 4, 8 ... minutes between them", n)
		}
		write(wecomtest.DefaultSecret + "\n")
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})
	})
}

func TestDiscoveryWaitsOutAnOutage(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		cfg := rig.Discovering(true, true)
		cfg.Poll.Interval = 20 * time.Second
		r := rig.Start(t, server, cfg)
		r.Wait(time.Minute)
		repair := server.Fail(wecomtest.Fault{Errcode: 60020})
		r.Wait(time.Minute)
		server.ResetRequests()
		r.Wait(90 * time.Minute)
		// After 1, 2, 4 ... 15 minutes one list, and each discovery every 15 minutes.
		if n, all := server.Count(rig.ListEndpoint), len(server.Requests()); n < 8 || n > 9 || all > n+2*6 {
			t.Errorf("%d calls in an outage of 90 minutes, %d of them lists", all, n)
		}
		repair()
		r.Wait(20 * time.Minute)
		if server.Count(rig.StartsEndpoint) == 0 || server.Count("agent/get") == 0 {
			t.Error("nothing is discovered when the outage is over")
		}
		r.Expect(map[string]string{`wecom_up`: "1", `wecom_poll_coverage_ratio`: "1"})
	})
}

func TestFailedDiscoveryIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li"))
		server.Fail(wecomtest.Fault{Endpoint: rig.StartsEndpoint, Errcode: 48002})
		cfg := rig.Discovering(false, true)
		cfg.Poll.Interval = time.Second
		r := rig.Start(t, server, cfg)
		begin := time.Now()
		r.Wait(time.Hour)
		asked := []int{}
		for _, req := range server.Requests() {
			if req.Endpoint == rig.StartsEndpoint {
				asked = append(asked, int(req.Time.Sub(begin).Minutes()))
			}
		}
		if diff := cmp.Diff([]int{0, 1, 3, 7, 15, 30, 45}, asked[:min(len(asked), 7)]); diff != "" {
			t.Errorf("asked in minutes (-want +got):\n%s", diff)
		}
	})
}

func TestActivityReachesAsFarAsTheLookback(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault // of the spans before the newest
		files string          // of who started a meeting before that
	}{
		"at once":                  {wecomtest.Fault{After: 100}, "1"},
		"later, if it is refused":  {wecomtest.Fault{Errcode: 40058, After: 1}, "-"},
		"later, if WeCom is busy":  {wecomtest.Fault{Errcode: -1, After: 1}, "-"},
		"later, after an outage":   {wecomtest.Fault{Errcode: 60020, After: 1}, "-"},
		"later, without an answer": {wecomtest.Fault{Drop: true, After: 1}, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				server.Put(rig.Recorded("new", "li", rig.Day), rig.Recorded("old", "wang", 80*rig.Day))
				test.fault.Endpoint = rig.StartsEndpoint
				repair := server.Fail(test.fault)
				cfg := rig.Discovering(false, true)
				cfg.Poll.Lookback = 90 * rig.Day
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Second)
				r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: test.files})
				if !r.Collector.Ready() {
					t.Error("not ready")
				}
				repair()
				r.Wait(21 * time.Minute)
				r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"})
				server.ResetRequests()
				r.Wait(5 * time.Minute)
				if n := server.Count(rig.StartsEndpoint); n != 1 {
					t.Errorf("%d calls for the next look, want one", n)
				}
			})
		})
	}
}

func TestActivityFollowsALongerLookback(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		server.Put(rig.Recorded("new", "li", rig.Day), rig.Recorded("old", "wang", 60*rig.Day))
		r := rig.Start(t, server, rig.Discovering(false, true))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "-"})
		longer := rig.Discovering(false, true)
		longer.Poll.Lookback = 90 * rig.Day
		r.Reload(longer)
		r.Wait(6 * time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"})
	})
}

func TestActivityThatFindsNobodyIsReady(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li"))
		r := rig.Start(t, server, rig.Discovering(false, true))
		r.Wait(10 * time.Second)
		if !r.Collector.Ready() {
			t.Error("not ready though there is nobody to ask for")
		}
	})
}

// The only known target makes an outage that nobody but those who are yet to be found
// can end.
func TestDiscoveryEndsAnOutageOfOneTarget(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 40058, Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" },
		})
		repair := server.Fail(wecomtest.Fault{Endpoint: "agent/get", Status: 502})
		cfg := rig.Discovering(true, false)
		cfg.Corps[0].Targets.MeetingIDs = []string{"malformed"}
		r := rig.Start(t, server, cfg)
		r.Wait(30 * time.Second)
		repair()
		r.Wait(time.Hour)
		r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: "2", `wecom_up`: "1"})
	})
}

func TestWhoStartsAMeetingIsAskedNext(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]bool{"activity alone": false, "with members": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				r := rig.Start(t, server, rig.Discovering(members, true))
				r.Wait(30 * time.Minute)
				known := map[bool]string{true: "2", false: "0"}[members]
				r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: known})
				server.ResetRequests()

				meeting := rig.Recorded("r1", "li", 0)
				meeting.Transcoding, meeting.Completed = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
				meeting.Started = time.Now().Add(7 * time.Minute) // the recording begins late
				server.Put(meeting)
				r.Wait(5*time.Minute + 5*time.Second)
				if n := rig.Asked(server, "li"); n != 1 {
					t.Errorf("who started a meeting was asked %d times within the interval, want 1", n)
				}
				r.Wait(6 * time.Minute)
				r.Expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})
			})
		})
	}
}

func TestWhoLeftIsNotAskedForPastMeetings(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		r := rig.Start(t, server, rig.Discovering(true, true))
		r.Wait(time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="wang"}`: "2"})
		server.SetDirectory(rig.Staff("li"))
		r.Wait(time.Hour)
		r.Expect(map[string]string{
			`wecom_recording_files{host="wang"}`: "-", `wecom_recordings{host="li",state="unknown"}`: "0",
			`wecom_poll_targets{selector="userid",status="ok"}`: "1", `wecom_poll_targets{selector="userid",status="failing"}`: "0",
		})
	})
}

// A discovery that is not whole drops nobody.
func TestPartialDiscoveryDropsNobody(t *testing.T) {
	t.Parallel()
	const ok = `{"errcode":0,"errmsg":"ok"`
	for name, test := range map[string]struct {
		fault  wecomtest.Fault
		logged string
	}{
		"departments without a right": {wecomtest.Fault{Endpoint: "user/simplelist", Errcode: 48009}, "cannot discover targets"},
		"trees without a right":       {wecomtest.Fault{Endpoint: "department/simplelist", Errcode: 999999}, "cannot discover targets"},
		"no scope":                    {wecomtest.Fault{Endpoint: "agent/get", Body: []byte(ok + `}`)}, "cannot discover targets"},
		"a number for a list":         {wecomtest.Fault{Endpoint: "agent/get", Body: []byte(ok + `,"allow_partys":{"partyid":2}}`)}, "cannot discover targets"},
		"strings for users":           {wecomtest.Fault{Endpoint: "user/simplelist", Body: []byte(ok + `,"userlist":["li"]}`)}, "cannot discover targets"},
		"departments that are refused": {
			wecomtest.Fault{Errcode: 60011, Match: func(req wecomtest.Request) bool {
				return req.Endpoint == "user/simplelist" || req.Endpoint == "department/simplelist"
			}},
			"part of the visible scope cannot be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				r := rig.Start(t, server, rig.Discovering(true, false))
				r.Wait(time.Minute)
				server.Fail(test.fault)
				r.Wait(3 * time.Hour)
				r.Expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`: "2",
					`wecom_recording_files{host="wang"}`:                "2",
				})
				if !strings.Contains(r.Log.String(), test.logged) {
					t.Errorf("%q was not logged:\n%s", test.logged, r.Log)
				}
			})
		})
	}
}

// TestPartialDiscoveryAfterARestart keeps whom the exporter does not find again because it may
// no longer see the department.
func TestPartialDiscoveryAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := rig.Storing(dir, rig.Discovering(true, false))
		server := rig.WorldOf(wecomtest.Config{})
		staff := rig.Staff("li", "wang")
		staff.Departments = append(staff.Departments, wecomtest.Department{ID: 2})
		staff.Scope.Departments = append(staff.Scope.Departments, 2)
		staff.Members[1].Departments = []int{2}
		server.SetDirectory(staff)
		r := rig.Start(t, server, cfg)
		r.Wait(time.Minute)
		r.Stop()

		right := server.Fail(wecomtest.Fault{Errcode: 60011, Match: func(req wecomtest.Request) bool {
			return req.Selector == "department_id" && req.Target == "2" || req.Selector == "id" && req.Target == "2"
		}})
		again := rig.Start(t, server, cfg)
		again.Wait(3 * time.Hour)
		targets := `wecom_poll_targets{selector="userid",status="ok"}`
		again.Expect(map[string]string{targets: "2", `wecom_recording_files{host="wang"}`: "2"})
		if want := "part of the visible scope cannot be read"; !strings.Contains(again.Log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, again.Log)
		}
		again.Reload(cfg)
		again.Wait(time.Minute)
		again.Expect(map[string]string{targets: "2", `wecom_recording_files{host="wang"}`: "2"})

		right()
		server.SetDirectory(rig.Staff("li"))
		again.Wait(2 * time.Hour)
		again.Expect(map[string]string{targets: "1", `wecom_recording_files{host="wang"}`: "-"})
	})
}
