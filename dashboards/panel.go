// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import "strings"

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

	defaults   fieldDefaults // but the texts, which follow
	noValue    text
	mappings   []mapping
	links      []panelLink
	columns    []column
	options    options
	transforms []transformation
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

// A column names a field of a table and says how to show it.
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
		defaults: fieldDefaults{Unit: unit, Color: color{Mode: "thresholds"}},
		options: options{
			ColorMode: "value", GraphMode: "none", JustifyMode: "auto", Orientation: "auto", TextMode: "value",
			ReduceOptions: lastValue,
		},
	}
}

// timeseries shows lines over time.
func timeseries(width int, title, help text, unit string, queries ...query) *panel {
	return &panel{
		kind: "timeseries", title: title, help: help, width: width, queries: queries,
		defaults: fieldDefaults{
			Unit: unit, Color: color{Mode: "palette-classic"}, Min: new(0.0),
			Custom: custom{
				DrawStyle:   "line",
				LineWidth:   1,
				FillOpacity: 10,
				ShowPoints:  "never",
				Stacking:    &stacking{Group: "A", Mode: "none"},
			},
		},
		options: options{
			Legend:  &legendOptions{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
			Tooltip: &tooltipOptions{Mode: "multi", Sort: "desc"},
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
		defaults: fieldDefaults{Unit: unit, Color: color{Mode: "thresholds"}, Min: new(0.0)},
		options: options{
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
		defaults: fieldDefaults{Unit: unit, Color: color{Mode: "thresholds"}},
		options: options{
			Color: &heatmapColor{
				Mode:     "scheme",
				Fill:     "dark-orange",
				Scheme:   "Oranges",
				Steps:    64,
				Scale:    "exponential",
				Exponent: 0.5,
			},
			YAxis:   &heatmapAxis{Unit: unit, AxisPlacement: "left"},
			Cells:   &heatmapCells{Unit: "short"},
			Tooltip: &tooltipOptions{Mode: "single"},
		},
	}
}

// timeline shows states over time.
func timeline(width int, title, help text, unit string, queries ...query) *panel {
	return &panel{
		kind: "state-timeline", title: title, help: help, width: width, queries: queries,
		defaults: fieldDefaults{Unit: unit, Color: color{Mode: "thresholds"}, Custom: custom{FillOpacity: 80}},
		options: options{
			MergeValues: true, ShowValue: "never", AlignValue: "left", RowHeight: 0.9,
			Legend:  &legendOptions{Calcs: []string{}, DisplayMode: "list", Placement: "bottom"},
			Tooltip: &tooltipOptions{Mode: "single", Sort: "none"},
		},
	}
}

// table shows the rows of its queries, joined where their labels are the same,
// with the columns in the order given and no others.
func table(width int, title, help text, queries []query, columns ...column) *panel {
	p := &panel{
		kind: "table", title: title, help: help, width: width, queries: queries, columns: columns,
		defaults: fieldDefaults{Unit: "short", Color: color{Mode: "thresholds"}},
		options:  options{CellHeight: "sm", ShowHeader: true},
	}
	include := filterFields{Names: []string{}}
	order := map[string]int{}
	for i, c := range columns {
		include.Names = append(include.Names, c.field)
		order[c.field] = i
	}
	p.transforms = []transformation{
		{ID: "merge"},
		{ID: "filterFieldsByName", Options: transformOptions{Include: &include}},
		{ID: "organize", Options: transformOptions{IndexByName: order}},
	}
	return p
}

// sortedBy sorts the rows of a table by a column, the largest value first.
func (p *panel) sortedBy(title text) *panel {
	p.options.sortBy = title
	return p
}

// matrix makes a table of two labels out of the rows of one query.
func (p *panel) matrix(rows, columns string) *panel {
	p.transforms = []transformation{{
		ID:      "groupingToMatrix",
		Options: transformOptions{ColumnField: columns, RowField: rows, ValueField: "Value", EmptyValue: "zero"},
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
	steps := []threshold{{Color: "green"}, {Color: "orange", Value: &warning}, {Color: "red", Value: &bad}}
	if bad < warning {
		steps = []threshold{{Color: "red"}, {Color: "orange", Value: &bad}, {Color: "green", Value: &warning}}
	}
	p.defaults.Thresholds = thresholds{Mode: "absolute", Steps: steps}
	return p
}

// redFrom colors values from bad on red and those below green.
func (p *panel) redFrom(bad float64) *panel {
	p.defaults.Thresholds = thresholds{Mode: "absolute", Steps: []threshold{{Color: "green"}, {Color: "red", Value: &bad}}}
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
