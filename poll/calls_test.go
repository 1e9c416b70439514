// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// mostInAnyMinute returns the largest number of times within 60 s.
func mostInAnyMinute(times []time.Time) int {
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// callTimes returns when the calls that count against the budget were made.
func callTimes(server *wecomtest.Server) []time.Time {
	requests := server.Requests()
	times := make([]time.Time, 0, len(requests))
	for _, req := range requests {
		if req.Endpoint != "gettoken" {
			times = append(times, req.Time)
		}
	}
	return times
}
