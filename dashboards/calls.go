// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

const (
	corpCalls  = `sum by (job, corp) (rate(wecom_api_requests_total{@corp,endpoint!="gettoken"}[$__rate_interval])) * 60`
	corpBudget = `sum by (job, corp) (wecom_api_budget_requests_per_minute{@corp})`
)

func calls(l Language) row {
	return row{
		title: l.text("Calls to WeCom", "企业微信调用"),
		panels: []cog.Builder[dashboard.Panel]{
			callsAndBudget(l), callsByErrcode(l), callsByEndpoint(l),
			latency(l), latencyDistribution(l), timeCallsWait(l),
			anomalies(l), foldedHosts(l),
		},
	}
}

func callsAndBudget(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Calls and budget", "调用与预算"), l.text(
		"Calls per minute, excluding gettoken, and the budget, from wecom_api_requests_total and "+
			"wecom_api_budget_requests_per_minute. If calls stay at the budget, raise --poll.max-requests-per-minute or the "+
			"intervals.",
		"每分钟调用数（不含 gettoken）与预算，来自 wecom_api_requests_total 和 "+
			"wecom_api_budget_requests_per_minute。如果持续达到预算，请提高 --poll.max-requests-per-minute "+
			"或延长间隔。",
	), "short", over(corpCalls, "{{corp}}"), over(corpBudget, l.text("budget of {{corp}}", "{{corp}} 的预算")))
}

func callsByErrcode(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Calls per minute by errcode", "按错误码统计的每分钟调用"), l.text(
		"Answers by errcode, from wecom_api_requests_total. 0 is success; 60020 is an untrusted IP, 45009 WeCom's rate "+
			"limit, 48002 a missing permission, \"transport\" and "+
			"\"http\" the network. The troubleshooting page has the remedies.",
		"按错误码统计的响应，来自 wecom_api_requests_total。0 为成功；"+
			"60020 为 IP 未受信任，45009 为频率限制，48002 为缺少权限，transport 与 http "+
			"为网络问题。处理办法见故障排查文档。",
	), "short", over(
		`sum by (errcode) (rate(wecom_api_requests_total{@corp}[$__rate_interval])) * 60`,
		"{{errcode}}",
	)).Stacking(stacking("normal"))
}

func callsByEndpoint(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Calls per minute by endpoint", "按接口统计的每分钟调用"), l.text(
		"Calls by endpoint, including gettoken, from wecom_api_requests_total. Many calls to gettoken mean that tokens "+
			"are being invalidated: does another program use the same secret?",
		"按接口统计的调用（含 gettoken），来自 wecom_api_requests_total。"+
			"gettoken 过多说明 access_token 失效：是否有其他程序使用同一 Secret？",
	), "short", over(
		`sum by (endpoint) (rate(wecom_api_requests_total{@corp}[$__rate_interval])) * 60`,
		"{{endpoint}}",
	)).Stacking(stacking("normal"))
}

func latency(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Latency", "延迟"), l.text(
		"How long calls to WeCom took, from wecom_api_request_duration_seconds. Above a second, polling slows down: check "+
			"the proxy and the network path to WeCom.",
		"企业微信调用耗时，来自 wecom_api_request_duration_seconds。"+
			"超过一秒会拖慢轮询：请检查代理与到企业微信的网络。",
	), "s",
		quantile("0.5", "wecom_api_request_duration_seconds", l.text("half of the calls", "半数调用")),
		quantile("0.95", "wecom_api_request_duration_seconds", l.text("95 % of the calls", "95 % 的调用")),
		quantile("0.99", "wecom_api_request_duration_seconds", l.text("99 % of the calls", "99 % 的调用")),
	)
}

func latencyDistribution(l Language) *heatmap.PanelBuilder {
	return newHeatmap(8, "1m", l.text("Latency distribution", "延迟分布"), l.text(
		"Calls by how long they took, from wecom_api_request_duration_seconds. "+
			"Two bands are two kinds of answers, such as full pages and empty lists; a band at the top is timeouts.",
		"按耗时分布的调用，来自 wecom_api_request_duration_seconds。"+
			"两条带表示两类响应，例如满页与空列表；顶部的带是超时，请检查网络。",
	), "s", buckets(`sum by (le) (increase(wecom_api_request_duration_seconds_bucket{@corp}[$__rate_interval]))`))
}

func timeCallsWait(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Time calls spend waiting", "调用等待时间"), l.text(
		"Seconds per second that calls waited for the budget or for the end of a block, by corp, from "+
			"wecom_api_throttled_seconds_total; several calls may wait at once. If it stays high, raise the budget or the "+
			"intervals; with 45009, another program is using up the limit.",
		"每秒内调用等待预算或封禁结束的秒数，按企业统计，来自 "+
			"wecom_api_throttled_seconds_total；可有多个调用同时等待。"+
			"如果持续偏高，请提高预算或延长间隔；如果伴随 45009，说明有其他程序占用额度。",
	), "s", over(
		`sum by (job, corp) (rate(wecom_api_throttled_seconds_total{@corp}[$__rate_interval]))`,
		"{{corp}}",
	))
}

func anomalies(l Language) *timeseries.PanelBuilder {
	return newBars(18, "10m", l.text("Anomalies", "异常响应"), l.text(
		"Anomalies in answers that were accepted nevertheless, per ten minutes or longer, from "+
			"wecom_api_response_anomalies_total. They come from WeCom: docs/metrics.md lists how each kind affects the "+
			"values; please report kinds that keep coming.",
		"响应中仍照常采用的异常，每十分钟（或更长时间）统计一次，来自 "+
			"wecom_api_response_anomalies_total。问题出在企业微信一侧，各类异常的影响见 docs/metrics.zh-CN.md；"+
			"持续出现的请反馈。",
	), "short", over(
		`sum by (kind) (increase(wecom_api_response_anomalies_total{@corp}[$__interval] offset -$__interval))`,
		"{{kind}}",
	))
}

func foldedHosts(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Hosts without their own series", "未单独统计的主持人"), l.text(
		"Hosts whose values are added up under host=\"other\", from wecom_host_series_folded. "+
			"To see them individually, raise --metrics.max-hosts if Prometheus can take the series.",
		"合并到 host=\"other\" 的主持人数，来自 wecom_host_series_folded。"+
			"如果需逐个查看且 Prometheus 能承受，请提高 --metrics.max-hosts。",
	), "short", now(`sum(wecom_host_series_folded{@corp})`, l.text("Hosts", "主持人"))).
		Height(graphHeight)
}
