// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// corpQuota is the quota of each corp, which all of its shards report.
const corpQuota = `max by (job, corp) (wecom_recording_quota_bytes{@corp})`

func size(l Language) *stat.PanelBuilder {
	return alarmed(newStat(5, l.text("Size", "大小"), l.text(
		"Size of the files that are visible to this app, from wecom_recording_bytes. Files older than the lookback also "+
			"take up space but are not included; see the hosts by size for what to delete.",
		"本应用可见文件的大小，来自 wecom_recording_bytes。早于回溯期的文件也占空间但不计入；"+
			"可按大小查看主持人以决定删除什么。",
	), "bytes", over(`sum(corp:wecom_recording_bytes:sum{@record})`, l.text("Size", "大小"))),
		l.text("no data", "无数据")).
		GraphMode(common.BigValueGraphModeArea)
}

func sizeSinceYesterday(l Language) *stat.PanelBuilder {
	return alarmed(newStat(5, l.text("Size since yesterday", "较昨日大小变化"), l.text(
		"How much the size has changed in a day, from wecom_recording_bytes; 0 on the first day. "+
			"Below 0, more was deleted or left the lookback than was recorded.",
		"大小与一天前相比的变化，来自 wecom_recording_bytes；第一天为 0。"+
			"小于 0 说明删除或移出回溯期的多于新增。",
	), "bytes", now(
		`sum(corp:wecom_recording_bytes:sum{@record}) - `+
			`(sum(corp:wecom_recording_bytes:sum{@record} offset 1d) or sum(corp:wecom_recording_bytes:sum{@record}))`,
		l.text("Change", "变化"),
	)), l.text("no data", "无数据"))
}

func quotaUsed(l Language) *stat.PanelBuilder {
	return named(newStat(5, l.text("Quota used", "配额使用率"), l.text(
		"Size as a share of the configured quota_bytes, for the fullest corp, from wecom_recording_bytes and "+
			"wecom_recording_quota_bytes. WeCom reports no quota: set quota_bytes. "+
			"When it fills up, delete old recordings or buy more space.",
		"大小占配置的 quota_bytes 的比例，取最满的企业，来自 wecom_recording_bytes 和 "+
			"wecom_recording_quota_bytes。企业微信不提供配额：请配置 quota_bytes。"+
			"快满时请删除旧录制或扩容。",
	), "percentunit", now(
		`topk(1, corp:wecom_recording_bytes:sum{@record} / on (job, corp) `+corpQuota+`)`, "{{corp}}",
	))).Thresholds(rising(0.8, 0.95)).NoValue(l.text("no quota", "未配置配额"))
}

// quotaReachedIn reads the rule of the alert. A corp with a quota and without a
// forecast is shown as -1, what does not grow as 1e10 seconds.
func quotaReachedIn(l Language) *stat.PanelBuilder {
	return named(newStat(5, l.text("Quota reached in", "配额耗尽时间"), l.text(
		"Forecast from the growth of the last 14 days, for the corp that fills up first, from "+
			"wecom_recording_quota_bytes, computed like the alert WecomRecordingStorageExhaustionPredicted. In the first "+
			"three days, it is too early to say. Delete recordings or buy more space in time.",
		"按 14 天的增速预测，取最先用尽的企业，来自 wecom_recording_quota_bytes，与告警 WecomRecordingStorageExhaustionPredicted 相同。"+
			"头三天数据不足，无法预测。请及时删除录制或扩容。",
	), "s", now(
		`bottomk(1, clamp_max(corp:wecom_recording_quota_bytes:seconds_left{@record}, 1e10)) or on () `+
			`bottomk(1, 0 * `+corpQuota+` - 1)`,
		"{{corp}}",
	))).
		Thresholds(falling(2592000, 604800)).
		Mappings(words(
			exactly(-1, "text", l.text("too early to say", "数据不足")),
			exactly(0, "red", l.text("reached", "已用尽")),
			between(new(1e9), nil, "green", l.text("not growing", "无增长")),
			noData("text", l.text("no quota", "未配置配额")),
		)).
		NoValue(l.text("no quota", "未配置配额"))
}

func beyondRetention(l Language) *stat.PanelBuilder {
	return newStat(4, l.text("Beyond the retention", "超过保留期限"), l.text(
		"Files that are older than --policy.retention, from wecom_recording_retention_exceeded_files. Delete them, or ask "+
			"the hosts to.",
		"超过 --policy.retention 的文件，来自 wecom_recording_retention_exceeded_files。请删除，或请主持人删除。",
	), "short", now(`sum(wecom_recording_retention_exceeded_files{@host})`, l.text("Overdue", "超期"))).
		Thresholds(fromOne("red")).
		NoValue(l.text("no retention", "未设置")).
		Mappings(words(noData("text", l.text("no retention", "未设置")))).
		DataLinks(dataLinks(
			l.text("Recordings beyond the retention", "超过保留期限的录制"), "${exporter_url}/recordings?overdue=true"))
}

func storage(l Language) row {
	return row{
		title: l.text("Storage", "存储"),
		panels: []cog.Builder[dashboard.Panel]{
			sizeAndQuota(l), bytesPerDay(l), filesByAge(l),
			hostsBySize(l),
		},
	}
}

func sizeAndQuota(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Size and quota", "大小与配额"), l.text(
		"Size of the files that are visible to this app, and the configured quota, by corp, from "+
			"wecom_recording_bytes and wecom_recording_quota_bytes. Delete recordings or buy more space before the lines meet.",
		"本应用可见文件的大小与配置的配额，按企业统计，来自 wecom_recording_bytes 和 "+
			"wecom_recording_quota_bytes。请在两线相交前清理或扩容。",
	), "bytes",
		over(`corp:wecom_recording_bytes:sum{@record}`, "{{corp}}"),
		over(corpQuota, l.text("quota of {{corp}}", "{{corp}} 的配额")),
	)
}

func bytesPerDay(l Language) *timeseries.PanelBuilder {
	return newBars(8, "1d", l.text("Bytes per day", "每日新增大小"), l.text(
		"Size of files when they were first seen, by corp, from wecom_recording_file_size_bytes. "+
			"Unlike the size, it does not fall when recordings are deleted: compare the two. "+dayEN,
		"文件首次发现时的大小，按企业统计，来自 wecom_recording_file_size_bytes。"+
			"与总大小不同，删除录制不会使其下降，可对比两者。"+dayZH,
	), "bytes", over(
		`sum by (job, corp) (increase(wecom_recording_file_size_bytes_sum{@corp}[$__interval] offset -$__interval))`,
		"{{corp}}",
	))
}

func filesOfAge(value, legend string) *prometheus.DataqueryBuilder {
	return now(`sum(wecom_recording_files_by_age{@corp,age="`+value+`"})`, legend)
}

func filesByAge(l Language) *bargauge.PanelBuilder {
	return newBarGauge(8, l.text("Files by age", "文件存放时长"), l.text(
		"Files by the time since they started, from wecom_recording_files_by_age, as far as the lookback reaches. Delete "+
			"files that are older than your retention policy allows.",
		"按开始以来的时间统计的文件，来自 wecom_recording_files_by_age，范围为回溯期。"+
			"请删除超过保留期限的文件。",
	), "short",
		filesOfAge("0-7d", l.text("up to 7 days", "7 天以内")),
		filesOfAge("7-30d", l.text("7 to 30 days", "7 至 30 天")),
		filesOfAge("30-90d", l.text("30 to 90 days", "30 至 90 天")),
		filesOfAge("90-180d", l.text("90 to 180 days", "90 至 180 天")),
		filesOfAge("180-366d", l.text("more than 180 days", "180 天以上")),
	)
}

func hostsBySize(l Language) *table.PanelBuilder {
	title := l.text("Size", "大小")
	return newTable(24, l.text("Hosts by size", "占用空间最多的主持人"), l.text(
		"The 100 hosts of each corp with the most bytes, from wecom_recording_bytes, wecom_recording_files, "+
			"wecom_recording_duration_seconds, wecom_recording_shared_files and "+
			"wecom_recording_last_start_timestamp_seconds. The link opens the recordings; ask the host which ones can be "+
			"deleted. "+
			"\"other\" is the sum of hosts beyond --metrics.max-hosts.",
		"每个企业占用空间最多的 100 位主持人，来自 wecom_recording_bytes、wecom_recording_files、"+
			"wecom_recording_duration_seconds、wecom_recording_shared_files 和 "+
			"wecom_recording_last_start_timestamp_seconds。"+
			"点击链接查看录制，并与主持人确认可删除的部分。other 汇总超出 --metrics.max-hosts "+
			"的主持人。",
	), []*prometheus.DataqueryBuilder{
		cells(`host:wecom_recording_bytes:top100{@recordedHost}`),
		cells(`host:wecom_recording_files:largest{@recordedHost}`),
		cells(`host:wecom_recording_duration_seconds:largest{@recordedHost}`),
		cells(`host:wecom_recording_shared_files:largest{@recordedHost}`),
		cells(`time() - host:wecom_recording_last_start_timestamp_seconds:largest{@recordedHost}`),
	},
		corpColumn(l), hostColumn(l),
		column{field: "Value #A", title: title, unit: "bytes"},
		column{field: "Value #B", title: l.text("Files", "文件数")},
		column{field: "Value #C", title: l.text("Length", "时长"), unit: "s"},
		column{field: "Value #D", title: l.text("Shared files", "共享文件")},
		column{field: "Value #E", title: l.text("Newest recording started (ago)", "最新录制距今"), unit: "s"},
	).SortBy(sortedBy(title))
}

func departments(l Language) row {
	return row{
		title: l.text("Departments", "部门"),
		panels: []cog.Builder[dashboard.Panel]{
			byDepartment(l), exposedByDepartment(l),
		},
	}
}

func byDepartment(l Language) *table.PanelBuilder {
	title, none := l.text("Size", "大小"), l.text("no department", "无部门")
	return newTable(12, l.text("Recordings by department", "按部门统计的录制"), l.text(
		"Size, files and exposed files by department, from wecom_recording_bytes, wecom_recording_files and "+
			"wecom_recording_exposed_files, using the wecom_host_info of their hosts. Departments need "+
			"--metrics.departments; without it, or beyond --metrics.max-hosts, hosts have no department.",
		"各部门的录制大小、文件数与暴露文件数，来自 wecom_recording_bytes、wecom_recording_files 和 "+
			"wecom_recording_exposed_files，按主持人的 wecom_host_info 归属。部门需启用 --metrics.departments；"+
			"未启用或超出 --metrics.max-hosts 的主持人计入无部门。",
	), []*prometheus.DataqueryBuilder{
		cells(`department:wecom_recording_bytes:sum{@record}`),
		cells(`department:wecom_recording_files:sum{@record}`),
		cells(`department:wecom_recording_exposed_files:sum{@record}`),
	},
		corpColumn(l),
		column{field: "department", title: l.text("Department", "部门"), mappings: words(
			colored(map[string]dashboard.ValueMappingResult{"": {Text: &none}}), noData("text", none),
		)},
		column{field: "Value #A", title: title, unit: "bytes"},
		column{field: "Value #B", title: l.text("Files", "文件数")},
		column{field: "Value #C", title: l.text("Exposed files", "暴露文件")},
	).SortBy(sortedBy(title)).NoValue(l.text("no data", "无数据"))
}

func exposedByDepartment(l Language) *timeseries.PanelBuilder {
	return newTimeseries(12, l.text("Exposed files by department", "按部门统计的暴露文件"), l.text(
		"Exposed files by corp and department, from wecom_recording_exposed_files. A name with nothing after the colon "+
			"stands for hosts without a department. If a department rises, ask its head.",
		"按企业与部门统计的暴露文件，来自 wecom_recording_exposed_files。冒号后为空表示不属于任何部门。如果某部门上升，请联系其负责人。",
	), "short", over(`department:wecom_recording_exposed_files:sum{@record}`, "{{corp}}: {{department}}"))
}
