// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const (
	repositoryURL = "https://github.com/wecom-recording-exporter/wecom_recording_exporter/blob/main/"
	runbooksURL   = repositoryURL + "alerts/runbooks.md"
)

// A board is a dashboard in one language.
type board struct {
	uid, from   string // uid is that of the English one
	title, help string
	variables   []cog.Builder[dashboard.VariableModel]
	links       []dashboard.DashboardLink
	rows        []row
}

// A row is a heading and the panels below it. Panels flow from left to right, and a
// line ends where their widths add up to 24.
type row struct {
	title  string
	panels []cog.Builder[dashboard.Panel]
}

// built is the builder of a value that is there already.
type built[T any] struct{ value T }

// Build returns the value.
func (b built[T]) Build() (T, error) { return b.value, nil }

// builder returns the SDK's builder of the dashboard, but for its UID.
func (b board) builder(l Language) *dashboard.DashboardBuilder {
	d := dashboard.NewDashboardBuilder(b.title).
		Description(b.help).
		Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Refresh("1m").
		Tags([]string{"wecom", "meeting", "recordings", string(l)}).
		Time(b.from, "now").
		Timezone("browser").
		Annotation(configurationRead(l)).
		WithVariable(datasourceVariable(l)).
		Version(1)
	for _, v := range b.variables {
		d.WithVariable(v)
	}
	for _, link := range b.links {
		d.Link(built[dashboard.DashboardLink]{link})
	}
	b.layOut(d)
	return d
}

// layOut adds the rows with their panels, which it numbers.
func (b board) layOut(d *dashboard.DashboardBuilder) {
	id := uint32(0)
	for _, r := range b.rows {
		id++
		d.WithRow(dashboard.NewRowBuilder(r.title).Id(id))
		for _, p := range r.panels {
			panel, err := p.Build()
			if err != nil {
				d.RecordError(r.title, err)
				continue
			}
			id++
			number := id
			panel.Id = &number
			d.WithPanel(built[dashboard.Panel]{panel})
		}
	}
}

// configurationRead is the annotation of every dashboard: the timestamp changes
// when a process starts and when it reloads.
func configurationRead(l Language) cog.Builder[dashboard.AnnotationQuery] {
	return built[dashboard.AnnotationQuery]{dashboard.AnnotationQuery{
		Name:       l.text("Exporter started or reloaded", "exporter 启动或重新加载配置"),
		Datasource: &datasource,
		Enable:     true,
		IconColor:  "blue",
		Expr: new(matchers.Replace(
			`changes(wecom_recording_exporter_config_last_reload_success_timestamp_seconds{@exporter}[$__rate_interval]) > 0`,
		)),
		Step:        new("60s"),
		TitleFormat: new("{{instance}}"),
	}}
}

// pageLink leads to a page on the web, in a tab of its own. A document of the
// repository is linked in the language.
func pageLink(l Language, title, url string) dashboard.DashboardLink {
	if l == Chinese && strings.HasPrefix(url, repositoryURL) {
		url = strings.TrimSuffix(url, ".md") + ".zh-CN.md"
	}
	return dashboard.DashboardLink{
		Title:       title,
		Type:        dashboard.DashboardLinkTypeLink,
		Icon:        "external link",
		Tooltip:     title,
		Url:         &url,
		Tags:        []string{},
		TargetBlank: true,
	}
}

// boardsLink leads to the dashboards in a language.
func boardsLink(title string, to Language) dashboard.DashboardLink {
	return dashboard.DashboardLink{
		Title:       title,
		Type:        dashboard.DashboardLinkTypeDashboards,
		Icon:        "external link",
		Tooltip:     title,
		Url:         new(""),
		Tags:        []string{"wecom", "recordings", string(to)},
		AsDropdown:  true,
		IncludeVars: true,
		KeepTime:    true,
	}
}

// commonLinks are the first links of every dashboard. The title of the link to the
// other language is for those who read that one.
func commonLinks(l Language) []dashboard.DashboardLink {
	return []dashboard.DashboardLink{
		boardsLink(l.text("WeCom dashboards", "企业微信仪表盘"), l),
		boardsLink(l.text("Chinese (中文)", "英文（English）"), l.other()),
		pageLink(l, l.text("Metrics", "指标说明"), repositoryURL+"docs/metrics.md"),
		pageLink(l, l.text("Runbooks", "处理手册"), runbooksURL),
	}
}

// datasource is the Prometheus that the reader chooses.
var datasource = common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
