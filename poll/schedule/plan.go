// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"math"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The limits of WeCom for one corp and each API, over all apps and processes; see
// https://developer.work.weixin.qq.com/document/path/90454.
const (
	callsPerMinuteLimit = 10_000
	callsPerHourLimit   = 150_000
)

// A Plan is how many calls a schedule needs, if every list is one page.
type Plan struct {
	Targets, Hot int
	// CallsPerHour is rounded up.
	CallsPerHour int
	FirstRound   int // calls until every target was polled once
}

// Plan returns the plan for the targets that the schedule holds now.
func (s *Schedule) Plan(now time.Time) Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Plan{Targets: len(s.targets)}
	for _, t := range s.targets {
		if t.hot(now) {
			p.Hot++
		}
	}
	windows := int((s.poll.Lookback + wecom.MaxWindow - 1) / wecom.MaxWindow)
	p.FirstRound = p.Targets * windows
	p.CallsPerHour = int(math.Ceil(perHour(p.Hot, s.poll.Interval) + perHour(p.Targets-p.Hot, s.poll.IdleInterval) +
		perHour(p.Targets*(windows-1), s.poll.HistoryInterval)))
	return p
}

func perHour(lists int, interval time.Duration) float64 {
	return float64(lists) * float64(time.Hour) / float64(interval)
}

// BudgetShare returns the share of a budget of calls per minute that the plan needs.
func (p Plan) BudgetShare(perMinute int) float64 {
	return float64(p.CallsPerHour) / (60 * float64(perMinute))
}

// LimitShare returns the share of WeCom's limit per hour that the plan needs.
func (p Plan) LimitShare() float64 { return float64(p.CallsPerHour) / callsPerHourLimit }

// What keeps a plan from being kept, and what to do about it.
var (
	overBudget = bilingual.Text{
		English: "the budget is too small for the intervals, so polling will lag behind",
		Chinese: "按现在的轮询间隔，调用预算不够，轮询会滞后",
	}
	overBudgetRemedy = bilingual.Text{
		English: "raise --poll.max-requests-per-minute, lengthen --poll.idle-interval or --poll.interval, " +
			"shorten --poll.lookback, or name fewer targets",
		Chinese: "请调高 --poll.max-requests-per-minute，调长 --poll.idle-interval 或 --poll.interval，" +
			"缩短 --poll.lookback，或减少目标",
	}
	overLimit = bilingual.Textf("WeCom allows a corp %d calls a minute and %d an hour",
		"企业微信限制每个企业每分钟 %d 次、每小时 %d 次调用", callsPerMinuteLimit, callsPerHourLimit)
	overLimitRemedy = bilingual.Text{
		English: "lower --poll.max-requests-per-minute, lengthen --poll.idle-interval or --poll.interval, " +
			"or shorten --poll.lookback",
		Chinese: "请调低 --poll.max-requests-per-minute，调长 --poll.idle-interval 或 --poll.interval，" +
			"或缩短 --poll.lookback",
	}
)

// Problem returns why the plan cannot be kept with a budget of calls per minute, and what
// to do about it; both are empty if it can.
func (p Plan) Problem(perMinute int) (problem, remedy bilingual.Text) {
	switch {
	case p.BudgetShare(perMinute) > 1:
		return overBudget, overBudgetRemedy
	case p.LimitShare() > 1 || perMinute > callsPerMinuteLimit:
		return overLimit, overLimitRemedy
	}
	return bilingual.Text{}, bilingual.Text{}
}
