// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/dashboards"
)

const shippedRules = "../alerts/wecom-recording.rules.yml"

// scraping returns the configuration of a Prometheus that evaluates rules, and has
// a job for each exporter.
func scraping(t *testing.T, rules string, jobs map[string]*exporter) string {
	t.Helper()
	path, err := filepath.Abs(rules)
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	fmt.Fprintf(&config, "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ['%s']\nscrape_configs:\n", path)
	for job, x := range jobs {
		fmt.Fprintf(&config, "- {job_name: %s, static_configs: [{targets: ['%s']}]}\n", job, x.address)
	}
	return config.String()
}

// answered returns how many series the answer to a query has.
func (p *prometheus) answered(t *testing.T, path string, values url.Values) (int, error) {
	t.Helper()
	a, err := get(t.Context(), newClient(), p.url+path+"?"+values.Encode())
	if err != nil {
		return 0, err
	}
	var answer struct {
		Status   string   `json:"status"`
		Error    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		return 0, err
	}
	if answer.Status != "success" || len(answer.Warnings) > 0 {
		return 0, fmt.Errorf("%s %s %v", answer.Status, answer.Error, answer.Warnings)
	}
	return len(answer.Data.Result), nil
}

// TestDashboardsOfDemo runs every query of every dashboard. All must give data, but
// those that tell why a healthy exporter may give none.
func TestDashboardsOfDemo(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--storage.path="+t.TempDir())
	x.awaitStatus(t, "/-/ready", 200)
	p := startPrometheus(t, scraping(t, shippedRules, map[string]*exporter{"demo": x}))
	eventually(t, patience, func() error {
		n, err := p.answered(t, "/api/v1/query", url.Values{"query": {`count_over_time(wecom_up[30s]) > 5`}})
		if err == nil && n == 0 {
			err = errors.New("it was not scraped often enough")
		}
		return err
	})
	x.signal(t, syscall.SIGHUP) // The annotation tells of it.
	vars := map[string]string{
		"job": ".+", "instance": ".+", "corp": ".+", "host": ".*", "__rate_interval": "20s", "__range": "1m", "__interval": "1s",
	}
	for _, d := range dashboards.All() {
		if d.Language != dashboards.English {
			continue // It has the same queries in all languages.
		}
		for _, q := range d.Queries() {
			t.Run(d.UID+" "+q.Panel, func(t *testing.T) {
				t.Parallel()
				// What the demo has to show comes up in its first minute or two.
				eventually(t, 3*time.Minute, func() error {
					now := time.Now()
					values := url.Values{"query": {dashboards.Expand(q.Expr, vars)}}
					path := "/api/v1/query"
					if q.Kind == dashboards.Range {
						path += "_range"
						values.Set("start", strconv.FormatInt(now.Add(-time.Minute).Unix(), 10))
						values.Set("end", strconv.FormatInt(now.Unix(), 10))
						values.Set("step", "5")
					}
					n, err := p.answered(t, path, values)
					if err == nil && n == 0 && q.Absent == "" {
						err = errors.New("no data")
					}
					if err != nil {
						err = fmt.Errorf("%s: %w", values.Get("query"), err)
					}
					return err
				})
			})
		}
	}
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
