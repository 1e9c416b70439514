// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// How long something may take that takes a moment on an idle machine.
const patience = 30 * time.Second

// eventually tries until there is no error. The last one ends the test when the
// time is over.
func eventually(tb testing.TB, limit time.Duration, try func() error) {
	tb.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			tb.Fatalf("not within %s: %v", limit, err)
		}
	}
}

// An output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns what was written until now.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) lines() []string {
	return strings.FieldsFunc(o.String(), func(r rune) bool { return r == '\n' })
}

// A process is a program that a test runs.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	awaited        bool
}

// start runs a program with nothing but env for its environment. Unless the test
// awaits its end, it is ended by SIGTERM after the test, and must end with
// status 0.
func start(tb testing.TB, env []string, path string, args ...string) *process {
	tb.Helper()
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.CommandContext(tb.Context(), path, args...)
	// The race detector would have the program wait a second before it ends.
	p.cmd.Env = append([]string{"GORACE=atexit_sleep_ms=0"}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // The state has more.
		close(p.ended)
	}()
	tb.Cleanup(func() {
		<-p.ended
		if state := p.cmd.ProcessState; !p.awaited && state.ExitCode() != 0 {
			tb.Errorf("%s: %s", path, state)
		}
		if tb.Failed() {
			tb.Logf("%s\nstdout:\n%s\nstderr:\n%s", p.cmd, &p.stdout, &p.stderr)
		}
	})
	return p
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// await returns how the process ended, which must be soon.
func (p *process) await(t *testing.T, limit time.Duration) *os.ProcessState {
	t.Helper()
	select {
	case <-p.ended:
		p.awaited = true
	case <-time.After(limit):
		t.Fatalf("it runs still, after %s", limit)
	}
	return p.cmd.ProcessState
}

// logged returns an error unless a line of the log holds all the texts.
func (p *process) logged(texts ...string) error {
	for _, line := range p.stderr.lines() {
		if holdsAll(line, texts) {
			return nil
		}
	}
	return fmt.Errorf("no line of the log holds %q", texts)
}

// awaitLog waits for a line of the log that holds all the texts.
func (p *process) awaitLog(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, patience, func() error { return p.logged(texts...) })
}

func holdsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// given are the addresses that no other test gets.
var given sync.Map

// freeAddress returns an address on the loopback interface on which nothing
// listens.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	for {
		var config net.ListenConfig
		l, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		if _, taken := given.LoadOrStore(address, true); !taken {
			return address
		}
	}
}

// wantNobody fails the test if something listens on an address.
func wantNobody(t *testing.T, address string) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialing %s: %v, want that the connection is refused", address, err)
	}
}

// newClient returns a client that decodes nothing, follows no redirect and keeps
// no connection.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// An answer is an HTTP response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks for a URL with pairs of header names and values.
func get(ctx context.Context, client *http.Client, url string, header ...string) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &answer{resp.StatusCode, resp.Header, body}, nil
}

// An exporter is the program at work.
type exporter struct {
	*process

	address string
	url     string // without a last slash
	client  *http.Client
}

// run starts the program on an address of its own.
func run(t *testing.T, env []string, args ...string) *exporter {
	t.Helper()
	address := freeAddress(t)
	return &exporter{
		process: start(t, env, programWithRaceDetector, append(args, "--web.listen-address="+address)...),
		address: address,
		url:     "http://" + address,
		client:  newClient(),
	}
}

// get asks for a path, with pairs of header names and values.
func (x *exporter) get(t *testing.T, path string, header ...string) *answer {
	t.Helper()
	a, err := get(t.Context(), x.client, x.url+path, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (x *exporter) wantStatus(t *testing.T, path string, want int) {
	t.Helper()
	if a := x.get(t, path); a.status != want {
		t.Errorf("GET %s: status %d, want %d", path, a.status, want)
	}
}

// awaitStatus waits until a path answers with a status.
func (x *exporter) awaitStatus(t *testing.T, path string, want int) {
	t.Helper()
	x.awaitStatusWithin(t, patience, path, want)
}

func (x *exporter) awaitStatusWithin(t *testing.T, limit time.Duration, path string, want int) {
	t.Helper()
	eventually(t, limit, func() error {
		select {
		case <-x.ended:
			t.Fatalf("it has ended: %s", x.cmd.ProcessState)
		default:
		}
		a, err := get(t.Context(), x.client, x.url+path)
		if err != nil {
			return err
		}
		if a.status != want {
			return fmt.Errorf("GET %s: status %d, want %d", path, a.status, want)
		}
		return nil
	})
}
