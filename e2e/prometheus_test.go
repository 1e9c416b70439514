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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A prometheus is a real one, with one job for each format.
type prometheus struct {
	*process

	url string
}

func runPrometheus(t *testing.T, x *exporter) *prometheus {
	t.Helper()
	text := &strings.Builder{}
	fmt.Fprint(text, "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n")
	for _, job := range []struct {
		name, protocol string
		native         bool
	}{
		{"text", "PrometheusText0.0.4", false},
		{"openmetrics", "OpenMetricsText1.0.0", false},
		{"protobuf", "PrometheusProto", true},
	} {
		fmt.Fprintf(text, "- {job_name: %s, scrape_protocols: [%s], scrape_native_histograms: %t, always_scrape_classic_histograms: true, "+
			"extra_scrape_metrics: true, static_configs: [{targets: ['%s']}]}\n", job.name, job.protocol, job.native, x.address)
	}
	return startPrometheus(t, text.String())
}

// startPrometheus starts a Prometheus with a configuration.
func startPrometheus(t *testing.T, config string) *prometheus {
	t.Helper()
	return startPrometheusOn(t, t.TempDir(), config)
}

// startPrometheusOn starts a Prometheus on the blocks in a folder.
func startPrometheusOn(t *testing.T, data, config string, flags ...string) *prometheus {
	t.Helper()
	address := freeAddress(t)
	return &prometheus{
		process: start(t, nil, tool(t, "PROMETHEUS"), append(flags,
			"--config.file="+writeFile(t, "prometheus.yml", config), "--storage.tsdb.path="+data, "--web.listen-address="+address)...),
		url: "http://" + address,
	}
}

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

// awaitScrapes waits until a job was scraped so many times.
func (p *prometheus) awaitScrapes(t *testing.T, job string, n int) {
	t.Helper()
	p.awaitQuery(t, fmt.Sprintf(`count_over_time(wecom_up{job=%q}[1m]) >= bool %d`, job, n), map[string]float64{job: 1})
}

// get asks for a path.
func (p *prometheus) get(t *testing.T, path string) *answer {
	t.Helper()
	a, err := get(t.Context(), newClient(), p.url+path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// answers returns an error unless a query, instant or over a range, has a number
// for its answer.
func (p *prometheus) answers(t *testing.T, path string, values url.Values) error {
	t.Helper()
	var answer struct {
		Status   string   `json:"status"`
		Error    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     struct {
			Result []struct {
				Value  [2]any   `json:"value"` // of an instant: time and text of a number
				Values [][2]any `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(p.get(t, path+"?"+values.Encode()).body, &answer); err != nil {
		return err
	}
	if answer.Status != "success" || len(answer.Warnings) > 0 {
		return fmt.Errorf("%s: %s %s %v", values.Get("query"), answer.Status, answer.Error, answer.Warnings)
	}
	for _, series := range answer.Data.Result {
		for _, value := range append(series.Values, series.Value) {
			if value[1] != nil && value[1] != "NaN" {
				return nil
			}
		}
	}
	return fmt.Errorf("%s: no data in %d series", values.Get("query"), len(answer.Data.Result))
}

// query asks for an instant vector, and returns its values by those of a label.
func (p *prometheus) query(t *testing.T, by, expression string) (map[string]float64, error) {
	t.Helper()
	return p.queryAt(t, time.Now(), by, expression)
}

// queryAt is query at an instant.
func (p *prometheus) queryAt(t *testing.T, at time.Time, by, expression string) (map[string]float64, error) {
	t.Helper()
	values := url.Values{"query": {expression}, "time": {at.UTC().Format(time.RFC3339Nano)}}
	a, err := get(t.Context(), newClient(), p.url+"/api/v1/query?"+values.Encode())
	if err != nil {
		return nil, err
	}
	var result struct {
		Status string `json:"status"`
		Error  string `json:"error"`
		Data   struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
				Value  [2]any            `json:"value"` // time and text of a number
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &result); err != nil {
		return nil, err
	}
	if result.Status != "success" {
		return nil, errors.New(result.Error)
	}
	found := map[string]float64{}
	for _, r := range result.Data.Result {
		if found[r.Metric[by]], err = strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// awaitQuery waits until an expression has the wanted values by job.
func (p *prometheus) awaitQuery(t *testing.T, expression string, want map[string]float64) {
	t.Helper()
	eventually(t, patience, func() error {
		got, err := p.query(t, "job", expression)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("%s (-want +got):\n%s", expression, diff)
		}
		return nil
	})
}

func TestPrometheusScrapesDemo(t *testing.T) {
	t.Parallel()
	x := runDemo(t)
	p := runPrometheus(t, x)
	each := func(value float64) map[string]float64 {
		return map[string]float64{"text": value, "openmetrics": value, "protobuf": value}
	}
	p.awaitQuery(t, "up", each(1))

	// The demo moves: the two agree where it stood still in between.
	for _, job := range []string{"text", "openmetrics", "protobuf"} {
		eventually(t, patience, func() error {
			want := x.scrape(t).sumBy(bytesMetric, "host")
			got, err := p.query(t, "host", "sum by (host) (wecom_recording_bytes{job='"+job+"'})")
			if err != nil {
				return err
			}
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("sums by host in job %s (-exposition +Prometheus):\n%s", job, diff)
			}
			return nil
		})
	}

	// Classic and native histograms.
	p.awaitQuery(t, "min by (job) (wecom_api_request_duration_seconds_count > bool 0)", each(1))
	p.awaitQuery(t, "min by (job) (histogram_count(wecom_api_request_duration_seconds) > bool 0)", map[string]float64{"protobuf": 1})

	// Series are not new again and again, and none is lost on the way.
	p.awaitQuery(t, "min_over_time(up[10s]) * (count_over_time(up[10s]) >= bool 8)", each(1))
	p.awaitQuery(t, "max_over_time(scrape_series_added[5s]) < bool 20", each(1))
	p.awaitQuery(t, "scrape_samples_scraped > bool 600", each(1))
	p.awaitQuery(t, "scrape_samples_scraped == bool scrape_samples_post_metric_relabeling", each(1))
	p.awaitQuery(t, "scrape_duration_seconds < bool 0.5", each(1))

	a, err := get(t.Context(), newClient(), p.url+"/api/v1/targets")
	if err != nil {
		t.Fatal(err)
	}
	var targets struct {
		Data struct {
			ActiveTargets []struct {
				ScrapePool string `json:"scrapePool"`
				Health     string `json:"health"`
				LastError  string `json:"lastError"`
			} `json:"activeTargets"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &targets); err != nil {
		t.Fatal(err)
	}
	if n := len(targets.Data.ActiveTargets); n != 3 {
		t.Errorf("%d targets, want 3", n)
	}
	for _, target := range targets.Data.ActiveTargets {
		if target.Health != "up" || target.LastError != "" {
			t.Errorf("job %s is %s: %s", target.ScrapePool, target.Health, target.LastError)
		}
	}
	p.wantNoWarning(t)
}
