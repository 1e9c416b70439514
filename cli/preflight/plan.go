// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"math"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Plan is what polling a corp will cost.
type Plan struct {
	Targets         int `json:"targets"`
	FirstRoundCalls int `json:"first_round_calls"`
	// The calls an hour lie between these two: if no target has recordings, and if all have,
	// those for views and downloads included.
	LeastCallsPerHour int     `json:"least_calls_per_hour"`
	MostCallsPerHour  int     `json:"most_calls_per_hour"`
	BudgetPerHour     int     `json:"budget_per_hour"`
	BudgetShare       float64 `json:"budget_share"`      // of the most
	WeComLimitShare   float64 `json:"wecom_limit_share"` // of the most
	Hosts             int     `json:"hosts"`             // estimated
	Series            int     `json:"series"`            // estimated
	MemoryBytes       int     `json:"memory_bytes"`      // estimated
	// RecordingsSeen is how many recordings of the app the check saw; nil: no list succeeded.
	RecordingsSeen *int `json:"recordings_seen,omitempty"`
}

// Memory that was measured: see docs/performance.md.
const (
	baseMemory      = 30 << 20
	hostMemory      = 6 << 10
	recordingMemory = 230
)

func (c *corp) reportPlan() {
	p, problem, remedy, advice := c.plan()
	step := Step{Corp: c.corp, Name: StepPlan, Status: OK, Plan: &p}
	step.Seen = textf(
		"targets: %d; calls: %d in the first round, then %d to %d an hour, %s of the budget and %s of "+
			"WeCom's limit; expected: hosts %d, series %d, memory %d MiB",
		"目标：%d 个；调用：首轮 %d 次，之后每小时 %d 至 %d 次，预算占用%s，企业微信限额占用%s；"+
			"预计：主持人 %d 名，序列 %d 条，内存 %d MiB",
		p.Targets, p.FirstRoundCalls, p.LeastCallsPerHour, p.MostCallsPerHour,
		atMost(p.BudgetShare).in(c.Language), atMost(p.WeComLimitShare).in(c.Language),
		p.Hosts, p.Series, p.MemoryBytes>>20,
	).in(c.Language)
	if p.RecordingsSeen != nil {
		step.Seen += textf("; this app's recordings: %d seen", "；查到本应用的录制：%d 条", *p.RecordingsSeen).in(c.Language)
	}
	var notes []string
	if problem != (text{}) {
		step.Status, step.Seen = Failed, step.Seen+text{": ", "："}.in(c.Language)+problem.in(c.Language)
		notes = append(notes, remedy.in(c.Language))
	} else if wanted := c.config.Targets; c.users == nil && (wanted.DiscoverMembers || wanted.DiscoverActivity) {
		notes = append(notes, text{
			"users to be discovered are not included, because their number is not known yet",
			"不含尚未发现的成员，数量未知",
		}.in(c.Language))
	}
	if advice != (text{}) {
		notes = append(notes, advice.in(c.Language))
	}
	if p.RecordingsSeen != nil && *p.RecordingsSeen == 0 {
		notes = append(notes, text{
			"no recording of this app was found, so there is nothing to show for now: see recordings above",
			"未查到本应用的录制，目前不会有数据，见上文 recordings",
		}.in(c.Language))
	}
	step.Remedy = strings.Join(notes, text{"; ", "；"}.in(c.Language))
	c.Report(step)
}

// atMost returns a share in percent, which some of the calls may not reach.
func atMost(share float64) text {
	if share > 0 && share < 0.001 {
		return text{"below 0.1%", "低于 0.1%"}
	}
	return textf("at most %.1f%%", "至多 %.1f%%", 100*share)
}

// plan returns what polling costs, why that cannot be, if so, and what would save many calls.
func (c *corp) plan() (p Plan, problem, remedy, advice text) {
	idle := c.planOf(0, nil)
	hot := c.planOf(len(c.targets), c.starts)
	hot.CallsPerHour += c.statisticsPerHour()
	budget := c.poll.MaxRequestsPerMinute
	p = Plan{
		Targets:           idle.Targets,
		FirstRoundCalls:   idle.FirstRound,
		LeastCallsPerHour: min(idle.CallsPerHour, hot.CallsPerHour),
		MostCallsPerHour:  max(idle.CallsPerHour, hot.CallsPerHour),
		BudgetPerHour:     60 * budget,
		BudgetShare:       max(idle.BudgetShare(budget), hot.BudgetShare(budget)),
		WeComLimitShare:   max(idle.LimitShare(), hot.LimitShare()),
	}
	p.Hosts = p.Targets
	recordings := 0
	if c.sampled.listed > 0 {
		p.Hosts = p.Targets * c.sampled.withRecordings / c.sampled.listed
		recordings = p.Targets * c.sampled.recordings / c.sampled.listed
		p.RecordingsSeen = new(len(c.recordings))
	}
	withSeries := p.Hosts
	switch {
	case c.metrics.HostLabel == config.HostLabelOff:
		withSeries = 1
	case c.metrics.MaxHosts > 0:
		withSeries = min(p.Hosts, c.metrics.MaxHosts)
	}
	p.Series = collector.EstimateSeries(withSeries, collector.Extras{
		Departments: c.metrics.Departments,
		Retention:   c.config.Policy.Retention > 0,
		Statistics:  c.config.Statistics,
	})
	p.MemoryBytes = baseMemory + hostMemory*withSeries + recordingMemory*recordings
	why, what := idle.Problem(budget)
	expected := c.planOf(p.Hosts, c.starts)
	return p, text(why), text(what), text(expected.Advice(budget, c.config.Targets.DiscoverActivity))
}

// statisticsPerHour returns how many calls ask for views and downloads, as far as the sample
// shows how many recordings are shared. They take their share of the budget at the most.
func (c *corp) statisticsPerHour() int {
	if !c.config.Statistics || len(c.targets) == 0 {
		return 0
	}
	most := 60 * wecom.StatisticsShare(c.poll.MaxRequestsPerMinute)
	if c.sampled.listed == 0 {
		return most
	}
	shared := len(c.targets) * c.sampled.shared / c.sampled.listed
	return min(most, int(math.Ceil(float64(shared)*float64(time.Hour)/float64(c.poll.HistoryInterval))))
}

// planOf returns the plan if so many targets have recordings, which are all completed, with when
// users last started a meeting; nil: that is not known.
func (c *corp) planOf(withRecordings int, starts map[string]time.Time) schedule.Plan {
	now := time.Now()
	s := schedule.New(c.poll)
	s.SetActivityKnown(starts != nil, now)
	for i, t := range c.targets {
		state := schedule.State{Succeeded: now, Lookback: c.poll.Lookback}
		if i < withRecordings {
			state.Recordings = 1
		}
		s.Restore(t, state, now)
	}
	s.Started(starts, now)
	return s.Plan(now)
}
