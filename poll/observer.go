// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

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
	// ClockSkew observes how far the local clock is ahead of WeCom's.
	ClockSkew(ahead time.Duration)
	// Close is called when the corp is no longer configured.
	Close()
}

// observe returns the client's observer and what closes it.
func observe(o Observer, logger log.Logger) (observer wecom.Observer, closeIt func()) {
	if o == nil {
		return callLog{wecom.IgnoreCalls{}, logger}, func() {}
	}
	kinds := wecom.Anomalies()
	anomalies := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		anomalies = append(anomalies, string(kind))
	}
	o.Open(wecom.Endpoints(), anomalies)
	return callLog{observerOf{o}, logger}, o.Close
}

// A callLog logs the calls that it observes.
type callLog struct {
	wecom.Observer

	logger log.Logger
}

// Called implements wecom.Observer.
func (o callLog) Called(call wecom.Call) {
	errcode := any(call.Outcome.Errcode)
	if call.Outcome.Kind != 0 {
		errcode = call.Outcome.Kind // of what is no answer of WeCom
	}
	level.Debug(o.logger).Log("msg", "called WeCom", "endpoint", call.Endpoint, "target", call.Target,
		"errcode", errcode, "took", call.Took)
	o.Observer.Called(call)
}

// observerOf is an Observer as the client calls it.
type observerOf struct{ Observer }

// Called implements wecom.Observer.
func (o observerOf) Called(call wecom.Call) {
	o.Observer.Called(call.Endpoint, call.Outcome.String(), call.Took)
}

// Anomalous implements wecom.Observer.
func (o observerOf) Anomalous(kind wecom.Anomaly) { o.Observer.Anomalous(string(kind)) }
