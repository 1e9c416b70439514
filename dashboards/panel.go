// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/dashboards/grafana"
)

// A text is text for people in both languages.
type text struct{ en, zh string }

func (t text) in(lang Language) string {
	if lang == Chinese {
		return t.zh
	}
	return t.en
}

// label returns a text of label values, which are the same in every language.
func label(template string) text { return text{template, template} }

// A board is a dashboard in both languages.
type board struct {
	uid, from   string
	title, help text
	variables   []variable
	links       []boardLink
	sections    []section
}

// A section is a row of the dashboard with the lines of panels below it. The
// widths of a line's panels add up to 24.
type section struct {
	title text
	lines []line
}

type line struct {
	height int
	panels []*panel
}

// A panel is a panel in both languages.
type panel struct {
	kind        string
	title, help text
	width       int
	interval    string // the shortest step, such as "1d" for a bar per day
	queries     []query

	defaults   grafana.FieldDefaults // but the texts, which follow
	noValue    text
	mappings   []mapping
	links      []panelLink
	columns    []column
	options    grafana.Options
	sortBy     text // the title of the column; empty: unsorted
	transforms []grafana.Transformation
}

// A query is a PromQL expression of a panel.
type query struct {
	expr   string
	legend text
	kind   Kind
	format string
}

// A mapping shows a text for the values of a span, both ends included.
type mapping struct {
	from, to *float64
	color    string
	text     text
}

// A column is a field of a table, and how it is shown.
type column struct {
	field string
	title text
	unit  string
	link  *panelLink
}

type panelLink struct {
	title text
	url   string
}

type boardLink struct {
	title text
	url   string   // or
	tags  []string // of the dashboards to link to
	own   bool     // link to dashboards in the same language, not in the other
}

// matchers expands {@exporter}, {@corp} and {@host} in expressions. Every
// expression has one of them, so that all panels filter in the same way.
var matchers = strings.NewReplacer(
	"{@exporter", `{job=~"$job",instance=~"$instance"`,
	"{@corp", `{job=~"$job",instance=~"$instance",corp=~"$corp"`,
	"{@host", `{job=~"$job",instance=~"$instance",corp=~"$corp",host=~"$host"`,
)

// over returns a query for a graph over time.
func over(expr string, legend text) query {
	return query{expr: matchers.Replace(expr), legend: legend, kind: Range, format: "time_series"}
}

// now returns a query for the newest value.
func now(expr string, legend text) query {
	return query{expr: matchers.Replace(expr), legend: legend, kind: Instant, format: "time_series"}
}

// cells returns a query for the rows of a table.
func cells(expr string) query {
	return query{expr: matchers.Replace(expr), kind: Instant, format: "table"}
}

// buckets returns a query for a heatmap of a classic histogram.
func buckets(expr string) query {
	return query{expr: matchers.Replace(expr), legend: label("{{le}}"), kind: Range, format: "heatmap"}
}

// stat shows one number.
func stat(width int, title, help text, unit string, q query) *panel {
	return &panel{
		kind: "stat", title: title, help: help, width: width, queries: []query{q},
		defaults: grafana.FieldDefaults{Unit: unit, Color: grafana.Color{Mode: "thresholds"}},
		options: grafana.Options{
			ColorMode: "value", GraphMode: "none", JustifyMode: "auto", Orientation: "auto", TextMode: "value",
			ReduceOptions: lastValue,
		},
	}
}

// timeseries shows lines over time.
func timeseries(width int, title, help text, unit string, queries ...query) *panel {
	return &panel{
		kind: "timeseries", title: title, help: help, width: width, queries: queries,
		defaults: grafana.FieldDefaults{
			Unit: unit, Color: grafana.Color{Mode: "palette-classic"}, Min: new(0.0),
			Custom: grafana.Custom{
				DrawStyle:   "line",
				LineWidth:   1,
				FillOpacity: 10,
				ShowPoints:  "never",
				Stacking:    &grafana.Stacking{Group: "A", Mode: "none"},
			},
		},
		options: grafana.Options{
			Legend:  &grafana.LegendOptions{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
			Tooltip: &grafana.TooltipOptions{Mode: "multi", Sort: "desc"},
		},
	}
}

// bars shows a stacked bar for each interval.
func bars(width int, interval string, title, help text, unit string, queries ...query) *panel {
	p := timeseries(width, title, help, unit, queries...).stacked()
	p.interval = interval
	p.defaults.Custom.DrawStyle, p.defaults.Custom.FillOpacity = "bars", 80
	return p
}

// bargauge shows a bar for each of a few values.
func bargauge(width int, title, help text, unit string, queries ...query) *panel {
	return &panel{
		kind: "bargauge", title: title, help: help, width: width, queries: queries,
		defaults: grafana.FieldDefaults{Unit: unit, Color: grafana.Color{Mode: "thresholds"}, Min: new(0.0)},
		options: grafana.Options{
			DisplayMode: "basic", Orientation: "horizontal", ShowUnfilled: true, ValueMode: "color",
			ReduceOptions: lastValue,
		},
	}
}

// heatmap shows how a classic histogram fills over time. The unit is that of the
// bounds of its buckets.
func heatmap(width int, interval string, title, help text, unit string, q query) *panel {
	return &panel{
		kind: "heatmap", title: title, help: help, width: width, queries: []query{q}, interval: interval,
		defaults: grafana.FieldDefaults{Unit: unit, Color: grafana.Color{Mode: "thresholds"}},
		options: grafana.Options{
			Color: &grafana.HeatmapColor{
				Mode:     "scheme",
				Fill:     "dark-orange",
				Scheme:   "Oranges",
				Steps:    64,
				Scale:    "exponential",
				Exponent: 0.5,
			},
			YAxis:   &grafana.HeatmapAxis{Unit: unit, AxisPlacement: "left"},
			Cells:   &grafana.HeatmapCells{Unit: "short"},
			Tooltip: &grafana.TooltipOptions{Mode: "single"},
		},
	}
}

// timeline shows states over time.
func timeline(width int, title, help text, unit string, queries ...query) *panel {
	return &panel{
		kind: "state-timeline", title: title, help: help, width: width, queries: queries,
		defaults: grafana.FieldDefaults{
			Unit:   unit,
			Color:  grafana.Color{Mode: "thresholds"},
			Custom: grafana.Custom{FillOpacity: 80},
		},
		options: grafana.Options{
			MergeValues: true, ShowValue: "never", AlignValue: "left", RowHeight: 0.9,
			Legend:  &grafana.LegendOptions{Calcs: []string{}, DisplayMode: "list", Placement: "bottom"},
			Tooltip: &grafana.TooltipOptions{Mode: "single", Sort: "none"},
		},
	}
}

// table shows the rows of its queries, joined where their labels are the same,
// with the columns in the order given and no others.
func table(width int, title, help text, queries []query, columns ...column) *panel {
	p := &panel{
		kind: "table", title: title, help: help, width: width, queries: queries, columns: columns,
		defaults: grafana.FieldDefaults{Unit: "short", Color: grafana.Color{Mode: "thresholds"}},
		options:  grafana.Options{CellHeight: "sm", ShowHeader: true},
	}
	include := grafana.FilterFields{Names: []string{}}
	order := map[string]int{}
	for i, c := range columns {
		include.Names = append(include.Names, c.field)
		order[c.field] = i
	}
	p.transforms = []grafana.Transformation{
		{ID: "merge"},
		{ID: "filterFieldsByName", Options: grafana.TransformOptions{Include: &include}},
		{ID: "organize", Options: grafana.TransformOptions{IndexByName: order}},
	}
	return p
}

// sortedBy sorts the rows of a table by a column, the largest value first.
func (p *panel) sortedBy(title text) *panel {
	p.sortBy = title
	return p
}

// matrix makes a table of two labels out of the rows of one query.
func (p *panel) matrix(rows, columns string) *panel {
	p.transforms = []grafana.Transformation{{
		ID:      "groupingToMatrix",
		Options: grafana.TransformOptions{ColumnField: columns, RowField: rows, ValueField: "Value", EmptyValue: "zero"},
	}}
	return p
}

func (p *panel) stacked() *panel {
	p.defaults.Custom.Stacking.Mode = "normal"
	return p
}

// upTo sets the end of the axis.
func (p *panel) upTo(most float64) *panel {
	p.defaults.Max = &most
	return p
}

// red colors values from bad on red, those from warning on orange and those
// below green. Where bad is less than warning, low values are the bad ones.
func (p *panel) red(warning, bad float64) *panel {
	steps := []grafana.Threshold{{Color: "green"}, {Color: "orange", Value: &warning}, {Color: "red", Value: &bad}}
	if bad < warning {
		steps = []grafana.Threshold{{Color: "red"}, {Color: "orange", Value: &bad}, {Color: "green", Value: &warning}}
	}
	p.defaults.Thresholds = grafana.Thresholds{Mode: "absolute", Steps: steps}
	return p
}

// redIfAny colors values from 1 on red and those below green.
func (p *panel) redIfAny() *panel {
	p.defaults.Thresholds = grafana.Thresholds{
		Mode:  "absolute",
		Steps: []grafana.Threshold{{Color: "green"}, {Color: "red", Value: new(1.0)}},
	}
	return p
}

// yesNo shows words instead of 1 and 0.
func (p *panel) yesNo(yes, no text) *panel {
	p.mappings = []mapping{{new(1.0), new(1.0), "green", yes}, {new(0.0), new(0.0), "red", no}}
	return p
}

// never shows a word instead of the age of a timestamp that is 0.
func (p *panel) never(word text) *panel {
	p.mappings = []mapping{{new(1e9), nil, "red", word}}
	return p
}

// ifNone shows a word where there is no data.
func (p *panel) ifNone(word text) *panel {
	p.noValue = word
	return p
}

func (p *panel) link(title text, url string) *panel {
	p.links = append(p.links, panelLink{title, url})
	return p
}

// lastValue reduces a series to its last value.
var lastValue = &grafana.ReduceOptions{Calcs: []string{"lastNotNull"}}
