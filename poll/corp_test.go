// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestScrapesCallNobody(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		r.Wait(10 * time.Second)
		before := server.Count(rig.ListEndpoint)
		for range 100 {
			r.Exposition()
		}
		r.Wait(time.Second)
		if after := server.Count(rig.ListEndpoint); after != before || before == 0 {
			t.Errorf("%d calls after 100 scrapes, %d before", after, before)
		}
	})
}

// TestWhatIsUrgent has each kind of work, all of which comes before statistics.
func TestWhatIsUrgent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users []string // whose polls are due
		work  poll.Work
		want  bool
	}{
		"nothing":                 {want: true},
		"a target is due":         {users: []string{"li"}},
		"a call waits":            {work: poll.Work{Waiting: 1}},
		"a poll waits for a page": {work: poll.Work{Chain: true}},
		"an outage has begun":     {work: poll.Work{Outage: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := rig.Discovering(true, false)
			cfg.Corps[0].Targets.UserIDs = test.users
			m, err := poll.NewManager(cfg, poll.Options{Logger: log.NewNopLogger(), Transport: rig.Away})
			if err != nil {
				t.Fatal(err)
			}
			if got := m.HasNothingUrgent(time.Now(), test.work); got != test.want {
				t.Errorf("nothing is urgent: %t, want %t", got, test.want)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			m.Run(ctx)
		})
	}
}

func TestOneBadTargetHurtsNoOther(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 60111,
			Match: func(req wecomtest.Request) bool { return req.Target == "gone" },
		})
		r := rig.Start(t, server, rig.ConfigOf("gone", "li", "wang"))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`:                            "1",
			`wecom_recording_files{host="wang"}`:                                       "2",
			`wecom_poll_targets{selector="userid",status="failing"}`:                   "1",
			`wecom_poll_targets{selector="userid",status="ok"}`:                        "2",
			`wecom_api_requests_total{endpoint="meeting/record/list",errcode="60111"}`: "1",
			`wecom_up`: "1",
		})
		r.Wait(59 * time.Minute)
		if n := server.Count(rig.ListEndpoint, 60111); n != 1 {
			t.Errorf("%d calls for the bad target within the idle interval, want 1", n)
		}
		if text := r.Log.String(); strings.Count(text, "is failing") != 1 || !strings.Contains(text, "target=gone") {
			t.Errorf("log:\n%s", text)
		}
	})
}

func TestSecretFileIsReadAgain(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "secret", "canary-refused-secret\n")
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		cfg := rig.ConfigOf("li", "wang")
		cfg.Corps[0].Secret = secret.FromFile(file)
		r := rig.Start(t, server, cfg)
		r.Wait(20 * time.Second)
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken in 20 s with a wrong secret, want 1", n)
		}
		r.Expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="wang"}`: "-", `wecom_access_token_expiry_timestamp_seconds`: "-"})
		write(wecomtest.DefaultSecret + "\n")
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "1", `wecom_recording_files{host="wang"}`: "2"})
		for _, told := range []string{wecomtest.DefaultSecret, "canary-refused-secret"} {
			if strings.Contains(r.Log.String(), told) {
				t.Errorf("the log tells the secret %s:\n%s", told, r.Log)
			}
		}
		if text := r.Log.String(); !strings.Contains(text, "errcode 40001") || !strings.Contains(text, "compare the corp ID") {
			t.Errorf("the log does not tell of the refused secret and the remedy:\n%s", text)
		}
	})
}

// The secret of another app gives tokens that no list accepts.
func TestSecretOfAnotherApp(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "secret", "of-another-app")
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.SetSecret("of-another-app")
		repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 48002})
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].Secret = secret.FromFile(file)
		r := rig.Start(t, server, cfg)
		r.Wait(40 * time.Minute)
		repair()
		server.SetSecret(wecomtest.DefaultSecret)
		write(wecomtest.DefaultSecret)
		server.ResetRequests()
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "1"})
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken for the new secret, want one", n)
		}
	})
}

func TestFrequencyLimit(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 45009, Times: 1})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang", "zhao", "qian", "sun"))
		r.Wait(59 * time.Second)
		if n := server.Count(rig.ListEndpoint); n > 4 {
			t.Errorf("%d calls within the block, want those in flight at the most", n)
		}
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: "5", `wecom_up`: "1"})
	})
}

func TestNewTargetsAreAskedBeforeOldOnesThatWaitForTheBudget(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "targets.yml", "userids: [u0, u1, u2, u3]")
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets.Files = []string{file}
		cfg.Poll.Interval, cfg.Poll.IdleInterval, cfg.Poll.MaxRequestsPerMinute = time.Second, time.Second, 4
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		write("userids: [u0, u1, u2, u3, new0, new1, new2, new3]")
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="pending"}`: "4"})
		server.ResetRequests()
		r.Wait(50 * time.Second)
		requests := server.Requests()
		got := make([]string, 0, len(requests))
		for _, req := range requests {
			got = append(got, req.Target)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"new0", "new1", "new2", "new3"}, got); diff != "" {
			t.Errorf("asked for in the next minute (-want +got):\n%s", diff)
		}
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	lists := func(code int) wecomtest.Fault { return wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: code} }
	for name, test := range map[string]struct {
		cfg    *config.Config
		faults []wecomtest.Fault
		ready  bool // after some seconds
	}{
		"all is well": {
			cfg:   rig.ConfigOf("li", "wang"),
			ready: true,
		},
		"WeCom refuses everything, fewer targets than calls in flight": {
			cfg:    rig.ConfigOf("li", "wang"),
			faults: []wecomtest.Fault{lists(60020)},
		},
		"WeCom refuses everything, more targets": {
			cfg:    rig.ConfigOf("li", "wang", "zhao", "qian", "sun", "zhou"),
			faults: []wecomtest.Fault{lists(60020)},
		},
		"WeCom is away": {
			cfg:    rig.ConfigOf("li", "wang"),
			faults: []wecomtest.Fault{{Drop: true}},
		},
		"a secret that is refused": {
			cfg:    rig.ConfigOf("li"),
			faults: []wecomtest.Fault{{Endpoint: "gettoken", Errcode: 40001}},
		},
		"every target is refused for itself": {
			cfg:    rig.ConfigOf("li", "wang"),
			faults: []wecomtest.Fault{lists(60111)},
			ready:  true,
		},
		"members are found, activity is refused": {
			cfg:    rig.Discovering(true, true),
			faults: []wecomtest.Fault{{Endpoint: rig.StartsEndpoint, Errcode: 48002}},
			ready:  true,
		},
		"members are found, activity is not there": {
			cfg:    rig.Discovering(true, true),
			faults: []wecomtest.Fault{{Endpoint: rig.StartsEndpoint, Status: 404}},
			ready:  true,
		},
		"activity is found, members are refused": {
			cfg:    rig.Discovering(true, true),
			faults: []wecomtest.Fault{{Endpoint: "agent/get", Errcode: 301002}},
			ready:  true,
		},
		"no discovery succeeds": {
			cfg: rig.Discovering(true, true),
			faults: []wecomtest.Fault{
				{Endpoint: "agent/get", Errcode: 301002}, {Endpoint: rig.StartsEndpoint, Errcode: 48002},
			},
		},
		"a discovery that finds nobody": {
			cfg:   rig.Discovering(false, true),
			ready: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				if name == "a discovery that finds nobody" {
					server = wecomtest.New(wecomtest.Config{})
				}
				for _, fault := range test.faults {
					server.Fail(fault)
				}
				r := rig.Start(t, server, test.cfg)
				r.Wait(30 * time.Second)
				if got := r.Collector.Ready(); got != test.ready {
					t.Errorf("ready: %t, want %t", got, test.ready)
				}
				if test.ready && name != "every target is refused for itself" {
					coverage := "1"
					if name == "a discovery that finds nobody" {
						coverage = "-"
					}
					r.Expect(map[string]string{`wecom_poll_coverage_ratio`: coverage, `wecom_up`: "1"})
				}
				r.Wait(3 * time.Hour)
				if got := r.Collector.Ready(); got != test.ready {
					t.Errorf("ready after hours: %t, want %t", got, test.ready)
				}
			})
		})
	}
}

func TestReadyStays(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang", "zhao", "qian", "sun", "zhou"))
		r.Wait(30 * time.Second)
		if r.Collector.Ready() {
			t.Error("ready while most targets were never polled")
		}
		repair()
		r.Wait(time.Minute)
		if !r.Collector.Ready() {
			t.Error("not ready though every target was polled")
		}
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
		r.Wait(rig.Day)
		if !r.Collector.Ready() {
			t.Error("not ready because of WeCom")
		}
	})
}

func TestUpIsAbsentBeforeTheFirstCall(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		path, write := rig.ChangingFile(t, "targets.yml", "userids: []")
		server := rig.WorldOf(wecomtest.Config{})
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets.Files = []string{path}
		r := rig.Start(t, server, cfg)
		r.Wait(time.Hour)
		r.Expect(map[string]string{`wecom_up`: "-"})
		write("userids: [li]")
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "1"})
	})
}

func TestRecordingsOfSeveralTargetsCountOnce(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		shared := rig.Recorded("r1", "li", time.Hour)
		shared.MeetingID, shared.MeetingCode = "m1", "123"
		later := rig.Recorded("r2", "li", 30*time.Minute)
		later.MeetingID, later.MeetingCode = "m1", "123"
		server.Put(shared, later)
		cfg := rig.ConfigOf("li", "LI")
		cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
		cfg.Corps[0].Targets.MeetingCodes = []string{"123"}
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			`wecom_recording_files{host="li"}`:                        "2",
			`wecom_recording_bytes{host="li"}`:                        "2000",
			`wecom_poll_targets{selector="userid",status="ok"}`:       "1",
			`wecom_poll_targets{selector="meetingid",status="ok"}`:    "1",
			`wecom_poll_targets{selector="meeting_code",status="ok"}`: "1",
		})
		server.Remove("r1")
		r.Wait(10 * time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1"})
	})
}

func TestTargetFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yml", "userids: [li]")
	rig.Virtually(t, func(t *testing.T) {
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets.Files = []string{filepath.Join(dir, "*.yml")}
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), cfg)
		li, wang := `wecom_recordings{host="li",state="recording"}`, `wecom_recording_files{host="wang"}`
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{li: "1", wang: "-"})

		write("b.yml", "userids: [wang, LI]")
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{li: "1", wang: "2", `wecom_poll_targets{selector="userid",status="ok"}`: "2"})

		write("b.yml", "userid: [zhao]")
		r.Wait(time.Minute)
		r.Expect(map[string]string{li: "1", wang: "2"})
		if text := r.Log.String(); strings.Count(text, "b.yml") != 1 {
			t.Errorf("the broken file is not told of once:\n%s", text)
		}

		write("b.yml", "userids: []")
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{li: "1", wang: "-"})

		if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
			t.Fatal(err)
		}
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{li: "-", `wecom_poll_targets{selector="userid",status="ok"}`: "0"})
	})
}

func TestAnAppThatSeesNoRecordingsIsToldWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users []string
		told  int
	}{
		"none": {[]string{"nobody", "noone"}, 1},
		"some": {[]string{"nobody", "wang"}, 0},
		"left": {[]string{"left"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: 60111, Match: func(req wecomtest.Request) bool { return req.Target == "left" },
				})
				r := rig.Start(t, server, rig.ConfigOf(test.users...))
				r.Wait(2 * time.Hour)
				if n := strings.Count(r.Log.String(), "check whether this app created the meetings"); n != test.told {
					t.Errorf("told %d times, want %d:\n%s", n, test.told, r.Log)
				}
			})
		})
	}
}

func TestNothingTellsSecrets(t *testing.T) {
	t.Parallel()
	const canary = "canary-secret"
	for name, fault := range map[string]wecomtest.Fault{
		"none":         {Endpoint: "none", Errcode: 1},
		"echo":         {EchoSecrets: true},
		"echo of list": {Endpoint: rig.ListEndpoint, EchoSecrets: true},
		"untrusted":    {Endpoint: rig.ListEndpoint, Errcode: 60020, Errmsg: "canary-title from ip: 203.0.113.7"},
		"unknown":      {Endpoint: rig.ListEndpoint, Errcode: 123456, Errmsg: "canary-title"},
		"drop":         {Drop: true},
		"hang":         {Hang: true},
		"cut":          {Endpoint: rig.ListEndpoint, CutAfter: 200},
		"half":         {Endpoint: rig.ListEndpoint, Body: []byte(`{"record_list":[{"title":"canary-title","sharing_url":"https://canary.test`)},
		"redirect":     {Redirect: "https://canary.test/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{Secret: canary})
				server.Fail(fault)
				cfg := rig.ConfigOf("li", "wang")
				cfg.Corps[0].Secret = secret.FromValue(canary)
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Minute)
				for what, text := range map[string]string{"the log": r.Log.String(), "the exposition": r.Exposition()} {
					if strings.Contains(text, "canary") {
						t.Errorf("%s tells:\n%s", what, text)
					}
				}
			})
		})
	}
}

func TestShardsPollDisjointTargets(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		users := make([]string, 0, 100)
		for i := range 100 {
			users = append(users, fmt.Sprintf("user%d", i))
		}
		for ordinal := range 3 {
			cfg := rig.ConfigOf(users...)
			cfg.Shard = config.Shard{Ordinal: ordinal, Total: 3}
			rig.Start(t, server, cfg).Wait(time.Second)
		}
		for _, user := range users {
			if n := rig.Asked(server, user); n != 1 {
				t.Errorf("%s was asked for by %d shards, want 1", user, n)
			}
		}
	})
}

// TestPlanThatTakesMuchOfTheBudget has 20 users with completed recordings, whose polls take over
// half of the budget.
func TestPlanThatTakesMuchOfTheBudget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   []string // in the line of the plan
		not    []string
	}{
		"activity is discovered": {
			want: []string{
				"level=info", "hot=20", "settled=0", "calls_per_hour=240",
				`remedy="set --poll.settled-interval=30m to save up to 200 calls an hour: `,
				`remedy_zh="请设置 --poll.settled-interval=30m，每小时最多可减少 200 次调用：`,
			},
		},
		"activity is not discovered": {
			change: func(cfg *config.Config) { cfg.Corps[0].Targets.DiscoverActivity = false },
			want:   []string{`remedy="set --target.discover=activity and --poll.settled-interval=30m to save up to 200 calls`},
		},
		"the budget is too small": {
			change: func(cfg *config.Config) { cfg.Poll.MaxRequestsPerMinute = 3 },
			want: []string{
				"level=warn", `problem="the budget is too small`,
				"fewer targets; set --poll.settled-interval=30m to save up to 200", "或减少目标；请设置 --poll.settled-interval=30m",
			},
		},
		"a settled interval is set": {
			change: func(cfg *config.Config) { cfg.Poll.SettledInterval = 30 * time.Minute },
			want:   []string{"level=info", "hot=0", "settled=20", "calls_per_hour=40"},
			not:    []string{"remedy"},
		},
		"a large budget": {
			change: func(cfg *config.Config) { cfg.Poll.MaxRequestsPerMinute = 8 },
			want:   []string{"level=info", "hot=20", "calls_per_hour=240"},
			not:    []string{"remedy"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 20)
				for i := range cap(users) {
					users = append(users, fmt.Sprintf("user%02d", i))
					server.Put(rig.Recorded(users[i]+"-r", users[i], rig.Day))
				}
				server.SetDirectory(rig.Staff(users...))
				cfg := rig.Discovering(false, true)
				cfg.Corps[0].Targets.UserIDs = users
				cfg.Poll.MaxRequestsPerMinute = 7
				if test.change != nil {
					test.change(cfg)
				}
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Minute)
				line := ""
				for l := range strings.Lines(r.Log.String()) {
					if strings.Contains(l, "plan, after the first round") {
						line = l
					}
				}
				for _, want := range test.want {
					if !strings.Contains(line, want) {
						t.Errorf("the plan lacks %q:\n%s", want, line)
					}
				}
				for _, not := range test.not {
					if strings.Contains(line, not) {
						t.Errorf("the plan has %q:\n%s", not, line)
					}
				}
			})
		})
	}
}
