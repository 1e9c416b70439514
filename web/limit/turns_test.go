// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// work returns a handler whose answers take so long to make.
func work(duration time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(duration)
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "done")
	})
}

// An outcome is how a request ended, and after how long.
type outcome struct {
	status int
	after  time.Duration
}

// ask sends a request, and returns a channel of its outcome.
func ask(ctx context.Context, handler http.Handler, w http.ResponseWriter) <-chan outcome {
	ended, begun := make(chan outcome, 1), time.Now()
	go func() {
		recorder := httptest.NewRecorder()
		if w == nil {
			w = recorder
		}
		handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
		ended <- outcome{recorder.Code, time.Since(begun)}
	}()
	synctest.Wait() // Requests come in this order.
	return ended
}

func TestTurns(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, test := range []struct {
		name     string
		atOnce   int
		duration time.Duration
		want     []outcome
	}{
		{
			name:     "one at a time, with a rest between them",
			atOnce:   1,
			duration: s,
			want:     []outcome{{http.StatusTeapot, s}, {http.StatusTeapot, 3 * s}, {http.StatusTeapot, 5 * s}},
		},
		{
			name:     "two at a time",
			atOnce:   2,
			duration: s,
			want:     []outcome{{http.StatusTeapot, s}, {http.StatusTeapot, s}, {http.StatusTeapot, 3 * s}},
		},
		{
			name:     "no longer than the timeout",
			atOnce:   1,
			duration: 3 * s,
			want: []outcome{
				{http.StatusTeapot, 3 * s}, {http.StatusTeapot, 6*s + longestRest}, {http.StatusServiceUnavailable, turnTimeout},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler := NewTurns(test.atOnce).Handler(work(test.duration))
				ended := make([]<-chan outcome, 0, len(test.want))
				for range test.want {
					ended = append(ended, ask(t.Context(), handler, nil))
				}
				for i, want := range test.want {
					if got := <-ended[i]; got != want {
						t.Errorf("request %d: %+v, want %+v", i, got, want)
					}
				}
			})
		})
	}
}

func TestWhoeverHasGoneTakesNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := NewTurns(1).Handler(work(time.Second))
		first := ask(t.Context(), handler, nil)
		ctx, leave := context.WithCancel(t.Context())
		gone := ask(ctx, handler, nil)
		third := ask(t.Context(), handler, nil)
		leave()
		if got := (<-gone).after; got != 0 {
			t.Errorf("a client that has gone waited for %s", got)
		}
		<-first
		if got := (<-third).after; got != 3*time.Second {
			t.Errorf("the next one was answered after %s, want 3s", got)
		}
	})
}

// A stuck client reads nothing until it is released.
type stuck struct {
	http.ResponseWriter

	released chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.released
	return len(p), nil
}

func TestSlowReadersHoldNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := NewTurns(1).Handler(work(time.Second))
		client := &stuck{ResponseWriter: httptest.NewRecorder(), released: make(chan struct{})}
		slow := ask(t.Context(), handler, client)
		if got, want := <-ask(t.Context(), handler, nil), (outcome{http.StatusTeapot, 3 * time.Second}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		close(client.released)
		<-slow
	})
}

func TestTurnEndsWithAPanic(t *testing.T) {
	t.Parallel()
	turns := NewTurns(1)
	func() {
		defer func() { _ = recover() }()
		turns.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	}()
	if _, ok := turns.Take(t.Context()); !ok {
		t.Error("its turn goes on")
	}
}

func TestAnswersAreWhole(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Set("Referrer-Policy", "no-referrer")
	NewTurns(1).Handler(work(0)).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusTeapot || w.Body.String() != "done" || w.Header().Get("Content-Type") != "text/plain" ||
		w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("status %d, headers %v: %s", w.Code, w.Header(), w.Body)
	}
}
