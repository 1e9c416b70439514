// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an inventory with one family, and two corps.
type fake struct {
	ready   bool
	targets []schedule.TargetReport
	// gathering is closed when a scrape or a page has begun, which then waits for release.
	gathering, release chan struct{}
	begun              atomic.Bool
}

func (f *fake) Ready() bool { return f.ready }

func (f *fake) wait() {
	if f.gathering != nil && f.begun.CompareAndSwap(false, true) {
		close(f.gathering)
		<-f.release
	}
}

func (f *fake) Snapshot() *collector.Snapshot {
	f.wait()
	return collector.NewSnapshot(0, []*dto.MetricFamily{{
		Name: new("middle"), Help: new("From the inventory."), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{
			Label: []*dto.LabelPair{{Name: new("host"), Value: new("li\n\"\\四")}},
			Gauge: &dto.Gauge{Value: proto.Float64(5 << 30)},
		}},
	}})
}

func (f *fake) Status() []poll.Status {
	f.wait()
	return []poll.Status{
		{
			Name: "acme", Called: true, Up: true, Used: 7, Budget: 1200,
			Summary: schedule.Summary{
				Total: len(f.targets), Coverage: 0.5, Lag: 90 * time.Second,
				Counts: map[wecom.Selector]*[schedule.NumStatuses]int{wecom.ByUserID: {schedule.OK: len(f.targets)}},
			},
			Blocks: []wecom.Block{{
				Endpoint: "meeting/record/list", Until: time.Date(2026, 3, 2, 1, 9, 0, 0, time.UTC),
				Err: &wecom.APIError{Endpoint: "meeting/record/list", Code: 45009},
			}},
		},
		{
			Name: "<b>other", Budget: 60, Retry: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
			Called: true, Outage: &wecom.APIError{Endpoint: "meeting/record/list", Code: 60020},
		},
		{Name: "new"},
	}
}

func (f *fake) Targets(q *collector.TargetQuery) collector.Targets {
	if q.Corp != "acme" {
		return collector.Targets{}
	}
	offset := min(q.Offset, len(f.targets))
	part := f.targets[offset:min(offset+q.Limit, len(f.targets))]
	return collector.Targets{Found: schedule.Found{Part: part, Total: len(f.targets)}}
}

func (f *fake) View() *poll.View { return &poll.View{} }

func (f *fake) StoreStatus() poll.StoreStatus { return poll.StoreStatus{} }

func optionsOf(f *fake) Options {
	registry := prometheus.NewRegistry()
	for _, name := range []string{"a_first", "z_last"} {
		registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "From the registry."}))
	}
	return Options{
		Logger: log.NewNopLogger(), Inventory: f, Targets: f, Overview: f, Registry: registry, TelemetryPath: "/metrics",
		Stopping: func() bool { return false },
	}
}

func serve(t *testing.T, o Options, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	handler := NewHandler(o)
	req := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	return w
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	forbidden, failing, fine := http.Handler(nil),
		NewReloader(log.NewNopLogger(), func(context.Context) error { return errors.New("corps.yml: corps[0].name: no name") }),
		NewReloader(log.NewNopLogger(), func(context.Context) error { return nil })
	for name, test := range map[string]struct {
		method, target string
		ready          bool
		stopping       bool
		reloader       http.Handler
		status         int
		body           string
	}{
		"healthy":                   {"GET", "/-/healthy", false, false, nil, 200, "healthy"},
		"healthy while stopping":    {"GET", "/-/healthy", false, true, nil, 200, "healthy"},
		"healthy by HEAD":           {"HEAD", "/-/healthy", false, false, nil, 200, ""},
		"not ready yet":             {"GET", "/-/ready", false, false, nil, 503, "the first round of polling is not over"},
		"ready":                     {"GET", "/-/ready", true, false, nil, 200, "is ready"},
		"ready but stopping":        {"GET", "/-/ready", true, true, nil, 503, "stopping"},
		"the landing page":          {"GET", "/", false, false, nil, 200, `href="./targets"`},
		"nothing":                   {"GET", "/nothing", false, false, nil, 404, ""},
		"reload where forbidden":    {"POST", "/-/reload", false, false, forbidden, 403, "--web.enable-lifecycle"},
		"reload":                    {"POST", "/-/reload", false, false, fine, 200, "was reloaded"},
		"reload by GET":             {"GET", "/-/reload", false, false, fine, 405, ""},
		"reload that fails":         {"POST", "/-/reload", false, false, failing, 500, "corps.yml: corps[0].name: no name"},
		"recordings, which are off": {"GET", "/recordings", false, false, nil, 404, ""},
		"changes, which are off":    {"GET", "/changes", false, false, nil, 404, ""},
		"a page of targets":         {"GET", "/targets", false, false, nil, 200, "acme"},
		"a page that is no number":  {"GET", "/targets?page=x", false, false, nil, 400, `page: "x"`},
		"a page below the first":    {"GET", "/targets?page=0", false, false, nil, 400, `page: "0"`},
		"a page behind the last":    {"GET", "/targets?corp=acme&page=99", false, false, nil, 200, "acme"},
		"metrics by POST":           {"POST", "/metrics", false, false, nil, 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := optionsOf(&fake{ready: test.ready})
			o.Stopping = func() bool { return test.stopping }
			o.Reloader = test.reloader
			w := serve(t, o, test.method, test.target)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("status %d, want %d; body:\n%s", w.Code, test.status, w.Body)
			}
		})
	}
}

// TestNotReady has why the exporter is not ready.
func TestNotReady(t *testing.T) {
	t.Parallel()
	const (
		noTargets = "wecom_recording_exporter is not ready: corp \"acme\" has no targets to poll; see /targets.\n"
		notOver   = "wecom_recording_exporter is not ready: the first round of polling is not over, or WeCom has not accepted a call for data yet.\n"
	)
	for _, test := range []struct {
		name     string
		overview *overview
		want     string
	}{
		{
			name: "no targets",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				s.Summary, s.Known = schedule.Summary{}, true
				v.View = &inventory.View{}
			}),
			want: noTargets,
		},
		{
			name: "no targets, before anything was published",
			overview: &overview{
				status: []poll.Status{{Name: "acme", Known: true}},
			},
			want: noTargets,
		},
		{
			name: "no targets in a corp that is ready",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Summary, s.Known = schedule.Summary{}, true
			}),
			want: notOver,
		},
		{
			name: "it is not known whom to poll",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				s.Summary = schedule.Summary{}
				v.View = &inventory.View{}
			}),
			want: notOver,
		},
		{
			name: "a round that is not over",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				s.Known, v.View = true, &inventory.View{}
			}),
			want: notOver,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, landingOptions(test.overview), http.MethodGet, "/-/ready")
			if got := w.Body.String(); w.Code != http.StatusServiceUnavailable || got != test.want {
				t.Errorf("status %d, body %q, want 503 and %q", w.Code, got, test.want)
			}
		})
	}
}

func TestTelemetryPathAndNames(t *testing.T) {
	t.Parallel()
	o := optionsOf(&fake{})
	o.TelemetryPath = "/"
	if w := serve(t, o, http.MethodGet, "/"); !strings.Contains(w.Body.String(), "middle{") {
		t.Errorf("metrics at /:\n%s", w.Body)
	}
	if w := serve(t, o, http.MethodGet, "/recordings"); w.Code != http.StatusNotFound {
		t.Errorf("status %d of a page that is not there, with metrics at /", w.Code)
	}
	if w := serve(t, o, http.MethodGet, "/?name[]=middle"); strings.Contains(w.Body.String(), "a_first") {
		t.Errorf("one name asked for:\n%s", w.Body)
	}
	o.TelemetryPath = "/custom"
	if w := serve(t, o, http.MethodGet, "/"); !strings.Contains(w.Body.String(), `href="./custom"`) {
		t.Errorf("the landing page does not lead to the metrics:\n%s", w.Body)
	}
}

// TestNavigation has links to the pages of recordings only where there are any.
func TestNavigation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options Options
		want    bool
	}{
		{name: "on", options: fullOptions(), want: true},
		{name: "off", options: optionsOf(&fake{})},
	} {
		body := serve(t, test.options, http.MethodGet, "/targets?lang=en").Body.String()
		for link, want := range map[string]bool{
			`<a href="./?lang=en">Overview</a>`: true, `<a href="./targets?lang=en" aria-current="page">Targets</a>`: true,
			`<a href="./recordings?lang=en">Recordings</a>`: test.want, `<a href="./changes?lang=en">Changes</a>`: test.want,
		} {
			if got := strings.Contains(body, link); got != want {
				t.Errorf("%s: %s is there: %t, want %t", test.name, link, got, want)
			}
		}
	}
}

func TestTextsAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, landingTexts, "")
}
