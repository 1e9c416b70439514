// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"math"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// What WeCom allows one corp for each API, however many apps and processes make
// the calls; see https://developer.work.weixin.qq.com/document/path/90454.
const (
	wecomCallsPerMinute = 10_000
	wecomCallsPerHour   = 150_000
)

// A plan is what a schedule needs of WeCom. Every list is taken to be one page.
type plan struct {
	targets, hot int
	callsPerHour float64
	firstRound   int // calls until every target was asked once
}

func (s *schedule) plan(now time.Time) plan {
	p := plan{targets: len(s.targets)}
	for _, t := range s.targets {
		if t.hot(now) {
			p.hot++
		}
	}
	windows := int((s.poll.Lookback + wecom.MaxWindow - 1) / wecom.MaxWindow)
	p.firstRound = p.targets * windows
	p.callsPerHour = perHour(p.hot, s.poll.Interval) + perHour(p.targets-p.hot, s.poll.IdleInterval) +
		perHour(p.targets*(windows-1), s.poll.HistoryInterval)
	return p
}

func perHour(lists int, interval time.Duration) float64 {
	return float64(lists) * float64(time.Hour) / float64(interval)
}

// log tells the plan, and warns where it cannot be kept within the budget or
// what WeCom allows.
func (p plan) log(logger log.Logger, msg string, perMinute int) {
	calls := math.Ceil(p.callsPerHour)
	logger = log.With(logger, "msg", msg, "targets", p.targets, "hot", p.hot,
		"first_round_calls", p.firstRound, "calls_per_hour", calls,
		"budget_share", percent(calls, 60*float64(perMinute)), "wecom_limit_share", percent(calls, wecomCallsPerHour))
	switch {
	case calls > 60*float64(perMinute):
		level.Warn(logger).Log("problem", "the budget is too small for the intervals, so polling will lag behind",
			"remedy", "raise --poll.max-requests-per-minute, lengthen --poll.idle-interval or --poll.interval, shorten --poll.lookback, or name fewer targets")
	case calls > wecomCallsPerHour || perMinute > wecomCallsPerMinute:
		level.Warn(logger).Log("problem", fmt.Sprintf("WeCom allows a corp %d calls a minute and %d an hour", wecomCallsPerMinute, wecomCallsPerHour),
			"remedy", "lower --poll.max-requests-per-minute, lengthen --poll.idle-interval or --poll.interval, or shorten --poll.lookback")
	default:
		level.Info(logger).Log()
	}
}

func percent(part, whole float64) string { return fmt.Sprintf("%.1f%%", 100*part/whole) }
