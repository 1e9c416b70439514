// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
)

// serveOnPipes serves every page in a bubble of synctest until it is stopped.
func serveOnPipes(t *testing.T) (listener *pipes, stop func()) {
	t.Helper()
	listener = newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	options := fullOptions()
	options.Reloader = NewReloader(log.NewNopLogger(), func(context.Context) error { return nil })
	o := ServerOptions{Handler: NewHandler(options), Logger: log.NewNopLogger()}
	served := make(chan error)
	go func() {
		served <- o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, untilDone)
	}()
	return listener, func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

// dial returns the client's end of a new connection.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

// endless is a body that never ends, of which a byte comes each second.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	p[0] = 'x'
	return 1, nil
}

// TestHostileRequests has requests that are as large, as odd or as slow as can be.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	const crlf = "\r\n"
	request := func(line string, headers ...string) string {
		lines := append([]string{line + " HTTP/1.1", "Host: exporter.test"}, headers...)
		return strings.Join(lines, crlf) + crlf + crlf
	}
	for _, test := range []struct {
		name    string
		request string
		body    io.Reader // behind it
		status  int       // 0: none, the connection is closed
		within  time.Duration
	}{
		{
			name:    "many values of Accept",
			request: request("GET /metrics", "Accept: "+strings.Repeat("text/plain;q=0.1,", 3000)+"*/*"),
			status:  http.StatusOK,
		},
		{
			name:    "many content codings",
			request: request("GET /metrics", "Accept-Encoding: "+strings.Repeat("gzip;q=0,", 5000)+"identity"),
			status:  http.StatusOK,
		},
		{
			name:    "many languages",
			request: request("GET /", "Accept-Language: "+strings.Repeat("en;q=0.1,", 5000)),
			status:  http.StatusOK,
		},
		{
			name:    "many names of metrics",
			request: request("GET /metrics?" + strings.Repeat("name[]=middle&", 4000) + "name[]=x"),
			status:  http.StatusOK,
		},
		{
			name:    "a long host",
			request: request("GET /recordings?host=" + strings.Repeat("x", 60_000)),
			status:  http.StatusOK,
		},
		{
			name:    "many parameters",
			request: request("GET /recordings?" + strings.Repeat("a=1&", 15_000)),
			status:  http.StatusBadRequest,
		},
		{
			name:    "a header of a megabyte",
			request: request("GET /metrics", "Accept: "+strings.Repeat("x", 1<<20)),
			status:  http.StatusRequestHeaderFieldsTooLarge,
		},
		{
			name:    "a long ID",
			request: request("GET /changes?recording=" + strings.Repeat("x", 60_000)),
			status:  http.StatusOK,
		},
		{
			name:    "a query of a megabyte",
			request: request("GET /recordings?host=" + strings.Repeat("x", 1<<20)),
			status:  http.StatusRequestHeaderFieldsTooLarge,
		},
		{
			name:    "parts of a page",
			request: request("GET /recordings", "Range: bytes=0-1,1-2,2-3,3-4"),
			status:  http.StatusOK,
		},
		{
			name:    "a page by POST",
			request: request("POST /recordings", "Content-Length: 1000000"),
			body:    endless{},
			status:  http.StatusMethodNotAllowed,
		},
		{
			name:    "a body that is promised to a page, and slow",
			request: request("GET /recordings", "Content-Length: 1000000"),
			body:    endless{},
			status:  http.StatusOK,
			within:  readTimeout,
		},
		{
			name:    "a slow body for a reload",
			request: request("POST /-/reload", "Content-Length: 1000000"),
			body:    endless{},
			status:  http.StatusOK,
			within:  readTimeout,
		},
		{
			name:    "headers that never end",
			request: "GET /metrics HTTP/1.1" + crlf + "X: ",
			body:    endless{},
			within:  readTimeout,
		},
		{
			name:    "nothing at all",
			request: "",
			within:  readTimeout,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener, stop := serveOnPipes(t)
				defer stop()
				client := listener.dial()
				var sending sync.WaitGroup
				defer sending.Wait()
				defer client.Close()
				begun := time.Now()
				sending.Go(func() {
					if _, err := io.WriteString(client, test.request); err == nil && test.body != nil {
						_, _ = io.Copy(client, test.body)
					}
				})
				response, err := http.ReadResponse(bufio.NewReader(client), nil)
				if took := time.Since(begun); took > test.within {
					t.Errorf("it took %s, want %s at the most", took, test.within)
				}
				if test.status == 0 {
					if err == nil {
						t.Errorf("status %d, want that the connection is closed", response.StatusCode)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != test.status {
					t.Errorf("status %d, want %d", response.StatusCode, test.status)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			})
		})
	}
}

// TestIdleConnections has a thousand clients that stay without asking for anything more.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener, stop := serveOnPipes(t)
		defer stop()
		clients := make([]net.Conn, 0, 1000)
		for range cap(clients) {
			client := listener.dial()
			defer client.Close()
			if _, err := io.WriteString(client, "HEAD /-/healthy HTTP/1.1\r\nHost: exporter.test\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(client), &http.Request{Method: http.MethodHead})
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			clients = append(clients, client)
		}
		for _, path := range []string{"/metrics", "/targets", "/recordings", "/changes"} {
			if got := <-listener.get(t, path); got != http.StatusOK {
				t.Errorf("%s: status %d beside them, want 200", path, got)
			}
		}
		<-time.After(idleTimeout + time.Second)
		late := time.Now()
		for _, client := range clients {
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Fatalf("error %v after %s, want that the connection is closed", err, idleTimeout)
			}
		}
		if waited := time.Since(late); waited > 0 {
			t.Errorf("they were closed %s later than after %s", waited, idleTimeout)
		}
	})
}
