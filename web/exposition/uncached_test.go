// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// A stuck client reads nothing until it is released.
type stuck struct {
	*httptest.ResponseRecorder

	released chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.released
	return len(p), nil
}

// TestAnswersThatAreNotCachedAreFew has a client that reads nothing of such an answer, and
// others beside it.
func TestAnswersThatAreNotCachedAreFew(t *testing.T) {
	t.Parallel()
	const readable = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text"
	for _, test := range []struct {
		name, target, accept string
		want                 int
		after                time.Duration
	}{
		{
			name:   "all metrics",
			target: "/metrics",
			want:   http.StatusOK,
		},
		{
			name:   "all metrics, with a parameter that is not known",
			target: "/metrics?x=1",
			want:   http.StatusOK,
		},
		{
			name:   "a metric by name",
			target: "/metrics?name[]=middle",
			want:   http.StatusServiceUnavailable,
			after:  5 * time.Second,
		},
		{
			name:   "a format for people",
			target: "/metrics",
			accept: readable,
			want:   http.StatusServiceUnavailable,
			after:  5 * time.Second,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inventory, _ := small()
				handler := New(log.NewNopLogger(), inventory, prometheus.NewRegistry())
				request := func(target, accept string) *http.Request {
					r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, target, http.NoBody)
					r.Header.Set("Accept", accept)
					return r
				}
				client := &stuck{httptest.NewRecorder(), make(chan struct{})}
				go handler.ServeHTTP(client, request("/metrics?name[]=middle", ""))
				synctest.Wait()

				begun, w := time.Now(), httptest.NewRecorder()
				handler.ServeHTTP(w, request(test.target, test.accept))
				if took := time.Since(begun); w.Code != test.want || took != test.after {
					t.Errorf("status %d after %s, want %d after %s", w.Code, took, test.want, test.after)
				}
				close(client.released)
				synctest.Wait()
				w = httptest.NewRecorder()
				handler.ServeHTTP(w, request(test.target, test.accept))
				if w.Code != http.StatusOK {
					t.Errorf("status %d after that, want 200", w.Code)
				}
			})
		})
	}
}
