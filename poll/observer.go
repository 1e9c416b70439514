// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// An Observer observes the calls for one corp. Its methods are called from several
// goroutines at once and must return quickly.
type Observer interface {
	// Open is called first, with the endpoints that every corp calls and all kinds of
	// anomalies.
	Open(endpoints, anomalies []string)
	// Called observes one HTTP exchange; see [wecom.Outcome] for the outcomes.
	Called(endpoint, outcome string, took time.Duration)
	// Throttled observes time that calls waited for the budget or for the end of a block.
	Throttled(waited time.Duration)
	// Anomalous observes one oddity in a response that was read all the same.
	Anomalous(kind string)
	// TokenIssued observes a new access token.
	TokenIssued(expiry time.Time)
	// Close is called when the corp is no longer configured.
	Close()
}

// observe returns the client's observer and what closes it.
func observe(o Observer) (observer wecom.Observer, closeIt func()) {
	if o == nil {
		return wecom.IgnoreCalls{}, func() {}
	}
	kinds := wecom.Anomalies()
	anomalies := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		anomalies = append(anomalies, string(kind))
	}
	o.Open(wecom.Endpoints(), anomalies)
	return observerOf{o}, o.Close
}

// observerOf is an Observer as the client calls it.
type observerOf struct{ Observer }

// Called implements wecom.Observer.
func (o observerOf) Called(call wecom.Call) {
	o.Observer.Called(call.Endpoint, call.Outcome.String(), call.Took)
}

// ClockSkew implements wecom.Observer.
func (o observerOf) ClockSkew(time.Duration) {}

// Anomalous implements wecom.Observer.
func (o observerOf) Anomalous(kind wecom.Anomaly) { o.Observer.Anomalous(string(kind)) }
