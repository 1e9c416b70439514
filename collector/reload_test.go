// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// byHost is a transport to several simulated WeComs.
type byHost map[string]http.RoundTripper

func (h byHost) RoundTrip(req *http.Request) (*http.Response, error) {
	return h[req.URL.Host].RoundTrip(req)
}

func TestCorpsDoNotHurtEachOther(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		good, bad := worldOf(wecomtest.Config{}), worldOf(wecomtest.Config{})
		cfg := configOf("li", "wang")
		wrong := cfg.Corps[0]
		wrong.Name, wrong.APIURL, wrong.Secret = "wrong", "https://bad.test", config.SecretFromValue("wrong")
		cfg.Corps = append(cfg.Corps, wrong)
		r := start(t, byHost{"wecom.test": good, "bad.test": bad}, cfg)
		r.wait(10 * time.Second)
		r.expect(map[string]string{
			`wecom_up`: "1", `wecom_up{corp="wrong"}`: "0",
			`wecom_recording_files{host="wang"}`: "2", `wecom_recording_files{corp="wrong",host="wang"}`: "-",
			`wecom_poll_coverage_ratio`: "1", `wecom_poll_coverage_ratio{corp="wrong"}`: "0",
			`wecom_poll_targets{selector="userid",status="ok"}`: "2",
		})
	})
}

func TestCorpsOfOneIDShareABudget(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		cfg := configOf("a", "b", "c", "d", "e", "f")
		second := cfg.Corps[0]
		second.Name = "second"
		cfg.Corps = append(cfg.Corps, second)
		cfg.Poll.MaxRequestsPerMinute = 5
		r := start(t, server, cfg)
		r.wait(59 * time.Second)
		if n := server.Count(listEndpoint); n != 5 {
			t.Errorf("%d calls in the first minute, want 5 of both corps together", n)
		}
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		cfg := configOf("li", "wang")
		other := cfg.Corps[0]
		other.Name = "other"
		cfg.Corps = append(cfg.Corps, other)
		r := start(t, server, cfg)
		r.wait(time.Minute)
		tokens, lists := server.Count("gettoken"), server.Count(listEndpoint)
		if tokens != 2 || lists != 4 {
			t.Fatalf("%d tokens and %d lists, want 2 and 4", tokens, lists)
		}

		added := configOf("li")
		added.Corps[0].QuotaBytes = 7
		third := added.Corps[0]
		third.Name = "third"
		added.Corps = append(added.Corps, third)
		added.Poll.MaxRequestsPerMinute = 600
		if err := r.collector.Reload(t.Context(), added); err != nil {
			t.Fatal(err)
		}
		r.wait(10 * time.Second)
		if n := server.Count("gettoken"); n != 3 {
			t.Errorf("%d tokens after the reload, want one more, for the new corp", n)
		}
		if n := server.Count(listEndpoint); n != 5 {
			t.Errorf("%d lists after the reload, want one more, of the new corp", n)
		}
		r.expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`:              "1",
			`wecom_recording_files{host="wang"}`:                         "-",
			`wecom_recordings{corp="third",host="li",state="recording"}`: "1",
			`wecom_recording_quota_bytes`:                                "7",
			`wecom_api_budget_requests_per_minute`:                       "600",
			`wecom_up`:                                                   "1",
		})
		if text := r.exposition(); strings.Contains(text, `corp="other"`) {
			t.Errorf("a corp that was taken out is still served:\n%s", text)
		}
		if !r.collector.Ready() {
			t.Error("not ready after a reload")
		}
	})
}

func TestReloadThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	c, err := New(configOf("li"), Options{Logger: log.NewNopLogger()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := configOf("li")
	for _, name := range []string{"good", "bad"} {
		another := cfg.Corps[0]
		another.Name = name
		cfg.Corps = append(cfg.Corps, another)
	}
	cfg.Corps[2].HTTPClientConfig.TLSConfig.CAFile = "nowhere.pem"
	if err := c.Reload(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "corp bad") {
		t.Errorf("error %v", err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == labelCorp && label.GetValue() != "acme" {
					t.Errorf("%s has series of corp %s", family.GetName(), label.GetValue())
				}
			}
		}
	}
}

// TestScrapesDuringReloads is for the race detector.
func TestScrapesDuringReloads(t *testing.T) {
	t.Parallel()
	withTargets := func(n int) *config.Config {
		cfg := configOf()
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
	r := start(t, worldOf(wecomtest.Config{RequestLog: -1}), configs[0])
	ctx, cancel := context.WithCancel(t.Context())
	var scraping sync.WaitGroup
	for range 2 {
		scraping.Go(func() {
			for ctx.Err() == nil {
				r.gather()
			}
		})
	}
	defer scraping.Wait()
	defer cancel()
	for i := range 30 {
		if err := r.collector.Reload(t.Context(), configs[i%2]); err != nil {
			t.Fatal(err)
		}
		r.gather()
	}
}

func TestReloadWithANewSecret(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		cfg := configOf("li")
		cfg.Corps[0].Secret = config.SecretFromValue("wrong")
		r := start(t, server, cfg)
		r.wait(time.Second)
		for range 10 {
			if err := r.collector.Reload(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
		}
		r.wait(20 * time.Second)
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken with a wrong secret; a reload must not ask anew", n)
		}
		if err := r.collector.Reload(t.Context(), configOf("li")); err != nil {
			t.Fatal(err)
		}
		r.wait(5 * time.Second)
		r.expect(map[string]string{`wecom_up`: "1"})
	})
}

func TestReloadWithAnotherWayToWeCom(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		mend := server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
		r := start(t, server, configOf("li"))
		r.wait(40 * time.Minute)
		mend()
		reload := func(change func(*config.Corp)) {
			t.Helper()
			cfg := configOf("li")
			change(&cfg.Corps[0])
			if err := r.collector.Reload(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			r.wait(10 * time.Second)
		}
		reload(func(*config.Corp) {})
		r.expect(map[string]string{`wecom_up`: "0"})
		reload(func(c *config.Corp) { c.HTTPClientConfig.ProxyFromEnvironment = true })
		r.expect(map[string]string{`wecom_up`: "1"})
	})
}

func TestReloadThatLengthensTheLookback(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(recorded("old", "li", 60*day), recorded("new", "li", day))
		r := start(t, server, configOf("li"))
		r.wait(time.Minute)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1"})
		long, short := configOf("li"), configOf("li")
		long.Poll.Lookback = 90 * day
		for _, step := range []struct {
			cfg  *config.Config
			want string
		}{{long, "2"}, {short, "1"}} {
			if err := r.collector.Reload(t.Context(), step.cfg); err != nil {
				t.Fatal(err)
			}
			r.wait(10 * time.Second)
			r.expect(map[string]string{`wecom_recording_files{host="li"}`: step.want})
		}
	})
}
