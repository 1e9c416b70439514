// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A dashboard is what this test reads of a file of a dashboard. The code that writes
// them is a module of its own.
type dashboard struct {
	UID    string `json:"uid"`
	Panels []struct {
		Title   string `json:"title"`
		Targets []struct {
			Expr    string `json:"expr"`
			Instant bool   `json:"instant"`
		} `json:"targets"`
	} `json:"panels"`
	Annotations struct {
		List []struct {
			Name string `json:"name"`
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Query string `json:"query"`
			Regex string `json:"regex"`
		} `json:"list"`
	} `json:"templating"`
}

// englishDashboards returns the dashboards in English. Those in Chinese have the same
// queries.
func englishDashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("files %q, error %v", files, err)
	}
	var found []dashboard
	for _, file := range files {
		if strings.HasSuffix(file, ".zh-CN.json") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found = append(found, d)
	}
	return found
}

// A dashboardQuery is a query of a panel, or of an annotation.
type dashboardQuery struct {
	title, expr string
	instant     bool // at the end of the range alone
}

func (d dashboard) queries() []dashboardQuery {
	var all []dashboardQuery
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			all = append(all, dashboardQuery{p.Title, q.Expr, q.Instant})
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, dashboardQuery{a.Name, a.Expr, false})
	}
	return all
}

var variableReference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::\w+)?\}`)

// expand replaces references to Grafana's variables, such as $job, ${corp} and
// ${host:regex}. References to other variables stay.
func expand(expr string, vars map[string]string) string {
	return variableReference.ReplaceAllStringFunc(expr, func(ref string) string {
		groups := variableReference.FindStringSubmatch(ref)
		if value, ok := vars[groups[1]+groups[2]]; ok {
			return value
		}
		return ref
	})
}

// TestDashboardsOfDemo runs every query of every dashboard, and those of the
// variables: all have something to show.
//
//nolint:paralleltest,tparallel // A query waits for what makes the next one answer at once.
func TestDashboardsOfDemo(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--storage.path="+t.TempDir(), "--wecom.statistics", "--metrics.departments",
		"--policy.retention=30d", "--policy.accepted-file="+writeFile(t, "accepted.yml", "[]"))
	x.awaitStatus(t, "/-/ready", 200)
	p := startPrometheus(t, scraping(t, shippedRules, map[string]*exporter{"demo": x}))
	p.awaitScrapes(t, "demo", 5)
	vars := map[string]string{
		"job": ".+", "instance": ".+", "corp": ".+", "host": ".*", "__rate_interval": "20s", "__range": "1m", "__interval": "20s",
	}
	for _, d := range englishDashboards(t) {
		for _, q := range d.queries() {
			t.Run(d.UID+" "+q.title, func(t *testing.T) {
				x.signal(t, syscall.SIGHUP) // The annotation shows it for about a minute.
				// What the demo has to show comes up in its first minute or two, alerts within five.
				eventually(t, 5*time.Minute, func() error {
					now := time.Now()
					values := url.Values{"query": {expand(q.expr, vars)}}
					path := "/api/v1/query"
					if !q.instant {
						path += "_range"
						values.Set("start", strconv.FormatInt(now.Add(-time.Minute).Unix(), 10))
						values.Set("end", strconv.FormatInt(now.Unix(), 10))
						values.Set("step", "5")
					}
					return p.answers(t, path, values)
				})
			})
		}
		offered := p.offered(t, d, vars)
		want := map[string]string{"job": "demo", "instance": x.address, "corp": "default", "exporter_url": "http://" + x.address}
		if diff := cmp.Diff(want, offered); diff != "" {
			t.Errorf("%s: variables (-want +offered):\n%s", d.UID, diff)
		}
	}
}

// offered returns the only value of each variable that has a query.
func (p *prometheus) offered(t *testing.T, d dashboard, vars map[string]string) map[string]string {
	t.Helper()
	offered := map[string]string{}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var values []string
		if parts := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(v.Query); parts != nil {
			values = p.labelValues(t, expand(parts[1], vars), parts[2])
		} else if parts := regexp.MustCompile(`^query_result\((.+)\)$`).FindStringSubmatch(v.Query); parts != nil {
			for _, labels := range p.resultLabels(t, expand(parts[1], vars)) {
				found := regexp.MustCompile(strings.Trim(v.Regex, "/")).FindStringSubmatch(labels)
				if found == nil {
					t.Fatalf("$%s: %s does not match %s", v.Name, v.Regex, labels)
				}
				values = append(values, found[1])
			}
		} else {
			t.Fatalf("$%s has the query %s", v.Name, v.Query)
		}
		if len(values) != 1 {
			t.Fatalf("$%s offers %q", v.Name, values)
		}
		offered[v.Name] = values[0]
	}
	return offered
}

func (p *prometheus) labelValues(t *testing.T, selector, label string) []string {
	t.Helper()
	a := p.get(t, "/api/v1/label/"+label+"/values?match[]="+url.QueryEscape(selector))
	var answer struct {
		Data []string `json:"data"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return answer.Data
}

// resultLabels returns the series of a result as Grafana's query_result has them.
func (p *prometheus) resultLabels(t *testing.T, expr string) []string {
	t.Helper()
	a := p.get(t, "/api/v1/query?query="+url.QueryEscape(expr))
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	series := make([]string, 0, len(answer.Data.Result))
	for _, r := range answer.Data.Result {
		labels := make([]string, 0, len(r.Metric))
		for name, value := range r.Metric {
			labels = append(labels, fmt.Sprintf("%s=%q", name, value))
		}
		series = append(series, "{"+strings.Join(labels, ",")+"}")
	}
	return series
}

// TestAlertsOfDemo waits until the shipped rules alert on the demo.
func TestAlertsOfDemo(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo")
	p := startPrometheus(t, scraping(t, shippedRules, map[string]*exporter{"demo": x}))
	eventually(t, 5*time.Minute, func() error {
		firing, err := p.firing(t)
		if err == nil && len(firing) < 4 {
			err = fmt.Errorf("only these fire: %v", firing)
		}
		return err
	})
}

func TestExpand(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"job": "a.+", "host": "b", "__range": "7d", "__rate_interval": "1m"}
	for _, c := range []struct{ name, expr, want string }{
		{"plain", `x{job=~"$job"}`, `x{job=~"a.+"}`},
		{"braces", `x{job=~"${job}",host=~"${host:regex}"}`, `x{job=~"a.+",host=~"b"}`},
		{"built in", `rate(x[$__rate_interval]) + increase(x[$__range])`, `rate(x[1m]) + increase(x[7d])`},
		{"the longest name", `$jobs $__range_s`, `$jobs $__range_s`},
		{"unknown", `$corp ${corp}`, `$corp ${corp}`},
		{"a group of a regular expression", `label_replace(x, "a", "$1", "job", "$job")`, `label_replace(x, "a", "$1", "job", "a.+")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if have := expand(c.expr, vars); have != c.want {
				t.Errorf("expand(%q) = %q, want %q", c.expr, have, c.want)
			}
		})
	}
}
