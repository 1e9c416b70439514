// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func datasourceVariable(l Language) *dashboard.DatasourceVariableBuilder {
	return dashboard.NewDatasourceVariableBuilder("datasource").
		Type("prometheus").
		Label(l.text("Data source", "数据源")).
		Description(l.text("Prometheus or a compatible data source.", "Prometheus 或兼容的数据源。"))
}

// choice offers the values of a label, any number of which can be chosen.
func choice(name, label, help, values string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Description(help).
		Datasource(datasource).
		Query(dashboard.StringOrMap{String: &values}).
		Current(dashboard.VariableOption{
			Selected: new(true),
			Text:     dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
			Value:    dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
		}).
		Multi(true).
		IncludeAll(true).
		AllValue(".+").
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
}

func jobVariable(l Language) *dashboard.QueryVariableBuilder {
	return choice("job", l.text("Job", "任务"),
		l.text("Scrape jobs of the exporter.", "抓取 exporter 的任务。"),
		"label_values(wecom_recording_exporter_build_info, job)")
}

func instanceVariable(l Language) *dashboard.QueryVariableBuilder {
	return choice("instance", l.text("Instance", "实例"),
		l.text(
			"Processes of the exporter, such as shards. Panels based on recording rules are not filtered.",
			"exporter 的进程，例如各个分片。读取记录规则的面板不受影响。",
		),
		`label_values(wecom_recording_exporter_build_info{job=~"$job"}, instance)`)
}

func corpVariable(l Language) *dashboard.QueryVariableBuilder {
	return choice("corp", l.text("Corp", "企业"),
		l.text("Names of the corps in the configuration.", "配置中的企业名称。"),
		`label_values(wecom_up{job=~"$job",instance=~"$instance"}, corp)`)
}

// hostVariable is a text box, because a corp may have 20,000 hosts, too many for a
// list that is loaded with the dashboard. Its default matches series without the
// label too, which --metrics.host-label=off leaves out.
func hostVariable(l Language) *dashboard.TextBoxVariableBuilder {
	all := dashboard.VariableOption{
		Selected: new(true),
		Text:     dashboard.StringOrArrayOfString{String: new(".*")},
		Value:    dashboard.StringOrArrayOfString{String: new(".*")},
	}
	return dashboard.NewTextBoxVariableBuilder("host").
		Label(l.text("Host (regular expression)", "主持人（正则表达式）")).
		Description(l.text(
			"Hosts by a regular expression that matches the whole label, such as zhangsan|lisi. "+
				"Filters the tables of hosts only; other panels cover whole corps.",
			"匹配整个 host 标签的正则表达式，例如 zhangsan|lisi。仅筛选主持人表格，其余面板按整个企业统计。",
		)).
		DefaultValue(dashboard.StringOrMap{String: new(".*")}).
		Current(all).
		Options([]dashboard.VariableOption{all})
}

// exporterURLVariable reads the label exporter_url of the target, as the alerts do
// for page_url, so that a provisioned dashboard need not be edited.
func exporterURLVariable(l Language) *dashboard.QueryVariableBuilder {
	const selector = `wecom_recording_exporter_build_info{job=~"$job",instance=~"$instance",exporter_url`
	return dashboard.NewQueryVariableBuilder("exporter_url").
		Label(l.text("Exporter URL", "exporter 地址")).
		Description(l.text(
			"Where a browser reaches the exporter, for links to its pages: the label exporter_url of the target, "+
				"or else http:// and the instance.",
			"浏览器访问 exporter 的地址，用于跳转到其页面：取抓取目标的标签 exporter_url，没有时为 http:// 加实例。",
		)).
		Datasource(datasource).
		Query(dashboard.StringOrMap{String: new(`query_result(` + selector + `!=""} or label_replace(` +
			selector + `=""}, "exporter_url", "http://$1", "instance", "(.+)"))`)}).
		Regex(`/exporter_url="([^"]*)"/`).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
}
