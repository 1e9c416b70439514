// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthOfOtherAnswers(t *testing.T) {
	t.Parallel()
	for status, healthy := range map[int]bool{200: true, 401: false, 404: false, 503: false} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/-/healthy" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(status)
			}))
			defer server.Close()
			if err := checkHealth(t.Context(), server.URL); (err == nil) != healthy {
				t.Errorf("status %d: %v", status, err)
			}
		})
	}
}

func TestHealthURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		":10168":            "http://127.0.0.1:10168",
		"0.0.0.0:10168":     "http://127.0.0.1:10168",
		"[::]:10168":        "http://[::1]:10168",
		"[::1]:10168":       "http://[::1]:10168",
		"192.0.2.7:10168":   "http://192.0.2.7:10168",
		"exporter.test:443": "http://exporter.test:443",
	} {
		if got := healthURL("", []string{address}); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := healthURL("https://exporter.test/x", []string{":10168"}); got != "https://exporter.test/x" {
		t.Errorf("a URL that is given: %s", got)
	}
	if err := checkHealth(t.Context(), "nonsense"); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:10168") {
		t.Errorf("a URL that is none: %v", err)
	}
}
