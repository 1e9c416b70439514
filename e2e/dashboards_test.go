// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/dashboards"
)

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
		"job": ".+", "instance": ".+", "corp": ".+", "host": ".*", "__rate_interval": "20s", "__range": "1m", "__interval": "1s",
	}
	for _, d := range dashboards.All() {
		if d.Language != dashboards.English {
			continue // It has the same queries in all languages.
		}
		for _, q := range d.Queries() {
			t.Run(d.UID+" "+q.Panel, func(t *testing.T) {
				x.signal(t, syscall.SIGHUP) // The annotation tells of it, for about a minute.
				// What the demo has to show comes up in its first minute or two.
				eventually(t, 3*patience, func() error {
					now := time.Now()
					values := url.Values{"query": {dashboards.Expand(q.Expr, vars)}}
					path := "/api/v1/query"
					if q.Kind == dashboards.Range {
						path += "_range"
						values.Set("start", strconv.FormatInt(now.Add(-time.Minute).Unix(), 10))
						values.Set("end", strconv.FormatInt(now.Unix(), 10))
						values.Set("step", "5")
					}
					return p.answers(t, path, values)
				})
			})
		}
		for _, v := range variables(t, d) {
			t.Run(d.UID+" $"+v.name, func(t *testing.T) {
				a := p.get(t, "/api/v1/label/"+v.label+"/values?match[]="+url.QueryEscape(dashboards.Expand(v.selector, vars)))
				want := map[string]string{"job": "demo", "instance": x.address, "corp": "default"}[v.name]
				var answer struct {
					Data []string `json:"data"`
				}
				if err := json.Unmarshal(a.body, &answer); err != nil || len(answer.Data) != 1 || answer.Data[0] != want {
					t.Errorf("%s, want %q, error %v", a.body, want, err)
				}
			})
		}
	}
}

// A labelValues is a variable of a dashboard that offers the values of a label.
type labelValues struct{ name, selector, label string }

// variables returns the variables of a dashboard that have a query.
func variables(t *testing.T, d dashboards.Dashboard) []labelValues {
	t.Helper()
	file, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Templating struct {
			List []struct {
				Name  string `json:"name"`
				Type  string `json:"type"`
				Query string `json:"query"`
			} `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(file, &board); err != nil {
		t.Fatal(err)
	}
	var found []labelValues
	for _, v := range board.Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(v.Query)
		if parts == nil {
			t.Fatalf("$%s asks for %s", v.Name, v.Query)
		}
		found = append(found, labelValues{v.Name, parts[1], parts[2]})
	}
	if len(found) == 0 {
		t.Fatalf("%s has no variable with a query", d.UID)
	}
	return found
}

// TestAlertsOfDemo has the shipped rules tell of the demo.
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
