// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func staff(users ...string) wecomtest.Directory {
	d := wecomtest.Directory{Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}}}
	for _, user := range users {
		d.Members = append(d.Members, wecomtest.Member{UserID: user, Departments: []int{1}})
	}
	return d
}

func discovering(members, activity bool) *config.Config {
	cfg := configOf()
	cfg.Corps[0].AgentID = wecomtest.DefaultAgentID
	cfg.Corps[0].Targets.DiscoverMembers = members
	cfg.Corps[0].Targets.DiscoverActivity = activity
	return cfg
}

func TestMembersAreDiscovered(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		cfg := discovering(true, false)
		cfg.Corps[0].Targets.UserIDs = []string{"LI"}
		r := start(t, server, cfg)
		r.wait(10 * time.Second)
		targets := `wecom_poll_targets{selector="userid",status="ok"}`
		r.expect(map[string]string{targets: "2", `wecom_recording_files{host="wang"}`: "2", `wecom_recordings{host="li",state="recording"}`: "1"})

		mend := server.Fail(wecomtest.Fault{Endpoint: "user/simplelist", Status: 502})
		server.SetDirectory(staff("li", "zhao", "qian"))
		r.wait(time.Hour)
		r.expect(map[string]string{`wecom_poll_targets{selector="userid",status="failing"}`: "1", `wecom_recording_files{host="wang"}`: "2"})
		if n := strings.Count(r.log.String(), "cannot find targets"); n != 1 {
			t.Errorf("the failed discovery is told of %d times, want once:\n%s", n, r.log)
		}
		mend()
		r.wait(16 * time.Minute)
		r.expect(map[string]string{targets: "3", `wecom_recording_files{host="wang"}`: "-"})
	})
}

func TestDiscoveryAloneIsNotReadyWithoutMembers(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li"))
		mend := server.Fail(wecomtest.Fault{Endpoint: "agent/get", Errcode: 301002})
		r := start(t, server, discovering(true, false))
		r.wait(10 * time.Second)
		if r.collector.Ready() {
			t.Error("ready before any target is known")
		}
		r.expect(map[string]string{`wecom_poll_coverage_ratio`: "0", `wecom_up`: "0"})
		mend()
		r.wait(2 * time.Minute)
		if !r.collector.Ready() {
			t.Error("not ready though every target was asked")
		}
	})
}

func TestDiscoveryTriesANewSecretAtOnce(t *testing.T) {
	t.Parallel()
	file, write := changingFile(t, "secret", "wrong")
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li"))
		cfg := discovering(true, true)
		cfg.Corps[0].Secret = config.SecretFromFile(file)
		r := start(t, server, cfg)
		r.wait(20 * time.Minute)
		if n := server.Count("gettoken"); n > 6 {
			t.Errorf("%d calls of gettoken with a wrong secret in 20 minutes, want 1, 2, 4, 8 ... minutes between them", n)
		}
		write(wecomtest.DefaultSecret + "\n")
		r.wait(5 * time.Second)
		r.expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})
	})
}

const startsEndpoint = "meeting/statistics/get_start_list"

func TestDiscoveryWaitsOutAnOutage(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		cfg := discovering(true, true)
		cfg.Poll.Interval = 20 * time.Second
		r := start(t, server, cfg)
		r.wait(time.Minute)
		mend := server.Fail(wecomtest.Fault{Errcode: 60020})
		r.wait(time.Minute)
		server.ResetRequests()
		r.wait(90 * time.Minute)
		// After 1, 2, 4 ... 15 minutes one list, and each discovery every 15 minutes.
		if n, all := server.Count(listEndpoint), len(server.Requests()); n < 8 || n > 9 || all > n+2*6 {
			t.Errorf("%d calls in an outage of 90 minutes, %d of them lists", all, n)
		}
		mend()
		r.wait(20 * time.Minute)
		if server.Count(startsEndpoint) == 0 || server.Count("agent/get") == 0 {
			t.Error("nothing is discovered when the outage is over")
		}
		r.expect(map[string]string{`wecom_up`: "1", `wecom_poll_coverage_ratio`: "1"})
	})
}

func TestFailedDiscoveryIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li"))
		server.Fail(wecomtest.Fault{Endpoint: startsEndpoint, Errcode: 48002})
		cfg := discovering(false, true)
		cfg.Poll.Interval = time.Second
		r := start(t, server, cfg)
		begin := time.Now()
		r.wait(time.Hour)
		asked := []int{}
		for _, req := range server.Requests() {
			if req.Endpoint == startsEndpoint {
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
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.SetDirectory(staff("li", "wang"))
				server.Put(recorded("new", "li", day), recorded("old", "wang", 80*day))
				test.fault.Endpoint = startsEndpoint
				mend := server.Fail(test.fault)
				cfg := discovering(false, true)
				cfg.Poll.Lookback = 90 * day
				r := start(t, server, cfg)
				r.wait(10 * time.Second)
				r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: test.files})
				if !r.collector.Ready() {
					t.Error("not ready")
				}
				mend()
				r.wait(21 * time.Minute)
				r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"})
				server.ResetRequests()
				r.wait(5 * time.Minute)
				if n := server.Count(startsEndpoint); n != 1 {
					t.Errorf("%d calls for the next look, want one", n)
				}
			})
		})
	}
}

func TestActivityFollowsALongerLookback(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		server.Put(recorded("new", "li", day), recorded("old", "wang", 60*day))
		r := start(t, server, discovering(false, true))
		r.wait(10 * time.Second)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "-"})
		longer := discovering(false, true)
		longer.Poll.Lookback = 90 * day
		if err := r.collector.Reload(t.Context(), longer); err != nil {
			t.Fatal(err)
		}
		r.wait(6 * time.Minute)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"})
	})
}

func TestActivityThatFindsNobodyIsReady(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff("li"))
		r := start(t, server, discovering(false, true))
		r.wait(10 * time.Second)
		if !r.collector.Ready() {
			t.Error("not ready though there is nobody to ask for")
		}
	})
}

// The only known target makes an outage that nobody but those who are yet to be found
// can end.
func TestDiscoveryEndsAnOutageOfOneTarget(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Errcode: 40058, Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" },
		})
		mend := server.Fail(wecomtest.Fault{Endpoint: "agent/get", Status: 502})
		cfg := discovering(true, false)
		cfg.Corps[0].Targets.MeetingIDs = []string{"malformed"}
		r := start(t, server, cfg)
		r.wait(30 * time.Second)
		mend()
		r.wait(time.Hour)
		r.expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: "2", `wecom_up`: "1"})
	})
}

func TestWhoStartsAMeetingIsAskedNext(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]bool{"activity alone": false, "with members": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.SetDirectory(staff("li", "wang"))
				r := start(t, server, discovering(members, true))
				r.wait(30 * time.Minute)
				known := map[bool]string{true: "2", false: "0"}[members]
				r.expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: known})
				server.ResetRequests()

				meeting := recorded("r1", "li", 0)
				meeting.Transcoding, meeting.Completed = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
				meeting.Started = time.Now().Add(7 * time.Minute) // the recording begins late
				server.Put(meeting)
				r.wait(5*time.Minute + 5*time.Second)
				if n := asked(server, "li"); n != 1 {
					t.Errorf("who started a meeting was asked %d times within the interval, want 1", n)
				}
				r.wait(6 * time.Minute)
				r.expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})
			})
		})
	}
}

func TestWhoLeftIsNotAskedForPastMeetings(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		r := start(t, server, discovering(true, true))
		r.wait(time.Minute)
		r.expect(map[string]string{`wecom_recording_files{host="wang"}`: "2"})
		server.SetDirectory(staff("li"))
		r.wait(time.Hour)
		r.expect(map[string]string{
			`wecom_recording_files{host="wang"}`: "-", `wecom_recordings{host="li",state="recording"}`: "1",
			`wecom_poll_targets{selector="userid",status="ok"}`: "1", `wecom_poll_targets{selector="userid",status="failing"}`: "0",
		})
	})
}

func asked(server *wecomtest.Server, user string) int {
	n := 0
	for _, req := range server.Requests() {
		if req.Endpoint == listEndpoint && req.Target == user {
			n++
		}
	}
	return n
}

func TestShardsPollDisjointTargets(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		users := make([]string, 0, 100)
		for i := range 100 {
			users = append(users, fmt.Sprintf("user%d", i))
		}
		for ordinal := range 3 {
			cfg := configOf(users...)
			cfg.Shard = config.Shard{Ordinal: ordinal, Total: 3}
			start(t, server, cfg).wait(10 * time.Second)
		}
		for _, user := range users {
			if n := asked(server, user); n != 1 {
				t.Errorf("%s was asked for by %d shards, want 1", user, n)
			}
		}
	})
}
