// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// Calls counts the calls of the API, for all corps. It is a prometheus.Collector.
type Calls struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	throttled *prometheus.CounterVec
	anomalies *prometheus.CounterVec

	mu        sync.Mutex
	observers map[string]*corpObserver // by corp
}

// NewCalls returns counters that nobody has observed anything for yet.
func NewCalls() *Calls {
	counters := func(d Definition) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	}
	return &Calls{
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
		observers: map[string]*corpObserver{},
	}
}

func (c *Calls) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.requests, c.duration, c.throttled, c.anomalies}
}

// Describe implements prometheus.Collector.
func (c *Calls) Describe(ch chan<- *prometheus.Desc) {
	for _, each := range c.collectors() {
		each.Describe(ch)
	}
	ch <- tokenExpiry.desc
	ch <- clockSkew.desc
}

// Collect implements prometheus.Collector.
func (c *Calls) Collect(ch chan<- prometheus.Metric) {
	for _, each := range c.collectors() {
		each.Collect(ch)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for corp, o := range c.observers {
		if expiry := o.tokenExpiry.Load(); expiry != nil {
			ch <- tokenExpiry.gauge(seconds(*expiry), corp)
		}
		if ahead := o.clockSkew.Load(); ahead != nil {
			ch <- clockSkew.gauge(ahead.Seconds(), corp)
		}
	}
}

// Observer returns what observes the calls for a corp.
func (c *Calls) Observer(corp string) poll.Observer {
	o := &corpObserver{corp: corp, calls: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.observers[corp] = o
	return o
}

// A corpObserver counts the calls for one corp.
type corpObserver struct {
	corp        string
	calls       *Calls
	tokenExpiry atomic.Pointer[time.Time]     // nil: there was no token yet
	clockSkew   atomic.Pointer[time.Duration] // nil: WeCom has not answered yet
}

// Open implements poll.Observer: the series whose labels are known are there from then on.
func (o *corpObserver) Open(endpoints, anomalies []string) {
	c := o.calls
	for _, endpoint := range endpoints {
		c.requests.WithLabelValues(o.corp, endpoint, "0")
		c.duration.WithLabelValues(o.corp, endpoint)
	}
	c.throttled.WithLabelValues(o.corp)
	for _, kind := range anomalies {
		c.anomalies.WithLabelValues(o.corp, kind)
	}
}

// Called implements poll.Observer.
func (o *corpObserver) Called(endpoint, outcome string, took time.Duration) {
	o.calls.requests.WithLabelValues(o.corp, endpoint, outcome).Inc()
	o.calls.duration.WithLabelValues(o.corp, endpoint).Observe(took.Seconds())
}

// Throttled implements poll.Observer.
func (o *corpObserver) Throttled(waited time.Duration) {
	o.calls.throttled.WithLabelValues(o.corp).Add(waited.Seconds())
}

// Anomalous implements poll.Observer.
func (o *corpObserver) Anomalous(kind string) {
	o.calls.anomalies.WithLabelValues(o.corp, kind).Inc()
}

// TokenIssued implements poll.Observer.
func (o *corpObserver) TokenIssued(expiry time.Time) { o.tokenExpiry.Store(&expiry) }

// ClockSkew implements poll.Observer.
func (o *corpObserver) ClockSkew(ahead time.Duration) { o.clockSkew.Store(&ahead) }

// Close implements poll.Observer: it removes the series of the corp.
func (o *corpObserver) Close() {
	c := o.calls
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.observers, o.corp)
	labels := prometheus.Labels{labelCorp: o.corp}
	c.requests.DeletePartialMatch(labels)
	c.duration.DeletePartialMatch(labels)
	c.throttled.DeletePartialMatch(labels)
	c.anomalies.DeletePartialMatch(labels)
}
