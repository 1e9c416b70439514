// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// callMetrics count the calls of the API, for all corps.
type callMetrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	throttled *prometheus.CounterVec
	anomalies *prometheus.CounterVec
}

func newCallMetrics() *callMetrics {
	counters := func(d Definition) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	}
	return &callMetrics{
		requests: counters(apiRequests),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: apiDuration.Name, Help: apiDuration.Help,
			Buckets:                         []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, apiDuration.Labels),
		throttled: counters(apiThrottled),
		anomalies: counters(apiAnomalies),
	}
}

// Describe implements prometheus.Collector.
func (m *callMetrics) Describe(ch chan<- *prometheus.Desc) {
	m.requests.Describe(ch)
	m.duration.Describe(ch)
	m.throttled.Describe(ch)
	m.anomalies.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *callMetrics) Collect(ch chan<- prometheus.Metric) {
	m.requests.Collect(ch)
	m.duration.Collect(ch)
	m.throttled.Collect(ch)
	m.anomalies.Collect(ch)
}

// open makes the known series of a corp, which are there from the start.
func (m *callMetrics) open(corp string) {
	for _, endpoint := range wecom.Endpoints() {
		m.requests.WithLabelValues(corp, endpoint, "0")
		m.duration.WithLabelValues(corp, endpoint)
	}
	m.throttled.WithLabelValues(corp)
	for _, kind := range wecom.Anomalies() {
		m.anomalies.WithLabelValues(corp, string(kind))
	}
}

// forget takes out the series of a corp.
func (m *callMetrics) forget(corp string) {
	labels := prometheus.Labels{labelCorp: corp}
	m.requests.DeletePartialMatch(labels)
	m.duration.DeletePartialMatch(labels)
	m.throttled.DeletePartialMatch(labels)
	m.anomalies.DeletePartialMatch(labels)
}

// A corpObserver counts the calls of one corp.
type corpObserver struct {
	corp    string
	metrics *callMetrics
	expiry  atomic.Int64 // of the access token, in Unix nanoseconds; 0: none yet
}

// Called implements wecom.Observer.
func (o *corpObserver) Called(endpoint string, outcome wecom.Outcome, took time.Duration) {
	o.metrics.requests.WithLabelValues(o.corp, endpoint, outcome.String()).Inc()
	o.metrics.duration.WithLabelValues(o.corp, endpoint).Observe(took.Seconds())
}

// Throttled implements wecom.Observer.
func (o *corpObserver) Throttled(waited time.Duration) {
	o.metrics.throttled.WithLabelValues(o.corp).Add(waited.Seconds())
}

// Anomalous implements wecom.Observer.
func (o *corpObserver) Anomalous(kind wecom.Anomaly) {
	o.metrics.anomalies.WithLabelValues(o.corp, string(kind)).Inc()
}

// TokenIssued implements wecom.Observer.
func (o *corpObserver) TokenIssued(expiry time.Time) { o.expiry.Store(expiry.UnixNano()) }
