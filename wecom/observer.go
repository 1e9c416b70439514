// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import "time"

// An Observer is notified of what a [Client] does, call by call. Its methods are
// called from several goroutines at once and must return quickly.
type Observer interface {
	// Called reports one HTTP exchange with the API.
	Called(call Call)
	// Throttled reports time that a call spent waiting for the budget or for the end
	// of a block. Long waits are reported in parts.
	Throttled(waited time.Duration)
	// Anomalous reports one oddity in a response.
	Anomalous(kind Anomaly)
	// TokenIssued reports a new access token and when it expires.
	TokenIssued(expiry time.Time)
	// ClockSkew reports how far the local clock is ahead of WeCom's, in whole seconds.
	// It is called for each answer of WeCom that has a Date.
	ClockSkew(skew time.Duration)
}

// A Call is one HTTP exchange with the API. It has no URL and no secret.
type Call struct {
	Endpoint string // path below /cgi-bin, such as "meeting/record/list"
	// Target is the parameter that selects what is asked for and its value, such as
	// "userid=li" or "department_id=2"; "" if there is none.
	Target  string
	Outcome Outcome
	Took    time.Duration
}

// An Anomaly is the name of an oddity in a response of WeCom.
type Anomaly string

// The anomalies a client reports.
const (
	NegativeSize     Anomaly = "negative_size"     // record_size below zero; read as 0
	UnknownState     Anomaly = "unknown_state"     // a state other than 1, 2 and 3
	ImplausibleTime  Anomaly = "implausible_time"  // before 2010, in the future, or an end before its start
	SecondsTimestamp Anomaly = "seconds_timestamp" // seconds where milliseconds are documented; read as seconds
	MissingID        Anomaly = "missing_id"        // a recording without ID is skipped, a file is kept
	OversizedID      Anomaly = "oversized_id"      // far longer than any ID; what has it is left out, a host is unknown
	MalformedValue   Anomaly = "malformed_value"   // a value of the wrong kind; read as absent
	RepeatedCursor   Anomaly = "repeated_cursor"   // a cursor for the second time; ends the list
	PageLimit        Anomaly = "page_limit"        // more pages than are plausible; ends the list
	MissingCursor    Anomaly = "missing_cursor"    // more pages but no cursor; ends the list
	BadDate          Anomaly = "bad_date"          // no date of a day of statistics, which is left out
	NegativeCount    Anomaly = "negative_count"    // views or downloads below zero; read as 0
)

// Anomalies returns every kind of anomaly.
func Anomalies() []Anomaly {
	return []Anomaly{
		NegativeSize, UnknownState, ImplausibleTime, SecondsTimestamp,
		MissingID, OversizedID, MalformedValue, RepeatedCursor, PageLimit, MissingCursor,
		BadDate, NegativeCount,
	}
}

// IgnoreCalls is an Observer that does nothing.
type IgnoreCalls struct{}

// Called implements [Observer].
func (IgnoreCalls) Called(Call) {}

// Throttled implements [Observer].
func (IgnoreCalls) Throttled(time.Duration) {}

// Anomalous implements [Observer].
func (IgnoreCalls) Anomalous(Anomaly) {}

// TokenIssued implements [Observer].
func (IgnoreCalls) TokenIssued(time.Time) {}

// ClockSkew implements [Observer].
func (IgnoreCalls) ClockSkew(time.Duration) {}
