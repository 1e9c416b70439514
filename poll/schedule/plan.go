// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"math"
	"time"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The limits of WeCom for one corp and each API, over all apps and processes; see
// https://developer.work.weixin.qq.com/document/path/90454.
const (
	callsPerMinuteLimit = 10_000
	callsPerHourLimit   = 150_000
)

const (
	// recommendedSettled is the settled interval that is recommended where none is set.
	recommendedSettled = 30 * time.Minute
	// busyShare is the share of the budget over which one is recommended, if it saves
	// worthwhileShare of the calls or more.
	busyShare       = 0.5
	worthwhileShare = 0.1
)

// A Plan is how many calls a schedule needs, if every list is one page.
type Plan struct {
	Targets int
	Hot     int // polled at the poll interval
	Settled int // polled at the settled interval
	// CallsPerHour is rounded up.
	CallsPerHour int
	FirstRound   int // calls until every target was polled once
	// SettledSaving is how many calls an hour the recommended settled interval would save; 0 if
	// one is set already.
	SettledSaving int
}

// Plan returns the plan for the targets that the schedule holds now.
func (s *Schedule) Plan(now time.Time) Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Plan{Targets: len(s.targets)}
	settling := 0 // targets that would be settled, if there were a settled interval
	for _, t := range s.targets {
		switch {
		case s.isSettled(t, now):
			p.Settled++
		case t.hot(now):
			p.Hot++
		}
		if t.hasSettled(now) {
			settling++
		}
	}
	if s.poll.SettledInterval <= s.poll.Interval && s.poll.Interval < recommendedSettled {
		p.SettledSaving = int(perHour(settling, s.poll.Interval) - perHour(settling, recommendedSettled))
	}
	windows := int((s.poll.Lookback + wecom.MaxWindow - 1) / wecom.MaxWindow)
	p.FirstRound = p.Targets * windows
	p.CallsPerHour = int(math.Ceil(perHour(p.Hot, s.poll.Interval) + perHour(p.Settled, s.poll.SettledInterval) +
		perHour(p.Targets-p.Hot-p.Settled, s.poll.IdleInterval) +
		perHour(p.Targets*(windows-1), s.poll.HistoryInterval)))
	return p
}

// perHour returns how many calls an hour so many lists need at an interval, which may be 0 if
// there are no lists.
func perHour(lists int, interval time.Duration) float64 {
	if lists == 0 {
		return 0
	}
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

// Advice returns what would save many calls, if the plan takes over half of a budget of calls
// per minute; empty if nothing would. activity means that activity is discovered.
func (p Plan) Advice(perMinute int, activity bool) bilingual.Text {
	if p.BudgetShare(perMinute) <= busyShare || float64(p.SettledSaving) < worthwhileShare*float64(p.CallsPerHour) {
		return bilingual.Text{}
	}
	set := bilingual.Text{English: "set ", Chinese: "请设置 "}
	if !activity {
		set = bilingual.Text{
			English: "set --target.discover=activity and ",
			Chinese: "请启用 --target.discover=activity，并设置 ",
		}
	}
	return bilingual.Textf("%s--poll.settled-interval=%s to save up to %d calls an hour: it applies to users "+
		"whose recordings are all completed and who have not started a meeting recently",
		"%[1]s--poll.settled-interval=%[2]s，每小时最多可减少 %[3]d 次调用："+
			"录制均已完成、近期未发起会议的成员改为每隔 %[2]s 轮询一次",
		set, model.Duration(recommendedSettled), p.SettledSaving)
}
