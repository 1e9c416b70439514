// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

// fuzzedFamilies makes families of arbitrary bytes: of names that begin with prefix, of all
// types, with labels and values that may be anything.
func fuzzedFamilies(prefix string, shape []byte, texts ...string) []*dto.MetricFamily {
	next := func() (b byte) {
		if len(shape) > 0 {
			b, shape = shape[0], shape[1:]
		}
		return b
	}
	value := func() *float64 {
		var bits [8]byte
		shape = shape[copy(bits[:], shape):]
		return new(math.Float64frombits(binary.BigEndian.Uint64(bits[:])))
	}
	text := func() string { return strings.ToValidUTF8(texts[int(next())%len(texts)], "\ufffd") }
	n := int(next()) % 4
	families := make([]*dto.MetricFamily, 0, n)
	for i := range n {
		kind := dto.MetricType(next() % 5)
		name := fmt.Sprintf("%s_%d", prefix, i)
		if kind == dto.MetricType_COUNTER {
			name += "_total"
		}
		family := &dto.MetricFamily{Name: &name, Help: new(text()), Type: &kind}
		for j := range 1 + int(next())%3 {
			m := &dto.Metric{Label: []*dto.LabelPair{
				{Name: new("host"), Value: new(text() + strconv.Itoa(j))},
				{Name: new("title"), Value: new(text())},
			}}
			switch kind {
			case dto.MetricType_COUNTER:
				m.Counter = &dto.Counter{Value: value()}
			case dto.MetricType_GAUGE:
				m.Gauge = &dto.Gauge{Value: value()}
			case dto.MetricType_SUMMARY:
				m.Summary = &dto.Summary{SampleCount: new(uint64(next())), SampleSum: value()}
			case dto.MetricType_HISTOGRAM:
				m.Histogram = &dto.Histogram{SampleCount: new(uint64(next())), SampleSum: value(), Bucket: []*dto.Bucket{
					{UpperBound: value(), CumulativeCount: new(uint64(next()))},
				}}
			default:
				m.Untyped = &dto.Untyped{Value: value()}
			}
			family.Metric = append(family.Metric, m)
		}
		families = append(families, family)
	}
	return families
}

// joined returns the body of an inventory and a registry as a variant, without its encoding.
func joined(t *testing.T, v variant, inventory, registry []*dto.MetricFamily) []byte {
	t.Helper()
	start, err := newBody(v, collector.NewSnapshot(0, inventory), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	h := handler{registry: prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return registry, nil })}
	var end bytes.Buffer
	if err := h.finish(&end, start, v.format, nil); err != nil {
		t.Fatal(err)
	}
	return append(slices.Clip(start.start), end.Bytes()...)
}

// Families of an inventory and of a registry, joined in each format, parse and are what the
// ordinary encoder writes of all of them together.
func FuzzExposition(f *testing.F) {
	f.Add(uint8(0), []byte{3, 1, 2, 3}, []byte{2, 2, 0}, "li", "四\n\"\\")
	f.Add(uint8(1), []byte{1, 0, 0, 0, 0, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1}, []byte{}, "# EOF\n", "\xff")
	f.Add(uint8(2), []byte{2, 4, 1, 1, 1, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0, 3, 1}, []byte{1, 1}, "\u2028", " # {} 1 2")
	f.Add(uint8(1), []byte{}, []byte{}, "", "")
	formats := []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim}
	f.Fuzz(func(t *testing.T, which uint8, first, second []byte, one, other string) {
		v := variant{formats[int(which)%len(formats)], promhttp.Identity}
		inventory := fuzzedFamilies("wecom", first, one, other)
		registry := fuzzedFamilies("go", second, one, other)
		got := joined(t, v, inventory, registry)

		all := slices.Concat(inventory, registry)
		var want bytes.Buffer
		if err := encode(&want, expfmt.NewFormat(v.format), all, true); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.Bytes(), got) {
			t.Fatalf("joined (-together +joined):\n%s", cmp.Diff(want.String(), string(got)))
		}
		switch v.format {
		case expfmt.TypeTextPlain:
			wantText(t, all, got)
		case expfmt.TypeOpenMetrics:
			wantOpenMetrics(t, got)
		default:
			wantProtobuf(t, all, got)
		}
	})
}

// valueOf returns the value of a metric that is a counter, a gauge or untyped, and the sum of
// another.
func valueOf(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Gauge != nil:
		return m.GetGauge().GetValue()
	case m.Untyped != nil:
		return m.GetUntyped().GetValue()
	case m.Summary != nil:
		return m.GetSummary().GetSampleSum()
	default:
		return m.GetHistogram().GetSampleSum()
	}
}

// wantText parses a body, and wants the labels and values of the families in it.
func wantText(t *testing.T, families []*dto.MetricFamily, body []byte) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, body)
	}
	for _, family := range families {
		got := parsed[family.GetName()]
		if len(got.GetMetric()) != len(family.GetMetric()) {
			t.Fatalf("%s has %d metrics, want %d:\n%s", family.GetName(), len(got.GetMetric()), len(family.GetMetric()), body)
		}
		for i, m := range family.GetMetric() {
			wantMetric(t, m, got.GetMetric()[i])
		}
	}
	if len(parsed) != len(families) {
		t.Errorf("%d families, want %d:\n%s", len(parsed), len(families), body)
	}
}

func wantMetric(t *testing.T, want, got *dto.Metric) {
	t.Helper()
	for i, label := range want.GetLabel() {
		if value := got.GetLabel()[i].GetValue(); value != label.GetValue() {
			t.Errorf("label %s is %q, want %q", label.GetName(), value, label.GetValue())
		}
	}
	if w, g := valueOf(want), valueOf(got); w != g && !(math.IsNaN(w) && math.IsNaN(g)) {
		t.Errorf("value %v, want %v", g, w)
	}
}

// wantOpenMetrics wants one end marker, at the end, and nothing but comments and samples.
func wantOpenMetrics(t *testing.T, body []byte) {
	t.Helper()
	text, ended := strings.CutSuffix(string(body), "# EOF\n")
	if !ended {
		t.Errorf("no end marker:\n%s", body)
	}
	for line := range strings.Lines(text) {
		isComment := strings.HasPrefix(line, "# HELP ") || strings.HasPrefix(line, "# TYPE ")
		isSample := strings.HasPrefix(line, "wecom_") || strings.HasPrefix(line, "go_")
		if !strings.HasSuffix(line, "\n") || !isComment && !isSample {
			t.Errorf("the line %q in:\n%s", line, body)
		}
	}
}

func wantProtobuf(t *testing.T, families []*dto.MetricFamily, body []byte) {
	t.Helper()
	decoder := expfmt.NewDecoder(bytes.NewReader(body), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for _, want := range families {
		var got dto.MetricFamily
		if err := decoder.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.GetName() != want.GetName() || len(got.GetMetric()) != len(want.GetMetric()) {
			t.Fatalf("family %s, want %s", &got, want)
		}
		for i, m := range want.GetMetric() {
			wantMetric(t, m, got.GetMetric()[i])
		}
	}
	if err := decoder.Decode(&dto.MetricFamily{}); !errors.Is(err, io.EOF) {
		t.Errorf("more than was encoded: %v", err)
	}
}

// Two texts that are compressed one after the other are one gzip member, or one zstd frame,
// which holds both.
func FuzzCompression(f *testing.F) {
	starts := []string{"", "a", strings.Repeat("wecom_up 1\n", 10_000), string(make([]byte, 1<<17))}
	prepared := map[promhttp.Compression][]body{}
	for _, encoding := range []promhttp.Compression{promhttp.Gzip, promhttp.Zstd} {
		for i, start := range starts {
			prepared[encoding] = append(prepared[encoding], compressed(f, encoding, []byte(start)))
			f.Add(encoding == promhttp.Zstd, uint8(i), []byte("go_goroutines 7\n"), uint16(i*20_000))
			f.Add(encoding == promhttp.Zstd, uint8(i), []byte{}, uint16(0))
		}
	}
	unzstd, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(unzstd.Close)
	var ungzip gzip.Reader
	f.Fuzz(func(t *testing.T, isZstd bool, which uint8, text []byte, eighths uint16) {
		encoding := promhttp.Gzip
		if isZstd {
			encoding = promhttp.Zstd
		}
		first, second := []byte(starts[int(which)%len(starts)]), text
		b := prepared[encoding][int(which)%len(starts)]
		if which >= 250 { // Not always, since a compressor takes long to make.
			half := len(text) / 2
			first, second = text[:half], text[half:]
			b = compressed(t, encoding, first)
		}
		if len(second) > 0 && eighths > 1000 {
			second = bytes.Repeat(second, 1+int(eighths)*8/len(second)) // More than a block, of 128 KiB.
		}
		var out bytes.Buffer
		out.Write(b.start)
		if err := b.finish(&out, second); err != nil {
			t.Fatal(err)
		}
		var got []byte
		if isZstd {
			wantOneFrame(t, out.Bytes())
			got, err = unzstd.DecodeAll(out.Bytes(), nil)
		} else {
			in := bytes.NewReader(out.Bytes())
			if err := ungzip.Reset(in); err != nil {
				t.Fatal(err)
			}
			ungzip.Multistream(false)
			if got, err = io.ReadAll(&ungzip); in.Len() != 0 {
				t.Errorf("%d bytes behind the only member", in.Len())
			}
		}
		if err != nil || !bytes.Equal(slices.Concat(first, second), got) {
			t.Errorf("%d and %d bytes are read as %d bytes: %v", len(first), len(second), len(got), err)
		}
	})
}

// compressed returns the start of a body with a text.
func compressed(tb testing.TB, encoding promhttp.Compression, text []byte) body {
	tb.Helper()
	b := body{encoding: encoding}
	compress := b.deflate
	if encoding == promhttp.Zstd {
		compress = compressZstd
	}
	var out bytes.Buffer
	if err := compress(&out, []bytes.Buffer{*bytes.NewBuffer(text)}); err != nil {
		tb.Fatal(err)
	}
	b.start = out.Bytes()
	return b
}

// Arbitrary headers get metrics: in a format that has a name, and in an encoding that the
// client accepts.
func FuzzAccept(f *testing.F) {
	for _, accept := range []string{acceptText, acceptText1, acceptOpenMetrics, acceptOld, acceptProtobuf, "*/*;q=", ",;=\xff"} {
		f.Add(accept, "gzip, deflate, br, zstd;q=0.5")
		f.Add(accept, "identity;q=0, *;q=1e-400")
	}
	inventory, registry := small()
	serving := New(log.NewNopLogger(), inventory, registry)
	bodies := map[string][]byte{} // without encoding, by content type
	f.Fuzz(func(t *testing.T, accept, acceptEncoding string) {
		ask := func(encoding string) (contentType, contentEncoding string, body []byte) {
			r := &http.Request{Method: http.MethodGet, URL: metricsURL, Header: http.Header{
				"Accept": {accept}, "Accept-Encoding": {encoding},
			}}
			w := httptest.NewRecorder()
			serving.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			return w.Header().Get("Content-Type"), w.Header().Get("Content-Encoding"), w.Body.Bytes()
		}
		contentType, encoding, body := ask(acceptEncoding)
		if expfmt.Format(contentType).FormatType() == expfmt.TypeUnknown {
			t.Errorf("Accept %q gets the Content-Type %q", accept, contentType)
		}
		if !accepts(acceptEncoding, encoding) {
			t.Errorf("Accept-Encoding %q gets %q", acceptEncoding, encoding)
		}
		switch encoding {
		case "gzip":
			body = strictGunzip(t, body)
		case "zstd":
			body = decompress(t, encoding, bytes.NewReader(body))
		}
		if bodies[contentType] == nil {
			_, _, bodies[contentType] = ask("")
		}
		if !bytes.Equal(bodies[contentType], body) {
			t.Errorf("Accept %q, Accept-Encoding %q get:\n%q\nwant:\n%q", accept, acceptEncoding, body, bodies[contentType])
		}
	})
}

var metricsURL = &url.URL{Path: "/metrics"}

// accepts reports whether a header names an encoding, or all, and not with a weight of 0. No
// encoding is always accepted, since there is nothing else for a client that accepts nothing.
func accepts(header, encoding string) bool {
	if encoding == "" {
		return true
	}
	named, others := -1, -1
	for offered := range strings.SplitSeq(strings.ToLower(header), ",") {
		parts := strings.Split(offered, ";")
		refused := 1
		for _, param := range parts[1:] {
			name, text, _ := strings.Cut(strings.TrimSpace(param), "=")
			if name == "q" {
				if q, err := strconv.ParseFloat(text, 64); err != nil || q <= 0 || q > 1 {
					refused = 0
				}
				break
			}
		}
		switch strings.TrimSpace(parts[0]) {
		case encoding:
			named = refused
		case "*":
			others = refused
		}
	}
	return named == 1 || named == -1 && others == 1
}
