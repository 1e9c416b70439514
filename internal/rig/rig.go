// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package rig runs a manager and its collector on a simulated WeCom in virtual time. It is
// for tests alone.
package rig

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
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

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// Virtually runs a test in virtual time, on a day on which WeCom has meetings.
func Virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		<-time.After(time.Until(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// A Rig is a manager at work, and its collector.
type Rig struct {
	Manager   *poll.Manager
	Collector *collector.Collector
	Log       *Buffer
	// Stop ends polling, and waits until it has ended.
	Stop func()

	t        *testing.T
	registry *prometheus.Registry
}

// Start runs a manager until the test ends.
func Start(t *testing.T, transport http.RoundTripper, cfg *config.Config) *Rig {
	t.Helper()
	return StartWith(t, cfg, poll.Options{Transport: transport})
}

// StartWith is Start with other options, of which it sets the logger and the observer.
func StartWith(t *testing.T, cfg *config.Config, options poll.Options) *Rig {
	t.Helper()
	r := &Rig{t: t, registry: prometheus.NewPedanticRegistry(), Log: &Buffer{}}
	calls := collector.NewCalls()
	options.Logger, options.UserAgent, options.Observer = log.NewLogfmtLogger(r.Log), "test", calls.Observer
	var err error
	if r.Manager, err = poll.NewManager(cfg, options); err != nil {
		t.Fatal(err)
	}
	r.Collector = collector.New(r.Manager, calls)
	r.registry.MustRegister(r.Collector)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Manager.Run(ctx) })
	r.Stop = func() { cancel(); running.Wait() }
	t.Cleanup(r.Stop)
	return r
}

// Wait lets virtual time pass, and what is due in it happen.
func (r *Rig) Wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// StopAfter waits, and then stops.
func (r *Rig) StopAfter(d time.Duration) {
	r.Wait(d)
	r.Stop()
}

// Reload applies another configuration.
func (r *Rig) Reload(cfg *config.Config) {
	r.t.Helper()
	if err := r.Manager.ApplyConfig(cfg); err != nil {
		r.t.Fatal(err)
	}
}

// Gather returns everything that is served.
func (r *Rig) Gather() []*dto.MetricFamily {
	r.t.Helper()
	live, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	return append(live, r.Collector.Snapshot().Gather()...)
}

// Exposition returns everything that is served, as text.
func (r *Rig) Exposition() string {
	r.t.Helper()
	var text bytes.Buffer
	for _, family := range r.Gather() {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			r.t.Fatal(err)
		}
	}
	return text.String()
}

// Expect compares single series with what is served. They are given without the label
// corp="acme". A value of "-" means that there is no such series.
func (r *Rig) Expect(want map[string]string) {
	r.t.Helper()
	served := map[string]string{}
	for _, family := range r.Gather() {
		for _, m := range family.GetMetric() {
			addSamples(served, family.GetName(), m)
		}
	}
	got := map[string]string{}
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

// addSamples adds the samples of a metric, as the text format has them.
func addSamples(samples map[string]string, name string, m *dto.Metric) {
	var labels []string
	for _, l := range m.GetLabel() {
		if l.GetName() != "corp" || l.GetValue() != "acme" {
			labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
		}
	}
	add := func(suffix string, value float64, labels ...string) {
		series := name + suffix
		if len(labels) > 0 {
			series += "{" + strings.Join(labels, ",") + "}"
		}
		samples[series] = strconv.FormatFloat(value, 'f', -1, 64)
	}
	switch h := m.GetHistogram(); {
	case m.GetGauge() != nil:
		add("", m.GetGauge().GetValue(), labels...)
	case m.GetCounter() != nil:
		add("", m.GetCounter().GetValue(), labels...)
	case h != nil:
		add("_count", float64(h.GetSampleCount()), labels...)
		add("_sum", h.GetSampleSum(), labels...)
		for _, b := range h.GetBucket() {
			le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
			add("_bucket", float64(b.GetCumulativeCount()), append(labels, fmt.Sprintf("le=%q", le))...)
		}
		add("_bucket", float64(h.GetSampleCount()), append(labels, `le="+Inf"`)...)
	}
}

// A Buffer is a bytes.Buffer for several goroutines.
type Buffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String returns what was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// Reset drops what was written, and the memory for it.
func (b *Buffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buffer = bytes.Buffer{}
}
