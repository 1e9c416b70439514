// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func state(l Language) row {
	return row{
		title: l.text("Token, configuration and state", "access_token、配置与状态"),
		panels: []cog.Builder[dashboard.Panel]{
			acceptedAndScraped(l), tokenLifetime(l), clockSkew(l),
			configurationIsRead(l), sinceRead(l), stateWritten(l), sinceWritten(l), stateSize(l),
		},
	}
}

func acceptedAndScraped(l Language) *statetimeline.PanelBuilder {
	return newTimeline(12, l.text("Accepted and scraped", "接受与抓取情况"), l.text(
		"Whether WeCom accepted the last call of each corp, from wecom_up, and whether Prometheus reached each "+
			"exporter that wecom_recording_exporter_build_info names in the last day, from up. Start with the first line "+
			"that turned red: check the exporter's network or its credentials.",
		"企业微信是否接受各企业最近一次调用（wecom_up），以及 Prometheus "+
			"能否抓到各 exporter（up，名单取自最近一天的 wecom_recording_exporter_build_info）。从最先变红的一行查起：exporter 的网络，或其 Secret。",
	), "none",
		over(`min by (job, corp) (wecom_up{@corp})`, l.text("WeCom accepts {{corp}}", "企业微信接受 {{corp}}")),
		over(
			`min by (job, instance) (up{@exporter}`+
				` and on (job, instance) last_over_time(wecom_recording_exporter_build_info{@exporter}[1d]))`,
			l.text("Prometheus scrapes {{instance}}", "Prometheus 抓取 {{instance}}"),
		),
	).Mappings(words(yesNo(l.text("yes", "是"), l.text("no", "否"))...))
}

func tokenLifetime(l Language) *timeseries.PanelBuilder {
	return newTimeseries(6, l.text("Token lifetime left", "access_token 剩余有效期变化"), l.text(
		"Time until the access token expires, by corp, from wecom_access_token_expiry_timestamp_seconds. "+
			"A sawtooth of two hours is normal; shorter teeth mean that something else is fetching tokens with the same secret.",
		"access_token 剩余有效期，按企业统计，来自 wecom_access_token_expiry_timestamp_seconds。"+
			"约两小时的锯齿为正常；更短说明有其他程序用同一 Secret 获取 access_token，请排查。",
	), "s", over(`min by (job, corp) (wecom_access_token_expiry_timestamp_seconds{@corp}) - time()`, "{{corp}}"))
}

func clockSkew(l Language) *timeseries.PanelBuilder {
	return newTimeseries(6, l.text("Clock skew", "时钟偏差"), l.text(
		"How far the exporter's clock is ahead of WeCom's, from wecom_api_clock_skew_seconds. Beyond 5 minutes either "+
			"way, WeCom's clock decides what is new. Correct the machine's clock.",
		"exporter 时钟比企业微信快多少，来自 wecom_api_clock_skew_seconds。偏差超过 5 分钟时，以企业微信的时间判断新录制；请校正本机时钟。",
	), "s", over(`max by (job, corp) (wecom_api_clock_skew_seconds{@corp})`, "{{corp}}"))
}

func configurationIsRead(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Configuration loaded", "配置是否读取成功"), l.text(
		"Whether every exporter loaded its configuration successfully the last time, from "+
			"wecom_recording_exporter_config_last_reload_successful. If not, the log names the wrong key; the old "+
			"configuration stays active.",
		"最近一次读取配置是否全部成功，来自 wecom_recording_exporter_config_last_reload_successful。"+
			"如果失败，日志指出错误的键；旧配置继续生效。",
	), "none", now(
		`min(wecom_recording_exporter_config_last_reload_successful{@exporter})`,
		l.text("Read", "读取"),
	)).Mappings(words(yesNo(l.text("yes", "是"), l.text("failed", "失败"))...))
}

func sinceRead(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Time since it was loaded", "距上次读取配置"), l.text(
		"Time since the configuration was last loaded successfully, the longest of all, from "+
			"wecom_recording_exporter_config_last_reload_success_timestamp_seconds. "+
			"If the configuration was changed since then, reload it.",
		"距上次成功读取配置的时间，取最长的一个，来自 "+
			"wecom_recording_exporter_config_last_reload_success_timestamp_seconds。"+
			"如果之后修改过配置，请重新加载。",
	), "s", now(
		`time() - min(wecom_recording_exporter_config_last_reload_success_timestamp_seconds{@exporter})`,
		l.text("Time", "时间"),
	))
}

func stateWritten(l Language) *stat.PanelBuilder {
	return newStat(4, l.text("State saved", "状态是否写入"), l.text(
		"Whether the last write of the state to disk succeeded, from "+
			"wecom_recording_exporter_storage_last_write_successful; present only with --storage.path. If not, new counts "+
			"are lost on restart: check the disk and the log.",
		"最近一次状态能否写入磁盘，来自 wecom_recording_exporter_storage_last_write_successful；"+
			"仅在使用 --storage.path 时存在。如果失败，重启后计数器将归零：请检查磁盘与日志。",
	), "none", now(`min(wecom_recording_exporter_storage_last_write_successful{@exporter})`, l.text("Written", "写入"))).
		Mappings(words(yesNo(l.text("yes", "是"), l.text("failed", "失败"))...)).
		NoValue(l.text("kept in memory", "仅保存在内存"))
}

func sinceWritten(l Language) *stat.PanelBuilder {
	return newStat(4, l.text("Time since it was saved", "距上次写入状态"), l.text(
		"Time since the state was last written to disk, the longest of all, from "+
			"wecom_recording_exporter_storage_last_write_timestamp_seconds. "+
			"With --storage.path it should be a few poll intervals at most; check the disk if not.",
		"距上次写入状态的时间，取最长的一个，来自 "+
			"wecom_recording_exporter_storage_last_write_timestamp_seconds。"+
			"使用 --storage.path 时最多为几个轮询间隔；否则请检查磁盘。",
	), "s", now(
		`time() - min(wecom_recording_exporter_storage_last_write_timestamp_seconds{@exporter})`,
		l.text("Time", "时间"),
	)).Mappings(words(never(l.text("never written", "从未写入"))))
}

func stateSize(l Language) *stat.PanelBuilder {
	return newStat(4, l.text("Size of the state", "状态文件大小"), l.text(
		"Size of the state on disk, the largest of all, from wecom_recording_exporter_storage_size_bytes; present only "+
			"with --storage.path. It grows with the recordings in the lookback; free up space before the disk is full.",
		"状态文件的大小，取最大的一个，来自 wecom_recording_exporter_storage_size_bytes；"+
			"仅在使用 --storage.path 时存在。它随回溯期内的录制增长，请预留磁盘空间。",
	), "bytes", now(`max(wecom_recording_exporter_storage_size_bytes{@exporter})`, l.text("Size", "大小"))).
		NoValue(l.text("kept in memory", "仅保存在内存"))
}

func process(l Language) row {
	return row{
		title: l.text("Process", "进程"),
		panels: []cog.Builder[dashboard.Panel]{
			cpu(l), memory(l), goroutines(l), versions(l),
		},
	}
}

func cpu(l Language) *timeseries.PanelBuilder {
	return newTimeseries(6, l.text("CPU", "CPU 占用"), l.text(
		"Cores in use, by instance, from process_cpu_seconds_total. It should follow the calls; "+
			"if it does not, take a profile from /debug/pprof/ (--web.enable-pprof) and report it.",
		"占用的核数，按实例统计，来自 process_cpu_seconds_total。应与调用量一致；"+
			"否则请从 /debug/pprof/（--web.enable-pprof）采集性能数据并反馈。",
	), "short", over(
		`sum by (job, instance) (rate(process_cpu_seconds_total{@exporter}[$__rate_interval]))`,
		"{{instance}}",
	))
}

func memory(l Language) *timeseries.PanelBuilder {
	return newTimeseries(6, l.text("Memory", "内存占用"), l.text(
		"Resident memory, by instance, from process_resident_memory_bytes. "+
			"It follows the number of recordings in the lookback: shorten the lookback or add memory.",
		"常驻内存，按实例统计，来自 process_resident_memory_bytes。"+
			"取决于回溯期内的录制数：可缩短回溯期或增加内存。",
	), "bytes", over(`sum by (job, instance) (process_resident_memory_bytes{@exporter})`, "{{instance}}"))
}

func goroutines(l Language) *timeseries.PanelBuilder {
	return newTimeseries(6, l.text("Goroutines", "协程数"), l.text(
		"Goroutines, by instance, from go_goroutines. A line that only rises is a leak: please report it.",
		"协程数，按实例统计，来自 go_goroutines。持续上升说明有泄漏：请反馈。",
	), "short", over(`sum by (job, instance) (go_goroutines{@exporter})`, "{{instance}}"))
}

func versions(l Language) *table.PanelBuilder {
	return newTable(6, l.text("Versions", "版本信息"), l.text(
		"Which version runs where, from wecom_recording_exporter_build_info. All instances of a job should run the same "+
			"version.",
		"各实例运行的版本，来自 wecom_recording_exporter_build_info。"+
			"同一任务的实例应运行同一版本，否则请升级。",
	), []*prometheus.DataqueryBuilder{cells(
		`max by (job, instance, version, goversion) (wecom_recording_exporter_build_info{@exporter})`,
	)},
		column{field: "instance", title: l.text("Instance", "实例")},
		column{field: "version", title: l.text("Version", "版本")},
		column{field: "goversion", title: l.text("Go", "Go 版本")},
	)
}
