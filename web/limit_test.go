// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// TestPagesAreMadeInTurns has as many pages that are being made as there may be, and another
// request beside them.
func TestPagesAreMadeInTurns(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/": http.StatusServiceUnavailable, "/targets": http.StatusServiceUnavailable,
		"/recordings": http.StatusServiceUnavailable, "/api/v1/recordings": http.StatusServiceUnavailable,
		"/changes": http.StatusServiceUnavailable, "/api/v1/changes": http.StatusServiceUnavailable,
		"/metrics": http.StatusOK, "/-/healthy": http.StatusOK, "/-/ready": http.StatusOK,
	} {
		synctest.Test(t, func(t *testing.T) {
			blocked := &blocking{release: make(chan struct{})}
			o := optionsOf(&fake{ready: true})
			o.Targets, o.Recordings, o.Changes = blocked, &asked{}, &askedForChanges{}
			handler := NewHandler(o)
			request := func(path string) int {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
				return w.Code
			}
			var making sync.WaitGroup
			for range pagesAtOnce() {
				making.Go(func() { request("/targets") })
			}
			synctest.Wait()
			if got := request(path); got != want {
				t.Errorf("%s: status %d, want %d", path, got, want)
			}
			close(blocked.release)
			making.Wait()
			if got := request(path); got != http.StatusOK {
				t.Errorf("%s: status %d after that, want 200", path, got)
			}
		})
	}
}

// blocking has no targets, and says so when it is released.
type blocking struct{ release chan struct{} }

func (b *blocking) Status() []poll.Status {
	<-b.release
	return nil
}

func (b *blocking) Targets(*collector.TargetQuery) collector.Targets { return collector.Targets{} }

// TestMaxRequests has one request that is being answered, and others beside it.
func TestMaxRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, first     string
		refused, served []string
		message         string
	}{
		{
			name:    "a scrape",
			first:   "/metrics",
			refused: []string{"/metrics", "/metrics?name[]=middle"},
			served:  []string{"/", "/targets", "/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes", "/-/healthy", "/-/ready"},
			message: "Too many scrapes at once: --web.max-requests allows 1.",
		},
		{
			name:    "a page",
			first:   "/targets",
			refused: []string{"/", "/targets", "/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes"},
			served:  []string{"/metrics", "/-/healthy", "/-/ready"},
			message: "Too many pages at once: --web.max-requests allows 1.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{ready: true, gathering: make(chan struct{}), release: make(chan struct{})}
			o := optionsOf(f)
			o.Recordings, o.Changes = &asked{}, &askedForChanges{}
			o.MaxRequests, o.ExporterMetrics = 1, true
			handler := NewHandler(o)
			request := func(path string) *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
				return w
			}
			first := make(chan int)
			go func() { first <- request(test.first).Code }()
			<-f.gathering
			for _, path := range test.refused {
				if w := request(path); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), test.message) {
					t.Errorf("%s: status %d, want 503: %s", path, w.Code, w.Body)
				}
			}
			for _, path := range test.served {
				if w := request(path); w.Code != http.StatusOK {
					t.Errorf("%s: status %d, want 200: %s", path, w.Code, w.Body)
				}
			}
			close(f.release)
			if got := <-first; got != http.StatusOK {
				t.Errorf("status %d for the first request, want 200", got)
			}
			for _, path := range append(test.refused, test.served...) {
				if w := request(path); w.Code != http.StatusOK {
					t.Errorf("%s: status %d after that, want 200", path, w.Code)
				}
			}
		})
	}
}
