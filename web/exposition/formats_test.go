// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small returns an inventory of one family, and a registry of two.
func small() (*fixed, *prometheus.Registry) {
	registry := prometheus.NewRegistry()
	for _, name := range []string{"a_first", "z_last"} {
		registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "From the registry."}))
	}
	return &fixed{families: []*dto.MetricFamily{{
		Name: new("middle"), Help: new("From the inventory."), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{
			Label: []*dto.LabelPair{{Name: new("host"), Value: new("li\n\"\\四")}},
			Gauge: &dto.Gauge{Value: proto.Float64(5 << 30)},
		}},
	}}}, registry
}

func smallHandler() http.Handler {
	inventory, registry := small()
	return New(log.NewNopLogger(), inventory, registry)
}

func TestExpositionFormats(t *testing.T) {
	t.Parallel()
	const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	for name, test := range map[string]struct {
		accept string
		want   expfmt.FormatType
	}{
		"text":        {"text/plain", expfmt.TypeTextPlain},
		"anything":    {"", expfmt.TypeTextPlain},
		"OpenMetrics": {"application/openmetrics-text; version=1.0.0", expfmt.TypeOpenMetrics},
		"protobuf":    {protobuf, expfmt.TypeProtoDelim},
	} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			t.Run(name+" "+encoding, func(t *testing.T) {
				t.Parallel()
				w := get(t, smallHandler(), "/metrics",
					map[string]string{"Accept": test.accept, "Accept-Encoding": encoding})
				if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != encoding {
					t.Fatalf("status %d, encoding %q", w.Code, w.Header().Get("Content-Encoding"))
				}
				format := expfmt.ResponseFormat(w.Header())
				if name == "OpenMetrics" {
					format = expfmt.Format(w.Header().Get("Content-Type"))
				}
				if format.FormatType() != test.want {
					t.Fatalf("content type %q", w.Header().Get("Content-Type"))
				}
				body := decompress(t, encoding, w.Body)
				if name == "OpenMetrics" {
					if !bytes.HasSuffix(body, []byte("# EOF\n")) || bytes.Count(body, []byte("# EOF")) != 1 {
						t.Errorf("body:\n%s", body)
					}
					return
				}
				decoder := expfmt.NewDecoder(bytes.NewReader(body), format)
				var names []string
				for {
					var family dto.MetricFamily
					if err := decoder.Decode(&family); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
					names = append(names, family.GetName())
					if family.GetName() == "middle" {
						m := family.GetMetric()[0]
						if m.GetLabel()[0].GetValue() != "li\n\"\\四" || m.GetGauge().GetValue() != 5<<30 {
							t.Errorf("family %s", &family)
						}
					}
				}
				want := []string{"middle", "a_first", "z_last"} // the inventory comes first
				if test.want == expfmt.TypeTextPlain {
					slices.Sort(names) // the text decoder keeps no order
					slices.Sort(want)
				}
				if diff := cmp.Diff(want, names); diff != "" {
					t.Errorf("families (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func decompress(t *testing.T, encoding string, body io.Reader) []byte {
	t.Helper()
	switch encoding {
	case "gzip":
		r, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		body = r
	case "zstd":
		r, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		body = r
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestClashingFamily has go_memstats_alloc_bytes_total wherever it does not clash
// with the gauge go_memstats_alloc_bytes.
func TestClashingFamily(t *testing.T) {
	t.Parallel()
	inventory, registry := small()
	registry.MustRegister(collectors.NewGoCollector())
	handler := New(log.NewNopLogger(), inventory, registry)
	for name, test := range map[string]struct {
		accept string
		want   bool
	}{
		"text":                  {acceptText, true},
		"text 1.0":              {acceptText1, true},
		"protobuf":              {acceptProtobuf, true},
		"OpenMetrics":           {acceptOpenMetrics, false},
		"OpenMetrics 0.0.1":     {acceptOld, false},
		"protobuf for a person": {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", true},
	} {
		for _, target := range []string{"/metrics", "/metrics?name[]=go_memstats_alloc_bytes_total&name[]=go_memstats_alloc_bytes"} {
			body := get(t, handler, target, map[string]string{"Accept": test.accept}).Body.String()
			if got := strings.Contains(body, "go_memstats_alloc_bytes_total"); got != test.want {
				t.Errorf("%s of %s has it: %t, want %t", name, target, got, test.want)
			}
			if !strings.Contains(body, "go_memstats_alloc_bytes") {
				t.Errorf("%s of %s lacks the gauge", name, target)
			}
		}
	}
}

func TestOpenMetricsOfTheProcessAreValid(t *testing.T) {
	t.Parallel()
	inventory, registry := small()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	w := get(t, New(log.NewNopLogger(), inventory, registry), "/metrics",
		map[string]string{"Accept": "application/openmetrics-text; version=1.0.0"})
	families := map[string]bool{}
	for line := range strings.Lines(w.Body.String()) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			if families[name] {
				t.Errorf("two families are called %s", name)
			}
			families[name] = true
		}
	}
	if !families["go_memstats_alloc_bytes"] || !families["middle"] {
		t.Errorf("families %v", families)
	}
}
