// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// vectors returns a registry with 12 series for each host, in the ordinary way:
// as vectors of gauges.
func vectors(hosts int) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	vec := func(name string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: name, Help: "A metric about the recordings of a host. Polled in the background; see wecom_poll_lag_seconds.",
		}, append([]string{"corp", "host"}, labels...))
		registry.MustRegister(v)
		return v
	}
	recordings := vec("wecom_recordings", "state")
	others := []*prometheus.GaugeVec{
		vec("wecom_recording_files"), vec("wecom_recording_bytes"), vec("wecom_recording_duration_seconds"),
		vec("wecom_recording_shared_files"), vec("wecom_recording_exposed_files"), vec("wecom_recording_last_start_timestamp_seconds"),
		vec("wecom_recordings_discovered"), vec("wecom_recording_discovered_bytes"),
	}
	for i := range hosts {
		host := fmt.Sprintf("user%06d", i*7919%1_000_003)
		for s, state := range []string{"recording", "transcoding", "completed", "unknown"} {
			recordings.WithLabelValues("acme", host, state).Set(float64((i + s) % 50))
		}
		for k, v := range others {
			v.WithLabelValues("acme", host).Set(float64(i) * float64(k*k*k+1) * 12345.5)
		}
	}
	return registry
}

// large is an inventory whose version can be changed.
type large struct {
	families []*dto.MetricFamily
	version  atomic.Uint64
}

func (l *large) Families() ([]*dto.MetricFamily, uint64) {
	return l.families, l.version.Load()
}

// A scraper scrapes over one connection.
type scraper struct {
	conn   net.Conn
	reader *bufio.Reader
}

func newScraper(b *testing.B, handler http.Handler) *scraper {
	b.Helper()
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	var dialer net.Dialer
	conn, err := dialer.DialContext(b.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return &scraper{conn: conn, reader: bufio.NewReaderSize(conn, 1<<16)}
}

// scrape asks as Prometheus does, and returns the size of the response.
func (s *scraper) scrape(b *testing.B) int64 {
	b.Helper()
	const request = "GET /metrics HTTP/1.1\r\nHost: exporter\r\nAccept-Encoding: gzip\r\n" +
		"Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,/;q=0.1\r\n\r\n"
	if _, err := io.WriteString(s.conn, request); err != nil {
		b.Fatal(err)
	}
	response, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return n
}

// BenchmarkScrape compares, over loopback and with gzip, the same series in
// vectors of gauges behind promhttp with this exposition of them: unchanged since
// the last scrape, changed since, and unchanged with the metrics of the process
// behind them, which are gathered each time.
func BenchmarkScrape(b *testing.B) {
	for _, hosts := range []int{1000, 20_000, 100_000} {
		registry := vectors(hosts)
		families, err := registry.Gather()
		if err != nil {
			b.Fatal(err)
		}
		inventory := &large{families: families}
		serve := func(live *prometheus.Registry) http.Handler {
			return New(log.NewNopLogger(), inventory, live)
		}
		process := prometheus.NewRegistry()
		process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

		measure := func(name string, handler http.Handler, ordinary float64, before func()) (seconds float64) {
			b.Run(fmt.Sprintf("hosts=%d/%s", hosts, name), func(b *testing.B) {
				s := newScraper(b, handler)
				size := s.scrape(b)
				b.ReportAllocs()
				for b.Loop() {
					before()
					s.scrape(b)
				}
				seconds = b.Elapsed().Seconds() / float64(b.N)
				if ordinary > 0 {
					b.ReportMetric(ordinary/seconds, "times-faster")
				}
				b.ReportMetric(float64(size), "body-B")
			})
			return seconds
		}
		nothing := func() {}
		ordinary := measure("ordinary", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}), 0, nothing)
		measure("changed", serve(prometheus.NewRegistry()), ordinary, func() { inventory.version.Add(1) })
		measure("unchanged", serve(prometheus.NewRegistry()), ordinary, nothing)
		measure("unchanged, with process", serve(process), ordinary, nothing)
	}
}
