// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// slowStart returns a demo whose store is not read before read is closed, and then with an
// error unless that is nil.
func slowStart(t *testing.T, logTo io.Writer, err error, args ...string) (e *exporter, read chan struct{}) {
	t.Helper()
	a := newApplication()
	if _, err := a.parse(append([]string{"demo"}, args...)); err != nil {
		t.Fatal(err)
	}
	logger := log.NewLogfmtLogger(log.NewSyncWriter(logTo))
	e = newDemo(a.flags, &output{logger: logger, toolkitLogger: slog.New(slog.DiscardHandler)})
	read = make(chan struct{})
	e.newManager = func(cfg *config.Config, options poll.Options) (*poll.Manager, error) {
		<-read
		if err != nil {
			return nil, err
		}
		return poll.NewManager(cfg, options)
	}
	return e, read
}

// TestBeforeTheStoreIsRead asks for every page before the store is read, and after.
func TestBeforeTheStoreIsRead(t *testing.T) {
	t.Parallel()
	const pages = "--web.enable-recordings"
	e, read := slowStart(t, io.Discard, nil, pages, "--web.enable-lifecycle", "--web.enable-pprof")
	cfg, err := e.load()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := e.flags.web.Settings()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := e.setUp(ctx, cfg, settings)
	get := func(method, path string) (status int, body string) {
		recorder := httptest.NewRecorder()
		s.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, method, path, http.NoBody))
		if recorder.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no headers", path)
		}
		return recorder.Code, recorder.Body.String()
	}
	requests := []struct {
		method, path  string
		before, after int
	}{
		{http.MethodGet, "/-/healthy", 200, 200},
		{http.MethodGet, "/-/ready", 503, 503},
		{http.MethodGet, "/metrics", 200, 200},
		{http.MethodGet, "/debug/pprof/", 200, 200},
		{http.MethodGet, "/", 503, 200},
		{http.MethodGet, "/targets", 503, 200},
		{http.MethodGet, "/recordings", 503, 200},
		{http.MethodGet, "/api/v1/recordings", 503, 200},
		{http.MethodPost, "/-/reload", 503, 200},
		{http.MethodGet, "/nowhere", 503, 404},
	}
	for _, r := range requests {
		if status, body := get(r.method, r.path); status != r.before {
			t.Errorf("%s %s before: status %d, want %d: %.200s", r.method, r.path, status, r.before, body)
		}
	}
	for _, name := range []string{"wecom_recording_exporter_build_info", "go_goroutines", "promhttp_metric_handler_requests_total"} {
		if _, body := get(http.MethodGet, "/metrics"); !strings.Contains(body, "\n"+name) {
			t.Errorf("no %s before", name)
		}
	}
	close(read)
	<-s.loaded
	for _, r := range requests {
		if status, body := get(r.method, r.path); status != r.after {
			t.Errorf("%s %s after: status %d, want %d: %.200s", r.method, r.path, status, r.after, body)
		}
	}
	if _, body := get(http.MethodGet, "/metrics"); !strings.Contains(body, "\nwecom_poll_targets") {
		t.Error("no wecom_poll_targets after")
	}
}

// TestSlowStart has reading the store take longer than the start waits for it, in real time.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error // of the store
		stop bool  // before it is read
	}{
		"the store is read":   {},
		"the store is in use": {err: errors.New("in use")},
		"stopped before":      {stop: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := freeAddress(t)
			var written safeBuffer
			e, read := slowStart(t, &written, test.err, "--web.listen-address="+address)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { ended <- e.run(ctx) }()
			answers := func(path string, want int) func() bool {
				return func() bool {
					status, _ := request(t, http.MethodGet, address, path)
					return status == want
				}
			}
			eventually(t, "healthy", answers("/-/healthy", 200))
			if !answers("/-/ready", 503)() {
				t.Error("it is ready before the store is read")
			}
			if test.stop {
				begin := time.Now()
				stop()
				if err := <-ended; err != nil || time.Since(begin) > 5*time.Second {
					t.Errorf("it ends after %s with %v", time.Since(begin), err)
				}
				close(read)
				return
			}
			close(read)
			if test.err == nil {
				eventually(t, "ready", answers("/-/ready", 200))
				stop()
			}
			if err := <-ended; !errors.Is(err, test.err) {
				t.Errorf("it ends with %v, want %v", err, test.err)
			}
			if !strings.Contains(written.String(), "reading the store is taking long") {
				t.Errorf("log:\n%s", written.String())
			}
		})
	}
}

// TestStopDuringTheStart ends before anything listens.
func TestStopDuringTheStart(t *testing.T) {
	t.Parallel()
	e, read := slowStart(t, io.Discard, nil)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	begin := time.Now()
	if err := e.run(ctx); err != nil || time.Since(begin) >= startPatience {
		t.Errorf("it ends after %s with %v", time.Since(begin), err)
	}
	close(read)
}
