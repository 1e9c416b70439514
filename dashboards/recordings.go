// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

// Expressions that several panels share. Shards of one corp add up.
const (
	corpBytes = `sum by (job, corp) (wecom_recording_bytes{@corp})`
	corpQuota = `max by (job, corp) (wecom_recording_quota_bytes{@corp})`
	// quotaKnownFor is for how many seconds of the range there is data, by the number of samples. On
	// a new install that is far less than the range.
	quotaKnownFor = `300 * sum by (job, corp) (count_over_time(wecom_recording_quota_bytes{@corp}[$__range])) / ` +
		`sum by (job, corp) (count_over_time(wecom_recording_quota_bytes{@corp}[5m]))`
	largestHosts = `topk(20, sum by (job, corp, host) (wecom_recording_bytes{@host}))`
	busiestHosts = `topk(20, sum by (job, corp, host) (` +
		`increase(wecom_recording_discovered_seconds_total{@host}[$__range])))`
	ofTheseHosts = ` and on (job, corp, host) `
)

var (
	corpColumn = column{field: "corp", title: text{"Corp", "企业"}}
	// The link needs the fields by these names, which titles do not change.
	hostColumn = column{field: "host", title: text{"Host", "主持人"}, link: &panelLink{
		title: text{"Recordings of this host", "该主持人的录制"},
		url:   "${exporter_url}/recordings?corp=${__data.fields.corp:percentencode}&host=${__data.fields.host:percentencode}",
	}}
	exposedHostColumn = column{field: "host", title: hostColumn.title, link: &panelLink{
		title: text{"Exposed recordings of this host", "该主持人的暴露录制"},
		url:   hostColumn.link.url + "&exposed=true",
	}}

	docsLink = boardLink{title: text{"Metrics", "指标说明"}, url: docsURL + "metrics.md"}
	siblings = boardLink{
		title: text{"WeCom dashboards", "企业微信仪表盘"},
		tags:  []string{"wecom", "recordings"},
		own:   true,
	}
	// The title of the link is for those who read the other language.
	otherLanguage = boardLink{
		title: text{"Chinese (中文)", "英文（English）"},
		tags:  []string{"wecom", "recordings"},
	}
)

// dataAge and coverage are in the first row of each dashboard, because they show
// whether the rest can be trusted.
func dataAge(width int) *panel {
	return stat(width, text{"Age of the data", "数据时效"}, text{
		"Time since the last successful poll, of the corp that waits longest, from " +
			"wecom_poll_last_success_timestamp_seconds. If it exceeds the poll interval, everything here is old: " +
			"look at wecom_up and the errcodes on the exporter's dashboard.",
		"距上次成功轮询的时间，取等待最久的企业，来自 wecom_poll_last_success_timestamp_seconds。" +
			"超过轮询间隔说明此处数据已陈旧：请在 exporter 仪表盘查看 wecom_up 和错误码。",
	}, "s", now(`time() - min(wecom_poll_last_success_timestamp_seconds{@corp})`, text{"Age", "时效"})).
		red(900, 3600).never(text{"never polled", "从未轮询成功"})
}

func coverage(width int) *panel {
	return stat(width, text{"Coverage", "覆盖率"}, text{
		"Share of targets polled with success within twice their interval, of the worst corp, from " +
			"wecom_poll_coverage_ratio. Below 100 % there are recordings that nobody sees: " +
			"/targets of the exporter says which targets fail, and why.",
		"在两倍间隔内成功轮询的目标占比，取最差的企业，来自 wecom_poll_coverage_ratio。" +
			"低于 100 % 说明有录制未被看到：exporter 的 /targets 页面列出失败目标及原因。",
	}, "percentunit", now(`min(wecom_poll_coverage_ratio{@corp})`, text{"Coverage", "覆盖率"})).red(0.99, 0.95)
}

func recordingsBoard() board {
	return board{
		uid:   "wecom-recordings",
		from:  "now-7d",
		title: text{"WeCom recordings", "企业微信会议录制"},
		help: text{
			"Cloud recordings of WeCom meetings that are visible to this app: " +
				"how many, how large, whose, and how they are shared.",
			"本应用可见的企业微信会议云录制：数量、大小、归属以及共享方式。",
		},
		variables: []variable{jobVariable, instanceVariable, corpVariable, hostVariable, exporterURLVariable},
		links: []boardLink{
			siblings, otherLanguage, docsLink,
			{title: text{"Recordings", "录制列表"}, url: "${exporter_url}/recordings"},
		},
		sections: []section{recordingsOverview(), exposure(), storage(), departments(), activity()},
	}
}

func recordingsOverview() section {
	return section{
		title: text{"Overview", "概览"},
		lines: []line{{4, []*panel{
			stat(3, text{"Recordings", "录制数"}, text{
				"Recordings inside the lookback that are visible to this app, from wecom_recordings. " +
					"If recordings are missing, check the coverage and the app's visible scope.",
				"回溯期内本应用可见的录制，来自 wecom_recordings。" +
					"若有缺失，请检查覆盖率和应用的可见范围。",
			}, "short", now(`sum(wecom_recordings{@host})`, text{"Recordings", "录制数"})),
			stat(3, text{"Size", "大小"}, text{
				"Size of their files, from wecom_recording_bytes. Files older than the lookback take space too but are not in " +
					"it; see the hosts by size for what to delete.",
				"录制文件的大小，来自 wecom_recording_bytes。早于回溯期的文件也占空间但不计入；" +
					"可按大小查看主持人以决定删除什么。",
			}, "bytes", now(`sum(wecom_recording_bytes{@host})`, text{"Size", "大小"})),
			stat(3, text{"Quota used", "配额使用率"}, text{
				"Size over quota_bytes as configured, of the fullest corp, from wecom_recording_bytes and " +
					"wecom_recording_quota_bytes. WeCom tells no quota: set quota_bytes. " +
					"When it fills up, delete old recordings or buy space.",
				"大小占配置的 quota_bytes 的比例，取最满的企业，来自 wecom_recording_bytes 和 " +
					"wecom_recording_quota_bytes。企业微信不提供配额：请配置 quota_bytes。" +
					"快满时请删除旧录制或扩容。",
			}, "percentunit", now(`max(`+corpBytes+` / `+corpQuota+`)`, text{"Used", "已用"})).
				red(0.8, 0.95).ifNone(text{"no quota", "未配置配额"}),
			stat(4, text{"Quota reached in", "配额耗尽时间"}, text{
				"Forecast: space left over the rate of new bytes in the time range, as far as there is data, of the corp that " +
					"fills first, from wecom_recording_quota_bytes, wecom_recording_bytes and wecom_recording_file_size_bytes. " +
					"It assumes that nothing is deleted; choose a time range of some days.",
				"预测：剩余空间除以所选时间范围内（有数据的部分）的新增速率，取最先耗尽的企业，来自 " +
					"wecom_recording_quota_bytes、wecom_recording_bytes 和 wecom_recording_file_size_bytes。" +
					"假设不删除任何录制；时间范围请选数天。",
			}, "s", now(
				`min(clamp_min(`+corpQuota+` - `+corpBytes+`, 0) * `+quotaKnownFor+` / `+
					`(sum by (job, corp) (increase(wecom_recording_file_size_bytes_sum{@corp}[$__range])) > 0))`,
				text{"Time left", "剩余时间"},
			)).red(2592000, 604800).ifNone(text{"no growth or quota", "无增长或未配置配额"}),
			stat(3, text{"Exposed files", "暴露文件"}, text{
				"Files that anyone with the link can watch without a password, that have not expired and are not accepted, from " +
					"wecom_recording_exposed_files. An upper bound: WeCom may restrict a link in ways it does not tell. " +
					"Set a password or narrow the audience; the link lists them.",
				"任何持有链接者无需密码即可观看、链接未过期且未登记为接受的文件，来自 " +
					"wecom_recording_exposed_files。这是上限：企业微信可能有未告知的限制。" +
					"请设置密码或缩小访问范围；链接列出这些录制。",
			}, "short", now(`sum(wecom_recording_exposed_files{@host})`, text{"Exposed", "暴露"})).
				redIfAny().link(text{"Exposed recordings", "暴露录制"}, "${exporter_url}/recordings?exposed=true"),
			dataAge(4),
			coverage(4),
		}}},
	}
}

func exposure() section {
	return section{
		title: text{"Exposure", "共享与暴露"},
		lines: []line{exposureNow(), exposureOverTime(), acceptedAndWatched()},
	}
}

func filesExpiring(value string, legend text) query {
	return now(`sum(wecom_recording_sharing_files{@corp,audience="anyone",expiry="`+value+`"})`, legend)
}

func exposureNow() line {
	return line{8, []*panel{
		table(8, text{"Shared files by audience and password", "按访问范围与密码统计的共享文件"}, text{
			"Shared files with a link that has not expired, from wecom_recording_sharing_files. " +
				"\"anyone\" means anyone with the link, an upper bound; attendees wins over company. " +
				"Recordings for anyone without a password (none) need one.",
			"链接未过期的共享文件，来自 wecom_recording_sharing_files。" +
				"anyone 指任何持有链接者，为上限；attendees 优先于 company。" +
				"对 anyone 且无密码（none）的录制应设置密码。",
		}, []query{cells(`sum by (audience, password) (wecom_recording_sharing_files{@corp,expiry!="expired"})`)},
			column{field: `audience\password`, title: text{"Audience", "访问范围"}},
			column{field: "none", title: text{"No password", "无密码"}},
			column{field: "set", title: text{"With a password", "有密码"}},
		).matrix("audience", "password").ifNone(text{"nothing shared", "无共享"}),
		bargauge(8, text{"Links for anyone by expiry", "任何人可用链接的有效期"}, text{
			"Files whose link is for anyone who has it, an upper bound, by when it expires, from " +
				"wecom_recording_sharing_files. Give links that never expire an end.",
			"链接对任何持有者开放（上限）的文件，按过期时间统计，来自 " +
				"wecom_recording_sharing_files。请为永久链接设置有效期。",
		}, "short",
			filesExpiring("expired", text{"expired", "已过期"}),
			filesExpiring("1d", text{"within a day", "1 天内过期"}),
			filesExpiring("7d", text{"within 7 days", "7 天内过期"}),
			filesExpiring("30d", text{"within 30 days", "30 天内过期"}),
			filesExpiring("later", text{"later", "更晚过期"}),
			filesExpiring("never", text{"never", "永不过期"}),
		),
		table(8, text{"Hosts by exposed files", "暴露文件最多的主持人"}, text{
			"Hosts with the most files that anyone with the link can watch without a password, from " +
				"wecom_recording_exposed_files. Follow the link to the recordings and have the host set a password.",
			"无需密码、任何持有链接者即可观看的文件最多的主持人，来自 " +
				"wecom_recording_exposed_files。点击链接查看录制，并请主持人设置密码。",
		}, []query{cells(`topk(10, sum by (job, corp, host) (wecom_recording_exposed_files{@host}) > 0)`)},
			corpColumn, exposedHostColumn, column{field: "Value", title: text{"Exposed files", "暴露文件"}},
		).sortedBy(text{"Exposed files", "暴露文件"}).ifNone(text{"nothing exposed", "无暴露"}),
	}}
}

func exposureOverTime() line {
	return line{8, []*panel{
		timeseries(8, text{"Shared and exposed files", "共享文件与暴露文件"}, text{
			"Files with sharing on, and those of them that anyone with the link can watch without a password, from " +
				"wecom_recording_shared_files and wecom_recording_exposed_files. " +
				"A step up is worth a look at the changes beside it.",
			"已开启共享的文件，以及其中任何持有链接者无需密码即可观看的文件，" +
				"来自 wecom_recording_shared_files 和 wecom_recording_exposed_files。" +
				"若突然上升，请查看旁边的变更。",
		}, "short",
			over(`sum(wecom_recording_shared_files{@host})`, text{"shared", "已共享"}),
			over(`sum(wecom_recording_exposed_files{@host})`, text{"exposed", "暴露"}),
		),
		bars(8, "1h", text{"Changes of sharing", "共享变更"}, text{
			"Changes of the sharing of known files per hour or longer, from wecom_recording_sharing_changes_total. " +
				"\"widened\": something became more open. Ask who widened a link, and why.",
			"每小时（或更长）已知文件的共享变更，来自 wecom_recording_sharing_changes_total。" +
				"widened 表示变得更开放。请确认是谁放宽了链接以及原因。",
		}, "short", over(
			`sum by (change) (increase(wecom_recording_sharing_changes_total{@corp}[$__rate_interval]))`,
			label("{{change}}"),
		)).link(text{"Changes", "变更列表"}, "${exporter_url}/changes"),
		bargauge(8, text{"Files that may be downloaded", "允许下载的文件"}, text{
			"Shared files with a link that has not expired and allows downloads, by audience, from " +
				"wecom_recording_sharing_files. A file that was downloaded cannot be taken back: " +
				"block downloads where watching is enough.",
			"链接未过期且允许下载的共享文件，按访问范围统计，来自 wecom_recording_sharing_files。" +
				"已下载的文件无法收回：仅需观看时请禁止下载。",
		}, "short", now(
			`sum by (audience) (wecom_recording_sharing_files{@corp,download="allowed",expiry!="expired"})`,
			label("{{audience}}"),
		)).ifNone(text{"none", "无"}),
	}}
}

func acceptedAndWatched() line {
	return line{8, []*panel{
		stat(4, text{"Exposed since yesterday", "较昨日新增暴露"}, text{
			"Exposed files now less those a day ago, from wecom_recording_exposed_files; on the first day, all of them. " +
				"If it is above 0, the link shows what was opened.",
			"当前暴露文件数减去一天前的数量，来自 wecom_recording_exposed_files；第一天为全部。" +
				"大于 0 时，点击链接查看新开放的文件。",
		}, "short", now(
			`sum(wecom_recording_exposed_files{@host}) - (sum(wecom_recording_exposed_files{@host} offset 1d) or vector(0))`,
			text{"More", "新增"},
		)).redIfAny().
			link(text{"Exposed since yesterday", "较昨日新增暴露"}, "${exporter_url}/changes?exposed=true&since=1d"),
		stat(4, text{"Accepted files", "已接受的暴露"}, text{
			"Files that would count as exposed but are accepted, from wecom_recording_accepted_files. " +
				"Who accepts them writes a reason and an end into the file of --policy.accepted-file.",
			"因已登记为接受而不计为暴露的文件，来自 wecom_recording_accepted_files。" +
				"登记写在 --policy.accepted-file 指定的文件中，含原因与截止日期。",
		}, "short", now(`sum(wecom_recording_accepted_files{@corp})`, text{"Accepted", "已接受"})).
			ifNone(text{"no file", "未配置"}).
			link(text{"Accepted recordings", "已接受的录制"}, "${exporter_url}/recordings?accepted=true"),
		bars(8, "1d", text{"Views and downloads per day", "每日观看与下载"}, text{
			"Views and downloads of shared recordings by day, from wecom_recording_views_total and " +
				"wecom_recording_downloads_total. They need --wecom.statistics.",
			"共享录制每日的观看与下载次数，来自 wecom_recording_views_total 和 wecom_recording_downloads_total。" +
				"需启用 --wecom.statistics。",
		}, "short",
			over(`sum(increase(wecom_recording_views_total{@host}[$__rate_interval]))`, text{"views", "观看"}),
			over(`sum(increase(wecom_recording_downloads_total{@host}[$__rate_interval]))`, text{"downloads", "下载"}),
		),
		table(8, text{"Most viewed hosts with exposed files", "有暴露文件且观看最多的主持人"}, text{
			"Hosts with exposed files by the views of all their recordings in the time range, from " +
				"wecom_recording_views_total and wecom_recording_exposed_files. A link with many views may have gone too far.",
			"有暴露文件的主持人，按其全部录制在所选时间范围内的观看次数排列，来自 " +
				"wecom_recording_views_total 和 wecom_recording_exposed_files。观看次数多的链接可能已外传。",
		}, []query{cells(
			`topk(10, sum by (job, corp, host) (increase(wecom_recording_views_total{@host}[$__range])) > 0` + ofTheseHosts +
				`sum by (job, corp, host) (wecom_recording_exposed_files{@host}) > 0)`,
		)},
			corpColumn, exposedHostColumn, column{field: "Value", title: text{"Views", "观看次数"}},
		).sortedBy(text{"Views", "观看次数"}).ifNone(text{"none", "无"}),
	}}
}

func departments() section {
	return section{
		title: text{"Departments", "部门"},
		lines: []line{{8, []*panel{
			table(24, text{"Recordings by department", "按部门统计的录制"}, text{
				"Size, files and exposed files of the hosts of each department, from wecom_host_info, wecom_recording_bytes, " +
					"wecom_recording_files and wecom_recording_exposed_files. It needs --metrics.departments; hosts beyond " +
					"--metrics.max-hosts have no department.",
				"各部门主持人的录制大小、文件数与暴露文件数，来自 wecom_host_info、wecom_recording_bytes、" +
					"wecom_recording_files 和 wecom_recording_exposed_files。需启用 --metrics.departments；" +
					"超出 --metrics.max-hosts 的主持人没有部门。",
			}, []query{
				byDepartment("wecom_recording_bytes"),
				byDepartment("wecom_recording_files"),
				byDepartment("wecom_recording_exposed_files"),
			},
				corpColumn, column{field: "department", title: text{"Department", "部门"}},
				column{field: "Value #A", title: text{"Size", "大小"}, unit: "bytes"},
				column{field: "Value #B", title: text{"Files", "文件数"}},
				column{field: "Value #C", title: text{"Exposed files", "暴露文件"}},
			).sortedBy(text{"Size", "大小"}).ifNone(text{"no departments", "无部门数据"}),
		}}},
	}
}

// byDepartment sums up a metric of hosts. Each host has one department.
func byDepartment(metric string) query {
	return cells(`sum by (job, corp, department) (sum by (job, corp, host) (` + metric + `{@host})` +
		` * on (job, corp, host) group_left (department) max by (job, corp, host, department) (wecom_host_info{@host}))`)
}

func storage() section {
	return section{
		title: text{"Storage", "存储"},
		lines: []line{storageOverTime(), largestAndRemoved()},
	}
}

func filesOfAge(value string, legend text) query {
	return now(`sum(wecom_recording_files_by_age{@corp,age="`+value+`"})`, legend)
}

func storageOverTime() line {
	return line{8, []*panel{
		timeseries(8, text{"Size and quota", "大小与配额"}, text{
			"Size of the files that are visible to this app, and the quota as configured, by corp, from " +
				"wecom_recording_bytes and wecom_recording_quota_bytes. Delete or buy space before the lines meet.",
			"本应用可见文件的大小与配置的配额，按企业统计，来自 wecom_recording_bytes 和 " +
				"wecom_recording_quota_bytes。请在两线相交前清理或扩容。",
		}, "bytes",
			over(corpBytes, label("{{corp}}")),
			over(corpQuota, text{"quota of {{corp}}", "{{corp}} 的配额"}),
		),
		bars(8, "1d", text{"Bytes per day", "每日新增大小"}, text{
			"Size of files when they were first seen, by corp and day, from wecom_recording_file_size_bytes. " +
				"Unlike the size, it does not fall when recordings are deleted; it feeds the forecast.",
			"文件首次发现时的大小，按企业与日期统计，来自 wecom_recording_file_size_bytes。" +
				"与总大小不同，删除录制不会使其下降；用于预测。",
		}, "bytes", over(
			`sum by (job, corp) (increase(wecom_recording_file_size_bytes_sum{@corp}[$__rate_interval]))`,
			label("{{corp}}"),
		)),
		bargauge(8, text{"Files by age", "文件存放时长"}, text{
			"Files by the time since they were started, from wecom_recording_files_by_age, as far as the lookback reaches. " +
				"Delete what is older than your rules of retention allow.",
			"按开始以来的时间统计的文件，来自 wecom_recording_files_by_age，范围为回溯期。" +
				"请删除超过保留期限的文件。",
		}, "short",
			filesOfAge("0-7d", text{"up to 7 days", "7 天以内"}),
			filesOfAge("7-30d", text{"7 to 30 days", "7 至 30 天"}),
			filesOfAge("30-90d", text{"30 to 90 days", "30 至 90 天"}),
			filesOfAge("90-180d", text{"90 to 180 days", "90 至 180 天"}),
			filesOfAge("180-366d", text{"more than 180 days", "180 天以上"}),
		),
	}}
}

func ofLargest(metric string) query {
	return cells(`sum by (job, corp, host) (` + metric + `{@host})` + ofTheseHosts + largestHosts)
}

func largestAndRemoved() line {
	return line{9, []*panel{
		table(16, text{"Hosts by size", "占用空间最多的主持人"}, text{
			"The 20 hosts with the most bytes, from wecom_recording_bytes, wecom_recording_files, " +
				"wecom_recording_duration_seconds, wecom_recording_shared_files and " +
				"wecom_recording_last_start_timestamp_seconds. The link leads to the recordings; ask the host which can go. " +
				"\"other\" sums up hosts beyond --metrics.max-hosts.",
			"占用空间最多的 20 位主持人，来自 wecom_recording_bytes、wecom_recording_files、" +
				"wecom_recording_duration_seconds、wecom_recording_shared_files 和 " +
				"wecom_recording_last_start_timestamp_seconds。" +
				"点击链接查看录制，并与主持人确认可删除的部分。other 汇总超出 --metrics.max-hosts " +
				"的主持人。",
		}, []query{
			cells(largestHosts),
			ofLargest("wecom_recording_files"),
			ofLargest("wecom_recording_duration_seconds"),
			ofLargest("wecom_recording_shared_files"),
			cells(
				`time() - (max by (job, corp, host) (wecom_recording_last_start_timestamp_seconds{@host})` +
					ofTheseHosts + largestHosts + `)`,
			),
		},
			corpColumn, hostColumn,
			column{field: "Value #A", title: text{"Size", "大小"}, unit: "bytes"},
			column{field: "Value #B", title: text{"Files", "文件数"}},
			column{field: "Value #C", title: text{"Length", "时长"}, unit: "s"},
			column{field: "Value #D", title: text{"Shared files", "共享文件"}},
			column{field: "Value #E", title: text{"Newest recording started ago", "最新录制距今"}, unit: "s"},
		).sortedBy(text{"Size", "大小"}),
		stat(3, text{"Beyond the retention", "超过保留期限"}, text{
			"Files that are older than --policy.retention, from wecom_recording_retention_exceeded_files. Delete them, " +
				"or have their hosts delete them.",
			"超过 --policy.retention 的文件，来自 wecom_recording_retention_exceeded_files。请删除，或请主持人删除。",
		}, "short", now(`sum(wecom_recording_retention_exceeded_files{@host})`, text{"Overdue", "超期"})).
			redIfAny().ifNone(text{"no retention", "未设置"}).
			link(text{"Recordings beyond the retention", "超过保留期限的录制"}, "${exporter_url}/recordings?overdue=true"),
		bars(5, "1d", text{"Removed recordings per day", "每日被删除的录制"}, text{
			"Recordings that were gone from WeCom while still inside the lookback, by corp and day, from " +
				"wecom_recordings_removed_total. Many at once: find out who deleted them, WeCom cannot bring them back.",
			"仍在回溯期内但已从企业微信消失的录制，按企业与日期统计，来自 " +
				"wecom_recordings_removed_total。若大量出现，请查明由谁删除，企业微信无法恢复。",
		}, "short", over(
			`sum by (job, corp) (increase(wecom_recordings_removed_total{@corp}[$__rate_interval]))`,
			label("{{corp}}"),
		)),
	}}
}

func activity() section {
	return section{
		title: text{"Activity", "录制活动"},
		lines: []line{recordingsPerDay(), recordingKinds(), transcodingAndBusiest()},
	}
}

func recordingsPerDay() line {
	return line{8, []*panel{
		bars(8, "1d", text{"Recordings per day", "每日录制数"}, text{
			"Files of recordings when they were first seen, by corp and day, from the count of " +
				"wecom_recording_file_duration_seconds, which unlike counters by host misses none. A burst: " +
				"look at the busiest hosts.",
			"首次发现的录制文件，按企业与日期统计，来自 wecom_recording_file_duration_seconds " +
				"的计数，与按主持人的计数器不同，不会遗漏。若激增，请查看最活跃的主持人。",
		}, "short", over(
			`sum by (job, corp) (increase(wecom_recording_file_duration_seconds_count{@corp}[$__rate_interval]))`,
			label("{{corp}}"),
		)),
		bars(8, "1d", text{"Hours per day", "每日录制时长"}, text{
			"Length of files when they were first seen, by corp and day, from the sum of " +
				"wecom_recording_file_duration_seconds. Compare it with the number of recordings: " +
				"long ones may have been left running.",
			"文件首次发现时的时长，按企业与日期统计，来自 wecom_recording_file_duration_seconds " +
				"的总和。可与录制数对比：过长的录制可能是忘记停止。",
		}, "h", over(
			`sum by (job, corp) (increase(wecom_recording_file_duration_seconds_sum{@corp}[$__rate_interval])) / 3600`,
			label("{{corp}}"),
		)),
		timeseries(8, text{"Recordings by state", "按状态统计的录制"}, text{
			"Recordings that are visible to this app by state, from wecom_recordings. " +
				"\"transcoding\" that only grows is a fault of WeCom's; \"unknown\" is a state that WeCom does not document: " +
				"report it.",
			"本应用可见的录制，按状态统计，来自 wecom_recordings。" +
				"transcoding 持续增长说明企业微信侧有问题；unknown 是未公开的状态，请反馈。",
		}, "short", over(`sum by (state) (wecom_recordings{@host})`, label("{{state}}"))).stacked(),
	}}
}

func recordingKinds() line {
	return line{8, []*panel{
		heatmap(12, "1h", text{"Length of new files", "新文件时长分布"}, text{
			"Files by length as they were first seen, per hour or longer, from wecom_recording_file_duration_seconds. " +
				"Very long ones at the top are often meetings that nobody left.",
			"首次发现的文件按时长分布，每小时（或更长），来自 " +
				"wecom_recording_file_duration_seconds。顶部的超长录制常是无人退出的会议。",
		}, "s", buckets(`sum by (le) (increase(wecom_recording_file_duration_seconds_bucket{@corp}[$__rate_interval]))`)),
		heatmap(12, "1h", text{"Size of new files", "新文件大小分布"}, text{
			"Files by size as they were first seen, per hour or longer, from wecom_recording_file_size_bytes. " +
				"If large ones make up the growth, record at a lower resolution or delete those first.",
			"首次发现的文件按大小分布，每小时（或更长），来自 wecom_recording_file_size_bytes。" +
				"若增长主要来自大文件，可降低录制清晰度或优先删除。",
		}, "bytes", buckets(`sum by (le) (increase(wecom_recording_file_size_bytes_bucket{@corp}[$__rate_interval]))`)),
	}}
}

func transcodingTime(quantile string, legend text) query {
	return over(
		`histogram_quantile(`+quantile+`, sum by (le) (`+
			`rate(wecom_recording_transcoding_seconds_bucket{@corp}[$__rate_interval])))`,
		legend,
	)
}

func ofBusiest(metric string) query {
	return cells(`sum by (job, corp, host) (increase(` + metric + `{@host}[$__range]))` + ofTheseHosts + busiestHosts)
}

func transcodingAndBusiest() line {
	return line{9, []*panel{
		timeseries(8, text{"Transcoding time", "转码耗时"}, text{
			"Time from the end of a recording until it was first seen completed, up to a poll interval late, from " +
				"wecom_recording_transcoding_seconds. If it grows, hosts wait for their recordings: ask WeCom.",
			"录制结束到首次发现已完成的时间，最多晚一个轮询间隔，来自 " +
				"wecom_recording_transcoding_seconds。若变长，主持人需等待更久：请咨询企业微信。",
		}, "s",
			transcodingTime("0.5", text{"half of the recordings", "半数录制"}),
			transcodingTime("0.95", text{"95 % of the recordings", "95 % 的录制"}),
		),
		stat(4, text{"Oldest unfinished", "最久未完成"}, text{
			"Time since the start of the oldest recording that is not completed, from " +
				"wecom_recording_oldest_unfinished_timestamp_seconds. A day or more: " +
				"the meeting was never ended or transcoding is stuck; find it on /recordings.",
			"最早开始且尚未完成的录制距今时间，来自 " +
				"wecom_recording_oldest_unfinished_timestamp_seconds。超过一天：会议未结束或转码卡住；" +
				"请在 /recordings 查找。",
		}, "s", now(`time() - min(wecom_recording_oldest_unfinished_timestamp_seconds{@corp})`, text{"Age", "时长"})).
			red(43200, 86400).ifNone(text{"none", "无"}),
		table(12, text{"Busiest hosts", "最活跃的主持人"}, text{
			"The 20 hosts who recorded longest in the time range, from wecom_recording_discovered_seconds_total, " +
				"wecom_recordings_discovered_total and wecom_recording_discovered_bytes_total. " +
				"A host's very first recording is not in it, since its counters begin with it. " +
				"Ask the top ones whether all of it is needed.",
			"所选时间范围内录制时间最长的 20 位主持人，来自 wecom_recording_discovered_seconds_total、" +
				"wecom_recordings_discovered_total 和 wecom_recording_discovered_bytes_total。" +
				"主持人的首个录制不计入，因为计数器由它开始。请与排名靠前者确认是否都需要。",
		}, []query{
			cells(busiestHosts),
			ofBusiest("wecom_recordings_discovered_total"),
			ofBusiest("wecom_recording_discovered_bytes_total"),
		},
			corpColumn, hostColumn,
			column{field: "Value #A", title: text{"Length", "时长"}, unit: "s"},
			column{field: "Value #B", title: text{"Recordings", "录制数"}},
			column{field: "Value #C", title: text{"Size", "大小"}, unit: "bytes"},
		).sortedBy(text{"Length", "时长"}),
	}}
}
