// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "WECOM_") {
			os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// TestWrongConfigurations starts the exporter with what must be refused. What the
// configuration itself refuses is tested in its package.
func TestWrongConfigurations(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("secret", "canary-secret")
	badWeb := write("web.yml", "tls_server: {}")
	twoCorps := write("corps.yml", "corps:\n- {name: a, corp_id: ww1, api_secret_file: secret, targets: {userids: [li]}}\n- {name: a, corp_id: ww2, api_secret_file: secret, targets: {userids: [li]}}\n")
	unknownKey := write("unknown.yml", "corps:\n- {name: a, corp: ww1}\n")
	brokenTargets := write("targets.yml", "users: [li]")
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	good := []string{"--wecom.corp-id=ww1", "--wecom.api-secret-file=" + secret, "--target.userid=li", "--web.listen-address=127.0.0.1:0"}
	for name, test := range map[string]struct {
		env  map[string]string
		args []string
		want []string // what the log must have
	}{
		"nothing":                    {nil, nil, []string{"--wecom.corp-id", "WECOM_CORP_ID", "--wecom.api-secret-file", "WECOM_API_SECRET"}},
		"no corp ID":                 {nil, good[1:], []string{"--wecom.corp-id", "WECOM_CORP_ID"}},
		"no secret":                  {nil, []string{good[0], good[2]}, []string{"--wecom.api-secret-file", "WECOM_API_SECRET"}},
		"two secrets":                {map[string]string{"WECOM_API_SECRET": "canary-secret"}, good, []string{"WECOM_API_SECRET", "remove one"}},
		"a secret that is not there": {nil, []string{good[0], "--wecom.api-secret-file=" + dir + "/none", good[2]}, []string{"--wecom.api-secret-file", "none"}},
		"no targets":                 {nil, good[:2], []string{"--target.userid", "--target.discover"}},
		"members without agent ID":   {nil, append(good[:2:2], "--target.discover=members"), []string{"--wecom.agent-id"}},
		"an unknown discovery":       {nil, append(good[:2:2], "--target.discover=all"), []string{"--target.discover", "members"}},
		"a zero interval":            {nil, append(good, "--poll.interval=0s"), []string{"--poll.interval", "5m"}},
		"an interval in words":       {map[string]string{"WECOM_RECORDING_EXPORTER_POLL_IDLE_INTERVAL": "hour"}, good, []string{"WECOM_RECORDING_EXPORTER_POLL_IDLE_INTERVAL", "5m"}},
		"a lookback of two years":    {nil, append(good, "--poll.lookback=2y"), []string{"--poll.lookback", "366d"}},
		"no calls at all":            {nil, append(good, "--poll.max-requests-per-minute=0"), []string{"--poll.max-requests-per-minute"}},
		"negative concurrency":       {nil, append(good, "--poll.concurrency=-1"), []string{"--poll.concurrency"}},
		"a shard beyond the last":    {nil, append(good, "--shard.ordinal=2", "--shard.total=2"), []string{"--shard.ordinal"}},
		"hashed without a key":       {nil, append(good, "--metrics.host-label=hashed"), []string{"--metrics.host-hash-key-file"}},
		"an unknown host label":      {nil, append(good, "--metrics.host-label=name"), []string{"--metrics.host-label", "plain"}},
		"a URL without scheme":       {nil, append(good, "--wecom.api-url=wecom.test"), []string{"--wecom.api-url", "http"}},
		"a broken target file":       {nil, append(good, "--target.file="+brokenTargets), []string{"--target.file", "targets.yml", "users"}},
		"a flag without its value":   {nil, append(good, "--poll.interval"), []string{"--poll.interval"}},
		"an unknown flag":            {nil, append(good, "--wecom.secret=anything"), []string{"--wecom.secret", "--help"}},
		"an unknown command":         {nil, []string{"run"}, []string{"run", "--help"}},
		"an unknown log level":       {nil, append(good, "--log.level=loud"), []string{"--log.level", "loud", "debug"}},
		"an unknown log format":      {map[string]string{"WECOM_RECORDING_EXPORTER_LOG_FORMAT": "xml"}, good, []string{"WECOM_RECORDING_EXPORTER_LOG_FORMAT", "xml", "json"}},
		"a boolean in words":         {map[string]string{"WECOM_RECORDING_EXPORTER_WEB_ENABLE_LIFECYCLE": "yes"}, good, []string{"WECOM_RECORDING_EXPORTER_WEB_ENABLE_LIFECYCLE", "yes", "true"}},
		"requests in words":          {nil, append(good, "--web.max-requests=many"), []string{"--web.max-requests", "many"}},
		"a relative path":            {nil, append(good, "--web.telemetry-path=metrics"), []string{"--web.telemetry-path", "/metrics"}},
		"a path of a probe":          {nil, append(good, "--web.telemetry-path=/-/ready"), []string{"--web.telemetry-path", "/metrics"}},
		"the path of a page":         {nil, append(good, "--web.telemetry-path=/targets"), []string{"--web.telemetry-path", "/metrics"}},
		"a path with two slashes":    {nil, append(good, "--web.telemetry-path=//metrics"), []string{"--web.telemetry-path", "/metrics"}},
		"two slashes alone":          {nil, append(good, "--web.telemetry-path=//"), []string{"--web.telemetry-path", "/metrics"}},
		"an escaped path":            {nil, append(good, "--web.telemetry-path=/%zz"), []string{"--web.telemetry-path", "/metrics"}},
		"a path with dots":           {nil, append(good, "--web.telemetry-path=/a/../metrics"), []string{"--web.telemetry-path", "/metrics"}},
		"a bad web configuration":    {nil, append(good, "--web.config.file="+badWeb), []string{"--web.config.file", "tls_server"}},
		"no web configuration":       {nil, append(good, "--web.config.file="+dir+"/none.yml"), []string{"--web.config.file", "none.yml"}},
		"an address that is taken":   {nil, append(good[:3:3], "--web.listen-address="+taken.Addr().String()), []string{"--web.listen-address", taken.Addr().String(), "another process"}},
		"an address without a port":  {nil, append(good[:3:3], "--web.listen-address=localhost"), []string{"--web.listen-address", "localhost"}},
		"a file and flags":           {nil, append(good, "--config.file="+twoCorps), []string{"--wecom.corp-id", "--config.file"}},
		"a file and a credential":    {map[string]string{"WECOM_CORP_ID": "ww1"}, []string{"--config.file=" + twoCorps}, []string{"WECOM_CORP_ID", "--config.file"}},
		"two corps of one name":      {nil, []string{"--config.file=" + twoCorps}, []string{"corps.yml", "corps[1].name"}},
		"an unknown key":             {nil, []string{"--config.file=" + unknownKey}, []string{"unknown.yml", "is not a known key"}},
		"no such file":               {nil, []string{"--config.file=" + dir + "/none.yml"}, []string{"none.yml"}},
		"a demo of a file":           {nil, []string{"demo", "--config.file=" + twoCorps}, []string{"--config.file", "leave"}},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range test.env {
				t.Setenv(variable, value)
			}
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var stdout, stderr safeBuffer
			code := run(ctx, test.args, &stdout, &stderr)
			if took := time.Since(start); code != 1 || took > time.Second {
				t.Errorf("exit status %d after %s, want 1 within a second", code, took)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("nothing tells of %q:\n%s", want, &stderr)
				}
			}
			if strings.Contains(stderr.String(), "canary-secret") || strings.Contains(stderr.String(), "Listening") {
				t.Errorf("it tells a secret or listens:\n%s", &stderr)
			}
		})
	}
}

// TestServe runs the exporter on a simulated WeCom, reloads it, and stops it.
func TestServe(t *testing.T) {
	t.Parallel()
	world := wecomtest.New(wecomtest.Config{})
	start := time.Now().Add(-time.Hour)
	for _, user := range []string{"li", "wang"} {
		world.Put(wecomtest.Recording{
			ID: user + "-r", Creator: user, Host: user, MeetingStart: start,
			Files: []wecomtest.File{{ID: user + "-f", Start: start, End: start.Add(time.Minute), Size: 1000}},
		})
	}
	upstream := httptest.NewServer(world)
	defer upstream.Close()

	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret", wecomtest.DefaultSecret)
	corp := "- {name: %s, corp_id: " + wecomtest.DefaultCorpID + ", api_secret_file: secret, api_url: '" + upstream.URL + "/cgi-bin/', targets: {userids: [%s]}}\n"
	write("corps.yml", "corps:\n"+fmt.Sprintf(corp, "a", "li"))

	address := freeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log safeBuffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{
			"--config.file=" + filepath.Join(dir, "corps.yml"), "--web.listen-address=" + address, "--web.enable-lifecycle", "--log.format=json",
		}, io.Discard, &log)
	}()
	ready := func() bool {
		status, _ := request(t, http.MethodGet, address, "/-/ready")
		return status == http.StatusOK
	}
	serves := func(want string) func() bool {
		return func() bool {
			_, body := request(t, http.MethodGet, address, "/metrics")
			return strings.Contains(body, want)
		}
	}
	eventually(t, "ready", ready)
	eventually(t, "bytes of li", serves("wecom_recording_bytes{corp=\"a\",host=\"li\"} 1000\n"))

	write("corps.yml", "corps:\n"+fmt.Sprintf(corp, "a", "li")+fmt.Sprintf(corp, "", "wang"))
	if status, body := request(t, http.MethodPost, address, "/-/reload"); status != http.StatusInternalServerError ||
		!strings.Contains(body, "corps.yml: corps[1].name") {
		t.Errorf("status %d for a bad file: %s", status, body)
	}
	eventually(t, "failed reload", serves("wecom_recording_exporter_config_last_reload_successful 0\n"))
	eventually(t, "bytes of li still", serves("wecom_recording_bytes{corp=\"a\",host=\"li\"} 1000\n"))

	write("corps.yml", "corps:\n"+fmt.Sprintf(corp, "a", "li")+fmt.Sprintf(corp, "b", "wang"))
	if status, body := request(t, http.MethodPost, address, "/-/reload"); status != http.StatusOK {
		t.Errorf("status %d for a good file: %s", status, body)
	}
	eventually(t, "bytes of wang", serves("wecom_recording_bytes{corp=\"b\",host=\"wang\"} 1000\n"))
	if n := world.Count("gettoken"); n != 2 {
		t.Errorf("%d tokens, want one of each corp", n)
	}
	if err := checkHealth(t.Context(), healthURL("", []string{address})); err != nil {
		t.Errorf("healthcheck: %v", err)
	}

	stopping := time.Now()
	stop()
	if got := <-code; got != 0 || time.Since(stopping) > 5*time.Second {
		t.Errorf("exit status %d after %s, want 0 within 5 s", got, time.Since(stopping))
	}
	if err := checkHealth(t.Context(), "http://"+address); err == nil {
		t.Error("healthcheck of an exporter that has stopped succeeds")
	}
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "{") || strings.Contains(line, wecomtest.DefaultSecret) {
			t.Errorf("log line %s", line)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--help": "--target.userid", "-h": "--target.userid", "--version": "wecom_recording_exporter, version", "help serve": "--target.userid",
	} {
		var stdout, stderr safeBuffer
		if code := run(t.Context(), strings.Fields(args), &stdout, &stderr); code != 0 || !strings.Contains(stdout.String()+stderr.String(), want) {
			t.Errorf("%s: exit status %d; it prints:\n%s%s", args, code, &stdout, &stderr)
		}
	}
}

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

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func request(t *testing.T, method, address, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}

// eventually waits until something is so. A process on real sockets has no
// virtual time.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("it never happens: %s", what)
		}
	}
}

// A safeBuffer is a strings.Builder for several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
