// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		poll         config.Poll
		targets, hot int
		want         plan
		budget       int
		level, says  string
	}{
		"a small company": {
			config.Poll{Interval: 5 * time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: 31 * day},
			100, 10,
			plan{targets: 100, hot: 10, firstRound: 100, callsPerHour: 10*12 + 90},
			1200,
			"level=info", "budget_share=0.3% wecom_limit_share=0.1%",
		},
		"three windows": {
			config.Poll{Interval: 5 * time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: 90 * day},
			60, 0,
			plan{targets: 60, firstRound: 180, callsPerHour: 60 + 20},
			1200,
			"level=info", "first_round_calls=180 calls_per_hour=80",
		},
		"a budget that is too small": {
			config.Poll{Interval: time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: day},
			100, 100,
			plan{targets: 100, hot: 100, firstRound: 100, callsPerHour: 6000},
			60,
			"level=warn", "raise --poll.max-requests-per-minute",
		},
		"more than WeCom allows in an hour": {
			config.Poll{Interval: time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: day},
			3000, 3000,
			plan{targets: 3000, hot: 3000, firstRound: 3000, callsPerHour: 180_000},
			9000,
			"level=warn", "lower --poll.max-requests-per-minute",
		},
		"a budget over WeCom's minute": {
			config.Poll{Interval: time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: day},
			1, 0,
			plan{targets: 1, firstRound: 1, callsPerHour: 1},
			10_001,
			"level=warn", "10000 calls a minute",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSchedule(test.poll)
			ids := make([]string, 0, test.targets)
			for i := range test.targets {
				ids = append(ids, fmt.Sprintf("user%d", i))
			}
			s.set(usersOf(ids...), noon)
			for _, id := range ids[:test.hot] {
				s.targets[usersOf(id)[0]].recordings = 1
			}
			got := s.plan(noon)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(plan{})); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			var text safeBuffer
			got.log(log.NewLogfmtLogger(&text), "plan", test.budget)
			if !strings.Contains(text.String(), test.level) || !strings.Contains(text.String(), test.says) {
				t.Errorf("the log lacks %s or %q:\n%s", test.level, test.says, &text)
			}
		})
	}
}
