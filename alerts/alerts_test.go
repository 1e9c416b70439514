// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package alerts holds the Prometheus rules of the exporter, their runbooks and
// examples of notifications. It has no code but the tests that keep these
// files true to each other and to the metrics. What the expressions do is
// tested by `promtool test rules`.
package alerts

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const rulesFile = "wecom-recording.rules.yml"

type rule struct {
	Record        string            `yaml:"record"`
	Alert         string            `yaml:"alert"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for"`
	KeepFiringFor string            `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type ruleTests struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	GroupEvalOrder     []string `yaml:"group_eval_order"`
	Tests              []struct {
		Name        string `yaml:"name"`
		Interval    string `yaml:"interval"`
		InputSeries []struct {
			Series string `yaml:"series"`
			Values string `yaml:"values"`
		} `yaml:"input_series"`
		AlertRuleTest []struct {
			AlertName string          `yaml:"alertname"`
			EvalTime  string          `yaml:"eval_time"`
			ExpAlerts []expectedAlert `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		PromqlExprTest []struct {
			Expr       string `yaml:"expr"`
			EvalTime   string `yaml:"eval_time"`
			ExpSamples []struct {
				Labels string  `yaml:"labels"`
				Value  float64 `yaml:"value"`
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	} `yaml:"tests"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := unmarshalStrict(readFile(t, name), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// unmarshalStrict refuses unknown keys.
func unmarshalStrict(text string, into any) error {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}

// readRules returns the recording rules and the alerts.
func readRules(t *testing.T) (records, alerts []rule) {
	t.Helper()
	file := ruleFile{}
	readYAML(t, rulesFile, &file)
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			if r.Alert == "" {
				records = append(records, r)
			} else {
				alerts = append(alerts, r)
			}
		}
	}
	if len(records) == 0 || len(alerts) == 0 {
		t.Fatalf("%d recording rules and %d alerts", len(records), len(alerts))
	}
	return records, alerts
}

// readTests returns the unit tests of the rules, all files in one.
func readTests(t *testing.T) ruleTests {
	t.Helper()
	names, err := filepath.Glob("tests/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatalf("tests %v, error %v", names, err)
	}
	all := ruleTests{}
	for _, name := range names {
		file := ruleTests{}
		readYAML(t, name, &file)
		if diff := cmp.Diff([]string{"../" + rulesFile}, file.RuleFiles); diff != "" {
			t.Errorf("%s: rule files:\n%s", name, diff)
		}
		all.Tests = append(all.Tests, file.Tests...)
	}
	return all
}

// sources returns the text of each alert in the file, comments included.
func sources(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	blocks := regexp.MustCompile(`(?m)^      - (?:alert|record): `).Split(readFile(t, rulesFile), -1)
	for _, block := range blocks[1:] {
		name, text, _ := strings.Cut(block, "\n")
		found[name] = text
	}
	return found
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	_, alerts := readRules(t)
	blocks := sources(t)
	seen := map[string]bool{}
	for _, r := range alerts {
		t.Run(r.Alert, func(t *testing.T) {
			t.Parallel()
			if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) || len(r.Labels) != 1 {
				t.Errorf("labels %v", r.Labels)
			}
			want := []string{"dashboard_url", "description", "description_zh", "page_url", "runbook_url", "summary", "summary_zh"}
			if r.Annotations["page_url"] == "" {
				want = slices.DeleteFunc(want, func(name string) bool { return name == "page_url" })
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(r.Annotations))); diff != "" {
				t.Errorf("annotations:\n%s", diff)
			}
			for name, end := range map[string]string{"summary": ".", "summary_zh": "。"} {
				summary := r.Annotations[name]
				if strings.Contains(summary, "{{") || strings.Count(summary, end) != 1 || !strings.HasSuffix(summary, end) {
					t.Errorf("%s is no static sentence: %q", name, summary)
				}
			}
			for name, remedy := range map[string]string{"description": " Remedy: ", "description_zh": "处理："} {
				description := r.Annotations[name]
				if !strings.Contains(description, "{{ ") {
					t.Errorf("%s does not name the case: %q", name, description)
				}
				if !strings.Contains(description, remedy) {
					t.Errorf("%s has no remedy: %q", name, description)
				}
			}
			for name, text := range r.Annotations {
				if got, want := hasHan(text), strings.HasSuffix(name, "_zh"); got != want {
					t.Errorf("%s: Han characters %t, want %t: %q", name, got, want, text)
				}
			}
			if r.For == "" && !strings.Contains(blocks[r.Alert], "# No for: ") {
				t.Error("neither a for nor a reason to have none")
			}
		})
		if seen[r.Alert] {
			t.Errorf("%s is there twice", r.Alert)
		}
		seen[r.Alert] = true
	}
}

func TestRunbooks(t *testing.T) {
	t.Parallel()
	const url = "https://github.com/wecom-recording-exporter/wecom_recording_exporter/blob/main/alerts/runbooks.md#"
	_, alerts := readRules(t)
	want := []string{}
	for _, r := range alerts {
		want = append(want, r.Alert)
		if got, want := r.Annotations["runbook_url"], url+strings.ToLower(r.Alert); got != want {
			t.Errorf("%s: runbook_url %q, want %q", r.Alert, got, want)
		}
	}
	for name, headings := range map[string][]string{
		"runbooks.md":       {"Meaning", "What to look at", "What to do", "Silencing"},
		"runbooks.zh-CN.md": {"含义", "排查", "处理", "静默"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := []string{}
			for _, section := range strings.Split(readFile(t, name), "\n## ")[1:] {
				title, text, _ := strings.Cut(section, "\n")
				got = append(got, title)
				under := []string{}
				for _, part := range strings.Split(text, "\n### ")[1:] {
					heading, body, _ := strings.Cut(part, "\n")
					under = append(under, heading)
					if strings.TrimSpace(body) == "" {
						t.Errorf("%s: nothing under %s", title, heading)
					}
				}
				if diff := cmp.Diff(headings, under); diff != "" {
					t.Errorf("%s:\n%s", title, diff)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sections, in the order of the alerts:\n%s", diff)
			}
		})
	}
}

var (
	quotedPattern   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	commentPattern  = regexp.MustCompile(`(?m)#.*$`)
	metricPattern   = regexp.MustCompile(`\b(?:wecom_[a-z0-9_]+|[a-z_]+:[a-z0-9_:]+)\b`)
	selectorPattern = regexp.MustCompile(`([a-z0-9_:]+)\{([^}]*)\}`)
	matcherPattern  = regexp.MustCompile(`([a-zA-Z_]+)\s*(?:=~|!~|!=|=)`)
	groupingPattern = regexp.MustCompile(`\b(by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
)

// metricLabels returns the labels of each series that an expression may name.
func metricLabels(t *testing.T, records []rule) map[string][]string {
	t.Helper()
	known := map[string][]string{"up": {"job", "instance"}}
	for _, d := range collector.Definitions() {
		labels := append([]string{"job", "instance"}, d.Labels...)
		if d.Type != "histogram" {
			known[d.Name] = labels
			continue
		}
		known[d.Name+"_sum"], known[d.Name+"_count"] = labels, labels
		known[d.Name+"_bucket"] = append(slices.Clone(labels), "le")
	}
	for _, r := range records {
		by := groupingPattern.FindStringSubmatch(r.Expr)
		if by == nil {
			t.Fatalf("%s aggregates by no labels", r.Record)
		}
		known[r.Record] = splitLabels(by[2])
		// topk keeps the labels of what it chooses from.
		if strings.HasPrefix(r.Expr, "topk") {
			known[r.Record] = append(known[r.Record], "host")
		}
	}
	return known
}

// levels are the labels of a recording rule by the beginning of its name, beside those
// that it keeps of its metric.
var levels = map[string][]string{
	"corp": {"job", "corp"}, "department": {"job", "corp", "department"}, "host": {"job", "corp", "host"},
}

func splitLabels(list string) []string {
	labels := strings.Split(list, ",")
	for i := range labels {
		labels[i] = strings.TrimSpace(labels[i])
	}
	return labels
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	records, alerts := readRules(t)
	known := metricLabels(t, records)
	for _, r := range slices.Concat(records, alerts) {
		t.Run(r.Record+r.Alert, func(t *testing.T) {
			t.Parallel()
			expr := quotedPattern.ReplaceAllString(commentPattern.ReplaceAllString(r.Expr, ""), `""`)
			names := metricPattern.FindAllString(expr, -1)
			if len(names) == 0 {
				t.Error("it names no metric")
			}
			labels := map[string]bool{}
			for _, name := range names {
				if known[name] == nil {
					t.Errorf("there is no metric %s", name)
				}
				for _, label := range known[name] {
					labels[label] = true
				}
			}
			for _, selector := range selectorPattern.FindAllStringSubmatch(expr, -1) {
				for _, matcher := range matcherPattern.FindAllStringSubmatch(selector[2], -1) {
					if !slices.Contains(known[selector[1]], matcher[1]) {
						t.Errorf("%s has no label %s", selector[1], matcher[1])
					}
				}
			}
			for i, grouping := range groupingPattern.FindAllStringSubmatch(expr, -1) {
				for _, label := range splitLabels(grouping[2]) {
					if !labels[label] {
						t.Errorf("%s (%s): there is no label %s", grouping[1], grouping[2], label)
					}
					// The first one is the outermost.
					if r.Alert != "" && label == "host" && i == 0 {
						t.Errorf("%s (%s): an alert names no host", grouping[1], grouping[2])
					}
				}
			}
			level, _, _ := strings.Cut(r.Record, ":")
			for _, label := range []string{"job", "corp", "department", "host", "instance"} {
				want := slices.Contains(levels[level], label)
				if r.Record != "" && slices.Contains(known[r.Record], label) != want {
					t.Errorf("it has the label %s: %t, want %t", label, !want, want)
				}
			}
		})
	}
}

// What people read names metrics that there are, too.
func TestTextsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	records, alerts := readRules(t)
	known := metricLabels(t, records)
	texts := map[string]string{}
	for _, name := range []string{"README.md", "README.zh-CN.md", "runbooks.md", "runbooks.zh-CN.md"} {
		texts[name] = readFile(t, name)
	}
	for _, r := range alerts {
		for name, text := range r.Annotations {
			texts[r.Alert+" "+name] = text
		}
	}
	for name, text := range texts {
		for _, metric := range metricPattern.FindAllString(text, -1) {
			if known[metric] == nil && metric != "wecom_recording_exporter" {
				t.Errorf("%s: there is no metric %s", name, metric)
			}
		}
	}
}

// Errcodes that concern a target are the business of another alert, and a new
// one in the table of errcodes has to become known here.
func TestAPIFailingLeavesOutTargets(t *testing.T) {
	t.Parallel()
	want := []string{"0"}
	for _, code := range wecom.Errcodes() {
		if (&wecom.APIError{Code: code}).Class() == wecom.ClassTarget {
			want = append(want, strconv.FormatInt(code, 10))
		}
	}
	want = append(want, "other")
	_, alerts := readRules(t)
	i := slices.IndexFunc(alerts, func(r rule) bool { return r.Alert == "WecomAPIFailing" })
	match := regexp.MustCompile(`errcode!~"([^"]*)"`).FindStringSubmatch(alerts[i].Expr)
	if match == nil {
		t.Fatal("no errcodes are left out")
	}
	if diff := cmp.Diff(want, strings.Split(match[1], "|")); diff != "" {
		t.Error(diff)
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	_, alerts := readRules(t)
	row := regexp.MustCompile("(?m)^\\| \\[(\\w+)\\]\\((\\S+)\\) \\| `([^`]+)` \\| [^|]+ \\|.* \\| (\\w+) \\|$")
	for name, runbooks := range map[string]string{"README.md": "runbooks.md", "README.zh-CN.md": "runbooks.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, severities := map[string][]string{}, map[string]string{}
			for _, match := range row.FindAllStringSubmatch(readFile(t, name), -1) {
				rows[match[1]] = append(rows[match[1]], match[3])
				severities[match[1]] = match[4]
				if want := runbooks + "#" + strings.ToLower(match[1]); match[2] != want {
					t.Errorf("%s links to %s, want %s", match[1], match[2], want)
				}
			}
			for _, r := range alerts {
				lines := []string{}
				for line := range strings.Lines(r.Expr) {
					if code, _, found := strings.Cut(line, " # "); found {
						lines = append(lines, strings.TrimSpace(code))
					}
				}
				if len(lines) == 0 {
					t.Errorf("%s: no line of the expression has a comment", r.Alert)
				}
				if got, want := severities[r.Alert], r.Labels["severity"]; got != want {
					t.Errorf("%s: severity %q in the table, want %q", r.Alert, got, want)
				}
				if len(lines) != len(rows[r.Alert]) {
					t.Errorf("%s: thresholds %q, in the table %q", r.Alert, lines, rows[r.Alert])
					continue
				}
				for i, line := range lines {
					// A selector holds its threshold inside.
					cell := rows[r.Alert][i]
					if line != cell && (!strings.Contains(line, "{") || !strings.Contains(line, cell)) {
						t.Errorf("%s: threshold %q, in the table %q", r.Alert, line, cell)
					}
				}
				delete(rows, r.Alert)
			}
			if len(rows) != 0 {
				t.Errorf("the table has thresholds of no alert: %v", rows)
			}
		})
	}
}

// TestRecordsAreUsed finds recording rules that no alert, rule, dashboard or documented
// query reads: they would cost series for nobody.
func TestRecordsAreUsed(t *testing.T) {
	t.Parallel()
	records, alerts := readRules(t)
	var readers strings.Builder
	for _, r := range slices.Concat(records, alerts) {
		readers.WriteString(commentPattern.ReplaceAllString(r.Expr, ""))
	}
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("dashboards %q, error %v", files, err)
	}
	for _, file := range files {
		readers.WriteString(readFile(t, file))
	}
	for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)\n```").FindAllString(readFile(t, "README.md"), -1) {
		readers.WriteString(block)
	}
	used := metricPattern.FindAllString(readers.String(), -1)
	for _, r := range records {
		if !slices.Contains(used, r.Record) {
			t.Errorf("nothing reads %s", r.Record)
		}
	}
}

// Each rule that reshapes what it records has a test; a sum over instances needs none.
func TestRecordTests(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`^(?:sum by \([^)]*\) \((?:increase\()?\w+(?:\[1h\]\))?\)|(?s:sum by .*wecom_poll_coverage_ratio.*))$`)
	tested := map[string]bool{}
	for _, test := range readTests(t).Tests {
		for _, x := range test.PromqlExprTest {
			tested[test.Name] = tested[test.Name] || strings.Contains(x.Expr, test.Name) && len(x.ExpSamples) > 0
		}
	}
	records, _ := readRules(t)
	for _, r := range records {
		if !tested[r.Record] && !plain.MatchString(strings.TrimSpace(r.Expr)) {
			t.Errorf("%s has no test of its name", r.Record)
		}
	}
}

// Each alert is tested to fire, to stay silent, and to survive a gap.
func TestRuleTests(t *testing.T) {
	t.Parallel()
	_, alerts := readRules(t)
	missing := map[string]bool{}
	for _, r := range alerts {
		for _, what := range []string{" fires", " stays silent", " survives a gap"} {
			missing[r.Alert+what] = true
		}
	}
	names := map[string]bool{}
	for _, test := range readTests(t).Tests {
		if names[test.Name] {
			t.Errorf("%s is there twice", test.Name)
		}
		names[test.Name] = true
		delete(missing, test.Name)
		if len(test.PromqlExprTest) > 0 {
			continue // TestRecordTests has read it.
		}
		alert, what, _ := strings.Cut(test.Name, " ")
		fires, gap := false, false
		for _, x := range test.AlertRuleTest {
			if x.AlertName != alert {
				t.Errorf("%s: tests %s", test.Name, x.AlertName)
			}
			fires = fires || len(x.ExpAlerts) > 0
		}
		for _, series := range test.InputSeries {
			gap = gap || strings.Contains(series.Values, "stale _x")
		}
		switch {
		case len(test.AlertRuleTest) == 0:
			t.Errorf("%s: tests nothing", test.Name)
		case strings.HasPrefix(what, "fires") && !fires:
			t.Errorf("%s: it never does", test.Name)
		case strings.HasPrefix(what, "stays silent") && fires:
			t.Errorf("%s: it does not", test.Name)
		case strings.HasPrefix(what, "survives a gap") && !gap:
			t.Errorf("%s: there is none", test.Name)
		}
	}
	if len(missing) != 0 {
		t.Errorf("missing tests: %q", slices.Sorted(maps.Keys(missing)))
	}
}

// What Alertmanager gives to a template, as far as the messages use it.
type (
	notification struct{ Alerts alertList }
	alertList    struct{ Firing, Resolved []notifiedAlert }
	// A notifiedAlert has nothing for a label or annotation that it lacks.
	notifiedAlert struct{ Labels, Annotations map[string]string }
)

// messageTemplates returns the templates with those of Alertmanager's functions that they use.
func messageTemplates(t *testing.T) *template.Template {
	t.Helper()
	templates, err := template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"match": regexp.MatchString,
		"reReplaceAll": func(pattern, replacement, text string) string {
			return regexp.MustCompile(pattern).ReplaceAllString(text, replacement)
		},
	}).ParseFiles("alertmanager/wecom.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

func render(t *testing.T, name string, data notification) string {
	t.Helper()
	text := &strings.Builder{}
	if err := messageTemplates(t).ExecuteTemplate(text, name, data); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func repeat(alert notifiedAlert, n int) []notifiedAlert {
	return slices.Repeat([]notifiedAlert{alert}, n)
}

func TestMessagesAreShortEnough(t *testing.T) {
	t.Parallel()
	limits := map[string]int{"wecom.robot": 4096, "wecom.app": 2048}
	for name, text := range map[string]string{
		"ASCII": "x", "Han": "录", "emoji": "🚨", "Han and emoji": "录🚨", "markup": "> **x** ", "lines": "录\n",
	} {
		for message, limit := range limits {
			t.Run(message+" of "+name, func(t *testing.T) {
				t.Parallel()
				long := strings.Repeat(text, 500)
				alert := notifiedAlert{
					Labels: map[string]string{"alertname": long, "severity": "critical", "job": long, "corp": long},
					Annotations: map[string]string{
						"summary_zh": long, "description_zh": long,
						"runbook_url": "https://example.com/runbooks.md#" + strings.Repeat("x", 128),
						"page_url":    "https://example.com/changes?corp=" + strings.Repeat("x", 107),
					},
				}
				got := render(t, message, notification{Alerts: alertList{Firing: repeat(alert, 20), Resolved: repeat(alert, 20)}})
				if len(got) > limit || !utf8.ValidString(got) {
					t.Errorf("%d bytes, want at most %d, in UTF-8: %s", len(got), limit, got)
				}
				if !strings.Contains(got, "告警 20 条，恢复 20 条") {
					t.Errorf("the alerts are not counted: %s", got)
				}
			})
		}
	}
}

// Of our own alerts, nothing but the number is ever cut.
func TestMessagesHoldWholeAlerts(t *testing.T) {
	t.Parallel()
	for _, test := range readTests(t).Tests {
		for _, x := range test.AlertRuleTest {
			for _, expected := range x.ExpAlerts {
				alert := notifiedAlert{Labels: maps.Clone(expected.Labels), Annotations: expected.Annotations}
				alert.Labels["alertname"] = x.AlertName
				for _, message := range []string{"wecom.robot", "wecom.app"} {
					got := render(t, message, notification{Alerts: alertList{Firing: repeat(alert, 1)}})
					for _, want := range []string{
						x.AlertName, alert.Labels["corp"], alert.Annotations["summary_zh"], alert.Annotations["description_zh"],
						"/runbooks.zh-CN.md#" + strings.ToLower(x.AlertName), alert.Annotations["page_url"],
					} {
						if !strings.Contains(got, want) {
							t.Errorf("%s, %s: %q is not in %s", test.Name, message, want, got)
						}
					}
				}
			}
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	ours := notifiedAlert{
		Labels: map[string]string{"alertname": "WecomAPIFailing", "severity": "critical", "job": "wecom", "corp": "acme"},
		Annotations: map[string]string{
			"summary_zh": "概要。", "description_zh": "说明。处理：修复。", "summary": "A summary.", "description": "A description.",
			"runbook_url": "https://example.com/runbooks.md#wecomapifailing",
		},
	}
	withPage := notifiedAlert{Labels: ours.Labels, Annotations: maps.Clone(ours.Annotations)}
	withPage.Annotations["page_url"] = "http://exporter:10168/changes?corp=acme&since=2h"
	withPath := notifiedAlert{Labels: ours.Labels, Annotations: maps.Clone(ours.Annotations)}
	withPath.Annotations["page_url"] = "/changes?corp=acme&since=2h"
	foreign := notifiedAlert{
		Labels:      map[string]string{"alertname": "NodeDown", "severity": "info", "job": "node"},
		Annotations: map[string]string{"summary": "key: value", "description": "A description."},
	}
	for name, test := range map[string]struct {
		firing, resolved []notifiedAlert
		want             string
	}{
		"ours": {repeat(ours, 1), nil, "**告警 1 条，恢复 0 条**\n" +
			"> <font color=\"warning\">严重</font> WecomAPIFailing acme\n概要。\n说明。处理：修复。\n[处理手册](https://example.com/runbooks.zh-CN.md#wecomapifailing)"},
		"ours, with a page": {repeat(withPage, 1), nil, "**告警 1 条，恢复 0 条**\n" +
			"> <font color=\"warning\">严重</font> WecomAPIFailing acme\n概要。\n说明。处理：修复。\n" +
			"[查看明细](http://exporter:10168/changes?corp=acme&since=2h)\n[处理手册](https://example.com/runbooks.zh-CN.md#wecomapifailing)"},
		"ours, with the path of a page alone": {repeat(withPath, 1), nil, "**告警 1 条，恢复 0 条**\n" +
			"> <font color=\"warning\">严重</font> WecomAPIFailing acme\n概要。\n说明。处理：修复。\n[处理手册](https://example.com/runbooks.zh-CN.md#wecomapifailing)"},
		"another's": {repeat(foreign, 1), nil, "**告警 1 条，恢复 0 条**\n" +
			"> <font color=\"comment\">提示</font> NodeDown node\nkey: value\nA description."},
		"resolved": {nil, repeat(ours, 1), "**告警 0 条，恢复 1 条**\n" +
			"> <font color=\"info\">恢复</font> WecomAPIFailing acme"},
	} {
		for _, message := range []string{"wecom.robot", "wecom.app"} {
			t.Run(message+" "+name, func(t *testing.T) {
				t.Parallel()
				got := render(t, message, notification{Alerts: alertList{Firing: test.firing, Resolved: test.resolved}})
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				// Alertmanager makes an object of a payload's text that is YAML.
				var object any
				if err := yaml.Unmarshal([]byte(got), &object); err == nil {
					t.Errorf("it is YAML: %v", object)
				}
			})
		}
	}
}

func TestAlertmanagerConfigurations(t *testing.T) {
	t.Parallel()
	_, alerts := readRules(t)
	templates := messageTemplates(t)
	for name, want := range map[string][]string{
		"wecom-robot.yml": {"url_file: ", "send_resolved: true", "msgtype: markdown"},
		"wecom-app.yml":   {"api_secret_file: ", "send_resolved: true", "message_type: markdown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := readFile(t, filepath.Join("alertmanager", name))
			var parsed map[string]any
			if err := unmarshalStrict(text, &parsed); err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(parsed["templates"]), "[wecom.tmpl]"; got != want {
				t.Errorf("templates %s, want %s", got, want)
			}
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is missing", part)
				}
			}
			used := regexp.MustCompile(`template "([^"]+)"`).FindStringSubmatch(text)
			if used == nil || templates.Lookup(used[1]) == nil {
				t.Errorf("template %q", used)
			}
			for _, alert := range regexp.MustCompile(`Wecom[A-Z]\w+`).FindAllString(text, -1) {
				if !slices.ContainsFunc(alerts, func(r rule) bool { return r.Alert == alert }) {
					t.Errorf("there is no alert %s", alert)
				}
			}
		})
	}
}
