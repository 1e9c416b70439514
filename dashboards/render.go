// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/dashboards/grafana"
)

const (
	docsURL   = "https://github.com/wecom-recording-exporter/wecom_recording_exporter/blob/main/docs/"
	gridWidth = 24
)

var prometheus = grafana.Datasource{Type: "prometheus", UID: "${datasource}"}

// A variable is a variable that the user sets at the top of a dashboard.
type variable struct {
	name        string
	label, help text
	values      string // the query of its values, or else
	byDefault   string // what a text box holds at first
}

// The variables. A corp may have 20,000 hosts, too many for a list that is
// loaded with the dashboard: a text box takes a regular expression. It matches
// series without the label too, which --metrics.host-label=off leaves out.
var (
	jobVariable = variable{
		name: "job", values: "label_values(wecom_recording_exporter_build_info, job)",
		label: text{"Job", "任务"}, help: text{"Scrape jobs of the exporter.", "抓取 exporter 的任务。"},
	}
	instanceVariable = variable{
		name: "instance", values: `label_values(wecom_recording_exporter_build_info{job=~"$job"}, instance)`,
		label: text{"Instance", "实例"},
		help:  text{"Processes of the exporter, such as shards.", "exporter 的进程，例如各个分片。"},
	}
	corpVariable = variable{
		name: "corp", values: `label_values(wecom_up{job=~"$job",instance=~"$instance"}, corp)`,
		label: text{"Corp", "企业"},
		help:  text{"Corps by their names in the configuration.", "配置中的企业名称。"},
	}
	hostVariable = variable{
		name: "host", byDefault: ".*",
		label: text{"Host (regular expression)", "主持人（正则表达式）"},
		help: text{
			"Hosts by a regular expression that matches the whole label, such as zhangsan|lisi. " +
				"Panels about a whole corp are not filtered.",
			"匹配整个 host 标签的正则表达式，例如 zhangsan|lisi。按整个企业统计的面板不受影响。",
		},
	}
	exporterURLVariable = variable{
		name: "exporter_url", byDefault: "http://localhost:10168",
		label: text{"Exporter URL", "exporter 地址"},
		help: text{
			"Where a browser reaches the exporter, for links to /recordings (with --web.enable-recordings) and /targets.",
			"浏览器访问 exporter 的地址，用于跳转到 /recordings（需要 --web.enable-recordings）和 /targets。",
		},
	}
)

// configurationRead is the annotation of every dashboard: the timestamp changes
// when a process starts and when it reloads.
var configurationRead = query{
	expr: matchers.Replace(
		`changes(wecom_recording_exporter_config_last_reload_success_timestamp_seconds{@exporter}[$__rate_interval]) > 0`,
	),
	legend: text{"Exporter started or reloaded", "exporter 启动或重新加载配置"},
	kind:   Range,
}

// render returns the model of a dashboard in a language.
func (b board) render(lang Language) grafana.Dashboard {
	m := grafana.Dashboard{
		Annotations: grafana.Annotations{List: []grafana.Annotation{{
			Datasource: prometheus, Enable: true, Expr: configurationRead.expr, IconColor: "blue",
			Name: configurationRead.legend.in(lang), Step: "60s", TitleFormat: "{{instance}}",
		}}},
		Description:  b.help.in(lang),
		GraphTooltip: 1, // one crosshair for all panels
		Refresh:      "1m",
		Schema:       grafana.SchemaVersion,
		Tags:         tags(lang),
		Time:         grafana.TimeRange{From: b.from, To: "now"},
		Timezone:     "browser",
		Title:        b.title.in(lang),
		UID:          b.uid + lang.suffix(),
		Version:      1,
	}
	for _, l := range b.links {
		m.Links = append(m.Links, l.render(lang))
	}
	m.Templating.List = append(m.Templating.List, grafana.Variable{
		Name: "datasource", Type: "datasource", Query: "prometheus", Refresh: 1, Options: []grafana.VariableOption{},
		Label:       text{"Data source", "数据源"}.in(lang),
		Description: text{"Prometheus or what speaks its language.", "Prometheus 或兼容的数据源。"}.in(lang),
	})
	for _, v := range b.variables {
		m.Templating.List = append(m.Templating.List, v.render(lang))
	}
	m.Panels = b.layOut(lang)
	return m
}

// layOut places the panels on the grid, from left to right and line by line.
func (b board) layOut(lang Language) []grafana.Panel {
	var panels []grafana.Panel
	y := 0
	add := func(p grafana.Panel, pos grafana.GridPos) {
		p.ID, p.GridPos = len(panels)+1, pos
		panels = append(panels, p)
	}
	for _, s := range b.sections {
		add(grafana.Panel{
			Type: "row", Title: s.title.in(lang), Collapsed: new(false), Panels: &[]grafana.Panel{},
		}, grafana.GridPos{H: 1, W: gridWidth, Y: y})
		y++
		for _, l := range s.lines {
			x := 0
			for _, p := range l.panels {
				add(p.render(lang), grafana.GridPos{H: l.height, W: p.width, X: x, Y: y})
				x += p.width
			}
			y += l.height
		}
	}
	return panels
}

func (p *panel) render(lang Language) grafana.Panel {
	g := grafana.Panel{
		Type: p.kind, Title: p.title.in(lang), Description: p.help.in(lang),
		Datasource: &prometheus, Interval: p.interval, Transformations: p.transforms,
	}
	for i, q := range p.queries {
		g.Targets = append(g.Targets, grafana.Target{
			Datasource: prometheus, EditorMode: "code", Expr: q.expr, Format: q.format, LegendFormat: q.legend.in(lang),
			Instant: q.kind == Instant, Range: q.kind == Range, RefID: string(rune('A' + i)),
		})
	}
	defaults := p.defaults
	defaults.NoValue = p.noValue.in(lang)
	defaults.Mappings = []grafana.ValueMapping{}
	for i, m := range p.mappings {
		defaults.Mappings = append(defaults.Mappings, grafana.ValueMapping{Type: "range", Options: grafana.MappingRange{
			From: m.from, To: m.to, Result: grafana.MappingResult{Color: m.color, Index: i, Text: m.text.in(lang)},
		}})
	}
	for _, l := range p.links {
		defaults.Links = append(defaults.Links, l.render(lang))
	}
	if defaults.Thresholds.Steps == nil {
		plain := "text"
		if p.kind == "bargauge" { // where the color of text would be hard to see
			plain = "blue"
		}
		defaults.Thresholds = grafana.Thresholds{Mode: "absolute", Steps: []grafana.Threshold{{Color: plain}}}
	}
	g.FieldConfig = &grafana.FieldConfig{Defaults: defaults, Overrides: []grafana.Override{}}
	for _, c := range p.columns {
		g.FieldConfig.Overrides = append(g.FieldConfig.Overrides, c.render(lang))
	}
	opts := p.options
	if by := p.sortBy.in(lang); by != "" {
		opts.SortBy = []grafana.SortBy{{Desc: true, DisplayName: by}}
	}
	g.Options = &opts
	return g
}

func (c column) render(lang Language) grafana.Override {
	o := grafana.Override{
		Matcher:    grafana.Matcher{ID: "byName", Options: c.field},
		Properties: []grafana.Property{{ID: "displayName", Value: c.title.in(lang)}},
	}
	if c.unit != "" {
		o.Properties = append(o.Properties, grafana.Property{ID: "unit", Value: c.unit})
	}
	if c.link != nil {
		o.Properties = append(o.Properties, grafana.Property{ID: "links", Value: []grafana.DataLink{c.link.render(lang)}})
	}
	return o
}

func (l panelLink) render(lang Language) grafana.DataLink {
	return grafana.DataLink{TargetBlank: true, Title: l.title.in(lang), URL: l.url}
}

func (l boardLink) render(lang Language) grafana.Link {
	m := grafana.Link{Title: l.title.in(lang), Tooltip: l.title.in(lang), Tags: []string{}, Icon: "external link"}
	if l.url != "" {
		m.Type, m.URL, m.TargetBlank = "link", l.url, true
		if lang == Chinese && strings.HasPrefix(l.url, docsURL) {
			m.URL = strings.TrimSuffix(l.url, ".md") + ".zh-CN.md"
		}
		return m
	}
	to := lang
	if !l.own {
		to = lang.other()
	}
	m.Type, m.Tags = "dashboards", slices.Concat(l.tags, []string{string(to)})
	m.AsDropdown, m.IncludeVars, m.KeepTime = true, true, true
	return m
}

func (v variable) render(lang Language) grafana.Variable {
	m := grafana.Variable{
		Name:        v.name,
		Label:       v.label.in(lang),
		Description: v.help.in(lang),
		Options:     []grafana.VariableOption{},
	}
	if v.values == "" {
		value := grafana.VariableOption{Selected: true, Text: v.byDefault, Value: v.byDefault}
		m.Type, m.Query, m.Current, m.Options = "textbox", v.byDefault, &value, []grafana.VariableOption{value}
		return m
	}
	m.Type, m.Datasource, m.Query = "query", &prometheus, v.values
	m.Multi, m.IncludeAll, m.AllValue = true, true, ".+"
	m.Current = &grafana.VariableOption{Selected: true, Text: []string{"All"}, Value: []string{"$__all"}}
	m.Refresh = 2 // when the time range changes
	m.Sort = 1    // by name
	return m
}

func tags(lang Language) []string {
	return []string{"wecom", "meeting", "recordings", string(lang)}
}

// encode returns the content of the file of a dashboard.
func encode(m grafana.Dashboard) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("encoding the dashboard %s: %w", m.UID, err)
	}
	return b.Bytes(), nil
}
