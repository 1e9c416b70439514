// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// The link of a host needs the fields by these names, which titles do not change.
const recordingsOfHost = "${exporter_url}/recordings" +
	"?corp=${__data.fields.corp:percentencode}&host=${__data.fields.host:percentencode}"

func recordingsBoard(l Language) board {
	return board{
		uid:   "wecom-recordings",
		from:  "now-7d",
		title: l.text("WeCom recordings", "企业微信会议录制"),
		help: l.text(
			"Cloud recordings of WeCom meetings that are visible to this app: "+
				"how many, how large, whose, and how they are shared.",
			"本应用可见的企业微信会议云录制：数量、大小、归属以及共享方式。",
		),
		variables: []cog.Builder[dashboard.VariableModel]{
			jobVariable(l), instanceVariable(l), corpVariable(l), hostVariable(l), exporterURLVariable(l),
		},
		links: append(commonLinks(l),
			pageLink(l, l.text("Recordings", "录制列表"), "${exporter_url}/recordings"),
			pageLink(l, l.text("Changes", "变更列表"), "${exporter_url}/changes"),
		),
		rows: []row{
			overview(l), exposure(l), changes(l), storage(l), departments(l), activity(l),
		},
	}
}

func corpColumn(l Language) column {
	return column{field: "corp", title: l.text("Corp", "企业")}
}

func hostColumn(l Language) column {
	link := pageLink(l, l.text("Recordings of this host", "该主持人的录制"), recordingsOfHost)
	return column{field: "host", title: l.text("Host", "主持人"), link: &link}
}

func exposedHostColumn(l Language) column {
	link := pageLink(l, l.text("Exposed recordings of this host", "该主持人的暴露录制"), recordingsOfHost+"&exposed=true")
	return column{field: "host", title: l.text("Host", "主持人"), link: &link}
}

// overview is the first screen: whether the data can be trusted, what is exposed,
// and how much space is left.
func overview(l Language) row {
	return row{
		title: l.text("Overview", "概览"),
		panels: []cog.Builder[dashboard.Panel]{
			exporterUp(l), wecomAccepts(l, 4), dataAge(l, 4), coverage(l, 4), criticalAlerts(l), otherAlerts(l),
			exposedFiles(l), exposedSinceYesterday(l), exposedAllDay(l), acceptedFiles(l), viewsOfExposed(l),
			size(l), sizeSinceYesterday(l), quotaUsed(l), quotaReachedIn(l), beyondRetention(l),
			firingAlerts(l), hostsByExposedFiles(l),
		},
	}
}

// exporterUp asks by the build info of the last day, as the alert does: the variable
// job may stand for the jobs of everything that Prometheus scrapes.
func exporterUp(l Language) *stat.PanelBuilder {
	return alarmed(newStat(4, l.text("Exporter reachable", "exporter 是否可达"), l.text(
		"Whether Prometheus can scrape every exporter, from up; the exporters are those in "+
			"wecom_recording_exporter_build_info over the last day. If not, check whether the process is running and whether "+
			"Prometheus can reach its port.",
		"Prometheus 是否能抓取每个 exporter，来自 up；exporter 由最近一天的 wecom_recording_exporter_build_info 得知。"+
			"如果不能，请确认进程是否在运行、端口是否可达。",
	), "none", now(
		`min(up{@exporter} and on (job, instance) last_over_time(wecom_recording_exporter_build_info{@exporter}[1d]))`,
		l.text("Reached", "可达"),
	)), l.text("none known", "未发现"), yesNo(l.text("yes", "是"), l.text("no", "否"))...)
}

func wecomAccepts(l Language, width uint32) *stat.PanelBuilder {
	return alarmed(named(newStat(width, l.text("WeCom accepts", "企业微信是否接受"), l.text(
		"Whether WeCom accepted the last call, including the one for an access token, from wecom_up; refused corps are "+
			"shown first. If refused, the errcodes on the exporter's dashboard show why, and the troubleshooting page says "+
			"what to do.",
		"企业微信是否接受了最近一次调用（含获取 access_token），优先显示被拒绝的企业，来自 wecom_up。"+
			"如果被拒绝，exporter 仪表盘上的错误码说明原因，故障排查文档说明如何处理。",
	), "none", now(`bottomk(1, min by (job, corp) (wecom_up{@corp}))`, "{{corp}}"))),
		l.text("no call yet", "尚无调用"), yesNo(l.text("yes", "是"), l.text("refused", "被拒绝"))...)
}

func dataAge(l Language, width uint32) *stat.PanelBuilder {
	return alarmed(named(newStat(width, l.text("Age of the data", "数据时效"), l.text(
		"Time since the last successful poll, for the corp with the oldest one, from "+
			"wecom_poll_last_success_timestamp_seconds. If it exceeds the poll interval, everything here is stale: check "+
			"wecom_up and the errcodes on the exporter's dashboard.",
		"距上次成功轮询的时间，取等待最久的企业，来自 wecom_poll_last_success_timestamp_seconds。"+
			"超过轮询间隔说明此处数据已陈旧：请在 exporter 仪表盘查看 wecom_up 和错误码。",
	), "s", now(
		`topk(1, time() - min by (job, corp) (wecom_poll_last_success_timestamp_seconds{@corp}))`, "{{corp}}",
	))).Thresholds(rising(900, 3600)),
		l.text("no data", "无数据"), never(l.text("never polled", "从未轮询成功")))
}

func coverage(l Language, width uint32) *stat.PanelBuilder {
	return alarmed(named(newStat(width, l.text("Coverage", "覆盖率"), l.text(
		"Share of targets polled successfully within twice their interval, for the worst corp, from "+
			"wecom_poll_coverage_ratio. Below 100 %, some recordings go unnoticed: the exporter's /targets page lists the "+
			"failing targets, and why they fail. A corp without targets has no coverage.",
		"在两倍间隔内成功轮询的目标占比，取最差的企业，来自 wecom_poll_coverage_ratio。"+
			"低于 100 % 说明有录制未被看到：exporter 的 /targets 页面列出失败目标及原因。没有任何目标的企业没有该指标。",
	), "percentunit", now(`bottomk(1, corp:wecom_poll_coverage_ratio:avg{@record})`, "{{corp}}"))).
		Thresholds(falling(0.99, 0.95)),
		l.text("no data", "无数据")).
		DataLinks(dataLinks(l.text("Targets", "轮询目标"), "${exporter_url}/targets"))
}

// countOfAlerts counts firing alerts. It is 0 only if the recording rules, and so
// the alerts beside them, are evaluated.
func countOfAlerts(severity, legend string) *prometheus.DataqueryBuilder {
	return now(
		`count(ALERTS{@alert,alertstate="firing",severity`+severity+`}) or on () `+
			`0 * count(corp:wecom_recordings:sum{@record})`,
		legend,
	)
}

func criticalAlerts(l Language) *stat.PanelBuilder {
	return alarmed(newStat(4, l.text("Critical alerts", "严重告警"), l.text(
		"Critical alerts that are firing, from ALERTS; the table below lists them. If the recording rules of "+
			"wecom_recordings are missing, the rules in alerts/ are not loaded, and nobody is alerted.",
		"正在触发的严重告警，来自 ALERTS，下方表格列出这些告警。如果没有记录规则 wecom_recordings，说明 alerts/ 中的规则未加载，不会有任何告警。",
	), "short", countOfAlerts(`="critical"`, l.text("Critical", "严重"))).
		Thresholds(fromOne("red")), l.text("no rules", "规则未加载"))
}

func otherAlerts(l Language) *stat.PanelBuilder {
	return alarmed(newStat(4, l.text("Other alerts", "其他告警"), l.text(
		"Warnings and notices that are firing, from ALERTS; 0 only if the recording rules of wecom_recordings are loaded. "+
			"The table below lists them; the runbooks say what to do.",
		"正在触发的警告与提示，来自 ALERTS；仅当记录 wecom_recordings 的规则已加载时才会显示 0。下方表格列出告警，处理手册说明如何处理。",
	), "short", countOfAlerts(`!="critical"`, l.text("Other", "其他"))).
		Thresholds(fromOne("orange")), l.text("no rules", "规则未加载"))
}

func exposedFiles(l Language) *stat.PanelBuilder {
	return alarmed(newStat(5, l.text("Exposed files", "暴露文件"), l.text(
		"Files that anyone with the link can watch without a password, that have not expired and are not accepted, from "+
			"wecom_recording_exposed_files. An upper bound: WeCom may restrict a link in ways that it does not report. "+
			"Set a password or narrow the audience; the link lists the recordings.",
		"任何人凭链接、无需密码即可观看，且链接未过期、未登记为有意公开的文件，来自 "+
			"wecom_recording_exposed_files。这是上限：链接可能另有限制，但企业微信不返回。"+
			"请设置密码或缩小访问范围；点击链接查看这些录制。",
	), "short", over(`sum(corp:wecom_recording_exposed_files:sum{@record})`, l.text("Exposed", "暴露"))),
		l.text("no data", "无数据")).
		GraphMode(common.BigValueGraphModeArea).
		DataLinks(dataLinks(l.text("Exposed recordings", "暴露录制"), "${exporter_url}/recordings?exposed=true"))
}

func exposedSinceYesterday(l Language) *stat.PanelBuilder {
	return alarmed(newStat(5, l.text("Newly exposed since yesterday", "较昨日新增暴露"), l.text(
		"How many more files hosts have exposed than a day ago, from wecom_recording_exposed_files, counted like the "+
			"alert WecomRecordingNewlyExposed; on the first day, all of them. The link shows what was opened.",
		"各主持人比一天前多出的暴露文件，来自 wecom_recording_exposed_files，口径与告警 WecomRecordingNewlyExposed 相同；"+
			"第一天全部算新增。点击链接查看是哪些文件。",
	), "short", now(`sum(corp:wecom_recording_exposed_files:new1d{@record})`, l.text("New", "新增"))).
		Thresholds(fromOne("orange")), l.text("no data", "无数据")).
		DataLinks(dataLinks(
			l.text("Exposed since yesterday", "较昨日新增暴露"), "${exporter_url}/changes?exposed=true&since=1d"))
}

func exposedAllDay(l Language) *stat.PanelBuilder {
	return alarmed(newStat(5, l.text("Exposed for over a day", "暴露超过一天"), l.text(
		"Exposed files of hosts that had some all day, from wecom_recording_exposed_files, counted like the alert "+
			"WecomRecordingOpenShareWithoutPassword. Ask the hosts to set a password; accept those that are open "+
			"intentionally.",
		"全天都有暴露文件的主持人，其暴露文件数，来自 wecom_recording_exposed_files，口径与告警 WecomRecordingOpenShareWithoutPassword 相同。"+
			"请主持人设置密码；有意公开的请登记。",
	), "short", now(
		`sum(corp:wecom_recording_exposed_files:all_day{@record}) or on () `+
			`0 * sum(corp:wecom_recording_exposed_files:sum{@record})`,
		l.text("Over a day", "超过一天"),
	)).Thresholds(fromOne("red")), l.text("no data", "无数据")).
		DataLinks(dataLinks(l.text("Exposed recordings", "暴露录制"), "${exporter_url}/recordings?exposed=true"))
}

func acceptedFiles(l Language) *stat.PanelBuilder {
	return newStat(4, l.text("Accepted files", "有意公开的文件"), l.text(
		"Files that would count as exposed but are accepted, from wecom_recording_accepted_files. "+
			"They are listed in --policy.accepted-file, with a reason and an end date.",
		"因登记为有意公开而不计为暴露的文件，来自 wecom_recording_accepted_files。"+
			"登记写在 --policy.accepted-file 指定的文件中，含原因与截止日期。",
	), "short", now(`sum(wecom_recording_accepted_files{@corp})`, l.text("Accepted", "有意公开"))).
		NoValue(l.text("no file", "未配置")).
		DataLinks(dataLinks(l.text("Accepted recordings", "有意公开的录制"), "${exporter_url}/recordings?accepted=true"))
}

func viewsOfExposed(l Language) *stat.PanelBuilder {
	return newStat(5, l.text("Views in a day, hosts with exposed files", "有暴露文件的主持人一天的观看"), l.text(
		"Views in the last day of all recordings of hosts with exposed files, from wecom_recording_views_total. "+
			"Needs --wecom.statistics. Many views may mean that a link has spread: the row below lists the hosts.",
		"有暴露文件的主持人，其全部录制最近一天的观看次数，来自 wecom_recording_views_total，需启用 --wecom.statistics。"+
			"次数多说明链接已外传：下一行列出主持人。",
	), "short", now(
		`sum(host:wecom_recording_views_total:exposed_increase1d{@recordedHost})`, l.text("Views", "观看"),
	)).Decimals(0).NoValue(l.text("none", "无"))
}

func firingAlerts(l Language) *table.PanelBuilder {
	runbooks := pageLink(l, l.text("Runbooks", "处理手册"), runbooksURL)
	red, orange, blue := "red", "orange", "blue"
	return newTable(12, l.text("Firing alerts", "正在触发的告警"), l.text(
		"Alerts of this exporter that are firing, and how long their conditions have held, from ALERTS and "+
			"ALERTS_FOR_STATE. The link opens the runbooks.",
		"本 exporter 正在触发的告警及其条件已持续的时间，来自 ALERTS 和 ALERTS_FOR_STATE。链接指向处理手册。",
	), []*prometheus.DataqueryBuilder{cells(
		`time() - ALERTS_FOR_STATE{@alert} and ignoring (alertstate) ALERTS{@alert,alertstate="firing"}`,
	)},
		column{field: "severity", title: l.text("Severity", "级别"), mappings: words(colored(
			map[string]dashboard.ValueMappingResult{
				"critical": {Color: &red, Text: new(l.text("critical", "严重"))},
				"warning":  {Color: &orange, Text: new(l.text("warning", "警告"))},
				"info":     {Color: &blue, Text: new(l.text("info", "提示"))},
			},
		))},
		column{field: "alertname", title: l.text("Alert", "告警"), link: &runbooks},
		corpColumn(l),
		column{field: "Value", title: l.text("For", "已持续"), unit: "s"},
	).NoValue(l.text("none firing", "无告警"))
}

func hostsByExposedFiles(l Language) *table.PanelBuilder {
	title := l.text("Exposed files", "暴露文件")
	return newTable(12, l.text("Hosts by exposed files", "暴露文件最多的主持人"), l.text(
		"Hosts with the most files that anyone with the link can watch without a password, up to 100 per corp, from "+
			"wecom_recording_exposed_files. Follow the link to the recordings, and ask the host to set a password.",
		"暴露文件（任何人凭链接、无需密码即可观看）最多的主持人，每个企业列前 100 位，来自 "+
			"wecom_recording_exposed_files。点击链接查看录制，并请主持人设置密码。",
	), []*prometheus.DataqueryBuilder{cells(`host:wecom_recording_exposed_files:top100{@recordedHost}`)},
		corpColumn(l), exposedHostColumn(l), column{field: "Value", title: title},
	).SortBy(sortedBy(title)).NoValue(l.text("nothing exposed", "无暴露"))
}
