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
			want:   Plan{Targets: 100, Hot: 10, FirstRound: 100, CallsPerHour: 10*12 + 90, SettledSaving: 10 * 10},
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
			want:    Plan{Targets: 100, Hot: 100, FirstRound: 100, CallsPerHour: 6000, SettledSaving: 5800},
			budget:  60,
			problem: "the budget is too small",
			remedy:  "raise --poll.max-requests-per-minute",
		},
		"more than WeCom allows in an hour": {
			poll:    poll(time.Minute, day),
			targets: 3000, hot: 3000,
			want:    Plan{Targets: 3000, Hot: 3000, FirstRound: 3000, CallsPerHour: 180_000, SettledSaving: 174_000},
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

// TestPlanOfSettledTargets has 100 users, of whom 40 have completed recordings, 10 an unfinished
// one, and 10 with completed ones started a meeting.
func TestPlanOfSettledTargets(t *testing.T) {
	t.Parallel()
	const settledInterval = 30 * time.Minute
	for name, test := range map[string]struct {
		settled  time.Duration // 0: none is set
		interval time.Duration // 5 min, if 0
		unknown  bool          // who starts meetings
		want     Plan
	}{
		"none is set": {
			want: Plan{Targets: 100, Hot: 60, FirstRound: 100, CallsPerHour: 60*12 + 40, SettledSaving: 40 * 10},
		},
		"one is set": {
			settled: settledInterval,
			want:    Plan{Targets: 100, Hot: 20, Settled: 40, FirstRound: 100, CallsPerHour: 20*12 + 40*2 + 40},
		},
		"one is set, and activity is not known": {
			settled: settledInterval,
			unknown: true,
			want:    Plan{Targets: 100, Hot: 60, FirstRound: 100, CallsPerHour: 60*12 + 40},
		},
		"one is set to the interval": {
			settled: 5 * time.Minute,
			want: Plan{
				Targets: 100, Hot: 20, Settled: 40, FirstRound: 100, CallsPerHour: 60*12 + 40, SettledSaving: 40 * 10,
			},
		},
		"the interval is longer than one": {
			interval: time.Hour,
			want:     Plan{Targets: 100, Hot: 60, FirstRound: 100, CallsPerHour: 100},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			poll := intervals
			poll.SettledInterval = test.settled
			poll.Interval = max(test.interval, interval)
			s := New(poll)
			s.SetActivityKnown(!test.unknown, noon)
			starts := map[string]time.Time{}
			for i := range 100 {
				id := fmt.Sprintf("user%d", i)
				state := State{Succeeded: noon, Lookback: poll.Lookback}
				switch {
				case i < 40:
					state.Recordings = 3
				case i < 50:
					state.Recordings, state.Unfinished = 3, 1
				case i < 60:
					state.Recordings, starts[id] = 3, noon.Add(-time.Minute)
				}
				s.Restore(users(id)[0], state, noon)
			}
			s.Started(starts, noon)
			if diff := cmp.Diff(test.want, s.Plan(noon)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan     Plan
		activity bool
		want     string // what the advice begins with; empty: there is none
		chinese  string
	}{
		"half of the budget": {
			plan:     Plan{CallsPerHour: 300, SettledSaving: 250},
			activity: true,
		},
		"over half of it": {
			plan:     Plan{CallsPerHour: 301, SettledSaving: 250},
			activity: true,
			want:     "set --poll.settled-interval=30m to save up to 250 calls an hour: ",
			chinese:  "请设置 --poll.settled-interval=30m，每小时最多可减少 250 次调用：",
		},
		"activity is not discovered": {
			plan:    Plan{CallsPerHour: 301, SettledSaving: 250},
			want:    "set --target.discover=activity and --poll.settled-interval=30m to save up to 250 calls an hour: ",
			chinese: "请启用 --target.discover=activity，并设置 --poll.settled-interval=30m，每小时最多可减少 250 次调用：",
		},
		"over all of it": {
			plan:     Plan{CallsPerHour: 6000, SettledSaving: 600},
			activity: true,
			want:     "set --poll.settled-interval=30m to save up to 600 calls an hour: ",
			chinese:  "请设置 --poll.settled-interval=30m，每小时最多可减少 600 次调用：",
		},
		"it would save little": {
			plan:     Plan{CallsPerHour: 6000, SettledSaving: 599},
			activity: true,
		},
		"it would save nothing": {
			plan:     Plan{CallsPerHour: 301},
			activity: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const budget = 10 // a minute, and 600 an hour
			got := test.plan.Advice(budget, test.activity)
			if !strings.HasPrefix(got.English, test.want) || !strings.HasPrefix(got.Chinese, test.chinese) ||
				(got.English == "") != (test.want == "") || (got.Chinese == "") != (test.chinese == "") {
				t.Errorf("advice %q\n%q, want %q, %q", got.English, got.Chinese, test.want, test.chinese)
			}
		})
	}
}
