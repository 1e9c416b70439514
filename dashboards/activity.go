// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func activity(l Language) row {
	return row{
		title: l.text("Activity", "录制活动"),
		panels: []cog.Builder[dashboard.Panel]{
			recordings(l), files(l), length(l), oldestUnfinished(l),
			filesPerDay(l), hoursPerDay(l), recordingsByState(l),
			lengthOfFiles(l), sizeOfFiles(l),
			transcodingTime(l), busiestHosts(l),
		},
	}
}

func recordings(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Recordings", "录制数"), l.text(
		"Recordings inside the lookback that are visible to this app, from wecom_recordings. "+
			"If recordings are missing, check the coverage and the app's visible scope.",
		"回溯期内本应用可见的录制，来自 wecom_recordings。"+
			"如果有缺失，请检查覆盖率和应用的可见范围。",
	), "short", now(`sum(corp:wecom_recordings:sum{@record})`, l.text("Recordings", "录制数")))
}

func files(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Files", "文件数"), l.text(
		"Files of the recordings, from wecom_recording_files. A recording may have several.",
		"录制的文件数，来自 wecom_recording_files。一个录制可有多个文件。",
	), "short", now(`sum(corp:wecom_recording_files:sum{@record})`, l.text("Files", "文件数")))
}

func length(l Language) *stat.PanelBuilder {
	return newStat(6, l.text("Length", "总时长"), l.text(
		"Total length of all files, from wecom_recording_duration_seconds. Compare it with the size: many bytes per "+
			"second mean a high resolution.",
		"全部文件的总时长，来自 wecom_recording_duration_seconds。可与大小对比：单位时长越大，清晰度越高。",
	), "s", now(`sum(corp:wecom_recording_duration_seconds:sum{@record})`, l.text("Length", "时长")))
}

func oldestUnfinished(l Language) *stat.PanelBuilder {
	return named(newStat(6, l.text("Oldest unfinished", "最久未完成"), l.text(
		"Time since the start of the oldest unfinished recording, and its corp, from "+
			"wecom_recording_oldest_unfinished_timestamp_seconds. A day or more means that the meeting was never ended or "+
			"that transcoding is stuck; find it on /recordings.",
		"最早的未完成录制开始至今多久、属于哪个企业，来自 "+
			"wecom_recording_oldest_unfinished_timestamp_seconds。超过一天，说明会议一直没有结束或转码卡住，"+
			"可在 /recordings 页面查找。",
	), "s", now(
		`topk(1, time() - min by (job, corp) (wecom_recording_oldest_unfinished_timestamp_seconds{@corp}))`, "{{corp}}",
	))).Thresholds(rising(43200, 86400)).NoValue(l.text("none", "无"))
}

func filesPerDay(l Language) *timeseries.PanelBuilder {
	return newBars(8, "1d", l.text("New files per day", "每日新增文件数"), l.text(
		"Files of recordings when they were first seen, by corp, from the count of "+
			"wecom_recording_file_duration_seconds, which, unlike the counters by host, misses none. If there are many, see "+
			"the busiest hosts. "+dayEN,
		"首次发现的录制文件，按企业统计，来自 wecom_recording_file_duration_seconds "+
			"的计数，与按主持人的计数器不同，不会遗漏。如果激增，请查看最活跃的主持人。"+dayZH,
	), "short", over(
		`sum by (job, corp) (increase(wecom_recording_file_duration_seconds_count{@corp}[$__interval] offset -$__interval))`,
		"{{corp}}",
	))
}

func hoursPerDay(l Language) *timeseries.PanelBuilder {
	return newBars(8, "1d", l.text("Hours per day", "每日录制时长"), l.text(
		"Length of files when they were first seen, by corp, from the sum of "+
			"wecom_recording_file_duration_seconds. Compare it with the number of files: "+
			"long ones may have been left running. "+dayEN,
		"文件首次发现时的时长，按企业统计，来自 wecom_recording_file_duration_seconds "+
			"的总和。可与文件数对比：过长的录制可能是忘记停止。"+dayZH,
	), "h", over(
		`sum by (job, corp) (increase(wecom_recording_file_duration_seconds_sum{@corp}[$__interval] offset -$__interval))`+
			` / 3600`,
		"{{corp}}",
	))
}

func recordingsByState(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Recordings by state", "按状态统计的录制"), l.text(
		"Recordings that are visible to this app by state, from wecom_recordings. "+
			"\"transcoding\" that only grows is a problem on WeCom's side; \"unknown\" is a state that WeCom does not "+
			"document: please report it.",
		"本应用可见的录制，按状态统计，来自 wecom_recordings。"+
			"transcoding 持续增长说明企业微信侧有问题；unknown 是未公开的状态，请反馈。",
	), "short", over(`sum by (state) (corp:wecom_recordings:sum{@record})`, "{{state}}")).
		Stacking(stacking("normal"))
}

func lengthOfFiles(l Language) *heatmap.PanelBuilder {
	return newHeatmap(12, "1h", l.text("Length of new files", "新文件时长分布"), l.text(
		"Files by length when first seen, per hour or longer, from wecom_recording_file_duration_seconds. "+
			"Very long ones at the top are often meetings that nobody ended.",
		"首次发现的文件按时长分布，每小时（或更长），来自 "+
			"wecom_recording_file_duration_seconds。顶部的超长录制常是无人退出的会议。",
	), "s", buckets(`sum by (le) (increase(wecom_recording_file_duration_seconds_bucket{@corp}[$__rate_interval]))`))
}

func sizeOfFiles(l Language) *heatmap.PanelBuilder {
	return newHeatmap(12, "1h", l.text("Size of new files", "新文件大小分布"), l.text(
		"Files by size when first seen, per hour or longer, from wecom_recording_file_size_bytes. "+
			"If large files cause most of the growth, record at a lower resolution or delete them first.",
		"首次发现的文件按大小分布，每小时（或更长），来自 wecom_recording_file_size_bytes。"+
			"如果增长主要来自大文件，可降低录制清晰度或优先删除。",
	), "bytes", buckets(`sum by (le) (increase(wecom_recording_file_size_bytes_bucket{@corp}[$__rate_interval]))`))
}

// quantile returns a query for a quantile of a histogram over time.
func quantile(value, histogram, legend string) *prometheus.DataqueryBuilder {
	return over(
		`histogram_quantile(`+value+`, sum by (le) (rate(`+histogram+`_bucket{@corp}[$__rate_interval])))`, legend)
}

func transcodingTime(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Transcoding time", "转码耗时"), l.text(
		"Time from the end of a recording until it was first seen as completed, up to a poll interval too long, from "+
			"wecom_recording_transcoding_seconds. If it grows, hosts are waiting for their recordings: contact WeCom support.",
		"从录制结束到首次发现已完成的时间，最多偏大一个轮询间隔，来自 "+
			"wecom_recording_transcoding_seconds。持续变长说明主持人要等更久，请联系企业微信客服。",
	), "s",
		quantile("0.5", "wecom_recording_transcoding_seconds", l.text("half of the recordings", "半数录制")),
		quantile("0.95", "wecom_recording_transcoding_seconds", l.text("95 % of the recordings", "95 % 的录制")),
	)
}

// The busiest hosts are those of the time range, for which there is no recording rule.
const busiest = `topk(20, sum by (job, corp, host) (` +
	`increase(wecom_recording_discovered_seconds_total{@host}[$__range])))`

func ofBusiest(metric string) *prometheus.DataqueryBuilder {
	return cells(
		`sum by (job, corp, host) (increase(` + metric + `{@host}[$__range])) and on (job, corp, host) ` + busiest)
}

func busiestHosts(l Language) *table.PanelBuilder {
	title := l.text("Length", "时长")
	return newTable(16, l.text("Busiest hosts", "最活跃的主持人"), l.text(
		"The 20 hosts who recorded longest in the time range, from wecom_recording_discovered_seconds_total, "+
			"wecom_recordings_discovered_total and wecom_recording_discovered_bytes_total. "+
			"A host's very first recording is not included, because the host's counters start with it. Ask the top hosts "+
			"whether they need all of it.",
		"所选时间范围内录制时间最长的 20 位主持人，来自 wecom_recording_discovered_seconds_total、"+
			"wecom_recordings_discovered_total 和 wecom_recording_discovered_bytes_total。"+
			"主持人的首个录制不计入，因为计数器由它开始。请向排名靠前的主持人确认，这些录制是否都需要。",
	), []*prometheus.DataqueryBuilder{
		cells(busiest),
		ofBusiest("wecom_recordings_discovered_total"),
		ofBusiest("wecom_recording_discovered_bytes_total"),
	},
		corpColumn(l), hostColumn(l),
		column{field: "Value #A", title: title, unit: "s"},
		column{field: "Value #B", title: l.text("Recordings", "录制数")},
		column{field: "Value #C", title: l.text("Size", "大小"), unit: "bytes"},
	).SortBy(sortedBy(title))
}
