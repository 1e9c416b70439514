// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func exposure(l Language) row {
	return row{
		title: l.text("Exposure", "共享与暴露"),
		panels: []cog.Builder[dashboard.Panel]{
			sharingMatrix(l), linksByExpiry(l), downloadable(l),
			sharedOverTime(l), viewsPerDay(l), mostViewed(l),
		},
	}
}

func sharingMatrix(l Language) *table.PanelBuilder {
	return newTable(8, l.text("Shared files by audience and password", "按访问范围与密码统计的共享文件"), l.text(
		"Shared files with a link that has not expired, from wecom_recording_sharing_files. "+
			"\"anyone\" means anyone with the link, and is an upper bound; files for both attendees and company count as "+
			"attendees. Recordings open to anyone without a password need one.",
		"链接未过期的共享文件，来自 wecom_recording_sharing_files。"+
			"anyone 指任何人凭链接即可观看，数字是上限；同时设为 company 与 attendees 的，计为 attendees。"+
			"anyone 且无密码（none）的录制，应设置密码。",
	), []*prometheus.DataqueryBuilder{cells(
		`sum by (audience, password) (corp:wecom_recording_sharing_files:sum{@record,expiry!="expired"})`,
	)},
		column{field: `audience\password`, title: l.text("Audience", "访问范围")},
		column{field: "none", title: l.text("No password", "无密码")},
		column{field: "set", title: l.text("With a password", "有密码")},
	).Transformations(matrix("audience", "password")).NoValue(l.text("nothing shared", "无共享"))
}

func filesExpiring(value, legend string) *prometheus.DataqueryBuilder {
	return now(`sum(corp:wecom_recording_sharing_files:sum{@record,audience="anyone",expiry="`+value+`"})`, legend)
}

func linksByExpiry(l Language) *bargauge.PanelBuilder {
	return newBarGauge(8, l.text("Links for anyone by expiry", "任何人可用链接的有效期"), l.text(
		"Files open to anyone with the link, an upper bound, by when the link expires, from "+
			"wecom_recording_sharing_files. Set an expiry for links that never expire.",
		"任何人凭链接即可观看的文件（数字是上限），按链接的过期时间统计，来自 "+
			"wecom_recording_sharing_files。请为永不过期的链接设置有效期。",
	), "short",
		filesExpiring("expired", l.text("expired", "已过期")),
		filesExpiring("1d", l.text("within a day", "1 天内过期")),
		filesExpiring("7d", l.text("within 7 days", "7 天内过期")),
		filesExpiring("30d", l.text("within 30 days", "30 天内过期")),
		filesExpiring("later", l.text("later", "更晚过期")),
		filesExpiring("never", l.text("never", "永不过期")),
	)
}

func downloadable(l Language) *bargauge.PanelBuilder {
	return newBarGauge(8, l.text("Files that may be downloaded", "允许下载的文件"), l.text(
		"Shared files with a link that has not expired and allows downloads, by audience, from "+
			"wecom_recording_sharing_files. A downloaded file cannot be taken back: turn off downloads where watching is "+
			"enough.",
		"链接未过期且允许下载的共享文件，按访问范围统计，来自 wecom_recording_sharing_files。"+
			"已下载的文件无法收回：仅需观看时请禁止下载。",
	), "short", now(
		`sum by (audience) (corp:wecom_recording_sharing_files:sum{@record,download="allowed",expiry!="expired"})`,
		"{{audience}}",
	)).NoValue(l.text("none", "无"))
}

func sharedOverTime(l Language) *timeseries.PanelBuilder {
	return newTimeseries(8, l.text("Shared and exposed files", "共享文件与暴露文件"), l.text(
		"Files with sharing on, and those of them that anyone with the link can watch without a password, from "+
			"wecom_recording_shared_files and wecom_recording_exposed_files. "+
			"If a line jumps, see the changes in the row below.",
		"已开启共享的文件，以及其中任何人凭链接、无需密码即可观看的文件，"+
			"来自 wecom_recording_shared_files 和 wecom_recording_exposed_files。"+
			"如果突然上升，请查看下一行的变更。",
	), "short",
		over(`sum(corp:wecom_recording_shared_files:sum{@record})`, l.text("shared", "已共享")),
		over(`sum(corp:wecom_recording_exposed_files:sum{@record})`, l.text("exposed", "暴露")),
	)
}

func viewsPerDay(l Language) *timeseries.PanelBuilder {
	return newBars(8, "1d", l.text("Views and downloads per day", "每日观看与下载"), l.text(
		"Views and downloads of shared recordings, from wecom_recording_views_total and "+
			"wecom_recording_downloads_total. Needs --wecom.statistics. "+dayEN,
		"共享录制的观看与下载次数，来自 wecom_recording_views_total 和 wecom_recording_downloads_total。"+
			"需启用 --wecom.statistics。"+dayZH,
	), "short",
		over(`sum(increase(wecom_recording_views_total{@host}[$__interval] offset -$__interval))`, l.text("views", "观看")),
		over(`sum(increase(wecom_recording_downloads_total{@host}[$__interval] offset -$__interval))`,
			l.text("downloads", "下载")),
	)
}

func mostViewed(l Language) *table.PanelBuilder {
	title := l.text("Views", "观看次数")
	return newTable(8, l.text("Most viewed hosts with exposed files", "有暴露文件且观看最多的主持人"), l.text(
		"Hosts with exposed files by the views of all their recordings in the last day, from "+
			"wecom_recording_views_total. A link with many views may have spread too far.",
		"有暴露文件的主持人，按其全部录制最近一天的观看次数排列，来自 wecom_recording_views_total。"+
			"观看次数多的链接可能已外传。",
	), []*prometheus.DataqueryBuilder{cells(
		`topk(20, host:wecom_recording_views_total:exposed_increase1d{@recordedHost} > 0)`,
	)},
		corpColumn(l), exposedHostColumn(l), column{field: "Value", title: title},
	).SortBy(sortedBy(title)).Decimals(0).NoValue(l.text("none", "无"))
}

// dayEN and dayZH end the descriptions of bars for days. Grafana begins a day at
// midnight in the time zone of the dashboard, and a bar stands at its beginning.
const (
	dayEN = "Each bar is a day in the dashboard's time zone, by default the browser's; the last day is not over yet."
	dayZH = "每根柱子代表一天，按仪表盘时区（默认为浏览器时区）划分，最后一天尚未结束。"
)

func changes(l Language) row {
	return row{
		title: l.text("Changes", "变更"),
		panels: []cog.Builder[dashboard.Panel]{
			sharingChanges(l), removedPerDay(l),
		},
	}
}

func sharingChanges(l Language) *timeseries.PanelBuilder {
	return newBars(12, "1h", l.text("Sharing changes per hour", "每小时共享变更"), l.text(
		"Sharing changes of known files per hour, or longer over a long range, from "+
			"wecom_recording_sharing_changes_total. \"widened\": something became more open. "+
			"Ask who widened a link, and why; the link lists the changes.",
		"每小时（范围较大时更长）已知文件的共享变更，来自 wecom_recording_sharing_changes_total。"+
			"widened 表示变得更开放。请确认是谁放宽了链接以及原因；链接列出变更。",
	), "short", over(
		`sum by (change) (increase(wecom_recording_sharing_changes_total{@corp}[$__interval] offset -$__interval))`,
		"{{change}}",
	)).DataLinks(dataLinks(l.text("Changes", "变更列表"), "${exporter_url}/changes"))
}

func removedPerDay(l Language) *timeseries.PanelBuilder {
	return newBars(12, "1d", l.text("Removed recordings per day", "每日被删除的录制"), l.text(
		"Recordings that disappeared from WeCom while still inside the lookback, by corp, from "+
			"wecom_recordings_removed_total. If there are many, find out who deleted them: WeCom cannot restore them. "+dayEN,
		"仍在回溯期内但已从企业微信消失的录制，按企业统计，来自 "+
			"wecom_recordings_removed_total。如果大量出现，请查明由谁删除：企业微信无法恢复。"+dayZH,
	), "short", over(
		`sum by (job, corp) (increase(wecom_recordings_removed_total{@corp}[$__interval] offset -$__interval))`,
		"{{corp}}",
	)).DataLinks(dataLinks(l.text("Removed recordings", "被删除的录制"), "${exporter_url}/changes?change=removed"))
}
