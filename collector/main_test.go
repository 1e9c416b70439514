// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// virtually runs a test with a clock that stands still but for waiting, set to
// a day on which WeCom has meetings.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Until(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// A rig is a collector at work on a simulated WeCom.
type rig struct {
	t         *testing.T
	collector *Collector
	registry  *prometheus.Registry
	log       *safeBuffer
	stop      func()
}

// configOf returns a configuration of one corp that asks for the given users.
func configOf(userIDs ...string) *config.Config {
	return &config.Config{
		Corps: []config.Corp{{
			Name: "acme", CorpID: wecomtest.DefaultCorpID, APIURL: "https://wecom.test",
			Secret:  config.SecretFromValue(wecomtest.DefaultSecret),
			Targets: config.Targets{UserIDs: userIDs},
		}},
		Poll: config.Poll{
			Interval: 5 * time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour,
			Lookback: 31 * 24 * time.Hour, Concurrency: 4, MaxRequestsPerMinute: 1200,
		},
		Metrics: config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 10_000},
		Shard:   config.Shard{Total: 1},
	}
}

// start runs a collector until the test ends.
func start(t *testing.T, transport http.RoundTripper, cfg *config.Config) *rig {
	t.Helper()
	return startWith(t, cfg, Options{Transport: transport})
}

func startWith(t *testing.T, cfg *config.Config, options Options) *rig {
	t.Helper()
	r := &rig{t: t, registry: prometheus.NewPedanticRegistry(), log: &safeBuffer{}}
	options.Logger, options.UserAgent = log.NewLogfmtLogger(r.log), "test"
	var err error
	r.collector, err = New(cfg, options)
	if err != nil {
		t.Fatal(err)
	}
	r.registry.MustRegister(r.collector)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.collector.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(r.stop)
	return r
}

// wait lets virtual time pass, and what was due in it happen.
func (r *rig) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) gather() []*dto.MetricFamily {
	r.t.Helper()
	live, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	families, _ := r.collector.Families()
	return append(live, families...)
}

// exposition returns everything that is served, as text.
func (r *rig) exposition() string {
	r.t.Helper()
	var text bytes.Buffer
	for _, family := range r.gather() {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			r.t.Fatal(err)
		}
	}
	return text.String()
}

// expect compares single series, given without the label corp, with what is
// served. A value of "-" means that there is no such series.
func (r *rig) expect(want map[string]string) {
	r.t.Helper()
	got := map[string]string{}
	served := map[string]string{}
	corp := regexp.MustCompile(`corp="acme",?`)
	for line := range strings.Lines(r.exposition()) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			series := strings.TrimSuffix(corp.ReplaceAllString(line[:i], ""), "{}")
			number, err := strconv.ParseFloat(strings.TrimSpace(line[i:]), 64)
			if err != nil {
				r.t.Fatal(err)
			}
			served[strings.Replace(series, ",}", "}", 1)] = strconv.FormatFloat(number, 'f', -1, 64)
		}
	}
	for series := range want {
		got[series] = "-"
		if value, ok := served[series]; ok {
			got[series] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("series (-want +got):\n%s", diff)
	}
}

// changingFile returns the path of a file, and what writes it anew.
func changingFile(t *testing.T, name, content string) (path string, write func(content string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	write = func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(content)
	return path, write
}

// A safeBuffer is a bytes.Buffer for several goroutines.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// respond is a transport that gives tokens and answers everything else with one
// body.
type respond string

func (body respond) RoundTrip(req *http.Request) (*http.Response, error) {
	text := string(body)
	if strings.HasSuffix(req.URL.Path, "/gettoken") {
		text = `{"errcode":0,"errmsg":"ok","access_token":"token","expires_in":7200}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: req,
	}, nil
}
