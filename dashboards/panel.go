// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// The heights of panels. Those of one line must be the same.
const (
	statHeight  = 4
	graphHeight = 8
)

// newStat shows one number.
func newStat(width uint32, title, help, unit string, q *prometheus.DataqueryBuilder) *stat.PanelBuilder {
	return stat.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(statHeight).
		Datasource(datasource).
		Targets(targets(q)).
		Unit(unit).
		ColorScheme(byThreshold()).
		Thresholds(plain("text")).
		Mappings(words()).
		GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeValue).
		Orientation(common.VizOrientationAuto).
		ReduceOptions(lastValue())
}

// named shows the name of the series, such as the corp, below the number.
func named(p *stat.PanelBuilder) *stat.PanelBuilder {
	return p.TextMode(common.BigValueTextModeValueAndName)
}

// alarmed shows that there is no data in words and in the color of a problem: a
// panel that is empty and calm would be taken for good news.
func alarmed(p *stat.PanelBuilder, word string, others ...dashboard.ValueMapping) *stat.PanelBuilder {
	return p.NoValue(word).Mappings(words(append(others, noData("red", word))...))
}

// newTimeseries shows lines over time.
func newTimeseries(
	width uint32, title, help, unit string, list ...*prometheus.DataqueryBuilder,
) *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(graphHeight).
		Datasource(datasource).
		Targets(targets(list...)).
		Unit(unit).
		Min(0).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
		Thresholds(plain("text")).
		DrawStyle(common.GraphDrawStyleLine).
		LineWidth(1).
		FillOpacity(10).
		ShowPoints(common.VisibilityModeNever).
		Stacking(stacking(common.StackingModeNone)).
		Legend(legend()).
		Tooltip(common.NewVizTooltipOptionsBuilder().
			Mode(common.TooltipDisplayModeMulti).
			Sort(common.SortOrderDescending))
}

// newBars shows a stacked bar for each interval. A bar stands behind the beginning of
// its interval; queries must look ahead, with [$__interval] offset -$__interval.
func newBars(
	width uint32, interval, title, help, unit string, list ...*prometheus.DataqueryBuilder,
) *timeseries.PanelBuilder {
	return newTimeseries(width, title, help, unit, list...).
		Interval(interval).
		DrawStyle(common.GraphDrawStyleBars).
		BarAlignment(common.BarAlignmentAfter).
		FillOpacity(80).
		Stacking(stacking(common.StackingModeNormal))
}

// newBarGauge shows a bar for each of a few values.
func newBarGauge(
	width uint32, title, help, unit string, list ...*prometheus.DataqueryBuilder,
) *bargauge.PanelBuilder {
	return bargauge.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(graphHeight).
		Datasource(datasource).
		Targets(targets(list...)).
		Unit(unit).
		Min(0).
		ColorScheme(byThreshold()).
		Thresholds(plain("blue")). // The color of text would be hard to see.
		DisplayMode(common.BarGaugeDisplayModeBasic).
		Orientation(common.VizOrientationHorizontal).
		ReduceOptions(lastValue())
}

// newHeatmap shows how a classic histogram fills over time. The unit is that of the
// bounds of its buckets.
func newHeatmap(
	width uint32, interval, title, help, unit string, q *prometheus.DataqueryBuilder,
) *heatmap.PanelBuilder {
	return heatmap.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(graphHeight).
		Datasource(datasource).
		Targets(targets(q)).
		Interval(interval).
		Unit(unit).
		ColorScheme(byThreshold()).
		Thresholds(plain("text")).
		Color(heatmap.NewHeatmapColorOptionsBuilder().
			Mode(heatmap.HeatmapColorModeScheme).
			Scale(heatmap.HeatmapColorScaleExponential).
			Scheme("Oranges").
			Exponent(0.5).
			Steps(64)).
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(unit).AxisPlacement(common.AxisPlacementLeft)).
		CellValues(heatmap.NewCellValuesBuilder().Unit("short")).
		Tooltip(heatmap.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle))
}

// newTimeline shows states over time.
func newTimeline(
	width uint32, title, help, unit string, list ...*prometheus.DataqueryBuilder,
) *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(graphHeight).
		Datasource(datasource).
		Targets(targets(list...)).
		Unit(unit).
		ColorScheme(byThreshold()).
		Thresholds(plain("text")).
		FillOpacity(80).
		ShowValue(common.VisibilityModeNever).
		Legend(legend()).
		Tooltip(common.NewVizTooltipOptionsBuilder().
			Mode(common.TooltipDisplayModeSingle).
			Sort(common.SortOrderNone))
}

// A column is a field of a table, and how it is shown.
type column struct {
	field, title string
	unit         string
	link         *dashboard.DashboardLink
	mappings     []dashboard.ValueMapping
}

func (c column) properties() []dashboard.DynamicConfigValue {
	p := []dashboard.DynamicConfigValue{{Id: "displayName", Value: c.title}}
	if c.unit != "" {
		p = append(p, dashboard.DynamicConfigValue{Id: "unit", Value: c.unit})
	}
	if c.link != nil {
		link := map[string]any{"title": c.link.Title, "url": c.link.Url, "targetBlank": c.link.TargetBlank}
		p = append(p, dashboard.DynamicConfigValue{Id: "links", Value: []any{link}})
	}
	if c.mappings != nil {
		p = append(p,
			dashboard.DynamicConfigValue{Id: "mappings", Value: c.mappings},
			dashboard.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}},
		)
	}
	return p
}

// newTable shows the rows of its queries, joined where their labels are the same,
// with the columns in the order given and no others.
func newTable(
	width uint32, title, help string, list []*prometheus.DataqueryBuilder, columns ...column,
) *table.PanelBuilder {
	p := table.NewPanelBuilder().
		Title(title).
		Description(help).
		Span(width).
		Height(graphHeight).
		Datasource(datasource).
		Targets(targets(list...)).
		Unit("short").
		ColorScheme(byThreshold()).
		Thresholds(plain("text")).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{}))
	names := make([]string, 0, len(columns))
	order := make(map[string]int, len(columns))
	for i, c := range columns {
		names = append(names, c.field)
		order[c.field] = i
		p.OverrideByName(c.field, c.properties())
	}
	return p.Transformations([]dashboard.DataTransformerConfig{
		{Id: "merge", Options: map[string]any{}},
		{Id: "filterFieldsByName", Options: map[string]any{"include": map[string]any{"names": names}}},
		{Id: "organize", Options: map[string]any{"indexByName": order}},
	})
}

// sortedBy sorts the rows of a table by the title of a column, the largest value first.
func sortedBy(title string) []cog.Builder[common.TableSortByFieldState] {
	return []cog.Builder[common.TableSortByFieldState]{
		common.NewTableSortByFieldStateBuilder().DisplayName(title).Desc(true),
	}
}

// matrix makes a table of two labels out of the rows of one query.
func matrix(rows, columns string) []dashboard.DataTransformerConfig {
	return []dashboard.DataTransformerConfig{{Id: "groupingToMatrix", Options: map[string]any{
		"columnField": columns,
		"rowField":    rows,
		"valueField":  "Value",
		"emptyValue":  "zero",
	}}}
}

func targets(list ...*prometheus.DataqueryBuilder) []cog.Builder[variants.Dataquery] {
	all := make([]cog.Builder[variants.Dataquery], 0, len(list))
	for _, q := range queries(list) {
		all = append(all, q)
	}
	return all
}

// dataLinks lead from a value to a page.
func dataLinks(title, url string) []cog.Builder[dashboard.DashboardLink] {
	return []cog.Builder[dashboard.DashboardLink]{built[dashboard.DashboardLink]{pageLink(English, title, url)}}
}

func byThreshold() *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)
}

func lastValue() *common.ReduceDataOptionsBuilder {
	return common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Fields("").Values(false)
}

func legend() *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().
		DisplayMode(common.LegendDisplayModeList).
		Placement(common.LegendPlacementBottom).
		ShowLegend(true).
		Calcs([]string{})
}

func stacking(mode common.StackingMode) *common.StackingConfigBuilder {
	return common.NewStackingConfigBuilder().Group("A").Mode(mode)
}
