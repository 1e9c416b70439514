// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestCorpsDoNotHurtEachOther(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		good, bad := rig.WorldOf(wecomtest.Config{}), rig.WorldOf(wecomtest.Config{})
		cfg := rig.ConfigOf("li", "wang")
		wrong := cfg.Corps[0]
		wrong.Name, wrong.APIURL, wrong.Secret = "wrong", "https://bad.test", secret.FromValue("wrong")
		cfg.Corps = append(cfg.Corps, wrong)
		r := rig.Start(t, rig.ByHost{"wecom.test": good, "bad.test": bad}, cfg)
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			`wecom_up`: "1", `wecom_up{corp="wrong"}`: "0",
			`wecom_recording_files{host="wang"}`: "2", `wecom_recording_files{corp="wrong",host="wang"}`: "-",
			`wecom_poll_coverage_ratio`: "1", `wecom_poll_coverage_ratio{corp="wrong"}`: "0",
			`wecom_poll_targets{selector="userid",status="ok"}`: "2",
		})
	})
}

func TestCorpsOfOneIDShareABudget(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		cfg := rig.ConfigOf("a", "b", "c", "d", "e", "f")
		second := cfg.Corps[0]
		second.Name = "second"
		cfg.Corps = append(cfg.Corps, second)
		cfg.Poll.MaxRequestsPerMinute = 5
		r := rig.Start(t, server, cfg)
		r.Wait(59 * time.Second)
		if n := server.Count(rig.ListEndpoint); n != 5 {
			t.Errorf("%d calls in the first minute, want 5 of both corps together", n)
		}
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		cfg := rig.ConfigOf("li", "wang")
		other := cfg.Corps[0]
		other.Name = "other"
		cfg.Corps = append(cfg.Corps, other)
		r := rig.Start(t, server, cfg)
		r.Wait(time.Minute)
		tokens, lists := server.Count("gettoken"), server.Count(rig.ListEndpoint)
		if tokens != 2 || lists != 4 {
			t.Fatalf("%d tokens and %d lists, want 2 and 4", tokens, lists)
		}

		added := rig.ConfigOf("li")
		added.Corps[0].QuotaBytes = 7
		third := added.Corps[0]
		third.Name = "third"
		added.Corps = append(added.Corps, third)
		added.Poll.MaxRequestsPerMinute = 600
		r.Reload(added)
		r.Wait(10 * time.Second)
		if n := server.Count("gettoken"); n != 3 {
			t.Errorf("%d tokens after the reload, want one more, for the new corp", n)
		}
		if n := server.Count(rig.ListEndpoint); n != 5 {
			t.Errorf("%d lists after the reload, want one more, of the new corp", n)
		}
		r.Expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`:              "1",
			`wecom_recording_files{host="wang"}`:                         "-",
			`wecom_recordings{corp="third",host="li",state="recording"}`: "1",
			`wecom_recording_quota_bytes`:                                "7",
			`wecom_api_budget_requests_per_minute`:                       "600",
			`wecom_up`:                                                   "1",
		})
		if text := r.Exposition(); strings.Contains(text, `corp="other"`) {
			t.Errorf("a corp that was taken out is still served:\n%s", text)
		}
		if !r.Collector.Ready() {
			t.Error("not ready after a reload")
		}
	})
}

func TestReloadThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li"))
		r.Wait(10 * time.Second)
		before := r.Exposition()
		cfg := rig.ConfigOf("li")
		for _, name := range []string{"good", "bad"} {
			another := cfg.Corps[0]
			another.Name = name
			cfg.Corps = append(cfg.Corps, another)
		}
		cfg.Corps[2].HTTPClientConfig.TLSConfig.CAFile = "nowhere.pem"
		r.Manager.UseOwnTransports()
		if err := r.Manager.ApplyConfig(cfg); err == nil || !strings.Contains(err.Error(), "corp bad") {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff(before, r.Exposition()); diff != "" {
			t.Errorf("exposition (-before +after):\n%s", diff)
		}
	})
}

// TestScrapesDuringReloads is for the race detector.
func TestScrapesDuringReloads(t *testing.T) {
	t.Parallel()
	withTargets := func(n int) *config.Config {
		cfg := rig.ConfigOf()
		for i := range n {
			cfg.Corps[0].Targets.UserIDs = append(cfg.Corps[0].Targets.UserIDs, fmt.Sprintf("user%d", i))
		}
		for _, name := range []string{"b", "c"} {
			another := cfg.Corps[0]
			another.Name = name
			cfg.Corps = append(cfg.Corps, another)
		}
		return cfg
	}
	configs := []*config.Config{withTargets(1000), withTargets(1200)}
	r := rig.Start(t, rig.WorldOf(wecomtest.Config{RequestLog: -1}), configs[0])
	ctx, cancel := context.WithCancel(t.Context())
	var scraping sync.WaitGroup
	for range 2 {
		scraping.Go(func() {
			for ctx.Err() == nil {
				r.Gather()
			}
		})
	}
	defer scraping.Wait()
	defer cancel()
	for i := range 30 {
		r.Reload(configs[i%2])
		r.Gather()
	}
}

func TestReloadWithANewSecret(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].Secret = secret.FromValue("wrong")
		r := rig.Start(t, server, cfg)
		r.Wait(time.Second)
		for range 10 {
			r.Reload(cfg)
		}
		r.Wait(20 * time.Second)
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken with a wrong secret; a reload must not ask again", n)
		}
		r.Reload(rig.ConfigOf("li"))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{`wecom_up`: "1"})
	})
}

func TestReloadWithAnotherWayToWeCom(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(40 * time.Minute)
		repair()
		reload := func(change func(*config.Corp)) {
			t.Helper()
			cfg := rig.ConfigOf("li")
			change(&cfg.Corps[0])
			r.Reload(cfg)
			r.Wait(10 * time.Second)
		}
		reload(func(*config.Corp) {})
		r.Expect(map[string]string{`wecom_up`: "0"})
		reload(func(c *config.Corp) { c.HTTPClientConfig.ProxyFromEnvironment = true })
		r.Expect(map[string]string{`wecom_up`: "1"})
	})
}

func TestReloadThatLengthensTheLookback(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("old", "li", 60*rig.Day), rig.Recorded("new", "li", rig.Day))
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1"})
		long, short := rig.ConfigOf("li"), rig.ConfigOf("li")
		long.Poll.Lookback = 90 * rig.Day
		for _, step := range []struct {
			cfg  *config.Config
			want string
		}{{long, "2"}, {short, "1"}} {
			r.Reload(step.cfg)
			r.Wait(10 * time.Second)
			r.Expect(map[string]string{`wecom_recording_files{host="li"}`: step.want})
		}
	})
}

// TestReloadWithAnotherAgentID scrapes all the time while the agent ID changes to one that
// WeCom refuses, and to a right one.
func TestReloadWithAnotherAgentID(t *testing.T) {
	t.Parallel()
	const right = wecomtest.DefaultAgentID
	for name, agentIDs := range map[string][]int64{
		"one that is refused":       {right, right + 1},
		"a refused one, then right": {right, right + 1, right},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				server.Fail(wecomtest.Fault{Endpoint: "agent/get", Delay: 3 * time.Second})
				r := rig.Start(t, server, rig.Discovering(true, false))
				r.Wait(time.Minute)
				for _, agentID := range agentIDs {
					cfg := rig.Discovering(true, false)
					cfg.Corps[0].AgentID = agentID
					r.Reload(cfg)
					for range 120 {
						r.Expect(map[string]string{
							`wecom_recordings{host="li",state="recording"}`:     "1",
							`wecom_recording_files{host="wang"}`:                "2",
							`wecom_poll_targets{selector="userid",status="ok"}`: "2",
							`wecom_poll_coverage_ratio`:                         "1",
						})
						r.Wait(5 * time.Second)
					}
				}
				if !r.Collector.Ready() {
					t.Error("not ready after a reload")
				}
			})
		})
	}
}

// TestPollsGoOnDuringReloads reloads more often than a call takes.
func TestPollsGoOnDuringReloads(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Delay: 300 * time.Millisecond})
		cfg := rig.ConfigOf("li", "wang")
		r := rig.Start(t, server, cfg)
		for range 20 {
			r.Reload(cfg)
			r.Wait(100 * time.Millisecond)
		}
		r.Wait(2 * time.Second)
		r.Expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`: "2", `wecom_recording_files{host="wang"}`: "2",
		})
		if n := server.Count(rig.ListEndpoint); n != 2 {
			t.Errorf("%d lists, want one of each target", n)
		}
	})
}

// TestReloadThatLengthensTheLookbackDuringAPoll has the older window asked for at once, too.
func TestReloadThatLengthensTheLookbackDuringAPoll(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(rig.Recorded("old", "li", 60*rig.Day), rig.Recorded("new", "li", rig.Day))
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Delay: 8 * time.Second})
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(5 * time.Second)
		longer := rig.ConfigOf("li")
		longer.Poll.Lookback = 90 * rig.Day
		r.Reload(longer)
		r.Wait(time.Minute)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "2"})
	})
}

func TestReloadWithAnotherAPI(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		here, there := rig.WorldOf(wecomtest.Config{}), rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, rig.ByHost{"wecom.test": here, "there.test": there}, rig.ConfigOf("li"))
		r.Wait(10 * time.Second)
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].APIURL = "https://there.test"
		cfg.Poll.MaxRequestsPerMinute = 7
		r.Reload(cfg)
		r.Expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`: "1", `wecom_api_budget_requests_per_minute`: "7",
		})
		r.Wait(10 * time.Minute)
		if here.Count(rig.ListEndpoint) != 1 || there.Count(rig.ListEndpoint) == 0 || there.Count("gettoken") != 1 {
			t.Errorf("%d lists here, %d there, with %d tokens",
				here.Count(rig.ListEndpoint), there.Count(rig.ListEndpoint), there.Count("gettoken"))
		}
		r.Expect(map[string]string{`wecom_up`: "1", `wecom_recordings{host="li",state="recording"}`: "1"})
	})
}

func TestCorpOfAnotherIDStartsOver(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(10 * time.Second)
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].CorpID = "wwanother"
		r.Reload(cfg)
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`: "-",
			// The series of the corp's calls are there all the same.
			`wecom_api_requests_total{endpoint="meeting/record/list",errcode="0"}`: "0",
		})
	})
}

func TestReloadAfterTheEnd(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.Storing(t.TempDir(), rig.ConfigOf("li")))
		r.Wait(time.Second)
		r.Stop()
		if err := r.Manager.ApplyConfig(rig.ConfigOf("li", "wang")); err == nil {
			t.Error("a configuration is applied after the end")
		}
	})
}
