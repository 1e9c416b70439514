// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

// A rule returns what is wrong with a dashboard.
type rule struct {
	name, reason string
	check        func(m model) []string
}

// Those of github.com/grafana/dashboard-linter that apply, none waived, and more.
var rules = []rule{
	{"uid", "links and bookmarks rest on it", func(m model) []string {
		return wrong(!regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`).MatchString(m.UID) || m.ID != nil, m.UID)
	}},
	{"provisioned", "what is changed in Grafana is lost at the next start", func(m model) []string {
		return wrong(m.Editable || m.Schema < 39 || m.Schema > 42 || m.GraphTooltip != 1, m.Title)
	}},
	{"refresh", "polls take minutes, so that more often shows nothing new", func(m model) []string {
		d, err := time.ParseDuration(m.Refresh)
		return wrong(err != nil || d < time.Minute, m.Refresh)
	}},
	{"tags", "siblings link by tag", func(m model) []string {
		return wrong(!slices.Equal(m.Tags[:3], []string{"wecom", "meeting", "recordings"}) || len(m.Tags) != 4, m.Tags...)
	}},
	{"template-datasource", "one data source, the user's", func(m model) []string {
		v := m.Templating.List[0]
		return wrong(v.Name != "datasource" || v.Type != "datasource" || v.Query != "prometheus" || v.Label == "", v.Name)
	}},
	{"template", "each of job, instance and corp can be any, and follows the time range", lintVariables},
	{"datasource", "no UID is that of the user's data source", func(m model) (bad []string) {
		for _, p := range graphs(m) {
			bad = append(bad, wrong(p.Datasource != readersPrometheus, p.Title)...)
			for _, q := range p.Targets {
				bad = append(bad, wrong(q.Datasource != readersPrometheus, p.Title)...)
			}
		}
		return append(bad, wrong(m.Annotations.List[0].Datasource != readersPrometheus, "annotation")...)
	}},
	{"annotation", "a start or reload explains a jump", func(m model) []string {
		return wrong(len(m.Annotations.List) != 1 || len(metricsOf(m.Annotations.List[0].Expr)) != 1, "annotations")
	}},
	{"panel-title-description", "a number without a source and a remedy helps nobody", func(m model) (bad []string) {
		titles := map[string]bool{}
		for _, p := range m.Panels {
			bad = append(bad, wrong(p.Title == "" || p.Description == "" && p.Type != "row" || titles[p.Title], p.Title)...)
			titles[p.Title] = true
		}
		return bad
	}},
	{"panel-source", "a description names the metrics that the panel shows", func(m model) (bad []string) {
		for _, p := range graphs(m) {
			for _, q := range p.Targets {
				for _, u := range metricsOf(q.Expr) {
					bad = append(bad, wrong(!strings.Contains(p.Description, baseName(u.name)), p.Title, u.name)...)
				}
			}
		}
		return bad
	}},
	{"panel-units", "bytes and seconds are unreadable without", func(m model) (bad []string) {
		for _, p := range graphs(m) {
			bad = append(bad, wrong(p.FieldConfig.Defaults.Unit == "", p.Title)...)
			bad = append(bad, wrong(p.Type == "heatmap" && p.Options.YAxis.Unit == "", p.Title)...)
		}
		return bad
	}},
	{"wording", "whether a link is open to the world is not known", func(m model) (bad []string) {
		for _, p := range m.Panels {
			bad = append(bad, wrong(regexp.MustCompile(`(?i)\bpublic|公开(访问|链接|共享)`).MatchString(p.Title+p.Description), p.Title)...)
		}
		return bad
	}},
	{"target-job-instance-corp-host", "another exporter's series must not add to these", lintMatchers},
	{"target-counters", "the level of a counter means nothing, and only these spans hold two samples", lintCounters},
	{"target-promql", "what has no data in Grafana is hard to find", lintBrackets},
	{"target-legend", "the name of a series is not for people", func(m model) (bad []string) {
		for _, p := range graphs(m) {
			for i, q := range p.Targets {
				bad = append(bad, wrong((q.LegendFormat == "") != (q.Format == "table"), p.Title)...)
				bad = append(bad, wrong(q.Instant == q.Range || q.RefID != string(rune('A'+i)), p.Title)...)
			}
		}
		return bad
	}},
	{"grid", "panels fill each line and do not overlap", lintGrid},
	{"first-row", "how old and complete the data is decides whether all else can be believed", lintFirstRow},
	{"corp-named", "the worst of several corps is of use only with its name", func(m model) (bad []string) {
		for _, p := range graphs(m) {
			for _, q := range p.Targets {
				worst := regexp.MustCompile(`^(topk|bottomk)\(1,`).MatchString(q.Expr)
				named := p.Options.TextMode == "value_and_name" && q.LegendFormat == "{{corp}}"
				hidden := regexp.MustCompile(`\b(max|min)\(`).MatchString(q.Expr) && strings.Contains(q.Expr, `corp=~"$corp"`)
				bad = append(bad, wrong(p.Type == "stat" && (worst != named || hidden), p.Title, q.Expr)...)
			}
		}
		return bad
	}},
	{"no-data", "an empty panel that is calm is taken for good news", lintNoData},
	{"links", "to the siblings, the other language and the documentation", func(m model) (bad []string) {
		byTag, byURL := 0, 0
		for _, l := range m.Links {
			switch {
			case l.Type == "dashboards" && slices.Contains(l.Tags, "wecom"):
				byTag++
			case strings.HasPrefix(l.URL, repositoryURL):
				byURL++
				_, err := os.Stat("../" + strings.TrimPrefix(l.URL, repositoryURL))
				bad = append(bad, wrong(err != nil, l.URL)...)
			}
		}
		return append(bad, wrong(byTag != 2 || byURL == 0, m.Title)...)
	}},
	{"host-links", "a host is the beginning of a question: which recordings?", lintHostLinks},
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, d := range All() {
		m := read(t, d)
		for _, r := range rules {
			t.Run(d.File+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				for _, bad := range r.check(m) {
					t.Errorf("%s (%s)", bad, r.reason)
				}
			})
		}
	}
}

// TestUIDs has the UIDs told apart, and kept: others have links to them.
func TestUIDs(t *testing.T) {
	t.Parallel()
	all := All()
	have := make([]string, 0, len(all))
	for _, d := range all {
		have = append(have, d.UID)
		if m := read(t, d); m.UID != d.UID || m.Title != d.Title {
			t.Errorf("%s holds %s, %q", d.File, m.UID, m.Title)
		}
	}
	want := []string{"wecom-recordings", "wecom-recordings-zh-cn", "wecom-recording-exporter", "wecom-recording-exporter-zh-cn"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("UIDs (-want +have):\n%s", diff)
	}
}

func lintFirstRow(m model) (bad []string) {
	var first strings.Builder
	for _, p := range graphs(m) {
		if p.GridPos.Y == 1 {
			for _, q := range p.Targets {
				first.WriteString(q.Expr)
			}
		}
	}
	want := []string{"wecom_up", "wecom_poll_last_success_timestamp_seconds", "wecom_poll_coverage_ratio"}
	if strings.HasPrefix(m.UID, "wecom-recordings") {
		want = append(want, "up{", "ALERTS")
	}
	for _, metric := range want {
		bad = append(bad, wrong(!strings.Contains(first.String(), metric), metric)...)
	}
	return bad
}

// lintNoData finds panels about trust and exposure on the first screen that would be
// green, or empty, without data. Those whose data a setting enables are named here.
func lintNoData(m model) (bad []string) {
	optional := []string{
		"wecom_recording_accepted_files", "wecom_recording_views_total", "wecom_recording_quota_bytes",
		"wecom_recording_retention_exceeded_files", "wecom_access_token_expiry_timestamp_seconds",
	}
	trust := []string{"up", "wecom_up", "wecom_poll_last_success_timestamp_seconds", "wecom_poll_coverage_ratio", "ALERTS"}
	for _, p := range graphs(m) {
		used := map[string]bool{}
		for _, q := range p.Targets {
			for _, u := range metricsOf(q.Expr) {
				used[baseName(u.name)] = true
			}
		}
		needed := slices.ContainsFunc(trust, func(name string) bool { return used[name] }) ||
			strings.HasPrefix(m.UID, "wecom-recordings") && !slices.ContainsFunc(optional, func(name string) bool { return used[name] })
		if p.Type != "stat" || p.GridPos.Y > 9 || !needed {
			continue
		}
		red := slices.ContainsFunc(p.FieldConfig.Defaults.Mappings, func(v modelMapping) bool {
			return v.Type == "special" && v.Options.Match == "null+nan" && v.Options.Result.Color == "red"
		})
		bad = append(bad, wrong(!red || p.FieldConfig.Defaults.NoValue == "", p.Title)...)
	}
	return bad
}

func wrong(is bool, what ...string) []string {
	if !is {
		return nil
	}
	return []string{strings.Join(what, ", ")}
}

func graphs(m model) []modelPanel {
	return slices.DeleteFunc(slices.Clone(m.Panels), func(p modelPanel) bool { return p.Type == "row" })
}

func lintVariables(m model) (bad []string) {
	found := map[string]bool{}
	for _, v := range m.Templating.List[1:] {
		found[v.Name] = true
		bad = append(bad, wrong(v.Label == "" || v.Description == "", v.Name)...)
		switch v.Name {
		case "job", "instance", "corp":
			bad = append(bad, wrong(v.Type != "query" || v.Datasource != readersPrometheus || !v.Multi || !v.IncludeAll || v.AllValue != ".+" || v.Refresh != 2, v.Name)...)
		case "host": // ".*" matches series without the label too
			bad = append(bad, wrong(v.Type != "textbox" || v.Query != ".*" || v.Current.Value != ".*", v.Name)...)
		case "exporter_url":
			bad = append(bad, wrong(v.Type != "query" || v.Datasource != readersPrometheus || v.Multi || v.Refresh != 2 ||
				!regexp.MustCompile(v.Regex[1:len(v.Regex)-1]).MatchString(`x{exporter_url="http://a:1",job="b"} 1 2`), v.Name)...)
		default:
			bad = append(bad, v.Name)
		}
	}
	for _, p := range graphs(m) {
		for _, q := range p.Targets {
			for _, ref := range reference.FindAllStringSubmatch(q.Expr, -1) {
				bad = append(bad, wrong(!strings.HasPrefix(ref[1], "__") && !found[ref[1]], p.Title, ref[0])...)
			}
		}
	}
	return append(bad, wrong(!found["job"] || !found["instance"] || !found["corp"], "a variable is missing")...)
}

func lintMatchers(m model) (bad []string) {
	labels := map[string][]string{}
	for _, d := range collector.Definitions() {
		labels[d.Name] = d.Labels
	}
	check := func(title, expr string) {
		for _, u := range metricsOf(expr) {
			have := strings.Split(u.matchers, ",")
			want := []string{`job=~"$job"`, `instance=~"$instance"`}
			byHost := slices.Contains(have, `host=~"$host"`)
			switch {
			case strings.HasPrefix(u.name, "ALERTS"): // Some alerts have no job or no corp.
				want = []string{`alertname=~"Wecom.+"`, `job=~"$job|"`, `corp=~"$corp|"`}
			case strings.Contains(u.name, ":"): // Rules aggregate the instance away.
				want = []string{`job=~"$job"`, `corp=~"$corp"`}
				bad = append(bad, wrong(strings.HasPrefix(u.name, "host:") != byHost, title, u.name+" and the host")...)
			default:
				if slices.Contains(labels[baseName(u.name)], "corp") {
					want = append(want, `corp=~"$corp"`)
				}
				bad = append(bad, wrong(slices.Contains(labels[u.name], "host") != byHost, title, u.name+" and the host")...)
			}
			for _, w := range want {
				bad = append(bad, wrong(!slices.Contains(have, w), title, u.name, w)...)
			}
		}
		bare := bareMetric.FindString(expr)
		bad = append(bad, wrong(bare != "", title, bare)...)
	}
	for _, q := range m.queries() {
		check(q.title, q.Expr)
	}
	return bad
}

// bareMetric finds a metric, a series of an alert or what a rule made without matchers.
var bareMetric = regexp.MustCompile(
	`\b(?:(?:wecom|process|go)_[a-z_]+(?:$|[^a-z_{:])|ALERTS(?:_FOR_STATE)?(?:$|[^A-Z_{])|\w+:\w+:\w+(?:$|[^a-z0-9_{]))`,
)

func lintCounters(m model) (bad []string) {
	counters := map[string]bool{"process_cpu_seconds_total": true}
	for _, d := range collector.Definitions() {
		counters[d.Name] = d.Type != "gauge"
	}
	for _, p := range graphs(m) {
		for _, q := range p.Targets {
			for _, u := range metricsOf(q.Expr) {
				rated := strings.HasSuffix(u.before, "rate(") || strings.HasSuffix(u.before, "increase(")
				// Over the whole range is for the newest value alone.
				span := strings.HasPrefix(u.after, "[$__rate_interval]") || q.Instant && strings.HasPrefix(u.after, "[$__range]")
				if p.FieldConfig.Defaults.Custom.DrawStyle == "bars" { // A bar is what happened after its beginning.
					span = strings.HasPrefix(u.after, "[$__interval] offset -$__interval") &&
						p.Interval != "" && p.FieldConfig.Defaults.Custom.BarAlignment == 1
				}
				counter := counters[baseName(u.name)] && !strings.Contains(u.name, ":")
				bad = append(bad, wrong(counter != rated || rated && !span, p.Title, u.name)...)
			}
		}
	}
	return bad
}

func lintBrackets(m model) (bad []string) {
	for _, p := range graphs(m) {
		for _, q := range p.Targets {
			for _, pair := range []string{"()", "[]", "{}", `""`} {
				opened, closed := strings.Count(q.Expr, pair[:1]), strings.Count(q.Expr, pair[1:])
				bad = append(bad, wrong(opened != closed || pair == `""` && opened%2 != 0, p.Title, q.Expr)...)
			}
			bad = append(bad, wrong(strings.Contains(q.Expr, "@"), p.Title, q.Expr)...)
		}
	}
	return bad
}

func lintGrid(m model) (bad []string) {
	type cell struct{ x, y int }
	taken, ids, bottom := map[cell]bool{}, map[int]bool{}, 0
	for _, p := range m.Panels {
		pos := p.GridPos
		bad = append(bad, wrong(ids[p.ID] || pos.X+pos.W > 24 || pos.W == 0 || pos.H == 0, p.Title)...)
		ids[p.ID] = true
		for x := pos.X; x < pos.X+pos.W; x++ {
			for y := pos.Y; y < pos.Y+pos.H; y++ {
				bad = append(bad, wrong(taken[cell{x, y}], p.Title, "overlaps")...)
				taken[cell{x, y}] = true
			}
		}
		bottom = max(bottom, pos.Y+pos.H)
	}
	return append(bad, wrong(len(taken) != 24*bottom, fmt.Sprintf("%d cells of %d are taken", len(taken), 24*bottom))...)
}

func lintHostLinks(m model) (bad []string) {
	const want = "${exporter_url}/recordings?corp=${__data.fields.corp:percentencode}&host=${__data.fields.host:percentencode}"
	for _, p := range graphs(m) {
		if p.Type != "table" || !strings.Contains(p.Targets[0].Expr, "host") {
			continue
		}
		linked := false
		for _, o := range p.FieldConfig.Overrides {
			if o.Matcher.Options == "host" {
				linked = strings.Contains(fmt.Sprint(o.Properties), want)
			}
		}
		bad = append(bad, wrong(!linked, p.Title)...)
	}
	return bad
}
