// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
)

// A pipes is a listener whose connections are pipes, which synctest can wait for.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes {
	return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// get sends a request and returns a channel of the status, or 0 after an error.
func (p *pipes) get(t *testing.T, path string) <-chan int {
	t.Helper()
	client, server := net.Pipe()
	p.accepted <- server
	status := make(chan int, 1)
	go func() {
		defer client.Close()
		status <- roundTrip(client, path)
	}()
	return status
}

func roundTrip(conn net.Conn, path string) int {
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: exporter.test\r\nConnection: close\r\n\r\n", path); err != nil {
		return 0
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// slow answers each request after a time, or when the context of the request ends.
func slow(delay time.Duration) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	})
}

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestServeDrains(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		delay  time.Duration // of the answer that is in flight at the stop
		status int
		takes  time.Duration // from the stop until Serve returns
		log    string
	}{
		{
			name:   "a request that ends in time is answered",
			delay:  3 * time.Second,
			status: http.StatusOK,
			takes:  2 * time.Second, // shutting down polls for idle connections
		},
		{
			name:   "a request that takes longer is cut off",
			delay:  time.Hour,
			status: 0,
			takes:  drainTimeout,
			log:    "requests were cut off",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				ctx, stop := context.WithCancel(t.Context())
				var written strings.Builder
				o := ServerOptions{Handler: slow(test.delay), Logger: log.NewLogfmtLogger(&written)}
				served := make(chan error)
				go func() {
					served <- o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, untilDone)
				}()
				status := listener.get(t, "/")
				time.Sleep(time.Second)
				stop()
				stopped := time.Now()
				if err := <-served; err != nil {
					t.Errorf("error %v", err)
				}
				took := time.Since(stopped)
				if got := <-status; got != test.status {
					t.Errorf("status %d, want %d", got, test.status)
				}
				connected := time.Since(stopped)
				if took < test.takes || max(took, connected) > test.takes+time.Second {
					t.Errorf("stopping took %s and closing the connection %s, want %s", took, connected, test.takes)
				}
				if !strings.Contains(written.String(), "msg=stopping") || !strings.Contains(written.String(), test.log) {
					t.Errorf("log:\n%s", written.String())
				}
				if test.log == "" && strings.Contains(written.String(), "level=warn") {
					t.Errorf("a warning:\n%s", written.String())
				}
			})
		})
	}
}

func TestServeListensBeforeTheBackgroundBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		listener, listen := newPipes(), make(chan struct{})
		began := make(chan struct{})
		o := ServerOptions{Handler: http.NotFoundHandler(), Logger: log.NewNopLogger()}
		served := make(chan error)
		go func() {
			served <- o.serve(ctx,
				func(s *http.Server) error {
					<-listen
					return s.Serve(listener)
				},
				func(ctx context.Context) error {
					close(began)
					<-ctx.Done()
					return nil
				})
		}()
		synctest.Wait()
		select {
		case <-began:
			t.Error("the background began before the server listened")
		default:
		}
		close(listen)
		<-began
		stop()
		if err := <-served; err != nil {
			t.Errorf("error %v", err)
		}
	})
}

func TestServeWaitsForTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		listener, returned := newPipes(), false
		o := ServerOptions{Handler: http.NotFoundHandler(), Logger: log.NewNopLogger()}
		time.AfterFunc(time.Second, stop)
		err := o.serve(ctx, func(s *http.Server) error { return s.Serve(listener) }, func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			returned = true
			return nil
		})
		if err != nil || !returned {
			t.Errorf("error %v; the background has returned: %t", err, returned)
		}
	})
}

func TestServeEndsWithTheServer(t *testing.T) {
	t.Parallel()
	failure := errors.New("accept: too many open files")
	for _, test := range []struct {
		name  string
		serve func(s *http.Server, listener net.Listener) error
	}{
		{
			name:  "before it listens",
			serve: func(*http.Server, net.Listener) error { return failure },
		},
		{
			name: "while it listens",
			serve: func(s *http.Server, listener net.Listener) error {
				time.AfterFunc(time.Minute, func() { listener.Close() })
				if err := s.Serve(listener); !errors.Is(err, net.ErrClosed) {
					return err
				}
				return failure
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				o := ServerOptions{Handler: http.NotFoundHandler(), Logger: log.NewNopLogger()}
				// The context of the test ends only after it, so Serve returns for the error alone.
				err := o.serve(t.Context(), func(s *http.Server) error { return test.serve(s, listener) }, untilDone)
				if !errors.Is(err, failure) {
					t.Errorf("error %v, want %v", err, failure)
				}
			})
		})
	}
}

// TestServeRefusesAddresses uses real sockets, which exporter-toolkit opens.
func TestServeRefusesAddresses(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	for _, test := range []struct {
		name  string
		args  []string
		cause error
		flag  string
		want  string
	}{
		{
			name:  "an address in use",
			args:  []string{"--web.listen-address=" + taken.Addr().String()},
			cause: syscall.EADDRINUSE,
			flag:  "--web.listen-address (or WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS)",
			want:  "another process is using the address: choose a free one",
		},
		{
			name: "an address without a port",
			args: []string{"--web.listen-address=localhost"},
			flag: "--web.listen-address (or WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS)",
			want: "use an address of this host and a port, such as :10168",
		},
		{
			name: "the second address without a port",
			args: []string{"--web.listen-address=127.0.0.1:0", "--web.listen-address=localhost"},
			flag: "--web.listen-address (or WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS)",
			want: "use an address of this host and a port, such as :10168",
		},
		{
			name: "a socket of systemd that is not there",
			args: []string{"--web.systemd-socket"},
			flag: "--web.systemd-socket (or WECOM_RECORDING_EXPORTER_WEB_SYSTEMD_SOCKET)",
			want: "start the exporter from a systemd socket unit",
		},
		{
			name: "a socket of systemd beside an address",
			args: []string{"--web.systemd-socket", "--web.listen-address=" + taken.Addr().String()},
			flag: "--web.systemd-socket (or WECOM_RECORDING_EXPORTER_WEB_SYSTEMD_SOCKET)",
			want: "leave the flag out",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := ServerOptions{
				Handler:       http.NotFoundHandler(),
				Flags:         parseFlags(t, test.args...),
				Logger:        log.NewNopLogger(),
				ToolkitLogger: slog.New(slog.DiscardHandler),
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := Serve(ctx, o, func(context.Context) error {
				t.Error("the background ran")
				return nil
			})
			if err == nil || test.cause != nil && !errors.Is(err, test.cause) {
				t.Fatalf("error %v, want %v", err, test.cause)
			}
			if !strings.HasPrefix(err.Error(), test.flag+": serving: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q", err)
			}
		})
	}
}

// freePort returns an address of this host at which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listen serves a handler over real sockets until stop is called or the test ends.
func listen(t *testing.T, handler http.Handler, logger log.Logger, flags ...string) (address string, stop func()) {
	t.Helper()
	address = freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	listening, served := make(chan struct{}), make(chan error, 1)
	o := ServerOptions{
		Handler:       handler,
		Flags:         parseFlags(t, append(flags, "--web.listen-address="+address)...),
		Logger:        logger,
		ToolkitLogger: slog.New(slog.DiscardHandler),
	}
	go func() {
		served <- Serve(ctx, o, func(ctx context.Context) error {
			close(listening)
			<-ctx.Done()
			return nil
		})
	}()
	select {
	case <-listening:
	case err := <-served:
		cancel()
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return address, stop
}
