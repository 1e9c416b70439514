// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

const (
	corpCalls  = `sum by (job, corp) (rate(wecom_api_requests_total{@corp,endpoint!="gettoken"}[$__rate_interval])) * 60`
	corpBudget = `sum by (job, corp) (wecom_api_budget_requests_per_minute{@corp})`
)

func exporterBoard() board {
	return board{
		uid:   "wecom-recording-exporter",
		from:  "now-6h",
		title: text{"WeCom recording exporter", "企业微信录制 exporter"},
		help: text{
			"How the exporter asks WeCom: budget, errors, latency, lag, coverage, access token and process.",
			"exporter 如何访问企业微信：预算、错误、延迟、滞后、覆盖率、access_token 与进程。",
		},
		variables: []variable{jobVariable, instanceVariable, corpVariable, exporterURLVariable},
		links: []boardLink{
			siblings, otherLanguage, docsLink,
			{title: text{"Troubleshooting", "故障排查"}, url: docsURL + "troubleshooting.md"},
			{title: text{"Targets", "轮询目标"}, url: "${exporter_url}/targets"},
		},
		sections: []section{exporterOverview(), polling(), calls(), tokenAndState(), process()},
	}
}

func exporterOverview() section {
	return section{
		title: text{"Overview", "概览"},
		lines: []line{{4, []*panel{
			stat(3, text{"WeCom accepts", "企业微信是否接受"}, text{
				"Whether WeCom accepted the last call of every corp, access token included, from wecom_up. " +
					"If refused, the errcodes below say why, and the troubleshooting page what to do.",
				"企业微信是否接受了每个企业最近一次调用（含获取 access_token），来自 wecom_up。" +
					"若被拒绝，下方错误码说明原因，故障排查文档说明如何处理。",
			}, "none", now(
				`min(wecom_up{@corp})`,
				text{"Accepted", "已接受"},
			)).yesNo(text{"yes", "是"}, text{"refused", "被拒绝"}),
			dataAge(4),
			coverage(4),
			stat(4, text{"Lag", "滞后"}, text{
				"By how much the most overdue target is overdue, from wecom_poll_lag_seconds. " +
					"If it grows, the budget is too small for the targets and intervals: raise one or the other.",
				"最滞后的目标滞后了多久，来自 wecom_poll_lag_seconds。" +
					"若持续增长，说明预算不足以覆盖目标与间隔：请提高预算或延长间隔。",
			}, "s", now(`max(wecom_poll_lag_seconds{@corp})`, text{"Lag", "滞后"})).red(300, 1800),
			stat(3, text{"Budget used", "预算使用率"}, text{
				"Calls over --poll.max-requests-per-minute, of the busiest corp, from wecom_api_requests_total and " +
					"wecom_api_budget_requests_per_minute. Corps with the same corp ID share one. At 100 % polls wait.",
				"调用数占 --poll.max-requests-per-minute 的比例，取最忙的企业，来自 wecom_api_requests_total " +
					"和 wecom_api_budget_requests_per_minute。相同企业 ID 共用预算。" +
					"达到 100 % 时轮询需等待，请提高预算或延长间隔。",
			}, "percentunit", now(`max(`+corpCalls+` / `+corpBudget+`)`, text{"Used", "已用"})).red(0.8, 0.98),
			stat(3, text{"Failing targets", "失败的目标"}, text{
				"Targets whose last poll went wrong, from wecom_poll_targets. What was known of them stays. " +
					"The exporter's /targets gives the error and its remedy.",
				"最近一次轮询出错的目标，来自 wecom_poll_targets。已知内容会保留。" +
					"exporter 的 /targets 页面给出错误及处理办法。",
			}, "short", now(`sum(wecom_poll_targets{@corp,status="failing"})`, text{"Failing", "失败"})).
				redIfAny().link(text{"Targets", "轮询目标"}, "${exporter_url}/targets"),
			stat(3, text{"Token expires in", "access_token 剩余有效期"}, text{
				"Time until the access token expires, of the corp whose token expires first, from " +
					"wecom_access_token_expiry_timestamp_seconds. The exporter renews it; " +
					"if it is below 0 while polls are due, look for errors of gettoken.",
				"access_token 的剩余有效期，取最先过期的企业，来自 " +
					"wecom_access_token_expiry_timestamp_seconds。exporter 会自动续期；" +
					"若小于 0 且轮询已到期，请查看 gettoken 的错误。",
			}, "s", now(
				`min(wecom_access_token_expiry_timestamp_seconds{@corp}) - time()`,
				text{"Left", "剩余"},
			)).ifNone(text{"no token", "无 access_token"}),
		}}},
	}
}

func polling() section {
	return section{
		title: text{"Polling", "轮询"},
		lines: []line{{8, []*panel{
			timeseries(8, text{"Targets by status", "按状态统计的目标"}, text{
				"Targets by how their last poll went, from wecom_poll_targets. \"pending\" was never asked: " +
					"normal after a start, or else the budget is short. For \"failing\", /targets says why.",
				"按最近一次轮询结果统计的目标，来自 wecom_poll_targets。" +
					"pending 为从未轮询：启动后正常，否则说明预算不足。failing 的原因见 /targets。",
			}, "short", over(
				`sum by (selector, status) (wecom_poll_targets{@corp})`,
				label("{{selector}} {{status}}"),
			)).stacked(),
			timeseries(8, text{"Coverage by corp", "各企业覆盖率"}, text{
				"Share of targets polled with success within twice their interval, from wecom_poll_coverage_ratio; " +
					"of the worst shard. Where it falls, recordings go unseen: see the targets and errcodes.",
				"在两倍间隔内成功轮询的目标占比，取最差分片，来自 wecom_poll_coverage_ratio。" +
					"下降时会有录制未被看到：请查看目标与错误码。",
			}, "percentunit", over(`min by (job, corp) (wecom_poll_coverage_ratio{@corp})`, label("{{corp}}"))).upTo(1),
			timeseries(8, text{"Age and lag by corp", "各企业时效与滞后"}, text{
				"Time since the last successful poll and how overdue the most overdue target is, from " +
					"wecom_poll_last_success_timestamp_seconds and wecom_poll_lag_seconds. Age without lag is a quiet corp; " +
					"both rising is an outage.",
				"距上次成功轮询的时间，以及最滞后的目标滞后了多久，来自 " +
					"wecom_poll_last_success_timestamp_seconds 和 wecom_poll_lag_seconds。只有时效上升表示目标少；" +
					"两者同时上升表示故障，请查看错误码。",
			}, "s",
				over(
					`time() - min by (job, corp) (wecom_poll_last_success_timestamp_seconds{@corp} > 0)`,
					text{"age of {{corp}}", "{{corp}} 时效"},
				),
				over(`max by (job, corp) (wecom_poll_lag_seconds{@corp})`, text{"lag of {{corp}}", "{{corp}} 滞后"}),
			),
		}}},
	}
}

func calls() section {
	return section{
		title: text{"Calls of WeCom", "企业微信调用"},
		lines: []line{callRates(), callTimes(), callAnomalies()},
	}
}

func callRates() line {
	return line{8, []*panel{
		timeseries(8, text{"Calls and budget", "调用与预算"}, text{
			"Calls per minute but for gettoken, and the budget, from wecom_api_requests_total and " +
				"wecom_api_budget_requests_per_minute. If calls stay at the budget, raise --poll.max-requests-per-minute or the " +
				"intervals.",
			"每分钟调用数（不含 gettoken）与预算，来自 wecom_api_requests_total 和 " +
				"wecom_api_budget_requests_per_minute。若持续达到预算，请提高 --poll.max-requests-per-minute " +
				"或延长间隔。",
		}, "short", over(corpCalls, label("{{corp}}")), over(corpBudget, text{"budget of {{corp}}", "{{corp}} 的预算"})),
		timeseries(8, text{"Calls per minute by errcode", "按错误码统计的每分钟调用"}, text{
			"Answers by errcode, from wecom_api_requests_total. 0 is success; " +
				"60020 an IP that is not trusted, 45009 WeCom's limit, 48002 a permission that is missing, \"transport\" and " +
				"\"http\" the network. The troubleshooting page has the remedies.",
			"按错误码统计的应答，来自 wecom_api_requests_total。0 为成功；" +
				"60020 为 IP 未受信任，45009 为频率限制，48002 为缺少权限，transport 与 http " +
				"为网络问题。处理办法见故障排查文档。",
		}, "short", over(
			`sum by (errcode) (rate(wecom_api_requests_total{@corp}[$__rate_interval])) * 60`,
			label("{{errcode}}"),
		)).stacked(),
		timeseries(8, text{"Calls per minute by endpoint", "按接口统计的每分钟调用"}, text{
			"Calls by endpoint, gettoken among them, from wecom_api_requests_total. " +
				"Many of gettoken mean tokens that are lost: does another program use the same secret?",
			"按接口统计的调用（含 gettoken），来自 wecom_api_requests_total。" +
				"gettoken 过多说明 access_token 失效：是否有其他程序使用同一 Secret？",
		}, "short", over(
			`sum by (endpoint) (rate(wecom_api_requests_total{@corp}[$__rate_interval])) * 60`,
			label("{{endpoint}}"),
		)).stacked(),
	}}
}

func callLatency(quantile string, legend text) query {
	return over(
		`histogram_quantile(`+quantile+`, sum by (le) (`+
			`rate(wecom_api_request_duration_seconds_bucket{@corp}[$__rate_interval])))`,
		legend,
	)
}

func callTimes() line {
	return line{8, []*panel{
		timeseries(8, text{"Latency", "延迟"}, text{
			"How long calls of WeCom took, from wecom_api_request_duration_seconds. Above a second, polls take longer: " +
				"check the proxy and the way to WeCom.",
			"企业微信调用耗时，来自 wecom_api_request_duration_seconds。" +
				"超过一秒会拖慢轮询：请检查代理与到企业微信的网络。",
		}, "s",
			callLatency("0.5", text{"half of the calls", "半数调用"}),
			callLatency("0.95", text{"95 % of the calls", "95 % 的调用"}),
			callLatency("0.99", text{"99 % of the calls", "99 % 的调用"}),
		),
		heatmap(8, "1m", text{"Latency distribution", "延迟分布"}, text{
			"Calls by how long they took, from wecom_api_request_duration_seconds. " +
				"Two bands are two kinds of answers, such as pages that are full and lists that are empty; " +
				"a band at the top are timeouts.",
			"按耗时分布的调用，来自 wecom_api_request_duration_seconds。" +
				"两条带表示两类应答，例如满页与空列表；顶部的带是超时，请检查网络。",
		}, "s", buckets(`sum by (le) (increase(wecom_api_request_duration_seconds_bucket{@corp}[$__rate_interval]))`)),
		timeseries(8, text{"Time calls wait", "调用等待时间"}, text{
			"Seconds per second that calls waited for the budget or for the end of a block, by corp, from " +
				"wecom_api_throttled_seconds_total; several calls wait at once. " +
				"If it stays up, raise the budget or the intervals; with 45009 another program uses up the limit.",
			"每秒内调用等待预算或封禁结束的秒数，按企业统计，来自 " +
				"wecom_api_throttled_seconds_total；可有多个调用同时等待。" +
				"若持续偏高，请提高预算或延长间隔；若伴随 45009，说明有其他程序占用额度。",
		}, "s", over(
			`sum by (job, corp) (rate(wecom_api_throttled_seconds_total{@corp}[$__rate_interval]))`,
			label("{{corp}}"),
		)),
	}}
}

func callAnomalies() line {
	return line{7, []*panel{
		bars(18, "10m", text{"Anomalies", "异常应答"}, text{
			"Oddities in answers that were read all the same, per ten minutes or longer, from " +
				"wecom_api_response_anomalies_total. They are WeCom's: docs/metrics.md says what each one does to the values; " +
				"report kinds that keep coming.",
			"被容忍并照常读取的异常应答，每十分钟（或更长），来自 " +
				"wecom_api_response_anomalies_total。源自企业微信：docs/metrics.zh-CN.md 说明各类的影响；" +
				"若持续出现请反馈。",
		}, "short", over(
			`sum by (kind) (increase(wecom_api_response_anomalies_total{@corp}[$__rate_interval]))`,
			label("{{kind}}"),
		)),
		stat(6, text{"Hosts without series of their own", "未单独统计的主持人"}, text{
			"Hosts whose values are summed up under host=\"other\", from wecom_host_series_folded. " +
				"To see them one by one, raise --metrics.max-hosts if Prometheus can take the series.",
			"合并到 host=\"other\" 的主持人数，来自 wecom_host_series_folded。" +
				"若需逐个查看且 Prometheus 能承受，请提高 --metrics.max-hosts。",
		}, "short", now(`sum(wecom_host_series_folded{@corp})`, text{"Hosts", "主持人"})),
	}}
}

func tokenAndState() section {
	return section{
		title: text{"Token, configuration and state", "access_token、配置与状态"},
		lines: []line{acceptanceAndToken(), configurationAndState()},
	}
}

func acceptanceAndToken() line {
	return line{7, []*panel{
		timeline(12, text{"Accepted and scraped", "接受与抓取情况"}, text{
			"Whether WeCom accepted the last call of each corp, from wecom_up, and whether Prometheus reached each " +
				"exporter, from up. The first red one tells where to begin: the network of the exporter, or its credentials.",
			"企业微信是否接受各企业最近一次调用（wecom_up），以及 Prometheus " +
				"是否能抓取各 exporter（up）。最先变红者即为排查起点：exporter 的网络或其 Secret。",
		}, "none",
			over(`min by (job, corp) (wecom_up{@corp})`, text{"WeCom accepts {{corp}}", "企业微信接受 {{corp}}"}),
			over(
				`min by (job, instance) (up{@exporter})`,
				text{"Prometheus scrapes {{instance}}", "Prometheus 抓取 {{instance}}"},
			),
		).yesNo(text{"yes", "是"}, text{"no", "否"}),
		timeseries(6, text{"Token lifetime left", "access_token 剩余有效期变化"}, text{
			"Time until the access token expires, by corp, from wecom_access_token_expiry_timestamp_seconds. " +
				"A saw with teeth of two hours is right; shorter ones mean that something else fetches tokens with the same " +
				"secret.",
			"access_token 剩余有效期，按企业统计，来自 wecom_access_token_expiry_timestamp_seconds。" +
				"约两小时的锯齿为正常；更短说明有其他程序用同一 Secret 获取 access_token，请排查。",
		}, "s", over(`min by (job, corp) (wecom_access_token_expiry_timestamp_seconds{@corp}) - time()`, label("{{corp}}"))),
		timeseries(6, text{"Clock skew", "时钟偏差"}, text{
			"How far the exporter's clock is ahead of WeCom's, from wecom_api_clock_skew_seconds. Beyond 5 minutes either " +
				"way, WeCom's clock decides what is new. Correct the machine's clock.",
			"exporter 时钟比企业微信快多少，来自 wecom_api_clock_skew_seconds。偏差超过 5 分钟时，以企业微信的时间判断新录制；请校正本机时钟。",
		}, "s", over(`max by (job, corp) (wecom_api_clock_skew_seconds{@corp})`, label("{{corp}}"))),
	}}
}

func configurationAndState() line {
	return line{4, []*panel{
		stat(6, text{"Configuration read", "配置是否读取成功"}, text{
			"Whether the last reading of the configuration succeeded everywhere, from " +
				"wecom_recording_exporter_config_last_reload_successful. If not, the log says which key is wrong; " +
				"the old configuration goes on.",
			"最近一次读取配置是否全部成功，来自 wecom_recording_exporter_config_last_reload_successful。" +
				"若失败，日志指出错误的键；旧配置继续生效。",
		}, "none", now(
			`min(wecom_recording_exporter_config_last_reload_successful{@exporter})`,
			text{"Read", "读取"},
		)).yesNo(text{"yes", "是"}, text{"failed", "失败"}),
		stat(6, text{"Time since it was read", "距上次读取配置"}, text{
			"Time since the configuration was last read with success, the longest of all, from " +
				"wecom_recording_exporter_config_last_reload_success_timestamp_seconds. " +
				"If a change should be in force and is older than this, reload.",
			"距上次成功读取配置的时间，取最长者，来自 " +
				"wecom_recording_exporter_config_last_reload_success_timestamp_seconds。" +
				"若之后修改过配置，请重新加载。",
		}, "s", now(
			`time() - min(wecom_recording_exporter_config_last_reload_success_timestamp_seconds{@exporter})`,
			text{"Time", "时间"},
		)),
		stat(4, text{"State written", "状态是否写入"}, text{
			"Whether the state could last be written to disk, from wecom_recording_exporter_storage_last_write_successful; " +
				"there only with --storage.path. If not, counters start over with the next process: check the disk and the log.",
			"最近一次状态能否写入磁盘，来自 wecom_recording_exporter_storage_last_write_successful；" +
				"仅在使用 --storage.path 时存在。若失败，重启后计数器将归零：请检查磁盘与日志。",
		}, "none", now(`min(wecom_recording_exporter_storage_last_write_successful{@exporter})`, text{"Written", "写入"})).
			yesNo(text{"yes", "是"}, text{"failed", "失败"}).ifNone(text{"kept in memory", "仅保存在内存"}),
		stat(4, text{"Time since it was written", "距上次写入状态"}, text{
			"Time since the state was last written to disk, the longest of all, from " +
				"wecom_recording_exporter_storage_last_write_timestamp_seconds. " +
				"With --storage.path it should be a few poll intervals at most; check the disk if not.",
			"距上次写入状态的时间，取最长者，来自 " +
				"wecom_recording_exporter_storage_last_write_timestamp_seconds。" +
				"使用 --storage.path 时最多为几个轮询间隔；否则请检查磁盘。",
		}, "s", now(
			`time() - min(wecom_recording_exporter_storage_last_write_timestamp_seconds{@exporter})`,
			text{"Time", "时间"},
		)).never(text{"never written", "从未写入"}),
		stat(4, text{"Size of the state", "状态文件大小"}, text{
			"Size of the state on disk, the largest of all, from wecom_recording_exporter_storage_size_bytes; there only " +
				"with --storage.path. It grows with the recordings of the lookback; make room before the disk is full.",
			"状态文件的大小，取最大者，来自 wecom_recording_exporter_storage_size_bytes；" +
				"仅在使用 --storage.path 时存在。它随回溯期内的录制增长，请预留磁盘空间。",
		}, "bytes", now(`max(wecom_recording_exporter_storage_size_bytes{@exporter})`, text{"Size", "大小"})).
			ifNone(text{"kept in memory", "仅保存在内存"}),
	}}
}

func process() section {
	version := column{field: "version", title: text{"Version", "版本"}}
	return section{
		title: text{"Process", "进程"},
		lines: []line{{7, []*panel{
			timeseries(6, text{"CPU", "CPU 占用"}, text{
				"Cores in use, by instance, from process_cpu_seconds_total. It should follow the calls; " +
					"if it does not, take a profile from /debug/pprof/ (--web.enable-pprof) and report it.",
				"占用的核数，按实例统计，来自 process_cpu_seconds_total。应与调用量一致；" +
					"否则请从 /debug/pprof/（--web.enable-pprof）采集性能数据并反馈。",
			}, "short", over(
				`sum by (job, instance) (rate(process_cpu_seconds_total{@exporter}[$__rate_interval]))`,
				label("{{instance}}"),
			)),
			timeseries(6, text{"Memory", "内存占用"}, text{
				"Resident memory, by instance, from process_resident_memory_bytes. " +
					"It follows the number of recordings in the lookback: shorten it or add memory.",
				"常驻内存，按实例统计，来自 process_resident_memory_bytes。" +
					"取决于回溯期内的录制数：可缩短回溯期或增加内存。",
			}, "bytes", over(`sum by (job, instance) (process_resident_memory_bytes{@exporter})`, label("{{instance}}"))),
			timeseries(6, text{"Goroutines", "协程数"}, text{
				"Goroutines, by instance, from go_goroutines. A line that only rises is a leak: report it.",
				"协程数，按实例统计，来自 go_goroutines。持续上升说明有泄漏：请反馈。",
			}, "short", over(`sum by (job, instance) (go_goroutines{@exporter})`, label("{{instance}}"))),
			table(6, text{"Versions", "版本信息"}, text{
				"What runs where, from wecom_recording_exporter_build_info. All instances of a job should run one version.",
				"各实例运行的版本，来自 wecom_recording_exporter_build_info。" +
					"同一任务的实例应运行同一版本，否则请升级。",
			}, []query{cells(`max by (job, instance, version, goversion) (wecom_recording_exporter_build_info{@exporter})`)},
				column{field: "instance", title: text{"Instance", "实例"}},
				version,
				column{field: "goversion", title: text{"Go", "Go 版本"}},
			),
		}}},
	}
}
