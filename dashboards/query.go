// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// matchers expands {@exporter}, {@corp} and {@host} in expressions, {@record} and
// {@recordedHost} for what recording rules made, which have no instance, and {@alert}
// for alerts, of which some have no corp. Every selector has one of them, so that all
// panels filter in the same way.
var matchers = strings.NewReplacer(
	"{@exporter", `{job=~"$job",instance=~"$instance"`,
	"{@corp", `{job=~"$job",instance=~"$instance",corp=~"$corp"`,
	"{@host", `{job=~"$job",instance=~"$instance",corp=~"$corp",host=~"$host"`,
	"{@recordedHost", `{job=~"$job",corp=~"$corp",host=~"$host"`,
	"{@record", `{job=~"$job",corp=~"$corp"`,
	"{@alert", `{alertname=~"Wecom.+",job=~"$job|",corp=~"$corp|"`,
)

func newQuery(expr string, format prometheus.PromQueryFormat) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().
		Datasource(datasource).
		EditorMode(prometheus.QueryEditorModeCode).
		Expr(matchers.Replace(expr)).
		Format(format)
}

// over returns a query for a graph over time.
func over(expr, legend string) *prometheus.DataqueryBuilder {
	return newQuery(expr, prometheus.PromQueryFormatTimeSeries).LegendFormat(legend).Range()
}

// now returns a query for the newest value.
func now(expr, legend string) *prometheus.DataqueryBuilder {
	return newQuery(expr, prometheus.PromQueryFormatTimeSeries).LegendFormat(legend).Instant()
}

// cells returns a query for the rows of a table.
func cells(expr string) *prometheus.DataqueryBuilder {
	return newQuery(expr, prometheus.PromQueryFormatTable).LegendFormat("").Instant()
}

// buckets returns a query for a heatmap of a classic histogram.
func buckets(expr string) *prometheus.DataqueryBuilder {
	return newQuery(expr, prometheus.PromQueryFormatHeatmap).LegendFormat("{{le}}").Range()
}

// queries numbers queries as Grafana does: A, B, C.
func queries(list []*prometheus.DataqueryBuilder) []*prometheus.DataqueryBuilder {
	for i, q := range list {
		q.RefId(string(rune('A' + i)))
	}
	return list
}
