// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package web serves the exposition, pages for people, and probes, and runs the
// HTTP server. Nothing in it calls WeCom.
package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/changes"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/exposition"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/limit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/recordings"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/targets"
)

// The paths of the pages. Those of probes and actions begin with /-/.
const (
	pathTargets       = "/targets"
	pathRecordings    = "/recordings"
	pathRecordingsAPI = "/api/v1/recordings"
	pathChanges       = "/changes"
	pathChangesAPI    = "/api/v1/changes"
	pathHealthy       = "/-/healthy"
	pathReady         = "/-/ready"
	pathReload        = "/-/reload"
	pathSnapshot      = "/-/snapshot"
	pathPprof         = "/debug/pprof"
)

// Inventory provides the metrics of the recordings.
type Inventory interface {
	exposition.Inventory
	// Ready reports whether the families are complete.
	Ready() bool
}

// Options configure a handler.
type Options struct {
	Logger    log.Logger
	Inventory Inventory
	Targets   targets.Reporter
	// Overview is what the page / shows.
	Overview Overview
	// Recordings enables the pages of single recordings unless it is nil.
	Recordings recordings.Finder
	// Changes enables the pages of single changes unless it is nil.
	Changes changes.Finder
	// Registry holds the metrics that are gathered at each scrape. It must not
	// hold a family that the inventory has too.
	Registry *prometheus.Registry
	// TelemetryPath is the path of the exposition, such as /metrics.
	TelemetryPath string
	// MaxRequests is the number of scrapes served at once, and apart from them that of
	// pages; 0 means no limit.
	MaxRequests int
	// ExporterMetrics adds promhttp_* to the registry.
	ExporterMetrics bool
	// Pprof enables the profiles of the Go runtime below /debug/pprof/.
	Pprof bool
	// Reloader serves POST /-/reload, which is forbidden if it is nil.
	Reloader http.Handler
	// Snapshot serves POST /-/snapshot: it writes a copy of the store and returns its name. The
	// path is forbidden if it is nil.
	Snapshot func(context.Context) (name string, err error)
	// Starting serves the probes, the profiles and the exposition alone: the rest is not known yet.
	Starting bool
	// Stopping reports whether the exporter is about to stop.
	Stopping func() bool
}

// NewHandler returns the handler of all endpoints.
func NewHandler(o Options) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, handler http.Handler) { mux.Handle(pattern, limit.Progress(handler, writeTimeout)) }
	limitPages := limit.Requests(o.MaxRequests, "pages")
	turns := limit.NewTurns(pagesAtOnce())
	handlePage := func(pattern string, page http.HandlerFunc) { handle(pattern, limitPages(turns.Handler(page))) }

	pattern := "GET " + o.TelemetryPath
	if strings.HasSuffix(pattern, "/") {
		pattern += "{$}" // only this path, nothing below it
	}
	handle(pattern, o.metricsHandler())
	handle("GET "+pathHealthy, http.HandlerFunc(serveHealthy))
	handle("GET "+pathReady, http.HandlerFunc(o.serveReady))
	if o.Pprof {
		addPprof(mux, limitPages) // without the deadlines of limit.Progress
	}
	if o.Starting {
		handle("/", http.HandlerFunc(serveStarting))
		return withHeaders(mux)
	}
	handle("POST "+pathReload, sameOrigin(http.HandlerFunc(o.serveReload)))
	handle("POST "+pathSnapshot, sameOrigin(http.HandlerFunc(o.serveSnapshot)))
	polled := targets.Handler{Logger: o.Logger, Reporter: o.Targets, HasRecordings: o.Recordings != nil}
	handlePage("GET "+pathTargets, polled.ServePage)
	if o.Recordings != nil {
		pages := recordings.Handler{Logger: o.Logger, Finder: o.Recordings, Corps: o.corps}
		handlePage("GET "+pathRecordings, notStored(pages.ServePage))
		handlePage("GET "+pathRecordingsAPI, notStored(pages.ServeAPI))
	}
	if o.Changes != nil {
		pages := changes.Handler{Logger: o.Logger, Finder: o.Changes, Corps: o.corps}
		handlePage("GET "+pathChanges, notStored(pages.ServePage))
		handlePage("GET "+pathChangesAPI, notStored(pages.ServeAPI))
	}
	if o.TelemetryPath != "/" {
		landing := http.HandlerFunc(o.serveLanding)
		if o.Recordings != nil {
			landing = notStored(landing)
		}
		handlePage("GET /{$}", landing)
	}
	return withHeaders(mux)
}

// corps returns the names of the corps.
func (o Options) corps() []string {
	reports := o.Targets.Status()
	names := make([]string, 0, len(reports))
	for _, report := range reports {
		names = append(names, report.Name)
	}
	return names
}

// pagesAtOnce returns how many pages are made at once: each keeps a processor busy, and half
// of them are for polls and scrapes alone.
func pagesAtOnce() int { return max(1, runtime.GOMAXPROCS(0)/2) }

func (o Options) metricsHandler() http.Handler {
	handler := limit.Requests(o.MaxRequests, "scrapes")(exposition.New(o.Logger, o.Inventory, o.Registry))
	if o.ExporterMetrics {
		return promhttp.InstrumentMetricHandler(o.Registry, handler)
	}
	return handler
}

// sameOrigin refuses requests that a browser sends for a page of another origin: its
// user may be logged in here.
func sameOrigin(handler http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Requests from pages of another origin are forbidden: send the request with a client that is not a "+
			"browser, such as curl.", http.StatusForbidden)
	}))
	return protection.Handler(handler)
}

func serveStarting(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "wecom_recording_exporter is starting: it is still reading its store.", http.StatusServiceUnavailable)
}

func serveHealthy(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "wecom_recording_exporter is healthy.")
}

func (o Options) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch {
	case o.Stopping():
		http.Error(w, "wecom_recording_exporter is stopping.", http.StatusServiceUnavailable)
	case o.Starting:
		serveStarting(w, nil)
	case !o.Inventory.Ready():
		http.Error(w, "wecom_recording_exporter is not ready: "+o.notReady()+".", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "wecom_recording_exporter is ready.")
	}
}

// notReady returns why the exporter is not ready.
func (o Options) notReady() string {
	view := o.Overview.View()
	status := o.Overview.Status()
	for i := range status {
		s := &status[i]
		isReady := slices.ContainsFunc(view.Corps, func(v poll.CorpView) bool { return v.Name == s.Name && v.Ready })
		if s.HasNoTargets() && !isReady {
			return fmt.Sprintf("corp %q has no targets to poll; see %s", s.Name, pathTargets)
		}
	}
	return "the first round of polling is not over, or WeCom has not accepted a call for data yet"
}

func (o Options) serveReload(w http.ResponseWriter, r *http.Request) {
	if o.Reloader == nil {
		http.Error(w, "Reloading is forbidden: start the exporter with --web.enable-lifecycle to allow it.",
			http.StatusForbidden)
		return
	}
	o.Reloader.ServeHTTP(w, r)
}
