// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
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
