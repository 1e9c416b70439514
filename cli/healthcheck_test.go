// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
		if got := healthURL("", []string{address, "127.0.0.1:1"}, false); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := healthURL("", []string{"0.0.0.0:10168"}, true); got != "https://127.0.0.1:10168" {
		t.Errorf("with TLS: %s", got)
	}
	if got := healthURL("https://exporter.test/x", []string{":10168"}, false); got != "https://exporter.test/x" {
		t.Errorf("a URL that is given: %s", got)
	}
	if err := checkHealth(t.Context(), "nonsense"); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:10168") {
		t.Errorf("a URL that is none: %v", err)
	}
}

func TestServesTLS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		content string
		want    bool
	}{
		{
			name:    "certificate in files",
			content: "tls_server_config: {cert_file: tls.crt, key_file: tls.key, min_version: TLS13, curve_preferences: [X25519]}",
			want:    true,
		},
		{
			name:    "certificate in the file, beside users",
			content: "tls_server_config:\n  cert: x\n  key: y\nbasic_auth_users: {a: b}\nhttp_server_config: {http2: false}",
			want:    true,
		},
		{
			name:    "users alone",
			content: "basic_auth_users: {a: b}",
		},
		{
			name:    "keys that set up no TLS",
			content: "tls_server_config: {min_version: TLS12}",
		},
		{
			name:    "empty",
			content: "",
		},
		{
			name:    "no YAML",
			content: "[",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := servesTLS(path); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
	for _, path := range []string{"", "testdata/missing.yml", "testdata"} {
		if servesTLS(path) {
			t.Errorf("%q sets up TLS", path)
		}
	}
}

// TestHealthOverTLS checks an exporter with TLS that logs every handshake that fails.
func TestHealthOverTLS(t *testing.T) {
	t.Parallel()
	var written safeBuffer
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server.Config.ErrorLog = log.New(&written, "", 0)
	server.StartTLS()
	defer server.Close()
	address := server.Listener.Addr().String()
	if err := checkHealth(t.Context(), healthURL("", []string{address}, true)); err != nil {
		t.Errorf("with TLS in the web configuration: %v", err)
	}
	if written.String() != "" {
		t.Errorf("the exporter logs %s", written.String())
	}
	if err := checkHealth(t.Context(), healthURL("", []string{address}, false)); err != nil {
		t.Errorf("without: %v", err)
	}
	if written.String() == "" {
		t.Error("a plain request leaves no trace, so that the test above shows nothing")
	}
}

// TestHealthFlags runs the command with the flags, and the variables, of an exporter.
// It is not parallel because of the environment.
func TestHealthFlags(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	address := server.Listener.Addr().String()
	web := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(web, []byte("tls_server_config: {cert_file: a, key_file: b}"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(args ...string) {
		t.Helper()
		var stderr strings.Builder
		if code := Run(t.Context(), append([]string{"healthcheck"}, args...), io.Discard, &stderr); code != 0 {
			t.Errorf("%q: status %d: %s", args, code, &stderr)
		}
	}
	check("--web.listen-address="+address, "--web.listen-address=127.0.0.1:1", "--web.config.file="+web)
	t.Setenv("WECOM_RECORDING_EXPORTER_WEB_CONFIG_FILE", web)
	t.Setenv("WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS", address+"\n127.0.0.1:1")
	check()
}
