// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// An exposition holds metric families by name.
type exposition map[string]*dto.MetricFamily

// What a client may ask for.
const (
	acceptText        = "text/plain;version=0.0.4"
	acceptOpenMetrics = "application/openmetrics-text;version=1.0.0"
	acceptProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// scrape asks for the metrics in the text format.
func (x *exporter) scrape(t *testing.T) exposition {
	t.Helper()
	a := x.get(t, "/metrics")
	if a.status != 200 {
		t.Fatalf("GET /metrics: status %d\n%s", a.status, a.body)
	}
	families, err := parse(a)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// parse reads an exposition of any format and encoding.
func parse(a *answer) (exposition, error) {
	body, err := decompress(a.header.Get("Content-Encoding"), a.body)
	if err != nil {
		return nil, err
	}
	format := expfmt.ResponseFormat(a.header)
	if format.FormatType() == expfmt.TypeUnknown {
		return nil, fmt.Errorf("unknown format %q", a.header.Get("Content-Type"))
	}
	decoder := expfmt.NewDecoder(bytes.NewReader(body), format)
	families := exposition{}
	for {
		family := &dto.MetricFamily{}
		err := decoder.Decode(family)
		if errors.Is(err, io.EOF) {
			return families, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", format, err)
		}
		if families[family.GetName()] != nil {
			return nil, fmt.Errorf("family %s is there twice", family.GetName())
		}
		families[family.GetName()] = family
	}
}

func decompress(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "":
		return body, nil
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case "zstd":
		reader, err := zstd.NewReader(nil)
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		return reader.DecodeAll(body, nil)
	default:
		return nil, fmt.Errorf("unknown encoding %q", encoding)
	}
}

// inventory returns the gauges about recordings, by series. Nothing in them
// depends on when they are scraped.
func (e exposition) inventory() map[string]float64 {
	values := map[string]float64{}
	for name, family := range e {
		if (name == "wecom_recordings" || strings.HasPrefix(name, "wecom_recording_")) &&
			!strings.HasPrefix(name, "wecom_recording_exporter_") && family.GetType() == dto.MetricType_GAUGE {
			for _, m := range family.GetMetric() {
				values[series(name, m)] = m.GetGauge().GetValue()
			}
		}
	}
	return values
}

// series writes a series as PromQL does.
func series(name string, m *dto.Metric) string {
	labels := make([]string, 0, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	return name + "{" + strings.Join(labels, ",") + "}"
}

// value returns the value of a gauge or counter with, among others, the labels
// given by pairs of names and values.
func (e exposition) value(name string, labels ...string) (float64, error) {
	for _, m := range e[name].GetMetric() {
		if hasLabels(m, labels) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue(), nil
		}
	}
	return 0, fmt.Errorf("no series %s%q", name, labels)
}

func hasLabels(m *dto.Metric, want []string) bool {
	for i := 0; i < len(want); i += 2 {
		if label(m, want[i]) != want[i+1] {
			return false
		}
	}
	return true
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// sumBy adds up a gauge by the values of a label.
func (e exposition) sumBy(name, labelName string) map[string]float64 {
	sums := map[string]float64{}
	for _, m := range e[name].GetMetric() {
		sums[label(m, labelName)] += m.GetGauge().GetValue()
	}
	return sums
}

// awaitValue waits until a gauge or counter has a value.
func (x *exporter) awaitValue(t *testing.T, want float64, name string, labels ...string) {
	t.Helper()
	eventually(t, patience, func() error {
		got, err := x.scrape(t).value(name, labels...)
		if err == nil && got != want {
			err = fmt.Errorf("%s%q is %v, want %v", name, labels, got, want)
		}
		return err
	})
}
