// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func exporterBoard(l Language) board {
	return board{
		uid:   "wecom-recording-exporter",
		from:  "now-6h",
		title: l.text("WeCom recording exporter", "企业微信录制 exporter"),
		help: l.text(
			"How the exporter polls WeCom: budget, errors, latency, lag, coverage, access token and process.",
			"exporter 如何访问企业微信：预算、错误、延迟、滞后、覆盖率、access_token 与进程。",
		),
		variables: []cog.Builder[dashboard.VariableModel]{
			jobVariable(l), instanceVariable(l), corpVariable(l), exporterURLVariable(l),
		},
		links: append(commonLinks(l),
			pageLink(l, l.text("Troubleshooting", "故障排查"), repositoryURL+"docs/troubleshooting.md"),
			pageLink(l, l.text("Targets", "轮询目标"), "${exporter_url}/targets"),
		),
		rows: []row{exporterOverview(l), polling(l), calls(l), state(l), process(l)},
	}
}

func exporterOverview(l Language) row {
	return row{
		title: l.text("Overview", "概览"),
		panels: []cog.Builder[dashboard.Panel]{
			wecomAccepts(l, 3), dataAge(l, 4), coverage(l, 4), lag(l), budgetUsed(l), failingTargets(l), tokenExpiresIn(l),
		},
	}
}

func lag(l Language) *stat.PanelBuilder {
	return named(newStat(4, l.text("Lag", "滞后"), l.text(
		"How overdue the most overdue target is, and its corp, from wecom_poll_lag_seconds. "+
			"If it grows, the budget is too small for the targets and intervals: raise the budget or the intervals.",
		"最滞后的目标滞后了多久及其企业，来自 wecom_poll_lag_seconds。"+
			"如果持续增长，说明预算不足以覆盖目标与间隔：请提高预算或延长间隔。",
	), "s", now(`topk(1, max by (job, corp) (wecom_poll_lag_seconds{@corp}))`, "{{corp}}"))).
		Thresholds(rising(300, 1800))
}

func budgetUsed(l Language) *stat.PanelBuilder {
	return named(newStat(3, l.text("Budget used", "预算使用率"), l.text(
		"Calls as a share of --poll.max-requests-per-minute, for the busiest corp, from wecom_api_requests_total and "+
			"wecom_api_budget_requests_per_minute. Corps with the same corp ID share a budget. At 100 %, polls have to wait.",
		"调用数占 --poll.max-requests-per-minute 的比例，取最忙的企业，来自 wecom_api_requests_total "+
			"和 wecom_api_budget_requests_per_minute。相同企业 ID 共用预算。"+
			"达到 100 % 时轮询需等待，请提高预算或延长间隔。",
	), "percentunit", now(`topk(1, `+corpCalls+` / `+corpBudget+`)`, "{{corp}}"))).
		Thresholds(rising(0.8, 0.98))
}

func failingTargets(l Language) *stat.PanelBuilder {
	return newStat(3, l.text("Failing targets", "失败的目标"), l.text(
		"Targets whose last poll failed, from wecom_poll_targets. Their last known data is kept. "+
			"The exporter's /targets page shows the errors and what to do about them.",
		"最近一次轮询出错的目标，来自 wecom_poll_targets。已知内容会保留。"+
			"exporter 的 /targets 页面给出错误及处理办法。",
	), "short", now(`sum(wecom_poll_targets{@corp,status="failing"})`, l.text("Failing", "失败"))).
		Thresholds(fromOne("red")).
		DataLinks(dataLinks(l.text("Targets", "轮询目标"), "${exporter_url}/targets"))
}

func tokenExpiresIn(l Language) *stat.PanelBuilder {
	return named(newStat(3, l.text("Token expires in", "access_token 剩余有效期"), l.text(
		"Time until the access token expires, for the corp whose token expires first, from "+
			"wecom_access_token_expiry_timestamp_seconds. The exporter renews it; "+
			"if it is below 0 while polls are due, check the errors of gettoken.",
		"access_token 的剩余有效期，取最先过期的企业，来自 "+
			"wecom_access_token_expiry_timestamp_seconds。exporter 会自动续期；"+
			"如果小于 0 且轮询已到期，请查看 gettoken 的错误。",
	), "s", now(
		`bottomk(1, min by (job, corp) (wecom_access_token_expiry_timestamp_seconds{@corp}) - time())`, "{{corp}}",
	))).NoValue(l.text("no token", "无 access_token"))
}

func polling(l Language) row {
	return row{
		title: l.text("Polling", "轮询"),
		panels: []cog.Builder[dashboard.Panel]{
			targetsByStatus(l), coverageByCorp(l), ageAndLag(l),
		},
	}
}

func targetsByStatus(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Targets by status", "按状态统计的目标"), l.text(
		"Targets by the result of their last poll, from wecom_poll_targets. \"pending\" has never been polled: normal "+
			"after a start, otherwise the budget is too small. For \"failing\", the /targets page gives the reason.",
		"按最近一次轮询结果统计的目标，来自 wecom_poll_targets。"+
			"pending 为从未轮询：启动后正常，否则说明预算不足。failing 的原因见 /targets。",
	), "short", over(
		`sum by (selector, status) (wecom_poll_targets{@corp})`,
		"{{selector}} {{status}}",
	)).Stacking(stacking("normal"))
}

func coverageByCorp(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Coverage by corp", "各企业覆盖率"), l.text(
		"Share of targets polled successfully within twice their interval, for the worst shard, from "+
			"wecom_poll_coverage_ratio. Where it falls, recordings go unnoticed: check the targets and errcodes.",
		"在两倍间隔内成功轮询的目标占比，取最差分片，来自 wecom_poll_coverage_ratio。"+
			"下降时会有录制未被看到：请查看目标与错误码。",
	), "percentunit", over(`min by (job, corp) (wecom_poll_coverage_ratio{@corp})`, "{{corp}}")).Max(1)
}

func ageAndLag(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Age and lag by corp", "各企业时效与滞后"), l.text(
		"Time since the last successful poll, and how overdue the most overdue target is, from "+
			"wecom_poll_last_success_timestamp_seconds and wecom_poll_lag_seconds. Age without lag means a quiet corp; both "+
			"rising mean an outage.",
		"距上次成功轮询的时间，以及最滞后的目标滞后了多久，来自 "+
			"wecom_poll_last_success_timestamp_seconds 和 wecom_poll_lag_seconds。只有时效上升表示目标少；"+
			"两者同时上升表示故障，请查看错误码。",
	), "s",
		over(
			`time() - min by (job, corp) (wecom_poll_last_success_timestamp_seconds{@corp} > 0)`,
			l.text("age of {{corp}}", "{{corp}} 时效"),
		),
		over(`max by (job, corp) (wecom_poll_lag_seconds{@corp})`, l.text("lag of {{corp}}", "{{corp}} 滞后")),
	)
}
