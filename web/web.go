// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package web serves what the exporter knows: the exposition, and pages for
// people and probes. It never calls WeCom.
package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // offers zstd
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// An Inventory is what a handler serves of the recordings.
type Inventory interface {
	// Families returns metric families in the order of their names. They are not
	// changed.
	Families() []*dto.MetricFamily
	// Ready tells whether the families can be relied on.
	Ready() bool
}

// Options describe a handler.
type Options struct {
	Logger    log.Logger
	Inventory Inventory
	Targets   Targets
	// Registry has the metrics that are gathered at each scrape. No family may
	// be in the inventory too.
	Registry *prometheus.Registry
	// TelemetryPath is the path of the exposition, such as /metrics.
	TelemetryPath string
	// MaxRequests is how many scrapes are answered at once; 0 is no limit.
	MaxRequests int
	// ExporterMetrics adds promhttp_* to the registry.
	ExporterMetrics bool
	// Reloader reads the configuration anew at POST /-/reload, unless it is nil,
	// which forbids that.
	Reloader http.Handler
	// Stopping tells whether the exporter is about to end.
	Stopping func() bool
}

// NewHandler returns the handler of all endpoints.
func NewHandler(o Options) (http.Handler, error) {
	mux := http.NewServeMux()
	pattern := "GET " + o.TelemetryPath
	if strings.HasSuffix(pattern, "/") {
		pattern += "{$}" // and nothing below it
	}
	mux.Handle(pattern, o.metricsHandler())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "wecom_recording_exporter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", o.serveReady)
	mux.HandleFunc("GET /targets", o.serveTargets)
	mux.HandleFunc("POST /-/reload", o.serveReload)
	if o.TelemetryPath != "/" {
		landing, err := landingPage(o.TelemetryPath)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET /{$}", landing)
	}
	return mux, nil
}

func landingPage(telemetryPath string) (http.Handler, error) {
	page, err := toolkit.NewLandingPage(toolkit.LandingConfig{
		Name:        "WeCom Recording Exporter",
		Description: "Prometheus exporter for the cloud recordings of WeCom (企业微信) meetings",
		Version:     version.Info(),
		Profiling:   "false",
		Links: []toolkit.LandingLinks{
			{Address: telemetryPath, Text: "Metrics", Description: "what Prometheus scrapes"},
			{Address: "/targets", Text: "Targets", Description: "how polling goes: who is asked for, and what fails"},
			{Address: "/-/ready", Text: "Ready", Description: "whether every target was asked at least once"},
			{Address: "/-/healthy", Text: "Healthy", Description: "whether the process lives"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the landing page: %w", err)
	}
	return page, nil
}

func (o Options) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch {
	case o.Stopping():
		http.Error(w, "wecom_recording_exporter is stopping.", http.StatusServiceUnavailable)
	case !o.Inventory.Ready():
		http.Error(w, "wecom_recording_exporter has not asked every target yet.", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "wecom_recording_exporter is ready.")
	}
}

func (o Options) serveReload(w http.ResponseWriter, r *http.Request) {
	if o.Reloader == nil {
		http.Error(w, "Reloading is forbidden: start the exporter with --web.enable-lifecycle to allow it.", http.StatusForbidden)
		return
	}
	o.Reloader.ServeHTTP(w, r)
}

func (o Options) metricsHandler() http.Handler {
	handler := promhttp.HandlerForTransactional(gatherer{o.Registry, o.Inventory}, promhttp.HandlerOpts{
		ErrorLog:            errorLog{o.Logger},
		ErrorHandling:       promhttp.HTTPErrorOnError,
		MaxRequestsInFlight: o.MaxRequests,
		EnableOpenMetrics:   true,
		// Without these, a counter that starts above 0 looks like a jump.
		EnableOpenMetricsTextCreatedSamples: true,
	})
	if o.ExporterMetrics {
		return promhttp.InstrumentMetricHandler(o.Registry, handler)
	}
	return handler
}

// To OpenMetrics this counter and the gauge go_memstats_alloc_bytes are one family.
const clashing = "go_memstats_alloc_bytes_total"

// A gatherer joins what is gathered at each scrape to the families of the
// inventory, which are made once and shared by all scrapes.
type gatherer struct {
	registry  *prometheus.Registry
	inventory Inventory
}

// Gather implements prometheus.TransactionalGatherer.
func (g gatherer) Gather() (families []*dto.MetricFamily, done func(), err error) {
	live, err := g.registry.Gather()
	live = slices.DeleteFunc(live, func(f *dto.MetricFamily) bool { return f.GetName() == clashing })
	families = slices.Concat(live, g.inventory.Families())
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, func() {}, err //nolint:wrapcheck // The handler logs it as it is.
}

// An errorLog lets promhttp log.
type errorLog struct{ logger log.Logger }

// Println implements promhttp.Logger.
func (l errorLog) Println(v ...any) {
	level.Error(l.logger).Log("msg", "serving metrics failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}
