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
// outcome to its callers, to the log and as metrics. It starts as after a successful
// reload.
type Reloader struct {
	logger     log.Logger
	reload     func(context.Context) error
	successful prometheus.Gauge
	timestamp  prometheus.Gauge

	running chan struct{} // has an element while a reload runs

	mu   sync.Mutex
	next *pendingReload // nil if nobody waits for one to begin
}

// A pendingReload is shared by the calls that wait for it.
type pendingReload struct {
	done chan struct{}
	err  error // to be read when done is closed
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
		running:    make(chan struct{}, 1),
		successful: gauge(collector.ReloadSuccessful),
		timestamp:  gauge(collector.ReloadTimestamp),
	}
	r.successful.Set(1)
	r.timestamp.SetToCurrentTime()
	return r
}

// Reload reloads the configuration and logs the error that it returns. Calls that
// wait while a reload runs share the next one, which begins after all of them and so
// reads what they have changed. A reload goes on when the context of a caller ends.
func (r *Reloader) Reload(ctx context.Context) error {
	r.mu.Lock()
	shared := r.next
	if shared != nil {
		r.mu.Unlock()
		<-shared.done
		return shared.err
	}
	shared = &pendingReload{done: make(chan struct{})}
	r.next = shared
	r.mu.Unlock()
	defer close(shared.done)

	r.running <- struct{}{}
	defer func() { <-r.running }()
	r.mu.Lock()
	r.next = nil // Whoever calls from now on may change a file that is read already.
	r.mu.Unlock()
	shared.err = r.run(context.WithoutCancel(ctx))
	return shared.err
}

// run calls reload and reports the outcome.
func (r *Reloader) run(ctx context.Context) error {
	if err := r.reload(ctx); err != nil {
		r.successful.Set(0)
		level.Error(r.logger).Log("msg", "the configuration was not reloaded; the last good one stays active", "err", err)
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
