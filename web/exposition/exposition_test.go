// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // for the ordinary handler
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

const (
	acceptText        = "text/plain;version=0.0.4"
	acceptText1       = "text/plain;version=1.0.0;escaping=allow-utf-8"
	acceptOpenMetrics = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.1"
	acceptOld         = "application/openmetrics-text;version=0.0.1"
	acceptProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.1"
)

// oddRegistry has every type of metric, and odd values.
func oddRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "odd_values", Help: `A "help" with \ and` + "\nlines"}, []string{"host"})
	for _, host := range []string{"li", "四\n\"\\", "a,b{}= #", "\u2028 ", strings.Repeat("long", 1000), "\xf0\x9f\x98\x80"} {
		gauge.WithLabelValues(host).Set(1e300)
	}
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "events_total", Help: "Events."}, []string{"host"})
	counter.WithLabelValues("li").Add(1 << 60)
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "sizes_bytes", Help: "Sizes.", Buckets: []float64{1e3, 1e6}, NativeHistogramBucketFactor: 1.1,
	})
	for _, v := range []float64{0, 1, 5e5, 1e12} {
		classic.Observe(v)
	}
	registry.MustRegister(gauge, counter, classic)
	return registry
}

// oddHandlers returns our handler of the metrics of oddRegistry and of some of
// the process, and the ordinary one.
func oddHandlers(t *testing.T) (ours, ordinary http.Handler) {
	t.Helper()
	registry, live := oddRegistry(), prometheus.NewRegistry()
	up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "a_live_value", Help: "Live."})
	up.Set(7)
	live.MustRegister(up)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	ours = New(log.NewNopLogger(), &fixed{families: families}, live)
	ordinary = promhttp.HandlerFor(prometheus.Gatherers{registry, live}, promhttp.HandlerOpts{
		EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true,
	})
	return ours, ordinary
}

func get(t *testing.T, handler http.Handler, target string, headers map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

// strictGunzip wants one member, and nothing behind it.
func strictGunzip(t *testing.T, body []byte) []byte {
	t.Helper()
	in := bytes.NewReader(body)
	r, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if in.Len() != 0 {
		t.Errorf("%d bytes behind the only member", in.Len())
	}
	return content
}

// wantOneFrame walks the blocks of a zstd frame, and wants nothing behind the last.
func wantOneFrame(t *testing.T, body []byte) {
	t.Helper()
	var header zstd.Header
	if err := header.Decode(body); err != nil {
		t.Fatal(err)
	}
	if header.Skippable || header.HasCheckSum || header.WindowSize > 8<<20 {
		t.Errorf("header %+v", header)
	}
	const raw, repeated = 0, 1
	rest := body[header.HeaderSize:]
	for last := false; !last; {
		if len(rest) < 3 {
			t.Fatal("the last block is missing")
		}
		block := uint32(rest[0]) | uint32(rest[1])<<8 | uint32(rest[2])<<16
		size := int(block >> 3)
		if block>>1&3 == repeated {
			size = 1
		}
		if block>>1&3 == raw && size > 128<<10 {
			t.Errorf("a block of %d bytes", size)
		}
		last, rest = block&1 == 1, rest[min(len(rest), 3+size):]
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes behind the only frame", len(rest))
	}
}

// families takes an exposition apart into what is said of each family, in order.
func families(t *testing.T, contentType string, body []byte) []string {
	t.Helper()
	format := expfmt.Format(contentType)
	var list []string
	if format.FormatType() == expfmt.TypeProtoDelim {
		for decoder := expfmt.NewDecoder(bytes.NewReader(body), format); ; {
			var family dto.MetricFamily
			if err := decoder.Decode(&family); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			list = append(list, family.String())
		}
	} else {
		text, ended := strings.CutSuffix(string(body), "# EOF\n")
		if ended != (format.FormatType() == expfmt.TypeOpenMetrics) || strings.Contains(text, "# EOF") {
			t.Errorf("the body ends with EOF: %t", ended)
		}
		for _, part := range strings.Split("\n"+text, "\n# HELP ")[1:] {
			list = append(list, strings.TrimSuffix(part, "\n"))
		}
	}
	slices.Sort(list)
	return list
}

// TestExpositionIsThatOfPromhttp compares every format in every encoding with
// what the ordinary handler serves of the same metrics.
func TestExpositionIsThatOfPromhttp(t *testing.T) {
	t.Parallel()
	ours, ordinary := oddHandlers(t)
	for name, accept := range map[string]string{
		"text": acceptText, "text 1.0": acceptText1, "OpenMetrics": acceptOpenMetrics, "OpenMetrics 0.0.1": acceptOld,
		"protobuf": acceptProtobuf, "nothing": "", "a browser": "text/html,application/xhtml+xml,*/*;q=0.8",
		"protobuf as text": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
	} {
		for encoding, isGzip := range map[string]bool{
			"": false, "gzip": true, "zstd": false, "gzip, deflate, br, zstd": true, "zstd,gzip": true, "br": false,
			"gzip;q=0.5, zstd": false, "identity": false, "identity, gzip": false, "*": false,
		} {
			t.Run(name+" as "+encoding, func(t *testing.T) {
				t.Parallel()
				headers := map[string]string{"Accept": accept, "Accept-Encoding": encoding}
				got, want := get(t, ours, "/metrics", headers), get(t, ordinary, "/metrics", headers)
				if diff := cmp.Diff([]string{strings.Join(want.Header()["Vary"], ", ")}, got.Header()["Vary"]); diff != "" {
					t.Errorf("Vary in one line (-promhttp +ours):\n%s", diff)
				}
				for _, header := range []string{"Content-Type", "Content-Encoding"} {
					if diff := cmp.Diff(want.Header()[header], got.Header()[header]); diff != "" {
						t.Errorf("%s (-promhttp +ours):\n%s", header, diff)
					}
				}
				if n := got.Header().Get("Content-Length"); n != "" && n != strconv.Itoa(got.Body.Len()) {
					t.Errorf("Content-Length %s of %d bytes", n, got.Body.Len())
				}
				if isGzip {
					strictGunzip(t, got.Body.Bytes())
				}
				if got.Header().Get("Content-Encoding") == "zstd" {
					wantOneFrame(t, got.Body.Bytes())
				}
				contentType := got.Header().Get("Content-Type")
				if strings.Contains(contentType, "encoding=text") {
					return // Made by promhttp itself, and it varies its white space on purpose.
				}
				decompressed := func(w *httptest.ResponseRecorder) []string {
					return families(t, contentType, decompress(t, w.Header().Get("Content-Encoding"), w.Body))
				}
				gotFamilies, wantFamilies := decompressed(got), decompressed(want)
				if diff := cmp.Diff(wantFamilies, gotFamilies); diff != "" || len(gotFamilies) != 4 {
					t.Errorf("families (-promhttp +ours):\n%s", diff)
				}
			})
		}
	}
}

func TestExpositionOfNames(t *testing.T) {
	t.Parallel()
	ours, ordinary := oddHandlers(t)
	for query, want := range map[string]int{
		"name[]=events_total&name[]=a_live_value": 2,
		"name[]=sizes_bytes":                      1,
		"name%5B%5D=a_live_value":                 1,
		"name[]=nothing":                          0,
		"name[]=":                                 0,
	} {
		for _, accept := range []string{acceptText, acceptOpenMetrics, acceptProtobuf} {
			for _, encoding := range []string{"", "gzip", "zstd"} {
				headers := map[string]string{"Accept": accept, "Accept-Encoding": encoding}
				target := "/metrics?" + query
				ofNames := func(handler http.Handler) []string {
					w := get(t, handler, target, headers)
					return families(t, w.Header().Get("Content-Type"), decompress(t, encoding, w.Body))
				}
				got := ofNames(ours)
				if diff := cmp.Diff(ofNames(ordinary), got); diff != "" || len(got) != want {
					t.Errorf("%s as %s in %q: %d families, want %d (-promhttp +ours):\n%s", query, accept, encoding, len(got), want, diff)
				}
			}
		}
	}
}

// TestQueriesOfTheExposition counts the bodies that are kept: a query that selects
// nothing must not cost more than none.
func TestQueriesOfTheExposition(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query  string
		cached int
		status int
	}{
		{query: "x=1", cached: 1, status: http.StatusOK},
		{query: "name=events_total", cached: 1, status: http.StatusOK},
		{query: "x=1&x=2&", cached: 1, status: http.StatusOK},
		{query: "name[]=events_total", cached: 0, status: http.StatusOK},
		{query: "name[]=events_total;", cached: 0, status: http.StatusBadRequest},
		{query: "name[]=100%", cached: 0, status: http.StatusBadRequest},
		{query: "name[]", cached: 0, status: http.StatusBadRequest},
	} {
		t.Run(test.query, func(t *testing.T) {
			t.Parallel()
			e, ok := New(log.NewNopLogger(), &fixed{}, prometheus.NewRegistry()).(*handler)
			if !ok {
				t.Fatal("another handler")
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics?"+test.query, http.NoBody))
			if w.Code != test.status || len(e.bodies) != test.cached {
				t.Errorf("status %d, want %d; %d bodies are kept, want %d", w.Code, test.status, len(e.bodies), test.cached)
			}
		})
	}
}

// TestZstdOfAnySize has nothing in the inventory, and ends of about the size of a block.
func TestZstdOfAnySize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, zstdBlockSize - 1, zstdBlockSize, zstdBlockSize + 1, 3*zstdBlockSize + 7} {
		for _, startSize := range []int{0, 1, 100, 5*zstdBlockSize + 3} {
			text := func(n int) []byte { return bytes.Repeat([]byte("metric 0123456789\n"), n/17+1)[:n] }
			var start, end bytes.Buffer
			if err := compressZstd(&start, []bytes.Buffer{*bytes.NewBuffer(text(startSize))}); err != nil {
				t.Fatal(err)
			}
			b := &body{encoding: promhttp.Zstd}
			if err := b.finish(&end, text(size)); err != nil {
				t.Fatal(err)
			}
			whole := append(start.Bytes(), end.Bytes()...)
			wantOneFrame(t, whole)
			if got := decompress(t, "zstd", bytes.NewReader(whole)); !bytes.Equal(got, append(text(startSize), text(size)...)) {
				t.Errorf("%d bytes and %d behind them became %d", startSize, size, len(got))
			}
		}
	}
}

// TestNothingAcceptable has clients that accept no content coding there is, which
// is no error of the exporter.
func TestNothingAcceptable(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{
		"identity;q=0", "gzip;q=0", "gzip;q=0, zstd;q=0, identity;q=0", "*;q=0", "br, identity;q=0", "gzip;q=x", ";q=0", "gzip;q=0;q=1",
	} {
		ours, _ := oddHandlers(t)
		var lines bytes.Buffer
		handler := New(log.NewLogfmtLogger(&lines), &fixed{}, prometheus.NewRegistry())
		get(t, handler, "/metrics", map[string]string{"Accept-Encoding": encoding})
		w := get(t, ours, "/metrics", map[string]string{"Accept-Encoding": encoding})
		if got := w.Header().Get("Content-Encoding"); got != "" || !strings.Contains(w.Body.String(), "a_live_value 7\n") || lines.Len() > 0 {
			t.Errorf("%s: encoding %q, log %q", encoding, got, lines.String())
		}
	}
}

func TestVaryOfTheExposition(t *testing.T) {
	t.Parallel()
	handler := smallHandler()
	for _, target := range []string{"/metrics", "/metrics?name[]=middle", "/metrics?x=1"} {
		for _, encoding := range []string{"", "gzip", "zstd", "gzip;q=0.1", "identity;q=0"} {
			w := get(t, handler, target, map[string]string{"Accept-Encoding": encoding})
			if diff := cmp.Diff([]string{"Accept, Accept-Encoding"}, w.Header()["Vary"]); diff != "" {
				t.Errorf("%s in %q (-want +got):\n%s", target, encoding, diff)
			}
		}
	}
}

// TestBodiesAreMadeOnce counts how often the families are read, by whoever makes
// a body, and sees that those of an earlier version are let go.
func TestBodiesAreMadeOnce(t *testing.T) {
	t.Parallel()
	registry := oddRegistry()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	inventory := &fixed{families: families}
	e := &handler{inventory: inventory, bodies: map[variant]*cached{}}
	bodyOf := func(encoding promhttp.Compression) *body {
		b, err := e.body(variant{expfmt.TypeTextPlain, encoding})
		if err != nil {
			t.Error(err)
		}
		return b
	}
	var scrapes sync.WaitGroup
	made := make([]*body, 64)
	for i := range made {
		scrapes.Go(func() { made[i] = bodyOf(promhttp.Gzip) })
	}
	scrapes.Wait()
	for _, b := range made {
		if b != made[0] {
			t.Fatal("one version has two bodies in one encoding")
		}
	}
	bodyOf(promhttp.Zstd)
	inventory.version.Add(1)
	if bodyOf(promhttp.Gzip) == made[0] || len(e.bodies) != 1 {
		t.Errorf("%d bodies are kept after a change, want a new one alone", len(e.bodies))
	}
}

func TestExpositionErrors(t *testing.T) {
	t.Parallel()
	failing := prometheus.NewRegistry()
	failing.MustRegister(failingCollector{})
	broken := []*dto.MetricFamily{{Name: new("broken"), Metric: []*dto.Metric{{Counter: &dto.Counter{}, Gauge: &dto.Gauge{}}}, Type: dto.MetricType_SUMMARY.Enum()}}
	for name, test := range map[string]struct {
		registry  prometheus.Gatherer
		inventory Inventory
	}{
		"of the registry":  {registry: failing, inventory: &fixed{}},
		"of the inventory": {registry: prometheus.NewRegistry(), inventory: &fixed{families: broken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines bytes.Buffer
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
			r.Header.Set("Accept-Encoding", "gzip")
			New(log.NewLogfmtLogger(&lines), test.inventory, test.registry).ServeHTTP(w, r)
			if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Encoding") != "" || !strings.Contains(lines.String(), "serving metrics failed") {
				t.Errorf("status %d, headers %v, log %s", w.Code, w.Header(), &lines)
			}
		})
	}
}

// A failingCollector has a metric that cannot be collected.
type failingCollector struct{}

// Describe implements prometheus.Collector.
func (failingCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (failingCollector) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("fails", "Fails.", nil, nil), errors.New("a failure"))
}

// A changing inventory has a new version whenever it is told so, in which every
// value is that of the version.
type changing struct {
	mu       sync.Mutex
	version  uint64
	families []*dto.MetricFamily
}

const changingSeries = 2000

func (c *changing) change() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	family := &dto.MetricFamily{Name: new("version"), Type: dto.MetricType_GAUGE.Enum()}
	for i := range changingSeries {
		family.Metric = append(family.Metric, &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("i"), Value: new(strconv.Itoa(i))}}, Gauge: &dto.Gauge{Value: new(float64(c.version))},
		})
	}
	c.families = []*dto.MetricFamily{family}
}

// Snapshot implements Inventory.
func (c *changing) Snapshot() *collector.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return collector.NewSnapshot(c.version, c.families)
}

// scrapeWhileChanging has so many scrape for some time while the inventory changes
// every 50 ms, in all formats and encodings, and returns how many scrapes there
// were. Every body must be whole, and of one version that is not older than what
// the scraper saw before.
func scrapeWhileChanging(t *testing.T, scrapers int, lasting time.Duration) int {
	t.Helper()
	inventory := &changing{}
	inventory.change()
	live := prometheus.NewRegistry()
	live.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "live", Help: "Live."}))
	handler := New(log.NewNopLogger(), inventory, live)

	done := time.After(lasting)
	stop := make(chan struct{})
	counts := make(chan int, scrapers)
	for i := range scrapers {
		accept := []string{acceptText, acceptOpenMetrics, acceptProtobuf}[i%3]
		encoding := []string{"", "gzip", "zstd"}[i/3%3]
		go func() {
			last, n := "", 0
			defer func() { counts <- n }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				w := get(t, handler, "/metrics", map[string]string{"Accept": accept, "Accept-Encoding": encoding})
				version, err := versionOf(w.Header().Get("Content-Type"), decoded(encoding, w.Body.Bytes()))
				if err != nil || len(version) < len(last) || len(version) == len(last) && version < last {
					t.Errorf("%s as %q: version %s after %s: %v", accept, encoding, version, last, err)
					return
				}
				last = version
				n++
			}
		}()
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-ticker.C:
			inventory.change()
		case <-done:
			running = false
		}
	}
	close(stop)
	total := 0
	for range scrapers {
		total += <-counts
	}
	return total
}

// decoded decompresses a body; what cannot be is returned as none.
func decoded(encoding string, body []byte) io.Reader {
	switch encoding {
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return bytes.NewReader(nil)
		}
		return r
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return bytes.NewReader(nil)
		}
		return r.IOReadCloser()
	}
	return bytes.NewReader(body)
}

// versionOf returns the version that all series of a body of changing have.
func versionOf(contentType string, body io.Reader) (string, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	versions, series := map[string]bool{}, 0
	if format := expfmt.Format(contentType); format.FormatType() == expfmt.TypeProtoDelim {
		decoder := expfmt.NewDecoder(bytes.NewReader(content), format)
		var family dto.MetricFamily
		if err := decoder.Decode(&family); err != nil {
			return "", err
		}
		for _, m := range family.GetMetric() {
			versions[strconv.FormatFloat(m.GetGauge().GetValue(), 'f', -1, 64)] = true
			series++
		}
	} else {
		for line := range strings.Lines(string(content)) {
			if value, ok := strings.CutPrefix(line, "version{"); ok {
				versions[strings.TrimSuffix(strings.Fields(value)[1], ".0")] = true
				series++
			}
		}
		if !bytes.Contains(content, []byte("\nlive 0")) {
			return "", errors.New("the live metric is missing")
		}
	}
	for version := range versions {
		if len(versions) == 1 && series == changingSeries {
			return version, nil
		}
	}
	return "", fmt.Errorf("%d series of %d versions", series, len(versions))
}

func TestScrapesWhileTheInventoryChanges(t *testing.T) {
	t.Parallel()
	if n := scrapeWhileChanging(t, 8, time.Second); n < 8 {
		t.Errorf("%d scrapes", n)
	}
}
