// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// oddHosts are names on which a format might stumble.
func oddHosts() []string {
	return []string{
		`"quoted"`, `back\slash\n`, "new\nline", `\"` + "\n" + `\`, "李雷 😀", "e\u0301\u2028\u202e", `a,b{c="d"} 1 2`, "\n# EOF\n", "# TYPE x counter", "tab\there",
	}
}

// runOdd runs an exporter that has counted a recording, with a file, for each of
// the odd hosts. It serves the same until someone changes the simulation.
func runOdd(t *testing.T) *exporter {
	t.Helper()
	s := simulate(t, wecomtest.Config{}, oneRecording("old"))
	x := run(t, s.credentials(), target, "--poll.interval=1s")
	x.awaitStatus(t, "/-/ready", 200)
	for i, host := range oddHosts() {
		r := oneRecording(fmt.Sprint("odd-", i))
		r.Host, r.Files[0].Size = host, oddSize(i)
		s.Put(r)
	}
	for i, host := range oddHosts() {
		x.awaitValue(t, float64(oddSize(i)), discoveredSize, "host", host)
	}
	return x
}

// oddSize is that of the file of an odd host, and grows from 1 kB to some 100 GB.
func oddSize(i int) int64 { return 1000 << (3 * i) }

// parsers has the parsers of Prometheus read what the exporter serves, and returns
// what they tell of the inventory, the ledger and the exporter itself.
func (x *exporter) parsers(t *testing.T, path, accept, acceptEncoding string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "PARSE"), "-url="+x.url+path, "-accept="+accept, "-accept-encoding="+acceptEncoding)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = []string{}, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool {
		if comment, ok := strings.CutPrefix(line, "# "); ok {
			_, line, _ = strings.Cut(comment, " ") // behind HELP, TYPE or UNIT
		}
		return !strings.HasPrefix(line, "wecom_recording") && !strings.HasPrefix(line, "wecom_host_")
	})
}

// samplesOf returns those lines that all formats have in common.
func samplesOf(lines []string) []string {
	var samples []string
	for _, line := range lines {
		if !strings.HasPrefix(line, "# ") && !strings.Contains(line, "\tnative ") {
			sample, _, _ := strings.Cut(line, "\tstart=")
			samples = append(samples, sample)
		}
	}
	return samples
}

// TestParsers compares the bodies that are made once with what is made for each
// request, in every format and encoding. Asking for metrics by name, here for all of
// them, is what makes the difference.
func TestParsers(t *testing.T) {
	t.Parallel()
	x := runOdd(t)
	text := samplesOf(x.parsers(t, "/metrics", acceptText, ""))
	names := url.Values{}
	for name := range x.scrape(t) {
		names.Add("name[]", name)
	}
	byName := "/metrics?" + names.Encode()
	for i, host := range oddHosts() {
		if line := fmt.Sprintf("%s{corp=\"default\", host=%q}\t%v", discoveredSize, host, float64(oddSize(i))); !slices.Contains(text, line) {
			t.Errorf("no %s in:\n%s", line, strings.Join(text, "\n"))
		}
	}
	for _, format := range []struct {
		name, accept, contentType string
		starts, native            bool
	}{
		{"text 0.0.4", acceptText, "text/plain; version=0.0.4;", false, false},
		// Of text, this is all that the library of the exposition writes.
		{"text 1.0.0", "text/plain;version=1.0.0;escaping=allow-utf-8", "text/plain; version=0.0.4;", false, false},
		{"OpenMetrics 0.0.1", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1;", true, false},
		{"OpenMetrics 1.0.0", acceptOpenMetrics, "application/openmetrics-text; version=1.0.0;", true, false},
		{"protobuf", acceptProtobuf, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited;", true, true},
	} {
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			t.Run(format.name+" "+encoding, func(t *testing.T) {
				t.Parallel()
				for _, path := range []string{"/metrics", byName} {
					a := x.get(t, path, "Accept", format.accept, "Accept-Encoding", encoding)
					if got := a.header.Get("Content-Type"); !strings.HasPrefix(got+";", format.contentType) {
						t.Errorf("Content-Type %q, want %q", got, format.contentType)
					}
					if got := a.header.Get("Content-Encoding"); got != strings.TrimPrefix(encoding, "identity") {
						t.Errorf("Content-Encoding %q", got)
					}
				}
				got := x.parsers(t, "/metrics", format.accept, encoding)
				if diff := cmp.Diff(x.parsers(t, byName, format.accept, encoding), got); diff != "" {
					t.Errorf("-made for each request +made once:\n%s", diff)
				}
				if diff := cmp.Diff(text, samplesOf(got)); diff != "" {
					t.Errorf("samples (-text +%s):\n%s", format.name, diff)
				}
				for _, line := range got {
					name, _, isSeries := strings.Cut(line, "{corp=")
					counts := isSeries && (strings.HasSuffix(name, "_total") || strings.Contains(name, "_file_size_bytes"))
					if counts && strings.Contains(line, "\tstart=") != format.starts {
						t.Errorf("a start timestamp: %t: %s", !format.starts, line)
					}
				}
				const native = "wecom_recording_file_size_bytes{corp=\"default\"}\tnative schema:3 "
				if is := slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, native) }); is != format.native {
					t.Errorf("native histogram: %t", is)
				}
			})
		}
	}
}
