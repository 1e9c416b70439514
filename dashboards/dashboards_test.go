// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.yaml.in/yaml/v3"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
)

// TestFiles compares the files with what is rendered, and no other file is there.
func TestFiles(t *testing.T) {
	t.Parallel()
	all := All()
	want := make([]string, 0, len(all))
	for _, d := range all {
		want = append(want, d.File)
		rendered, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, d.File, rendered)
	}
	have, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("files (-want +have):\n%s", diff)
	}
}

// TestStrict decodes the files into the SDK's types strictly: a key that Grafana does
// not know, one that is missing and one of another type are errors.
func TestStrict(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	for _, d := range All() {
		t.Run(d.File, func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(d.File)
			if err != nil {
				t.Fatal(err)
			}
			if err := strict(content); err != nil {
				t.Error(err)
			}
		})
	}
}

// strict decodes a file strictly. The SDK's v0.0.22 decodes the fieldConfig of a panel
// without being strict, so that is decoded once more.
func strict(content []byte) error {
	var m dashboard.Dashboard
	all := []error{refused(m.UnmarshalJSONStrict(content))}
	var raw struct {
		Panels []struct {
			Title       string          `json:"title"`
			FieldConfig json.RawMessage `json:"fieldConfig"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(content, &raw); err != nil {
		return err
	}
	for _, p := range raw.Panels {
		var f dashboard.FieldConfigSource
		if err := refused(f.UnmarshalJSONStrict(p.FieldConfig)); err != nil {
			all = append(all, fmt.Errorf("%s: %w", p.Title, err))
		}
	}
	return errors.Join(all...)
}

// refused returns the error of the SDK, whose v0.0.22 returns an empty list and not
// nil if there is none.
func refused(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}

// TestStrictRefuses has strict refuse keys that are misspelled, at each depth that has
// a type of its own.
func TestStrictRefuses(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	content, err := os.ReadFile(All()[0].File)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"refresh", "keepTime", "includeAll", "iconColor", "gridPos", "expr", "noValue", "mappings", "match", "textMode",
		"showUnfilled", "cellHeight", "yAxis", "sortBy", "id",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			misspelled := strings.Replace(string(content), `"`+key+`":`, `"`+key+`x":`, 1)
			if misspelled == string(content) || strict([]byte(misspelled)) == nil {
				t.Errorf("%sx is not refused", key)
			}
		})
	}
}

// TestValues compares what is one of a few words with those that Grafana knows,
// which the SDK's types do not check.
func TestValues(t *testing.T) {
	t.Parallel()
	for _, d := range All() {
		t.Run(d.File, func(t *testing.T) {
			t.Parallel()
			m := read(t, d)
			for _, p := range m.Panels {
				lintValues(t, p)
			}
			for _, v := range m.Templating.List {
				oneOf(t, "variable "+v.Name, v.Type, "datasource", "query", "textbox")
			}
			for _, l := range m.Links {
				oneOf(t, "link "+l.Title, l.Type, "link", "dashboards")
			}
		})
	}
}

func lintValues(t *testing.T, p modelPanel) {
	t.Helper()
	where := p.Title + ", type"
	oneOf(t, where, p.Type, "stat", "timeseries", "table", "bargauge", "gauge", "heatmap", "state-timeline", "text", "row")
	if p.Type == "row" {
		return
	}
	o, f := p.Options, p.FieldConfig.Defaults
	oneOf(t, where+" of color", f.Color.Mode, "thresholds", "palette-classic")
	oneOf(t, where+" of thresholds", f.Thresholds.Mode, "absolute", "percentage")
	oneOf(t, where+" of drawing", f.Custom.DrawStyle, "", "line", "bars", "points")
	oneOf(t, where+" of points", f.Custom.ShowPoints, "", "auto", "always", "never")
	if f.Custom.Stacking != nil {
		oneOf(t, where+" of stacking", f.Custom.Stacking.Mode, "none", "normal", "percent")
	}
	oneOf(t, where+" of value color", o.ColorMode, "", "none", "value", "background")
	oneOf(t, where+" of graph", o.GraphMode, "", "none", "line", "area")
	oneOf(t, where+" of text", o.TextMode, "", "auto", "value", "value_and_name", "name", "none")
	oneOf(t, where+" of orientation", o.Orientation, "", "auto", "horizontal", "vertical")
	oneOf(t, where+" of display", o.DisplayMode, "", "basic", "lcd", "gradient")
	oneOf(t, where+" of cells", o.CellHeight, "", "sm", "md", "lg")
	if o.Tooltip != nil {
		oneOf(t, where+" of tooltip", o.Tooltip.Mode, "single", "multi", "none")
		oneOf(t, where+" of tooltip order", o.Tooltip.Sort, "", "asc", "desc", "none")
	}
	if o.Legend != nil && p.Type != "heatmap" {
		oneOf(t, where+" of legend", o.Legend.DisplayMode, "list", "table", "hidden")
		oneOf(t, where+" of legend place", o.Legend.Placement, "bottom", "right")
	}
	for _, q := range p.Targets {
		oneOf(t, where+" of format", q.Format, "time_series", "table", "heatmap")
	}
	for _, tr := range p.Transformations {
		oneOf(t, where+" of transformation", tr.ID, "merge", "filterFieldsByName", "organize", "groupingToMatrix")
	}
	for i, s := range f.Thresholds.Steps {
		if (i == 0) != (s.Value == nil) || i > 1 && *s.Value <= *f.Thresholds.Steps[i-1].Value {
			t.Errorf("%s: thresholds do not begin without a value and rise", p.Title)
		}
	}
}

func oneOf(t *testing.T, what, have string, allowed ...string) {
	t.Helper()
	if !slices.Contains(allowed, have) {
		t.Errorf("%s is %q, not one of %q", what, have, allowed)
	}
}

func read(t *testing.T, d Dashboard) (m model) {
	t.Helper()
	file, err := os.ReadFile(d.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &m); err != nil {
		t.Fatalf("%s: %v", d.File, err)
	}
	return m
}

// TestLanguages compares the two languages of a dashboard: they differ in texts
// alone, and each text is in its own language.
func TestLanguages(t *testing.T) {
	t.Parallel()
	all := All()
	for i := 0; i < len(all); i += 2 {
		t.Run(all[i].UID, func(t *testing.T) {
			t.Parallel()
			compare(t, "", generic(t, all[i]), generic(t, all[i+1]))
		})
	}
}

func generic(t *testing.T, d Dashboard) (v any) {
	t.Helper()
	file, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Where texts stand, by the end of their path.
var (
	textPath     = regexp.MustCompile(`\.(title|description|label|legendFormat|noValue|tooltip|text|name|displayName)$|properties\.\d+\.value$`)
	mustBeText   = regexp.MustCompile(`\.(title|description|label|noValue|tooltip)$`)
	notTextPath  = regexp.MustCompile(`templating\.list\.\d+\.(name|current|options)|\.tags\.\d+$|^\.uid$`)
	labelPattern = regexp.MustCompile(`\{\{\w+\}\}`)
)

func compare(t *testing.T, path string, en, zh any) {
	t.Helper()
	switch en := en.(type) {
	case map[string]any:
		zh, ok := zh.(map[string]any)
		if !ok || len(zh) != len(en) {
			t.Errorf("%s: the languages have other fields", path)
			return
		}
		for key := range en {
			compare(t, path+"."+key, en[key], zh[key])
		}
	case []any:
		zh, ok := zh.([]any)
		if !ok || len(zh) != len(en) {
			t.Errorf("%s: the languages have other lengths", path)
			return
		}
		for i := range en {
			compare(t, fmt.Sprintf("%s.%d", path, i), en[i], zh[i])
		}
	case string:
		zh, ok := zh.(string)
		if !ok {
			t.Errorf("%s: %q is %v in Chinese", path, en, zh)
			return
		}
		compareTexts(t, path, en, zh)
	default:
		if en != zh {
			t.Errorf("%s: %v is %v in Chinese", path, en, zh)
		}
	}
}

func compareTexts(t *testing.T, path, en, zh string) {
	t.Helper()
	switch {
	case notTextPath.MatchString(path):
	case strings.HasPrefix(en, repositoryURL):
		if want := strings.TrimSuffix(en, ".md") + ".zh-CN.md"; zh != want {
			t.Errorf("%s: links to %s in Chinese, want %s", path, zh, want)
		}
	case !textPath.MatchString(path):
		if en != zh {
			t.Errorf("%s: %q is %q in Chinese, and is no text", path, en, zh)
		}
	case en != zh || mustBeText.MatchString(path) && en != "":
		if !hasHan(zh) {
			t.Errorf("%s: %q is not Chinese", path, zh)
		}
		if hasHan(en) && !strings.Contains(en, "(中文)") {
			t.Errorf("%s: %q is not English", path, en)
		}
		if diff := cmp.Diff(labelPattern.FindAllString(en, -1), labelPattern.FindAllString(zh, -1)); diff != "" {
			t.Errorf("%s: labels (-en +zh):\n%s", path, diff)
		}
		if diff := cmp.Diff(names(en), names(zh)); diff != "" {
			t.Errorf("%s: names of metrics and flags (-en +zh):\n%s", path, diff)
		}
	}
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func names(s string) []string {
	found := regexp.MustCompile(`\b(wecom|process|go)_\w+|--[a-z.-]*[a-z]`).FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

var documented = regexp.MustCompile("(?m)^\\| `(wecom_[a-z_]+)` \\|")

// TestMetrics compares the dashboards with the metrics: every metric that is
// documented is on a panel, and every metric and label of an expression exists.
func TestMetrics(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	known, recorded := knownMetrics(t), recordingRules(t)
	shown := map[string]bool{}
	for _, d := range All() {
		for _, q := range read(t, d).queries() {
			used := metricsOf(q.Expr)
			if len(used) == 0 {
				t.Errorf("%s, %s: no metric in %s", d.UID, q.title, q.Expr)
			}
			allowed := []string{"", "job", "instance"} // "" is that of `on ()`.
			for _, u := range used {
				labels, ok := known[u.name]
				if !ok {
					t.Errorf("%s, %s: there is no metric %s", d.UID, q.title, u.name)
				}
				shown[baseName(u.name)], shown[u.name] = true, true
				for _, name := range metricName.FindAllString(recorded[u.name].Expr, -1) {
					shown[baseName(name)] = true
				}
				allowed = append(allowed, labels...)
				for _, m := range matcherPattern.FindAllStringSubmatch(u.matchers, -1) {
					if !slices.Contains(append([]string{"job", "instance"}, labels...), m[1]) {
						t.Errorf("%s, %s: %s has no label %s", d.UID, q.title, u.name, m[1])
					}
				}
			}
			for _, by := range groupPattern.FindAllStringSubmatch(q.Expr, -1) {
				for name := range strings.SplitSeq(by[1], ", ") {
					if !slices.Contains(allowed, name) {
						t.Errorf("%s, %s: no metric has the label %s of %s", d.UID, q.title, name, by[0])
					}
				}
			}
		}
	}
	rows := documented.FindAllStringSubmatch(string(docs), -1)
	if len(rows) == 0 {
		t.Fatal("docs/metrics.md has no table of metrics")
	}
	for _, row := range rows {
		if !shown[row[1]] {
			t.Errorf("%s is on no panel", row[1])
		}
	}
}

type use struct{ name, matchers, before, after string }

var (
	usePattern     = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	metricName     = regexp.MustCompile(`\bwecom_[a-z_]+`)
	matcherPattern = regexp.MustCompile(`(\w+)(?:=~|!=|=|!~)"[^"]*"`)
	groupPattern   = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
)

// metricsOf returns the selectors of an expression. TestLint checks that each
// metric has matchers, so that none is overlooked.
func metricsOf(expr string) []use {
	found := usePattern.FindAllStringSubmatchIndex(expr, -1)
	uses := make([]use, 0, len(found))
	for _, i := range found {
		uses = append(uses, use{name: expr[i[2]:i[3]], matchers: expr[i[4]:i[5]], before: expr[:i[0]], after: expr[i[1]:]})
	}
	return uses
}

// baseName returns the name of the metric that a series, or what a recording rule
// made, is of.
func baseName(name string) string {
	if parts := strings.Split(name, ":"); len(parts) == 3 {
		name = parts[1]
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

type recordingRule struct {
	Record string `yaml:"record"`
	Expr   string `yaml:"expr"`
	labels []string
}

// recordingRules returns the recording rules by name. Their labels are those by which
// the outermost aggregation groups.
func recordingRules(t *testing.T) map[string]recordingRule {
	t.Helper()
	content, err := os.ReadFile("../alerts/wecom-recording.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []recordingRule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	found := map[string]recordingRule{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Record == "" {
				continue
			}
			r.labels = strings.Split(groupPattern.FindStringSubmatch(r.Expr)[1], ", ")
			if strings.HasPrefix(r.Expr, "topk") {
				r.labels = append(r.labels, "host") // topk keeps labels.
			}
			found[r.Record] = r
		}
	}
	if len(found) == 0 {
		t.Fatal("there is no recording rule")
	}
	return found
}

// knownMetrics returns the labels of each series that the exporter gives, that a
// recording rule makes, and that Prometheus adds.
func knownMetrics(t *testing.T) map[string][]string {
	t.Helper()
	alertLabels := []string{"alertname", "severity", "corp", "state"}
	known := map[string][]string{
		"up":               nil,
		"ALERTS":           append([]string{"alertstate"}, alertLabels...),
		"ALERTS_FOR_STATE": alertLabels,
	}
	for name, r := range recordingRules(t) {
		known[name] = r.labels
	}
	for _, d := range collector.Definitions() {
		if d.Type != "histogram" {
			known[d.Name] = d.Labels
			continue
		}
		known[d.Name+"_bucket"] = append([]string{"le"}, d.Labels...)
		known[d.Name+"_sum"] = d.Labels
		known[d.Name+"_count"] = d.Labels
	}
	own := client.NewRegistry()
	own.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := own.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		known[f.GetName()] = nil
	}
	return known
}
