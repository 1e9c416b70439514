// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
)

// answers are requests for every kind of answer: pages, errors and the rest.
var answers = []struct {
	method, target string
	status         int
	isPage         bool
	isNotStored    bool // may it hold titles of meetings?
}{
	{method: "GET", target: "/", status: 200, isPage: true, isNotStored: true},
	{method: "GET", target: "/?lang=zh", status: 200, isPage: true, isNotStored: true},
	{method: "GET", target: "/targets", status: 200, isPage: true},
	{method: "GET", target: "/targets?page=0", status: 400},
	{method: "GET", target: "/recordings", status: 200, isPage: true, isNotStored: true},
	{method: "HEAD", target: "/recordings", status: 200, isPage: true, isNotStored: true},
	{method: "GET", target: "/recordings?a=b", status: 400, isNotStored: true},
	{method: "GET", target: "/api/v1/recordings", status: 200, isNotStored: true},
	{method: "GET", target: "/api/v1/recordings?a=b", status: 400, isNotStored: true},
	{method: "GET", target: "/changes", status: 200, isPage: true, isNotStored: true},
	{method: "HEAD", target: "/changes", status: 200, isPage: true, isNotStored: true},
	{method: "GET", target: "/changes?format=csv", status: 200, isNotStored: true},
	{method: "GET", target: "/changes?a=b", status: 400, isNotStored: true},
	{method: "GET", target: "/api/v1/changes", status: 200, isNotStored: true},
	{method: "GET", target: "/api/v1/changes?format=csv", status: 200, isNotStored: true},
	{method: "GET", target: "/api/v1/changes?a=b", status: 400, isNotStored: true},
	{method: "GET", target: "/metrics", status: 200},
	{method: "GET", target: "/metrics?name[]=%", status: 400},
	{method: "GET", target: "/-/healthy", status: 200},
	{method: "GET", target: "/-/ready", status: 200},
	{method: "GET", target: "/-/reload", status: 405},
	{method: "POST", target: "/-/reload", status: 403},
	{method: "GET", target: "/nowhere", status: 404},
	{method: "GET", target: "//targets", status: 307},
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, test := range answers {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			t.Parallel()
			w := serve(t, fullOptions(), test.method, test.target)
			if w.Code != test.status {
				t.Errorf("status %d, want %d", w.Code, test.status)
			}
			resp := w.Result() // has the headers as they were when the answer began
			defer resp.Body.Close()
			header := resp.Header
			if got := header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || !strings.Contains(got, "frame-ancestors 'none'") {
				t.Errorf("Content-Security-Policy %q", got)
			}
			if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options %q", got)
			}
			if got := header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
			if got := header.Get("Cache-Control"); (got == "no-store") != test.isNotStored {
				t.Errorf("Cache-Control %q", got)
			}
			if test.isPage {
				if diff := cmp.Diff([]string{"Accept-Language"}, header["Vary"]); diff != "" {
					t.Errorf("Vary (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestConfiguredHeadersWin goes through exporter-toolkit, which sets the headers.
func TestConfiguredHeadersWin(t *testing.T) {
	t.Parallel()
	const (
		csp       = "Content-Security-Policy"
		frames    = "X-Frame-Options"
		byDefault = policy + "; frame-ancestors 'none'"
	)
	for _, test := range []struct {
		name, headers string
		want          map[string]string
	}{
		{
			name: "none",
			want: map[string]string{csp: byDefault, frames: ""},
		},
		{
			name:    "a policy",
			headers: `{Content-Security-Policy: "frame-ancestors https://wiki.test"}`,
			want:    map[string]string{csp: "frame-ancestors https://wiki.test", frames: ""},
		},
		{
			name:    "an empty policy",
			headers: `{Content-Security-Policy: ""}`,
			want:    map[string]string{csp: "", frames: ""},
		},
		{
			name:    "frames of this origin",
			headers: `{X-Frame-Options: sameorigin}`,
			want:    map[string]string{csp: policy, frames: "sameorigin"},
		},
		{
			name:    "others",
			headers: `{Strict-Transport-Security: max-age=60, X-Content-Type-Options: nosniff}`,
			want:    map[string]string{csp: byDefault, "Strict-Transport-Security": "max-age=60", "X-Content-Type-Options": "nosniff"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(config, []byte("http_server_config: {headers: "+test.headers+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			address, _ := listen(t, NewHandler(fullOptions()), log.NewNopLogger(), "--web.config.file="+config)
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for _, answer := range answers {
				req, err := http.NewRequestWithContext(t.Context(), answer.method, "http://"+address+answer.target, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				for name, want := range test.want {
					if got := strings.Join(resp.Header[name], ", "); got != want {
						t.Errorf("%s %s: %s %q, want %q", answer.method, answer.target, name, got, want)
					}
				}
			}
		})
	}
}
