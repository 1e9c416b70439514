// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
)

func pprofOptions() Options {
	o := optionsOf(&fake{ready: true})
	o.Pprof = true
	return o
}

func TestPprof(t *testing.T) {
	t.Parallel()
	commandLine := []byte(strings.Join(os.Args, "\x00"))
	for _, test := range []struct {
		method, target string
		status         int
		want           string
	}{
		{method: "GET", target: "/debug/pprof/", status: 200, want: "<title>/debug/pprof/</title>"},
		{method: "GET", target: "/debug/pprof/heap?debug=1", status: 200, want: "heap profile:"},
		{method: "GET", target: "/debug/pprof/heap", status: 200, want: "\x1f\x8b"},
		{method: "GET", target: "/debug/pprof/allocs", status: 200, want: "\x1f\x8b"},
		{method: "GET", target: "/debug/pprof/goroutine?debug=2", status: 200, want: "goroutine "},
		{method: "GET", target: "/debug/pprof/symbol", status: 200, want: "num_symbols: 1"},
		{method: "POST", target: "/debug/pprof/symbol", status: 200, want: "num_symbols: 1"},
		{method: "GET", target: "/debug/pprof/cmdline", status: 404, want: "The command line is not shown"},
		{method: "GET", target: "/debug/pprof/cmdline?debug=1", status: 404, want: "The command line is not shown"},
		{method: "GET", target: "/debug/pprof/cmdline/", status: 404, want: "Unknown profile"},
		{method: "GET", target: "/debug/pprof/nothing", status: 404, want: "Unknown profile"},
		{method: "POST", target: "/debug/pprof/heap", status: 405},
		{method: "GET", target: "/debug/pprof", status: 308},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			t.Parallel()
			w := serve(t, pprofOptions(), test.method, test.target)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("status %d, want %d and %q; body:\n%.500s", w.Code, test.status, test.want, w.Body)
			}
			if bytes.Contains(w.Body.Bytes(), commandLine) {
				t.Error("the command line is shown")
			}
			off := serve(t, optionsOf(&fake{}), test.method, test.target)
			if off.Code != http.StatusNotFound {
				t.Errorf("status %d without the flag, want 404", off.Code)
			}
		})
	}
}

// TestPprofBelowAPrefix has the links that are not those of net/http/pprof itself.
func TestPprofBelowAPrefix(t *testing.T) {
	t.Parallel()
	handler := http.StripPrefix("/wecom", NewHandler(pprofOptions()))
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/wecom/debug/pprof", http.NoBody)
	handler.ServeHTTP(w, r)
	location, err := r.URL.Parse(w.Header().Get("Location"))
	if err != nil || location.Path != "/wecom/debug/pprof/" {
		t.Errorf("location %s, error %v", location, err)
	}
	landing := serve(t, pprofOptions(), http.MethodGet, "/").Body.String()
	if !strings.Contains(landing, `href="./debug/pprof/"`) {
		t.Errorf("the landing page does not lead to the profiles:\n%s", landing)
	}
}

// TestLongProfiles has profiles that take longer than the server gives to other
// answers.
func TestLongProfiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		o := ServerOptions{Handler: NewHandler(pprofOptions()), Logger: log.NewNopLogger()}
		served := make(chan error)
		go func() {
			served <- o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, untilDone)
		}()
		for _, test := range []struct {
			path  string
			takes time.Duration
		}{
			{path: "/debug/pprof/heap?seconds=30", takes: 30 * time.Second},
			{path: "/debug/pprof/goroutine?seconds=300", takes: 5 * time.Minute},
		} {
			begun := time.Now()
			if got := <-listener.get(t, test.path); got != http.StatusOK {
				t.Errorf("%s: status %d, want 200", test.path, got)
			}
			if took := time.Since(begun); took < test.takes || took > test.takes+time.Second {
				t.Errorf("%s took %s", test.path, took)
			}
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
