// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-kit/log"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/exposition"
)

// A busyCompany is a company whose snapshots may be scraped while it changes.
type busyCompany struct {
	mu        sync.Mutex
	published *collector.Snapshot
	// expected are the checksums of the expositions that any snapshot has had.
	expected map[[sha256.Size]byte]bool
}

// Snapshot implements exposition.Inventory.
func (c *busyCompany) Snapshot() *collector.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.published
}

// publish serves a snapshot. From then on, what expfmt writes of it in any format is expected.
func (c *busyCompany) publish(t *testing.T, s *collector.Snapshot) {
	t.Helper()
	families := s.Gather()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
		var text bytes.Buffer
		encoder := expfmt.NewEncoder(&text, expfmt.NewFormat(format), expfmt.WithCreatedLines())
		for _, family := range families {
			if err := encoder.Encode(family); err != nil {
				t.Fatal(err)
			}
		}
		if closer, ok := encoder.(expfmt.Closer); ok {
			if err := closer.Close(); err != nil {
				t.Fatal(err)
			}
		}
		c.expected[sha256.Sum256(text.Bytes())] = true
	}
	c.published = s
}

func (c *busyCompany) expects(text []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.expected[sha256.Sum256(text)]
}

// TestScrapesWhileHostsChange scrapes in all formats and encodings while one host, some or all of
// them change. Every body is what expfmt writes of one snapshot.
func TestScrapesWhileHostsChange(t *testing.T) {
	t.Parallel()
	const hosts = 200
	source := newCompany(hosts)
	c := &busyCompany{expected: map[[sha256.Size]byte]bool{}}
	c.publish(t, source.snapshot)
	handler := exposition.New(log.NewNopLogger(), c, prometheus.NewRegistry())

	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for _, accept := range []string{
		"text/plain", "application/openmetrics-text;version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			scrapers.Go(func() {
				for {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
					r.Header.Set("Accept", accept)
					r.Header.Set("Accept-Encoding", encoding)
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if text := decompressed(t, encoding, w.Body); w.Code != http.StatusOK || !c.expects(text) {
						t.Errorf("%s, %s: status %d, and %d bytes that no snapshot has", accept, encoding, w.Code, len(text))
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
	}
	for i := range 30 {
		source.change([]int{1, hosts / 100, hosts}[i%3])
		c.publish(t, source.snapshot)
	}
	close(done)
	scrapers.Wait()
}

func decompressed(t *testing.T, encoding string, body io.Reader) []byte {
	t.Helper()
	var err error
	switch encoding {
	case "gzip":
		body, err = gzip.NewReader(body)
	case "zstd":
		var r *zstd.Decoder
		if r, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1)); err == nil {
			defer r.Close()
			body = r
		}
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	return text
}
