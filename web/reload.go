// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

// A Reloader reloads the configuration, one reload at a time, and reports the
// outcome to its caller, to the log and as metrics. It starts as after a successful
// reload.
type Reloader struct {
	logger log.Logger
	reload func(context.Context) error

	mu         sync.Mutex
	successful prometheus.Gauge
	timestamp  prometheus.Gauge
}

// NewReloader returns a Reloader that calls reload. If reload returns an error, it
// must have changed nothing.
func NewReloader(logger log.Logger, reload func(context.Context) error) *Reloader {
	gauge := func(d collector.Definition) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: d.Name, Help: d.Help})
	}
	r := &Reloader{
		logger:     logger,
		reload:     reload,
		successful: gauge(collector.ReloadSuccessful),
		timestamp:  gauge(collector.ReloadTimestamp),
	}
	r.successful.Set(1)
	r.timestamp.SetToCurrentTime()
	return r
}

// Reload reloads the configuration. It logs the error that it returns.
func (r *Reloader) Reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.reload(ctx); err != nil {
		r.successful.Set(0)
		level.Error(r.logger).Log("msg", "the configuration was not reloaded; the last good one goes on", "err", err)
		return fmt.Errorf("reloading the configuration: %w", err)
	}
	r.successful.Set(1)
	r.timestamp.SetToCurrentTime()
	level.Info(r.logger).Log("msg", "the configuration was reloaded")
	return nil
}

// ServeHTTP implements http.Handler for POST /-/reload. It answers 500 with the
// error if the reload fails.
func (r *Reloader) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.Reload(req.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "The configuration was reloaded.")
}

// Describe implements prometheus.Collector.
func (r *Reloader) Describe(ch chan<- *prometheus.Desc) {
	r.successful.Describe(ch)
	r.timestamp.Describe(ch)
}

// Collect implements prometheus.Collector.
func (r *Reloader) Collect(ch chan<- prometheus.Metric) {
	r.successful.Collect(ch)
	r.timestamp.Collect(ch)
}
