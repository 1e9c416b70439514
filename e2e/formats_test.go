// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestFormats asks for all formats and encodings of an inventory at rest.
func TestFormats(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, smallWorld()...)
	// Go's own metrics are no valid OpenMetrics: go_memstats_alloc_bytes is the
	// name of both a gauge and, with _total, a counter.
	x := run(t, s.credentials(), "--target.userid=zhangsan", "--target.userid=lisi", "--web.disable-exporter-metrics")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 3000, "wecom_recording_bytes", "host", "zhangsan")
	want := x.scrape(t)
	for _, format := range []struct{ name, accept, contentType string }{
		{"any", "*/*", "text/plain; version=0.0.4; charset=utf-8"},
		{"text", acceptText, "text/plain; version=0.0.4; charset=utf-8"},
		{"OpenMetrics", acceptOpenMetrics, "application/openmetrics-text; version=1.0.0; charset=utf-8"},
		{"protobuf", acceptProtobuf, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
	} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			t.Run(strings.TrimSpace(format.name+" "+encoding), func(t *testing.T) {
				t.Parallel()
				a := x.get(t, "/metrics", "Accept", format.accept, "Accept-Encoding", encoding)
				if got := a.header.Get("Content-Encoding"); got != encoding {
					t.Errorf("Content-Encoding %q, want %q", got, encoding)
				}
				if got, _, _ := strings.Cut(a.header.Get("Content-Type"), "; escaping="); got != format.contentType {
					t.Errorf("Content-Type %q, want %q", got, format.contentType)
				}
				got, err := parse(a)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.inventory(), got.inventory()); diff != "" {
					t.Errorf("inventory other than in the text format (-want +got):\n%s", diff)
				}
				if up, err := got.value("wecom_up"); err != nil || up != 1 {
					t.Errorf("wecom_up is %v (%v), want 1", up, err)
				}
				histogram := got["wecom_api_request_duration_seconds"].GetMetric()
				if len(histogram) == 0 || len(histogram[0].GetHistogram().GetBucket()) == 0 {
					t.Error("no classic histogram")
				}
				if native := len(histogram) > 0 && histogram[0].GetHistogram().GetSchema() > 0; native != (format.name == "protobuf") {
					t.Errorf("native histogram: %t", native)
				}
				if format.name == "OpenMetrics" {
					body, _ := decompress(encoding, a.body)
					if !bytes.HasSuffix(body, []byte("\n# EOF\n")) || bytes.Count(body, []byte("# EOF")) != 1 {
						t.Error("it does not end in one # EOF")
					}
				}
			})
		}
	}
}

// TestFormatsByCurl has curl decompress, which reads one gzip member and no more.
func TestFormatsByCurl(t *testing.T) {
	t.Parallel()
	x := runOdd(t)
	for _, format := range []struct{ name, accept string }{
		{"text", acceptText}, {"OpenMetrics", acceptOpenMetrics}, {"protobuf", acceptProtobuf},
	} {
		t.Run(format.name, func(t *testing.T) {
			t.Parallel()
			headerFile := filepath.Join(t.TempDir(), "header")
			cmd := exec.CommandContext(t.Context(), "curl", "--disable", "--silent", "--show-error", "--fail", "--compressed",
				"--dump-header", headerFile, "--header", "Accept: "+format.accept, x.url+"/metrics")
			var stderr bytes.Buffer
			cmd.Env, cmd.Stderr = []string{}, &stderr // It asks no proxy.
			body, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
			}
			header, err := os.ReadFile(headerFile)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(header), "\r\nContent-Encoding: gzip\r\n") {
				t.Errorf("it was not compressed by gzip:\n%s", header)
			}
			a := x.get(t, "/metrics", "Accept", format.accept)
			want, err := parse(a)
			if err != nil {
				t.Fatal(err)
			}
			a.body = body
			got, err := parse(a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.lasting(), got.lasting()); diff != "" {
				t.Errorf("-not compressed +by curl:\n%s", diff)
			}
		})
	}
}

// TestFormatsInPrometheus has a real Prometheus scrape odd hosts in all formats.
func TestFormatsInPrometheus(t *testing.T) {
	t.Parallel()
	x := runOdd(t)
	p := runPrometheus(t, x)
	each := func(value float64) map[string]float64 {
		return map[string]float64{"text": value, "openmetrics": value, "protobuf": value}
	}
	sizes, files, sum := map[string]float64{"zhangsan": 0}, float64(len(oddHosts())), 0.0
	for i, host := range oddHosts() {
		sizes[host] = float64(oddSize(i))
		sum += sizes[host]
	}
	for job := range each(0) {
		eventually(t, patience, func() error {
			got, err := p.query(t, "host", fmt.Sprintf("%s{job='%s'}", discoveredSize, job))
			if err != nil {
				return err
			}
			if diff := cmp.Diff(sizes, got); diff != "" {
				return fmt.Errorf("sizes in job %s (-want +got):\n%s", job, diff)
			}
			return nil
		})
	}
	for _, name := range []string{"wecom_recording_file_size_bytes", "wecom_recording_file_duration_seconds", "wecom_recording_transcoding_seconds"} {
		p.awaitQuery(t, name+"_count", each(files))
		p.awaitQuery(t, name+"_bucket{le='+Inf'}", each(files))
		p.awaitQuery(t, "histogram_count("+name+")", map[string]float64{"protobuf": files})
	}
	p.awaitQuery(t, "wecom_recording_file_size_bytes_sum", each(sum))
	p.awaitQuery(t, "histogram_sum(wecom_recording_file_size_bytes)", map[string]float64{"protobuf": sum})
	// The first files are of 1 kB and 8 kB, and a native bucket ends within a tenth
	// of where it starts.
	p.awaitQuery(t, "round(histogram_fraction(0, 1100, wecom_recording_file_size_bytes) * "+fmt.Sprint(files)+")", map[string]float64{"protobuf": 1})
	p.awaitQuery(t, "min_over_time(up[10s]) * (count_over_time(up[10s]) >= bool 5)", each(1))
	p.wantNoWarning(t)
}

// wantNoWarning fails the test if Prometheus complained of a scrape.
func (p *prometheus) wantNoWarning(t *testing.T) {
	t.Helper()
	for _, line := range p.stderr.lines() {
		if strings.Contains(line, "scrape") && (strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR")) {
			t.Errorf("Prometheus complains: %s", line)
		}
	}
}
