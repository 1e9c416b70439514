// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package statistics_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

var (
	open    = wecomtest.Share{On: true}
	insider = wecomtest.Share{On: true, SameCorp: true}
)

// configOf is rig.ConfigOf with statistics.
func configOf(userIDs ...string) *config.Config {
	cfg := rig.ConfigOf(userIDs...)
	cfg.Corps[0].Statistics = true
	return cfg
}

// hourly is configOf with statistics once an hour.
func hourly(userIDs ...string) *config.Config {
	cfg := configOf(userIDs...)
	cfg.Poll.HistoryInterval = time.Hour
	return cfg
}

// asked returns the calls for statistics, in their order.
func asked(server *wecomtest.Server) (requests []wecomtest.Request) {
	for _, r := range server.Requests() {
		if r.Endpoint == rig.StatisticsEndpoint {
			requests = append(requests, r)
		}
	}
	return requests
}

func targetsOf(requests []wecomtest.Request) (ids []string) {
	for _, r := range requests {
		ids = append(ids, r.Target)
	}
	return ids
}

const (
	viewsOf     = `wecom_recording_views_total{host=%q}`
	downloadsOf = `wecom_recording_downloads_total{host=%q}`
)

// viewed returns the series of views and downloads of hosts, for Rig.Expect.
func viewed(hosts map[string][2]int64) map[string]string {
	series := map[string]string{}
	for host, n := range hosts {
		series[fmt.Sprintf(viewsOf, host)] = strconv.FormatInt(n[0], 10)
		series[fmt.Sprintf(downloadsOf, host)] = strconv.FormatInt(n[1], 10)
	}
	return series
}

// An audience views the recordings of a simulated WeCom, and counts for itself.
type audience struct {
	server *wecomtest.Server
	birth  time.Time
	counts map[string][2]int64 // by host, since the date of the birth
	noted  bool                // the baseline was: what days before the birth grow by counts, too
	random *rand.Rand
	hosts  map[string]string // by recording
}

var china = time.FixedZone("China", 8*60*60)

func dateIn(at time.Time) string { return at.In(china).Format(time.DateOnly) }

// view adds views of all recordings on a day, which may be over: WeCom may count late.
func (a *audience) view(day time.Time) {
	for _, id := range slices.Sorted(mapsKeys(a.hosts)) {
		views, downloads := a.random.Int64N(5), a.random.Int64N(2)
		a.server.AddViews(id, day, views, downloads)
		if host := a.hosts[id]; host != "" && (a.noted || dateIn(day) >= dateIn(a.birth)) {
			n := a.counts[host]
			a.counts[host] = [2]int64{n[0] + views, n[1] + downloads}
		}
	}
}

func mapsKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// TestCountersOverThreeDaysAndTwoRestarts views recordings for three days. The exporter is
// restarted once as it should be, and once with a store that lacks the last six hours. One
// answer is lost. In the end, the counters are what was viewed since the date of the birth.
func TestCountersOverThreeDaysAndTwoRestarts(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(
			rig.Recorded("a", "li", 5*rig.Day, open), rig.Recorded("b", "li", 3*time.Hour, insider),
			rig.Recorded("c", "wang", 3*rig.Day, open), rig.Recorded("private", "wang", 3*rig.Day),
		)
		people := &audience{
			server: server, birth: time.Now(), random: rand.New(rand.NewPCG(1, 1)), counts: map[string][2]int64{},
			hosts: map[string]string{"a": "li", "b": "li", "c": "wang", "private": ""},
		}
		for back := range 6 { // The baseline, but for today.
			people.view(time.Now().Add(-time.Duration(back) * rig.Day))
		}
		dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
		start := func(dir string) *rig.Rig {
			cfg := rig.Storing(dir, configOf("li", "wang"))
			cfg.Poll.Interval = time.Hour
			return rig.Start(t, server, cfg)
		}
		r := start(dir)
		last := map[string][2]int64{}
		pass := func(d time.Duration) {
			t.Helper()
			for end := time.Now().Add(d); time.Now().Before(end); {
				r.Wait(37 * time.Minute)
				people.view(time.Now())
				if people.random.IntN(10) == 0 {
					people.view(time.Now().Add(-rig.Day))
				}
			}
			now := servedOf(r)
			for host, n := range last {
				if now[host][0] < n[0] || now[host][1] < n[1] {
					t.Errorf("the counters of %s went from %v to %v", host, n, now[host])
				}
			}
			last = now
		}
		r.Wait(time.Minute)
		people.noted = true
		pass(20 * time.Hour)
		server.Fail(wecomtest.Fault{Endpoint: rig.StatisticsEndpoint, Drop: true, Times: 1})
		pass(7 * time.Hour)
		r.Stop()
		r = start(dir)
		pass(20 * time.Hour)
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		before := last
		pass(6 * time.Hour) // This is lost with the store.
		r.Stop()
		last = before
		r = start(copied)
		pass(20 * time.Hour)
		r.Wait(6*time.Hour + time.Minute)
		r.Expect(viewed(people.counts))
		if people.counts["li"][0] == 0 || people.counts["wang"][1] == 0 {
			t.Errorf("nothing was viewed: %v", people.counts)
		}
		if slices.Contains(targetsOf(asked(server)), "private") {
			t.Error("a recording was asked for that is not shared")
		}
	})
}

// servedOf returns the views and downloads that are served, by host.
func servedOf(r *rig.Rig) map[string][2]int64 {
	all := map[string][2]int64{}
	for _, family := range r.Gather() {
		i := slices.Index([]string{"wecom_recording_views_total", "wecom_recording_downloads_total"}, family.GetName())
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if i >= 0 && l.GetName() == "host" {
					n := all[l.GetValue()]
					n[i] = int64(m.GetCounter().GetValue())
					all[l.GetValue()] = n
				}
			}
		}
	}
	return all
}

// TestRecordingsAgainAfterARestart restarts after an hour: nothing is asked for again before
// its interval is over.
func TestRecordingsAgainAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for i := range 20 {
			server.Put(rig.Recorded(strconv.Itoa(i), "li", 3*time.Hour, open))
		}
		dir := t.TempDir()
		rig.Start(t, server, rig.Storing(dir, hourly("li"))).StopAfter(time.Minute)
		if n := len(asked(server)); n != 20 {
			t.Fatalf("%d calls in the first minute, want one for each recording", n)
		}
		rig.Start(t, server, rig.Storing(dir, hourly("li"))).StopAfter(2 * time.Hour)
		n := map[string]int{}
		for _, id := range targetsOf(asked(server)) {
			n[id]++
		}
		for id, calls := range n {
			if calls != 3 {
				t.Errorf("%s: %d calls, want one at first and two in two hours", id, calls)
			}
		}
		if minutes := minutesOf(asked(server)[20:]); minutes < 15 {
			t.Errorf("the calls of two hours are in %d minutes", minutes)
		}
	})
}

// minutesOf returns in how many minutes there are calls.
func minutesOf(requests []wecomtest.Request) int {
	minutes := map[time.Time]bool{}
	for _, r := range requests {
		minutes[r.Time.Truncate(time.Minute)] = true
	}
	return len(minutes)
}

// TestExposedOnesComeFirst has a budget of which a tenth is one call a minute. One recording is
// found through two targets.
func TestExposedOnesComeFirst(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		shared := rig.Recorded("a", "li", 3*time.Hour, insider)
		shared.MeetingID = "m"
		server.Put(
			shared, rig.Recorded("b", "li", 3*time.Hour, open), rig.Recorded("c", "li", 3*time.Hour, insider),
			rig.Recorded("d", "li", 3*time.Hour, open), rig.Recorded("e", "li", 3*time.Hour),
		)
		cfg := configOf("li")
		cfg.Corps[0].Targets.MeetingIDs = []string{"m"}
		cfg.Poll.MaxRequestsPerMinute = 15
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Minute)
		if diff := cmp.Diff([]string{"b", "d", "a", "c"}, targetsOf(asked(server))); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
	})
}

// TestListsKeepTheirPace compares the lists of 50 minutes without and with statistics of 150
// recordings. Lists need nine tenths of the budget in the first minute, and half of that later.
func TestListsKeepTheirPace(t *testing.T) {
	t.Parallel()
	var times [2][]string
	for i := range times {
		rig.Virtually(t, func(t *testing.T) {
			server := wecomtest.New(wecomtest.Config{})
			users := make([]string, 0, 30)
			for user := range 30 {
				users = append(users, fmt.Sprintf("user%02d", user))
				for n := range 5 {
					server.Put(rig.Recorded(fmt.Sprintf("%d-%d", user, n), users[user], 3*time.Hour, open))
				}
			}
			cfg := configOf(users...)
			cfg.Corps[0].Statistics = i == 1
			cfg.Poll.Interval, cfg.Poll.MaxRequestsPerMinute = time.Minute, 70
			cfg.Poll.HistoryInterval = 20 * time.Minute
			r := rig.Start(t, server, cfg)
			r.Wait(50 * time.Minute)
			for _, req := range server.Requests() {
				if req.Endpoint == rig.ListEndpoint {
					times[i] = append(times[i], fmt.Sprintf("%s %s", req.Time.Format(time.TimeOnly), req.Target))
				}
			}
			slices.Sort(times[i])
			expectTenth(t, server, 7)
			if n := len(asked(server)); i == 1 && n < 300 {
				t.Errorf("%d calls for statistics, want those of 150 recordings, twice", n)
			}
		})
	}
	if diff := cmp.Diff(times[0], times[1]); diff != "" {
		t.Errorf("lists without and with statistics (-without +with):\n%.2000s", diff)
	}
}

// expectTenth fails if there are more calls for statistics in any 60 s.
func expectTenth(t *testing.T, server *wecomtest.Server, most int) {
	t.Helper()
	calls := asked(server)
	for i := range calls {
		if end := i + most; end < len(calls) && calls[end].Time.Sub(calls[i].Time) < time.Minute {
			t.Errorf("more than %d calls in the minute from %v", most, calls[i].Time)
			return
		}
	}
}

// TestBusyListsComeFirst has lists need more than nine tenths of the budget, once they have begun:
// nothing is left for statistics.
func TestBusyListsComeFirst(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]int{"more than the budget": 30, "nearly the budget": 62} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 60)
				for user := range 60 {
					users = append(users, fmt.Sprintf("user%02d", user))
					server.Put(rig.Recorded(users[user], users[user], 3*time.Hour, open))
				}
				cfg := configOf(users...)
				cfg.Poll.Interval, cfg.Poll.MaxRequestsPerMinute = time.Minute, budget
				r := rig.Start(t, server, cfg)
				r.Wait(2 * time.Minute)
				server.ResetRequests()
				r.Wait(15 * time.Minute)
				if n := len(asked(server)); n > 0 {
					t.Errorf("%d calls for statistics", n)
				}
			})
		})
	}
}

// TestABlockPutsNothingOff closes the endpoint for a minute.
func TestABlockPutsNothingOff(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("a", "li", 3*time.Hour, open), rig.Recorded("b", "li", 3*time.Hour, open))
		server.Fail(wecomtest.Fault{Endpoint: rig.StatisticsEndpoint, Errcode: 45009, Times: 1})
		r := rig.Start(t, server, configOf("li"))
		r.Wait(50 * time.Second)
		if n := len(asked(server)); n != 1 {
			t.Errorf("%d calls while the endpoint is closed, want the one that closed it", n)
		}
		r.Wait(20 * time.Second)
		if n := len(asked(server)); n != 3 {
			t.Errorf("%d calls, want one again for each recording", n-1)
		}
	})
}

// TestErrorsThatStopStatistics refuses the calls for statistics for three hours, and then no
// longer. Lists do not notice.
func TestErrorsThatStopStatistics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault       wecomtest.Fault
		warning     string // that is repeated hourly; "": none
		most, least int    // calls in three hours
	}{
		"no right": {
			fault: wecomtest.Fault{Errcode: 48002}, warning: "views and downloads cannot be queried", least: 13, most: 18,
		},
		"no privilege": {
			fault: wecomtest.Fault{Errcode: 60011}, warning: "views and downloads cannot be queried", least: 13, most: 18,
		},
		"an IP that is not trusted": {
			fault: wecomtest.Fault{Errcode: 60020}, warning: "views and downloads cannot be queried", least: 13, most: 18,
		},
		"a frequency limit": {
			fault: wecomtest.Fault{Errcode: 45009}, warning: "asks to wait", least: 5, most: 9,
		},
		"busy":             {fault: wecomtest.Fault{Errcode: -1}, least: 3, most: 12},
		"no answer":        {fault: wecomtest.Fault{Drop: true}, least: 3, most: 12},
		"a page":           {fault: wecomtest.Fault{Status: 502}, least: 3, most: 12},
		"too many at once": {fault: wecomtest.Fault{Errcode: 45033}, least: 3, most: 12},
		"no such thing":    {fault: wecomtest.Fault{Errcode: 730002}, least: 3, most: 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				for _, id := range []string{"a", "b", "c"} {
					server.Put(rig.Recorded(id, "li", 3*time.Hour, open))
					server.AddViews(id, time.Now(), 2, 1)
				}
				test.fault.Endpoint = rig.StatisticsEndpoint
				remove := server.Fail(test.fault)
				r := rig.Start(t, server, hourly("li"))
				r.Wait(3 * time.Hour)
				if n := len(asked(server)); n < test.least || n > test.most {
					t.Errorf("%d calls for statistics, want %d to %d", n, test.least, test.most)
				}
				if n := rig.Asked(server, "li"); n < 36 {
					t.Errorf("%d lists, want one each 5 minutes", n)
				}
				want := viewed(map[string][2]int64{"li": {0, 0}})
				want["wecom_up"], want["wecom_poll_coverage_ratio"] = "1", "1"
				want["wecom_recording_shared_files{host=\"li\"}"] = "3"
				r.Expect(want)
				if !r.Collector.Ready() {
					t.Error("it is not ready")
				}
				if n := strings.Count(r.Log.String(), test.warning); test.warning != "" && (n < 3 || n > 4) {
					t.Errorf("%d warnings, want one an hour:\n%s", n, r.Log)
				}
				if test.warning != "" && !strings.Contains(r.Log.String(), "remedy_zh=") {
					t.Error("a warning has no remedy")
				}
				if strings.Contains(r.Log.String(), "target is failing") || strings.Contains(r.Log.String(), "no target can be polled") {
					t.Errorf("lists failed:\n%s", r.Log)
				}
				remove()
				r.Wait(time.Hour + 16*time.Minute)
				r.Expect(viewed(map[string][2]int64{"li": {6, 3}}))
				server.ResetRequests()
				r.Wait(2 * time.Hour)
				if n := len(asked(server)); n != 6 {
					t.Errorf("%d calls in two hours, want one an hour for each recording", n)
				}
				n := strings.Count(r.Log.String(), "views and downloads can be queried again")
				if (n == 1) != strings.HasPrefix(test.warning, "views") {
					t.Errorf("%d lines say that it is over", n)
				}
			})
		})
	}
}

// TestWhyNothingIsAskedFor has WeCom not answer about the first recording: as long as nothing is
// asked for, the reason is known, since the command list gives up then.
func TestWhyNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		want  bool
	}{
		"no right":          {fault: wecomtest.Fault{Errcode: 48002}, want: true},
		"a frequency limit": {fault: wecomtest.Fault{Errcode: 45009}, want: true},
		"busy":              {fault: wecomtest.Fault{Errcode: -1}, want: true},
		"no answer":         {fault: wecomtest.Fault{Drop: true}, want: true},
		"a page":            {fault: wecomtest.Fault{Status: 502}, want: true},
		"no such thing":     {fault: wecomtest.Fault{Errcode: 730002}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Put(rig.Recorded("a", "li", 3*time.Hour, open), rig.Recorded("b", "li", 3*time.Hour, open))
				test.fault.Endpoint, test.fault.Times = rig.StatisticsEndpoint, 1
				server.Fail(test.fault)
				r := rig.Start(t, server, configOf("li"))
				// The first scan may find nothing yet.
				for range 60 {
					if r.Wait(100 * time.Millisecond); len(asked(server)) > 0 {
						break
					}
				}
				if err := r.Manager.Status()[0].ViewsErr; (err != nil) != test.want {
					t.Errorf("the error is %v, want one: %t", err, test.want)
				}
				r.Wait(3 * time.Minute)
				if err := r.Manager.Status()[0].ViewsErr; err != nil {
					t.Errorf("%v, though WeCom answered about the other recording", err)
				}
			})
		})
	}
}

// TestAnErrorOfOneRecording refuses one of three for good, as if it refused the app.
func TestAnErrorOfOneRecording(t *testing.T) {
	t.Parallel()
	for name, errcode := range map[string]int{"no privilege": 60011, "no right": 48002, "no such recording": 730002} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				for _, id := range []string{"a", "b", "c"} {
					server.Put(rig.Recorded(id, "li", 3*time.Hour, open))
				}
				server.Fail(wecomtest.Fault{
					Endpoint: rig.StatisticsEndpoint, Errcode: errcode,
					Match: func(r wecomtest.Request) bool { return r.Target == "a" },
				})
				r := rig.Start(t, server, hourly("li"))
				r.Wait(4*time.Hour + time.Minute)
				n := map[string]int{}
				for _, id := range targetsOf(asked(server)) {
					n[id]++
				}
				if n["a"] < 4 || n["a"] > 6 || n["b"] != 5 || n["c"] != 5 {
					t.Errorf("calls for each recording: %v, want 4 to 6 and five each", n)
				}
				if warnings := strings.Count(r.Log.String(), "views and downloads cannot be queried"); warnings > 1 {
					t.Errorf("%d warnings", warnings)
				}
			})
		})
	}
}

// TestAnAnswerThatIsLost has the answer of one of two lost: once, or each time.
func TestAnAnswerThatIsLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times int // 0: each time
		want  int // calls in 2 h 10 min
	}{
		"once":      {times: 1, want: 4},
		"each time": {want: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				for _, id := range []string{"a", "b"} {
					server.Put(rig.Recorded(id, "li", 3*time.Hour, open))
				}
				server.Fail(wecomtest.Fault{
					Endpoint: rig.StatisticsEndpoint, CutAfter: 10, Times: test.times,
					Match: func(r wecomtest.Request) bool { return r.Target == "a" },
				})
				r := rig.Start(t, server, hourly("li"))
				r.Wait(2 * time.Minute)
				if n := countOf(server, "a"); n != 2 {
					t.Errorf("%d calls in two minutes, want two", n)
				}
				r.Wait(2*time.Hour + 8*time.Minute)
				if n := countOf(server, "a"); n != test.want {
					t.Errorf("%d calls, want %d", n, test.want)
				}
			})
		})
	}
}

// countOf returns how often the views of a recording were asked for.
func countOf(server *wecomtest.Server, id string) (n int) {
	for _, target := range targetsOf(asked(server)) {
		if target == id {
			n++
		}
	}
	return n
}

// TestOutagesOfListsStopStatistics refuses lists: statistics stop too, and go on with them.
func TestOutagesOfListsStopStatistics(t *testing.T) {
	t.Parallel()
	for name, errcode := range map[string]int{"an outage": 60020, "a block": 45009} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Put(rig.Recorded("a", "li", 3*time.Hour, open))
				cfg := configOf("li")
				cfg.Poll.HistoryInterval = time.Minute
				r := rig.Start(t, server, cfg)
				r.Wait(10 * time.Minute)
				if n := len(asked(server)); n < 9 {
					t.Fatalf("%d calls in ten minutes", n)
				}
				remove := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: errcode})
				for server.Count(rig.ListEndpoint, errcode) == 0 {
					r.Wait(time.Second)
				}
				server.ResetRequests() // The target is not due before some minutes.
				r.Wait(30 * time.Minute)
				if n := len(asked(server)); n > 0 {
					t.Errorf("%d calls while lists are refused", n)
				}
				remove()
				r.Wait(time.Hour)
				if n := len(asked(server)); n < 10 {
					t.Errorf("%d calls after lists are accepted again", n)
				}
			})
		})
	}
}

func TestATokenThatWasRefused(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("a", "li", 3*time.Hour, open))
		server.AddViews("a", time.Now(), 2, 1)
		server.Fail(wecomtest.Fault{Endpoint: rig.StatisticsEndpoint, Errcode: 40014, Times: 1})
		r := rig.Start(t, server, configOf("li"))
		r.Wait(time.Minute)
		r.Expect(viewed(map[string][2]int64{"li": {2, 1}}))
		if tokens, calls := server.Count("gettoken"), len(asked(server)); tokens != 2 || calls != 2 {
			t.Errorf("%d tokens and %d calls, want two each", tokens, calls)
		}
	})
}

// TestReload switches statistics off and on, and changes their interval.
func TestReload(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("a", "li", 3*time.Hour, open))
		server.AddViews("a", time.Now(), 2, 1)
		off := map[string]string{fmt.Sprintf(viewsOf, "li"): "-", fmt.Sprintf(downloadsOf, "li"): "-"}
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(time.Hour)
		r.Expect(off)
		if n := len(asked(server)); n > 0 {
			t.Errorf("%d calls, though nobody wants statistics", n)
		}
		r.Reload(configOf("li"))
		r.Wait(10 * time.Second)
		r.Expect(viewed(map[string][2]int64{"li": {2, 1}}))
		if n := len(asked(server)); n != 1 {
			t.Errorf("%d calls, want one at once", n)
		}
		often := configOf("li")
		often.Poll.HistoryInterval = 10 * time.Minute
		r.Reload(often)
		server.AddViews("a", time.Now(), 5, 0)
		r.Wait(time.Hour)
		r.Expect(viewed(map[string][2]int64{"li": {7, 1}}))
		if n := len(asked(server)); n != 7 {
			t.Errorf("%d calls, want six in an hour", n-1)
		}
		r.Reload(rig.ConfigOf("li"))
		server.AddViews("a", time.Now(), 1, 1)
		r.Wait(time.Hour)
		r.Expect(off)
		if n := len(asked(server)); n != 7 {
			t.Errorf("%d calls since nobody wants statistics any more", n-7)
		}
		r.Reload(often)
		r.Wait(10 * time.Second)
		r.Expect(viewed(map[string][2]int64{"li": {8, 2}}))
	})
}

// TestViewsOfRecordings shows what is known of single recordings.
func TestViewsOfRecordings(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("a", "li", 3*time.Hour, open), rig.Recorded("b", "li", 2*time.Hour))
		server.AddViews("a", time.Now(), 2, 1)
		server.AddViews("a", time.Now().Add(-3*rig.Day), 3, 0) // of the baseline
		cfg := configOf("li")
		r := rig.Start(t, server, cfg)
		r.Wait(time.Minute)
		expect := func(want map[string]string) {
			t.Helper()
			got := map[string]string{}
			all, _, err := r.Manager.Recordings(t.Context(), &poll.RecordingQuery{Limit: 10})
			for _, rec := range all {
				text := "unknown"
				if rec.Views != nil {
					text = fmt.Sprint(*rec.Views, *rec.Downloads)
				}
				got[rec.ID] = fmt.Sprintf("%t %s", rec.Statistics, text)
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v; views (-want +got):\n%s", err, diff)
			}
		}
		expect(map[string]string{"a": "true 5 1", "b": "true unknown"})
		r.Reload(rig.ConfigOf("li"))
		expect(map[string]string{"a": "false unknown", "b": "false unknown"})
	})
}
