// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
)

// logPlan logs a plan, and warns if it cannot be kept within the budget, in calls per
// minute, or within what WeCom allows.
func logPlan(logger log.Logger, msg string, p schedule.Plan, budget int) {
	logger = log.With(logger, "msg", msg, "targets", p.Targets, "hot", p.Hot,
		"first_round_calls", p.FirstRound, "calls_per_hour", p.CallsPerHour,
		"budget_share", percent(p.BudgetShare(budget)), "wecom_limit_share", percent(p.LimitShare()))
	if problem, remedy := p.Problem(budget); problem != "" {
		level.Warn(logger).Log("problem", problem, "remedy", remedy)
		return
	}
	level.Info(logger).Log()
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
