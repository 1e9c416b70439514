// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	metricsPage  = "../docs/metrics.md"
	tableBegins  = "<!-- The table is made by: go test ./collector -run TestMetricsPage -update -->\n"
	tableIsAbove = "<!-- The table ends. -->\n"
)

// TestMetricsPage keeps the page of metrics equal to the code.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), tableBegins)
	table, after, ends := strings.Cut(rest, tableIsAbove)
	if !found || !ends {
		t.Fatalf("%s lacks the marks of its table", metricsPage)
	}
	want := metricsTable()
	if *update {
		if err := os.WriteFile(metricsPage, []byte(before+tableBegins+want+tableIsAbove+after), 0o600); err != nil {
			t.Fatal(err)
		}
		table = want
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("%s differs from the code; run the test with -update (-want +got):\n%s", metricsPage, diff)
	}
}

func metricsTable() string {
	var b strings.Builder
	b.WriteString("\n| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, d := range Definitions() {
		labels := make([]string, 0, len(d.Labels))
		for _, l := range d.Labels {
			labels = append(labels, "`"+l+"`")
		}
		help := strings.ReplaceAll(strings.TrimSuffix(d.Help, polled), "|", "\\|")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, strings.Join(labels, ", "), help)
	}
	b.WriteString("\n")
	return b.String()
}
