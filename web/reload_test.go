// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// lastReloadSuccessful returns the value of the gauge.
func lastReloadSuccessful(t *testing.T, r *Reloader) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r)
	families, err := registry.Gather()
	if err != nil || len(families) != 2 {
		t.Fatalf("%d families, error %v", len(families), err)
	}
	// The clock of synctest begins in the year 2000.
	if families[0].GetMetric()[0].GetGauge().GetValue() < 9e8 {
		t.Errorf("%s is not a time", families[0])
	}
	return families[1].GetMetric()[0].GetGauge().GetValue()
}

func TestReloaderTellsHowItWent(t *testing.T) {
	t.Parallel()
	var result error
	r := NewReloader(log.NewNopLogger(), func(context.Context) error { return result })
	successful := func() float64 {
		t.Helper()
		return lastReloadSuccessful(t, r)
	}
	if got := successful(); got != 1 {
		t.Errorf("successful %v at the start", got)
	}
	result = errors.New("bad")
	if err := r.Reload(t.Context()); !errors.Is(err, result) || successful() != 0 {
		t.Errorf("error %v, successful %v after a failure", err, successful())
	}
	result = nil
	if err := r.Reload(t.Context()); err != nil || successful() != 1 {
		t.Errorf("error %v, successful %v after a success", err, successful())
	}
}

// TestReloadOutlivesItsClients has clients that hang up at every moment of a reload.
func TestReloadOutlivesItsClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const takes = time.Second
		reloads := 0
		r := NewReloader(log.NewNopLogger(), func(ctx context.Context) error {
			select {
			case <-time.After(takes):
				reloads++
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		var clients sync.WaitGroup
		for i := range 200 {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				ctx, hangUp := context.WithTimeout(t.Context(), time.Duration(i%20)*10*time.Millisecond)
				defer hangUp()
				w := httptest.NewRecorder()
				r.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/-/reload", http.NoBody))
				if w.Code != http.StatusOK {
					t.Errorf("client %d: status %d: %s", i, w.Code, w.Body)
				}
				if got := lastReloadSuccessful(t, r); got != 1 {
					t.Errorf("client %d: the gauge is %v, want 1", i, got)
				}
			})
		}
		clients.Wait()
		// The clients come within 2 s, and a reload takes 1 s.
		if reloads < 3 || reloads > 4 {
			t.Errorf("%d reloads, want 3 or 4", reloads)
		}
		before := reloads
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodPost, "/-/reload", http.NoBody))
		if reloads != before+1 {
			t.Errorf("%d reloads for a client that had hung up, want 1", reloads-before)
		}
	})
}

// TestReloadsThatWaitAreOne has calls before, while and after a reload reads the
// configuration. Each must get the result of one that began after the call.
func TestReloadsThatWaitAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var written string // what a reload reads
		var read []string
		r := NewReloader(log.NewNopLogger(), func(context.Context) error {
			got := written
			read = append(read, got)
			time.Sleep(time.Second)
			return errors.New("read " + got)
		})
		var calls sync.WaitGroup
		call := func(want string) {
			calls.Go(func() {
				if err := r.Reload(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "read "+want) {
					t.Errorf("error %v, want that of the reload that read %s", err, want)
				}
			})
		}
		written = "first"
		call("first")
		synctest.Wait() // The first one has read.
		written = "second"
		for range 5 {
			call("third")
		}
		synctest.Wait()
		written = "third"
		call("third")
		calls.Wait()
		written = "fourth"
		call("fourth")
		calls.Wait()
		if got := strings.Join(read, " "); got != "first third fourth" {
			t.Errorf("read %s", got)
		}
	})
}

// TestReloadOfAnotherOrigin has a page of another site send a form.
func TestReloadOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header []string
		status int
	}{
		{name: "curl", status: http.StatusOK},
		{name: "a browser on a page of ours", header: []string{"Sec-Fetch-Site", "same-origin"}, status: http.StatusOK},
		{name: "a person's own request", header: []string{"Sec-Fetch-Site", "none"}, status: http.StatusOK},
		{name: "an older browser on a page of ours", header: []string{"Origin", "http://example.com"}, status: http.StatusOK},
		{name: "another site", header: []string{"Sec-Fetch-Site", "cross-site"}, status: http.StatusForbidden},
		{name: "another host of this site", header: []string{"Sec-Fetch-Site", "same-site"}, status: http.StatusForbidden},
		{name: "another site in an older browser", header: []string{"Origin", "https://evil.test"}, status: http.StatusForbidden},
		{name: "a file", header: []string{"Origin", "null"}, status: http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reloads := 0
			o := optionsOf(&fake{})
			o.Reloader = NewReloader(log.NewNopLogger(), func(context.Context) error {
				reloads++
				return nil
			})
			w := serve(t, o, http.MethodPost, "/-/reload", test.header...)
			if w.Code != test.status || (reloads == 1) != (test.status == http.StatusOK) {
				t.Errorf("status %d, want %d; %d reloads: %s", w.Code, test.status, reloads, w.Body)
			}
		})
	}
}
