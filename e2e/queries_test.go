// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// queriesOf returns the lines of the examples of PromQL in a document.
func queriesOf(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```promql\n(.*?)\n```").FindAllStringSubmatch(string(content), -1)
	queries := make([]string, 0, len(blocks))
	for _, block := range blocks {
		queries = append(queries, strings.Split(block[1], "\n")...)
	}
	return queries
}

// TestQueriesByDepartment has promtool evaluate the queries of the readmes that join departments.
// Two shards of a corp add up, though host li is in another department for each of them; the two
// corps stay apart; and what is in no department is not lost.
func TestQueriesByDepartment(t *testing.T) {
	t.Parallel()
	promtool := tool(t, "PROMTOOL")
	series := []struct{ labels, department, value string }{
		{labels: `job="a", instance="x", corp="acme", host="li"`, department: "Sales", value: "1"},
		{labels: `job="a", instance="y", corp="acme", host="li"`, department: "R&D", value: "10"},
		{labels: `job="a", instance="x", corp="acme", host="wang"`, department: "Sales", value: "100"},
		{labels: `job="a", instance="x", corp="acme", host="other"`, value: "1000"},
		{labels: `job="b", instance="x", corp="globex", host="li"`, department: "Sales", value: "10000"},
		{labels: `job="b", instance="x", corp="globex", host="idle"`, department: "Idle", value: "0"},
	}
	want := map[string]string{
		`{corp="acme", department="Sales"}`:   "101",
		`{corp="acme", department="R&D"}`:     "10",
		`{corp="acme"}`:                       "1000",
		`{corp="globex", department="Sales"}`: "10000",
		`{corp="globex", department="Idle"}`:  "0",
	}
	for _, page := range []string{"../README.md", "../README.zh-CN.md"} {
		tested := 0
		for _, query := range queriesOf(t, page) {
			if !strings.Contains(query, "wecom_host_info") {
				continue
			}
			tested++
			metric := regexp.MustCompile(`wecom_recording_[a-z_]+`).FindString(query)
			var text strings.Builder
			fmt.Fprint(&text, "tests:\n- interval: 1m\n  input_series:\n")
			for _, s := range series {
				fmt.Fprintf(&text, "  - {series: '%s{%s}', values: '%s'}\n", metric, s.labels, s.value)
				if s.department != "" {
					fmt.Fprintf(&text, "  - {series: 'wecom_host_info{%s, department=\"%s\"}', values: '1'}\n", s.labels, s.department)
				}
			}
			fmt.Fprintf(&text, "  promql_expr_test:\n  - expr: '%s'\n    eval_time: 0\n    exp_samples:\n", query)
			for labels, value := range want {
				if value != "0" || !strings.HasSuffix(query, "> 0") {
					fmt.Fprintf(&text, "    - {labels: '%s', value: %s}\n", labels, value)
				}
			}
			path := writeFile(t, "queries.yml", text.String())
			if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", path).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", page, query, err, out)
			}
		}
		if tested != 2 {
			t.Errorf("%s has %d queries by department, want 2", page, tested)
		}
	}
}
