// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package web serves what the exporter knows: the exposition, and pages for
// people and probes. It never calls WeCom.
package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// An Inventory is what a handler serves of the recordings.
type Inventory interface {
	// Families returns metric families in the order of their names, and their
	// version, which grows when they change. They are not changed themselves.
	Families() ([]*dto.MetricFamily, uint64)
	// Ready tells whether the families can be relied on.
	Ready() bool
}

// Options describe a handler.
type Options struct {
	Logger    log.Logger
	Inventory Inventory
	Targets   Targets
	// Recordings are shown unless it is nil.
	Recordings Recordings
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
	mux.Handle(pattern, newMetricsHandler(&o))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "wecom_recording_exporter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", o.serveReady)
	mux.HandleFunc("GET /targets", o.serveTargets)
	mux.HandleFunc("POST /-/reload", o.serveReload)
	if o.Recordings != nil {
		mux.HandleFunc("GET /recordings", o.serveRecordings)
		mux.HandleFunc("GET /api/v1/recordings", o.serveRecordingsAPI)
	}
	if o.TelemetryPath != "/" {
		landing, err := landingPage(o.TelemetryPath, o.Recordings != nil)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET /{$}", landing)
	}
	return mux, nil
}

func landingPage(telemetryPath string, recordings bool) (http.Handler, error) {
	links := []toolkit.LandingLinks{
		{Address: telemetryPath, Text: "Metrics", Description: "what Prometheus scrapes"},
		{Address: "/targets", Text: "Targets", Description: "how polling goes: who is asked for, and what fails"},
	}
	if recordings {
		links = append(links, toolkit.LandingLinks{Address: "/recordings", Text: "Recordings", Description: "which recordings stand behind the metrics"})
	}
	links = append(links,
		toolkit.LandingLinks{Address: "/-/ready", Text: "Ready", Description: "whether every target was asked at least once"},
		toolkit.LandingLinks{Address: "/-/healthy", Text: "Healthy", Description: "whether the process lives"},
	)
	page, err := toolkit.NewLandingPage(toolkit.LandingConfig{
		Name:        "WeCom Recording Exporter",
		Description: "Prometheus exporter for the cloud recordings of WeCom (企业微信) meetings",
		Version:     version.Info(),
		Profiling:   "false",
		Links:       links,
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
