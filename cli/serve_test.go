// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestServe runs the exporter against a simulated WeCom, reloads it, and stops it.
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
		code <- Run(ctx, []string{
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
		!strings.Contains(body, `corps.yml": corps[1].name`) {
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
	if err := checkHealth(t.Context(), healthURL("", []string{address}, false)); err != nil {
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

// TestReloadWhoseClientLeaves asks for reloads and does not wait for the answers. Each
// succeeds all the same.
func TestReloadWhoseClientLeaves(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var written safeBuffer
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, []string{"demo", "--web.listen-address=" + address, "--web.enable-lifecycle"}, io.Discard, &written)
	}()
	eventually(t, "ready", func() bool {
		status, _ := request(t, http.MethodGet, address, "/-/ready")
		return status == http.StatusOK
	})
	const clients = 50
	for range clients {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /-/reload HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", address)
		conn.Close()
	}
	eventually(t, "the reloads", func() bool {
		return strings.Count(written.String(), "the configuration was reloaded") > 0
	})
	if status, body := request(t, http.MethodPost, address, "/-/reload"); status != http.StatusOK {
		t.Errorf("a reload whose client waits: status %d: %s", status, body)
	}
	if _, body := request(t, http.MethodGet, address, "/metrics"); !strings.Contains(body,
		"\nwecom_recording_exporter_config_last_reload_successful 1\n") {
		t.Error("the last reload counts as failed")
	}
	// Before the end: a request may still be on its way, and the end refuses it with an error.
	if strings.Contains(written.String(), "level=error") {
		t.Errorf("errors in the log:\n%s", written.String())
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("exit status %d", got)
	}
}

// TestReaderOfLogLeaves runs the program with a log that nobody reads any more.
func TestReaderOfLogLeaves(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"pipe", "socket"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			reader, writer := pair(t, kind)
			address := freeAddress(t)
			// TestMain puts a program of this name into the path.
			demo := exec.CommandContext(t.Context(), name, "demo",
				"--web.listen-address="+address, "--web.enable-lifecycle", "--log.level=debug")
			demo.Stdout, demo.Stderr = writer, writer
			if err := demo.Start(); err != nil {
				t.Fatal(err)
			}
			exited := make(chan error, 1)
			go func() { exited <- demo.Wait() }()
			writer.Close()
			if _, err := reader.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			reader.Close()
			eventually(t, "ready", func() bool {
				status, _ := request(t, http.MethodGet, address, "/-/ready")
				return status == http.StatusOK
			})
			// Each of these is logged.
			for range 3 {
				if status, body := request(t, http.MethodPost, address, "/-/reload"); status != http.StatusOK {
					t.Errorf("reload: status %d: %s", status, body)
				}
			}
			if status, _ := request(t, http.MethodGet, address, "/metrics"); status != http.StatusOK {
				t.Errorf("scrape: status %d", status)
			}
			if err := demo.Process.Signal(os.Interrupt); err != nil {
				t.Errorf("the program has ended: %v", err)
			}
			if err := <-exited; err != nil {
				t.Errorf("the program ended with %v, want status 0", err)
			}
		})
	}
}

// pair returns both ends of a pipe, or of a socket.
func pair(t *testing.T, kind string) (reader, writer *os.File) {
	t.Helper()
	if kind == "pipe" {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return reader, writer
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := (&net.Dialer{}).DialContext(t.Context(), "unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	return fileOf(t, far), fileOf(t, near)
}

func fileOf(t *testing.T, conn net.Conn) *os.File {
	t.Helper()
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		t.Fatalf("%T is no socket", conn)
	}
	file, err := unix.File()
	if err != nil {
		t.Fatal(err)
	}
	return file
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

// eventually waits until so returns true. Real sockets rule out virtual time.
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
