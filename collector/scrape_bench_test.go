// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/exposition"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A company has hosts whose recordings change at random.
type company struct {
	*rand.Rand

	publisher collector.Publisher
	views     []*inventory.HostView // by name
	list      sorted.List[*inventory.HostView, *sums.Sums]
	snapshot  *collector.Snapshot
}

var companyOrder = sorted.Order[*inventory.HostView, *sums.Sums]{
	Key:       func(v *inventory.HostView) string { return v.Host },
	Summarize: func([]*inventory.HostView) *sums.Sums { return &sums.Sums{} },
	BlockSize: 64,
}

func newCompany(hosts int) *company {
	c := &company{Rand: rand.New(rand.NewPCG(1, 1))}
	for i := range hosts {
		c.views = append(c.views, c.host(fmt.Sprintf("user%06d", 7*i)))
	}
	c.publish(c.views)
	return c
}

// host returns a host with some recordings.
func (c *company) host(name string) *inventory.HostView {
	n := 1 + c.Int32N(80)
	s := &sums.Sums{
		Files: n + c.Int32N(5), Shared: c.Int32N(n), Exposed: c.Int32N(n) / 8, Bytes: int64(n) * c.Int64N(1<<30),
		Milliseconds: int64(n) * c.Int64N(7_200_000), LastStart: wecom.InstantOf(rig.LargeNow) - wecom.Instant(c.Int64N(31*86_400_000)),
	}
	s.Recordings[wecom.StateCompleted] = n
	return &inventory.HostView{Host: name, Sums: s, Totals: ledger.Totals{
		Recordings: uint64(n) / 3, Bytes: s.Bytes / 3, Milliseconds: s.Milliseconds / 3,
		Created: wecom.InstantOf(rig.LargeNow) - wecom.Instant(c.Int64N(86_400_000)),
	}}
}

// change has so many hosts, chosen at random, have other recordings.
func (c *company) change(n int) {
	put := make([]*inventory.HostView, 0, n)
	for _, i := range c.Perm(len(c.views))[:n] {
		c.views[i] = c.host(c.views[i].Host)
		put = append(put, c.views[i])
	}
	c.publish(put)
}

func (c *company) publish(put []*inventory.HostView) {
	c.list = companyOrder.Update(c.list, put, nil)
	c.snapshot = c.publisher.Publish(&poll.View{
		Metrics: &config.Metrics{HostLabel: config.HostLabelPlain},
		Corps: []poll.CorpView{{Name: "acme", View: &inventory.View{
			Listed: true, Ready: true, Settled: true, Birth: rig.LargeNow, Total: &sums.Sums{}, Hosts: c.list,
		}}},
	})
}

// Snapshot implements exposition.Inventory.
func (c *company) Snapshot() *collector.Snapshot { return c.snapshot }

// vectors returns a registry with the same series of hosts in the ordinary way: as vectors of
// gauges.
func (c *company) vectors() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	for _, family := range c.snapshot.Gather() {
		if family.GetType() == dto.MetricType_HISTOGRAM {
			continue // One of the corp, not of hosts.
		}
		names := make([]string, 0, 3)
		for _, l := range family.GetMetric()[0].GetLabel() {
			names = append(names, l.GetName())
		}
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: family.GetName(), Help: family.GetHelp()}, names)
		registry.MustRegister(v)
		for _, m := range family.GetMetric() {
			values := make([]string, 0, 3)
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			v.WithLabelValues(values...).Set(m.GetGauge().GetValue() + m.GetCounter().GetValue())
		}
	}
	return registry
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

// BenchmarkScrape compares, over loopback and with gzip, the series of hosts in vectors of gauges
// behind promhttp with this exposition of them. Since the last scrape, nothing has changed, or one
// host in a hundred, or all of them. The ordinary side is the same in each case.
func BenchmarkScrape(b *testing.B) {
	for _, hosts := range []int{1000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) { benchmarkScrape(b, hosts) })
	}
}

func benchmarkScrape(b *testing.B, hosts int) {
	b.Helper()
	c := newCompany(hosts)
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var ordinary time.Duration // of a scrape
	measure := func(name string, handler http.Handler, before func()) {
		b.Run(name, func(b *testing.B) {
			s := newScraper(b, handler)
			size := s.scrape(b)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				before()
				b.StartTimer()
				s.scrape(b)
			}
			took := b.Elapsed() / time.Duration(b.N)
			if ordinary == 0 {
				ordinary = took
			} else {
				b.ReportMetric(ordinary.Seconds()/took.Seconds(), "times-faster")
			}
			b.ReportMetric(float64(size), "body-B")
		})
	}
	nothing := func() {}
	ours := func(live *prometheus.Registry) http.Handler { return exposition.New(log.NewNopLogger(), c, live) }
	measure("ordinary", promhttp.HandlerFor(c.vectors(), promhttp.HandlerOpts{EnableOpenMetrics: true}), nothing)
	measure("all new", ours(prometheus.NewRegistry()), func() { c.change(hosts) })
	measure("1% changed", ours(prometheus.NewRegistry()), func() { c.change(hosts / 100) })
	measure("unchanged", ours(prometheus.NewRegistry()), nothing)
	measure("unchanged, with process", ours(process), nothing)
}
