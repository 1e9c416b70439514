// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/limit"
)

// TestProgress has clients that read at various speeds. Pipes have no buffer, so that
// what a client does not read is not written.
func TestProgress(t *testing.T) {
	t.Parallel()
	const size = 20 * limit.ProgressSize
	for _, test := range []struct {
		name    string
		reads   int           // bytes at a time; 0 means that the client does not read
		every   time.Duration // how long the client waits before each
		isWhole bool
		ends    time.Duration // when the handler is done, within a second
	}{
		{
			name:    "a client that reads at once",
			reads:   size,
			isWhole: true,
		},
		{
			name: "a client that does not read",
			ends: 5 * time.Second,
		},
		{
			name:    "a client that reads slowly",
			reads:   limit.ProgressSize / 4,
			every:   time.Second / 2,
			isWhole: true,
			ends:    40 * time.Second,
		},
		{
			name:  "a client that reads next to nothing",
			reads: 100,
			every: time.Second,
			ends:  5 * time.Second,
		},
		{
			name:  "a client that is too slow for each part",
			reads: limit.ProgressSize / 2,
			every: 4 * time.Second,
			ends:  5 * time.Second,
		},
		{
			name:  "a client that is too slow in all",
			reads: limit.ProgressSize / 8,
			every: time.Second / 2,
			ends:  time.Minute,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan time.Duration, 1)
				begun := time.Now()
				o := ServerOptions{Logger: log.NewNopLogger(), Handler: limit.Progress(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, err := w.Write(bytes.Repeat([]byte("x"), size))
					if (err == nil) != test.isWhole {
						t.Errorf("error %v", err)
					}
					ended <- time.Since(begun)
				}), writeTimeout)}
				served := make(chan error)
				go func() {
					served <- o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, untilDone)
				}()
				client, server := net.Pipe()
				listener.accepted <- server
				if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: exporter.test\r\nConnection: close\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				read := make(chan int, 1)
				go func() {
					total := 0
					defer func() { read <- total }()
					for test.reads > 0 {
						time.Sleep(test.every)
						n, err := io.ReadFull(client, make([]byte, test.reads))
						total += n
						if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
							return
						}
					}
				}()
				if got := <-ended; got < test.ends || got > test.ends+time.Second {
					t.Errorf("the handler was done after %s, want %s", got, test.ends)
				}
				if got := <-read; test.isWhole && got < size {
					t.Errorf("%d bytes read, want %d", got, size)
				}
				client.Close()
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// many is an inventory whose exposition fits into no buffer.
type many struct{ fake }

func (*many) Snapshot() *collector.Snapshot {
	f := &dto.MetricFamily{Name: new("many"), Type: dto.MetricType_GAUGE.Enum()}
	for i := range 10_000 {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("host"), Value: new(strconv.Itoa(i))}},
			Gauge: &dto.Gauge{Value: new(1.0)},
		})
	}
	return collector.NewSnapshot(1, []*dto.MetricFamily{f})
}

// TestStuckScrapeMakesRoom has one client that asks for metrics and does not read.
func TestStuckScrapeMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		options := fullOptions()
		options.Inventory, options.MaxRequests = &many{}, 1
		o := ServerOptions{Handler: NewHandler(options), Logger: log.NewNopLogger()}
		served := make(chan error)
		go func() {
			served <- o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, untilDone)
		}()
		client, server := net.Pipe()
		defer client.Close()
		listener.accepted <- server
		if _, err := io.WriteString(client, "GET /metrics HTTP/1.1\r\nHost: exporter.test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := <-listener.get(t, "/metrics"); got != http.StatusServiceUnavailable {
			t.Errorf("status %d for a scrape beside it, want 503", got)
		}
		time.Sleep(limit.ProgressTimeout + time.Second)
		if got := <-listener.get(t, "/metrics"); got != http.StatusOK {
			t.Errorf("status %d for a scrape after it, want 200", got)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
