// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	poll := func(interval, lookback time.Duration) config.Poll {
		return config.Poll{
			Interval: interval, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour, Lookback: lookback,
		}
	}
	for name, test := range map[string]struct {
		poll            config.Poll
		targets, hot    int
		want            Plan
		budget          int
		problem, remedy string
	}{
		"a small company": {
			poll:    poll(5*time.Minute, 31*day),
			targets: 100, hot: 10,
			want:   Plan{Targets: 100, Hot: 10, FirstRound: 100, CallsPerHour: 10*12 + 90},
			budget: 1200,
		},
		"three windows": {
			poll:    poll(5*time.Minute, 90*day),
			targets: 60, hot: 0,
			want:   Plan{Targets: 60, FirstRound: 180, CallsPerHour: 60 + 20},
			budget: 1200,
		},
		"a part of a call": {
			poll:    poll(5*time.Minute, 62*day),
			targets: 1, hot: 0,
			want:   Plan{Targets: 1, FirstRound: 2, CallsPerHour: 2},
			budget: 1200,
		},
		"a budget that is too small": {
			poll:    poll(time.Minute, day),
			targets: 100, hot: 100,
			want:    Plan{Targets: 100, Hot: 100, FirstRound: 100, CallsPerHour: 6000},
			budget:  60,
			problem: "the budget is too small",
			remedy:  "raise --poll.max-requests-per-minute",
		},
		"more than WeCom allows in an hour": {
			poll:    poll(time.Minute, day),
			targets: 3000, hot: 3000,
			want:    Plan{Targets: 3000, Hot: 3000, FirstRound: 3000, CallsPerHour: 180_000},
			budget:  9000,
			problem: "150000 an hour",
			remedy:  "lower --poll.max-requests-per-minute",
		},
		"a budget over WeCom's minute": {
			poll:    poll(time.Minute, day),
			targets: 1, hot: 0,
			want:    Plan{Targets: 1, FirstRound: 1, CallsPerHour: 1},
			budget:  10_001,
			problem: "10000 calls a minute",
			remedy:  "lower --poll.max-requests-per-minute",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(test.poll)
			for i := range test.targets {
				state := State{Succeeded: noon, Lookback: test.poll.Lookback}
				if i < test.hot {
					state.Recordings = 1
				}
				s.Restore(users(fmt.Sprintf("user%d", i))[0], state, noon)
			}
			got := s.Plan(noon)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			problem, remedy := got.Problem(test.budget)
			if (problem.English == "") != (test.problem == "") || !strings.Contains(problem.English, test.problem) ||
				!strings.Contains(remedy.English, test.remedy) {
				t.Errorf("problem %q, remedy %q", problem, remedy)
			}
			if (problem.Chinese == "") != (test.problem == "") || (remedy.Chinese == "") != (test.problem == "") {
				t.Errorf("in Chinese: problem %q, remedy %q", problem.Chinese, remedy.Chinese)
			}
		})
	}
}
