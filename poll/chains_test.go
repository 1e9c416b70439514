// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// endless has the lists of bad users go on for ever.
var endless = wecomtest.Fault{
	Endpoint: rig.ListEndpoint, EndlessPages: true,
	Match: func(req wecomtest.Request) bool { return strings.HasPrefix(req.Target, "bad") },
}

// crowd returns a WeCom with 40 good users and 10 bad ones, and a configuration that names
// them. Each has a recording.
func crowd() (*wecomtest.Server, *config.Config) {
	server := wecomtest.New(wecomtest.Config{})
	users := make([]string, 0, 50)
	for i := range 50 {
		user := fmt.Sprintf("good%d", i)
		if i%5 == 0 {
			user = fmt.Sprintf("bad%d", i)
		}
		users = append(users, user)
		server.Put(rig.Recorded("of-"+user, user, time.Hour))
	}
	return server, rig.ConfigOf(users...)
}

// busy returns a WeCom with 25 pages of recordings of a user, one each hour.
func busy() *wecomtest.Server {
	server := wecomtest.New(wecomtest.Config{})
	for i := range 500 {
		server.Put(rig.Recorded(fmt.Sprintf("busy-%d", i), "busy", time.Duration(i+2)*time.Hour))
	}
	return server
}

// goodTargets returns how many good users were polled with success.
func goodTargets(r *rig.Rig) int {
	n := 0
	targets := targetsOf(r)
	for _, report := range targets {
		if strings.HasPrefix(report.Target.ID, "good") && report.Status == schedule.OK {
			n++
		}
	}
	return n
}

// TestEndlessListsDelayNobody has 10 of 50 targets whose lists have no end. The other 40 are
// known within twice the time that they take without, whatever the limits are.
func TestEndlessListsDelayNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		budget, concurrency int
		delay               time.Duration // of each call
	}{
		"as by default":             {budget: 1200, concurrency: 4},
		"slow answers":              {budget: 1200, concurrency: 4, delay: time.Second},
		"one slow answer at a time": {budget: 1200, concurrency: 1, delay: time.Second},
		"a small budget":            {budget: 10, concurrency: 4},
		"a budget for one round":    {budget: 60, concurrency: 4, delay: 30 * time.Millisecond},
		"the smallest of all":       {budget: 1, concurrency: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := 100 * time.Millisecond
			if test.budget < 60 {
				step = time.Second
			}
			known := func(t *testing.T, isEndless bool) (took time.Duration) {
				t.Helper()
				rig.Virtually(t, func(t *testing.T) {
					server, cfg := crowd()
					if isEndless {
						server.Fail(endless)
					}
					cfg.Poll.MaxRequestsPerMinute, cfg.Poll.Concurrency = test.budget, test.concurrency
					// Without another poll of a target before all are known.
					cfg.Poll.Interval, cfg.Poll.IdleInterval = 2*time.Hour, 2*time.Hour
					r := rig.Start(t, slowly{server, test.delay}, cfg)
					begin := time.Now()
					for goodTargets(r) < 40 {
						r.Wait(step)
					}
					took = time.Since(begin)
					if most := mostInAnyMinute(callTimes(server)); most > test.budget {
						t.Errorf("%d calls in a minute, more than the budget", most)
					}
				})
				return took
			}
			without, with := known(t, false), known(t, true)
			t.Logf("known in %s, with endless lists in %s", without, with)
			if with > 2*without {
				t.Errorf("40 targets were known after %s, want it within twice %s", with, without)
			}
		})
	}
}

// slowly is a transport that waits before each call for data.
type slowly struct {
	http.RoundTripper

	delay time.Duration
}

func (s slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/gettoken") {
		<-time.After(s.delay)
	}
	return s.RoundTripper.RoundTrip(req)
}

// TestEndlessListsEnd follows ten endless lists to their end.
func TestEndlessListsEnd(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server, cfg := crowd()
		server.Fail(endless)
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		// Those that have yielded count as polled, though nothing of them is applied.
		if !r.Collector.Ready() {
			t.Error("not ready, though all were polled or have yielded")
		}
		r.Expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`: "50",
			`wecom_poll_coverage_ratio`:                         "1",
			`wecom_recordings{host="bad0",state="completed"}`:   "-",
			`wecom_recordings{host="good1",state="completed"}`:  "1",
		})
		var worst time.Duration
		for range 25 * 60 {
			r.Wait(time.Second)
			worst = max(worst, r.Manager.Status()[0].Lag)
		}
		for i := 0; i < 50; i += 5 {
			if n := rig.Asked(server, fmt.Sprintf("bad%d", i)); n != 1000 {
				t.Errorf("an endless list was asked for %d pages, want 1000", n)
			}
		}
		r.Expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`:      "40",
			`wecom_poll_targets{selector="userid",status="failing"}`: "10",
			`wecom_api_response_anomalies_total{kind="page_limit"}`:  "10",
			`wecom_recordings{host="bad0",state="completed"}`:        "1",
			`wecom_recordings_removed_total`:                         "0",
			`wecom_poll_coverage_ratio`:                              "0.8",
			`wecom_up`:                                               "1",
		})
		r.Wait(30 * time.Minute)
		if worst > 5*time.Second {
			t.Errorf("a target was overdue by %s", worst)
		}
		if most := mostInAnyMinute(callTimes(server)); most > cfg.Poll.MaxRequestsPerMinute {
			t.Errorf("%d calls in a minute, more than the budget", most)
		}
		if n := rig.Asked(server, "good1"); n != 12 {
			t.Errorf("a good target was asked %d times in 55 minutes, want every 5", n)
		}
		if !strings.Contains(r.Log.String(), "could not be continued after page 1000") {
			t.Errorf("the log lacks why they fail:\n%s", r.Log)
		}
	})
}

// TestEndlessListsBesideASmallBudget polls 40 hot targets, which take 8 of 10 calls a minute.
func TestEndlessListsBesideASmallBudget(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server, cfg := crowd()
		server.Fail(endless)
		cfg.Poll.MaxRequestsPerMinute, cfg.Poll.Concurrency = 10, 1
		r := rig.Start(t, server, cfg)
		r.Wait(3 * time.Hour)
		server.ResetRequests()
		var worst time.Duration
		for range 2 * 3600 / 10 {
			r.Wait(10 * time.Second)
			targets := targetsOf(r)
			for _, report := range targets {
				if strings.HasPrefix(report.Target.ID, "good") {
					worst = max(worst, time.Since(report.Due))
				}
			}
		}
		fewest, pages := 1000, 0
		for i := range 50 {
			if i%5 == 0 {
				pages += rig.Asked(server, fmt.Sprintf("bad%d", i))
			} else {
				fewest = min(fewest, rig.Asked(server, fmt.Sprintf("good%d", i)))
			}
		}
		t.Logf("in 2 hours: a good target was asked %d times at the fewest, the bad ones for %d pages; a good one was overdue by %s at the most",
			fewest, pages, worst)
		if fewest < 23 || pages < 60 || worst > time.Minute {
			t.Errorf("a good target was asked %d times in 2 hours and overdue by %s, the bad ones were asked for %d pages",
				fewest, worst, pages)
		}
		if most := mostInAnyMinute(callTimes(server)); most > 10 {
			t.Errorf("%d calls in a minute, more than the budget", most)
		}
	})
}

// cursorsOf returns how often each page of a user was asked for.
func cursorsOf(server *wecomtest.Server, user string) map[string]int {
	cursors := map[string]int{}
	for _, req := range server.Requests() {
		if req.Endpoint == rig.ListEndpoint && req.Target == user {
			cursors[req.Cursor]++
		}
	}
	return cursors
}

// TestLongListIsComplete lists 25 pages, beside other targets and a budget for 30 calls.
func TestLongListIsComplete(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 4} {
		t.Run(strconv.Itoa(concurrency), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := busy()
				cfg := rig.ConfigOf("busy", "a", "b", "c", "d")
				cfg.Poll.MaxRequestsPerMinute, cfg.Poll.Concurrency = 30, concurrency
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Second)
				r.Expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`: "5",
					`wecom_recording_files{host="busy"}`:                "-", // half a list
				})
				server.Put(rig.Recorded("new", "busy", 0))
				r.Wait(2 * time.Minute)
				r.Expect(map[string]string{`wecom_recording_files{host="busy"}`: "500"})
				cursors := cursorsOf(server, "busy")
				if len(cursors) != 25 {
					t.Errorf("%d pages were asked for, want 25", len(cursors))
				}
				for cursor, n := range cursors {
					if n != 1 {
						t.Errorf("the page at %q was asked for %d times, want once", cursor, n)
					}
				}
				r.Wait(7 * time.Minute)
				r.Expect(map[string]string{
					`wecom_recording_files{host="busy"}`:             "501",
					`wecom_recordings_discovered_total{host="busy"}`: "1",
					`wecom_recordings_removed_total`:                 "0",
				})
			})
		})
	}
}

// TestStopWithLongLists stops while lists wait: no call and no goroutine is left over.
func TestStopWithLongLists(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server, cfg := crowd()
		server.Fail(endless)
		cfg.Poll.MaxRequestsPerMinute = 300
		r := rig.Start(t, server, cfg)
		r.StopAfter(10 * time.Second)
		server.ResetRequests()
		r.Wait(time.Hour)
		if n := len(server.Requests()); n > 0 {
			t.Errorf("%d calls after the end", n)
		}
	})
}

// TestReloadWithLongLists has another configuration while lists wait.
func TestReloadWithLongLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   map[string]string
		pages  int // of the list that waited, at the old API and the new together
	}{
		"nothing": {
			change: func(*config.Config) {},
			want:   map[string]string{`wecom_recording_files{host="busy"}`: "500"},
			pages:  25,
		},
		"the target is gone": {
			change: func(c *config.Config) { c.Corps[0].Targets.UserIDs = []string{"a"} },
			want: map[string]string{
				`wecom_recording_files{host="busy"}`:                "-",
				`wecom_poll_targets{selector="userid",status="ok"}`: "1",
			},
			pages: 20,
		},
		"the corp is gone": {
			change: func(c *config.Config) { c.Corps[0].Name = "other" },
			want: map[string]string{
				`wecom_recording_files{corp="other",host="busy"}`: "500",
				`wecom_recording_files{host="busy"}`:              "-",
			},
			pages: 20 + 25,
		},
		"another API, whose pages begin again": {
			change: func(c *config.Config) { c.Corps[0].APIURL = "https://elsewhere.test" },
			want: map[string]string{
				`wecom_recording_files{host="busy"}`:                     "500",
				`wecom_poll_targets{selector="userid",status="failing"}`: "0",
			},
			pages: 20 + 25,
		},
		"a longer lookback, with which it is listed again": {
			change: func(c *config.Config) { c.Poll.Lookback = 40 * rig.Day },
			want:   map[string]string{`wecom_recording_files{host="busy"}`: "500"},
			pages:  25 + 26,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := busy()
				start := func() *config.Config {
					cfg := rig.ConfigOf("busy", "a")
					cfg.Poll.MaxRequestsPerMinute, cfg.Poll.Interval = 30, time.Hour
					return cfg
				}
				r := rig.Start(t, server, start())
				r.Wait(10 * time.Second)
				if n := rig.Asked(server, "busy"); n != 20 {
					t.Fatalf("%d pages, want that it has yielded after 20", n)
				}
				cfg := start()
				test.change(cfg)
				r.Reload(cfg)
				r.Wait(8 * time.Minute)
				r.Expect(test.want)
				if n := rig.Asked(server, "busy"); n != test.pages {
					t.Errorf("%d pages were asked for, want %d", n, test.pages)
				}
			})
		})
	}
}

// TestLongListWhoseTargetIsDropped drops it during a call. No other follows.
func TestLongListWhoseTargetIsDropped(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "targets.yml", "userids: [busy, other]")
	rig.Virtually(t, func(t *testing.T) {
		server := busy()
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets.Files = []string{file}
		r := rig.Start(t, slowly{server, 5 * time.Second}, cfg)
		r.Wait(time.Second)
		write("userids: [other]")
		r.Wait(time.Minute)
		if n := rig.Asked(server, "busy"); n != 1 {
			t.Errorf("%d pages were asked for, want the one during which the target was dropped", n)
		}
		r.Expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: "1"})
	})
}

// TestOutageWithLongLists has an outage begin while a list waits. The list goes on after it,
// where it stopped, even if no other target is left to probe with.
func TestOutageWithLongLists(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "targets.yml", "userids: [busy, other]")
	for _, drop := range []bool{false, true} {
		rig.Virtually(t, func(t *testing.T) {
			write("userids: [busy, other]")
			server := busy()
			server.Put(rig.Recorded("r", "other", time.Hour))
			cfg := rig.ConfigOf()
			cfg.Corps[0].Targets.Files = []string{file}
			cfg.Poll.MaxRequestsPerMinute, cfg.Poll.Interval = 30, 30*time.Second
			r := rig.Start(t, server, cfg)
			r.Wait(20 * time.Second)
			repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
			r.Wait(30 * time.Second)
			r.Expect(map[string]string{`wecom_up`: "0"})
			if drop {
				write("userids: [busy]")
			}
			r.Wait(20 * time.Second)
			repair()
			r.Wait(2 * time.Minute)
			r.Expect(map[string]string{`wecom_up`: "1", `wecom_recording_files{host="busy"}`: "500"})
			for cursor, n := range cursorsOf(server, "busy") {
				if n != 1 && cursor != "" { // The first page may have come again since.
					t.Errorf("the page at %q was asked for %d times, want once", cursor, n)
				}
			}
		})
	}
}

// TestCursorThatExpires has WeCom refuse a cursor after its list has waited.
func TestCursorThatExpires(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := busy()
		cfg := rig.ConfigOf("busy", "a")
		cfg.Poll.MaxRequestsPerMinute = 30
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 40058, Times: 1,
			Match: func(req wecomtest.Request) bool { return req.Cursor != "" },
		})
		r.Wait(2 * time.Minute)
		failing := map[string]string{
			`wecom_poll_targets{selector="userid",status="failing"}`: "1",
			`wecom_recording_files{host="busy"}`:                     "-",
			`wecom_up`:                                               "1",
		}
		r.Expect(failing)
		r.Wait(50 * time.Minute) // within the idle interval
		r.Expect(failing)
		r.Wait(20 * time.Minute)
		r.Expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`: "2",
			`wecom_recording_files{host="busy"}`:                "500",
		})
	})
}
