// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// Stopping takes no longer, whatever goes on.
const stopLimit = 5 * time.Second

// target is enough to ask for.
const target = "--target.userid=zhangsan"

func (x *exporter) wantStop(t *testing.T) {
	t.Helper()
	if state := x.await(t, stopLimit); state.ExitCode() != 0 {
		t.Errorf("%s, want status 0", state)
	}
	wantNobody(t, x.address)
}

func TestStop(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := simulate(t, wecomtest.Config{}, oneRecording("1"))
			x := run(t, s.credentials(), target)
			x.awaitStatus(t, "/-/ready", 200)
			x.signal(t, sig)
			x.wantStop(t)
		})
	}
}

func TestStopWhileWeComHangs(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"gettoken", listEndpoint} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, wecomtest.Config{}, oneRecording("1"))
			s.Fail(wecomtest.Fault{Endpoint: endpoint, Hang: true})
			x := run(t, s.credentials(), target)
			eventually(t, patience, func() error {
				if s.Count(endpoint) == 0 {
					return errors.New("no call")
				}
				return nil
			})
			x.signal(t, syscall.SIGTERM)
			x.wantStop(t)
		})
	}
}

// manyHosts are so many that their exposition fits into no socket's buffers.
func manyHosts(n int) []wecomtest.Recording {
	recordings := make([]wecomtest.Recording, 0, n)
	for i := range n {
		r := oneRecording(fmt.Sprint("many-", i))
		r.Host = fmt.Sprintf("host-with-a-name-that-takes-its-place-%06d", i)
		recordings = append(recordings, r)
	}
	return recordings
}

// A slowScrape is an answer that is on its way.
type slowScrape struct {
	conn net.Conn
	resp *http.Response
}

// beginScrape asks for the metrics and reads no more than the beginning. A scrape before it may
// still hold the only place for a moment after its client has read the last byte.
func (x *exporter) beginScrape(t *testing.T) (s *slowScrape) {
	t.Helper()
	eventually(t, patience, func() error {
		s = x.tryScrape(t)
		if status := s.resp.StatusCode; status != http.StatusOK {
			s.conn.Close()
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	return s
}

func (x *exporter) tryScrape(t *testing.T) *slowScrape {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", x.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.url+"/metrics", http.NoBody)
	if err == nil {
		err = req.Write(conn)
	}
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req) //nolint:bodyclose // Closing the connection ends it.
	if err != nil {
		t.Fatal(err)
	}
	return &slowScrape{conn, resp}
}

// runLarge runs an exporter whose exposition is on its way for as long as a
// client does not read it, and which answers one at a time.
func runLarge(t *testing.T) *exporter {
	t.Helper()
	const hosts = 9000
	s := simulate(t, wecomtest.Config{}, manyHosts(hosts)...)
	x := run(t, s.credentials(), target, "--web.max-requests=1")
	x.awaitStatus(t, "/-/ready", 200)
	eventually(t, patience, func() error {
		a := x.get(t, "/metrics")
		if a.status != http.StatusOK {
			return fmt.Errorf("status %d", a.status) // The last scrape still holds the only place.
		}
		families, err := parse(a)
		if err != nil {
			return err
		}
		if n := len(families["wecom_recording_bytes"].GetMetric()); n != hosts {
			return fmt.Errorf("%d hosts, want %d", n, hosts)
		}
		return nil
	})
	return x
}

func TestStopAnswersScrapeInFlight(t *testing.T) {
	t.Parallel()
	x := runLarge(t)
	scrape := x.beginScrape(t)

	// The only place is taken; what is no scrape is answered all the same.
	x.awaitStatus(t, "/metrics", http.StatusServiceUnavailable)
	x.wantStatus(t, "/-/healthy", 200)
	x.wantStatus(t, "/-/ready", 200)

	x.signal(t, syscall.SIGTERM)
	x.awaitLog(t, "msg=stopping")
	if tcp, ok := scrape.conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(4 << 20); err != nil {
			t.Fatal(err)
		}
	}
	body, err := io.ReadAll(scrape.resp.Body)
	if err != nil {
		t.Fatalf("after %d bytes: %v", len(body), err)
	}
	if _, err := parse(&answer{scrape.resp.StatusCode, scrape.resp.Header, body}); err != nil {
		t.Error(err)
	}
	x.wantStop(t)
}

func TestStopCutsOffClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	x := runLarge(t)
	x.beginScrape(t)
	x.signal(t, syscall.SIGTERM)
	x.wantStop(t)
}

func TestSecondInterruptKills(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	x := run(t, s.credentials(), target)
	x.awaitStatus(t, "/-/ready", 200)
	// Stopping waits for a request that is not complete.
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", x.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	x.wantStatus(t, "/-/healthy", 200) // Thus the other connection has been accepted too.

	x.signal(t, os.Interrupt)
	x.awaitLog(t, "msg=stopping")
	begin := time.Now()
	eventually(t, patience, func() error {
		select {
		case <-x.ended:
			return nil
		default:
			// The first one may not have been given up yet.
			_ = x.cmd.Process.Signal(os.Interrupt)
			return errors.New("it runs still")
		}
	})
	state := x.await(t, patience)
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("%s, want that the signal ended it", state)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestReadyAfterFirstRound(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	letGo := s.hold()
	x := run(t, s.credentials(), target)
	x.awaitStatus(t, "/-/healthy", 200)
	s.awaitHeld(t)
	for range 5 {
		x.wantStatus(t, "/-/ready", http.StatusServiceUnavailable)
		x.wantStatus(t, "/-/healthy", 200)
	}
	families := x.scrape(t)
	if got, err := families.value("wecom_poll_targets", "selector", "userid", "status", "pending"); err != nil || got != 1 {
		t.Errorf("%v targets are pending (%v), want 1", got, err)
	}
	if families["wecom_recording_bytes"] != nil {
		t.Error("there are bytes before anybody was asked")
	}
	letGo()
	x.awaitStatus(t, "/-/ready", 200)
	x.wantStatus(t, "/-/healthy", 200)
}

// TestReadyWhereWeComFails makes sure that an exporter at work does not wait for
// WeCom to be well.
func TestReadyWhereWeComFails(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60111})
	x := run(t, s.credentials(), target)
	x.awaitStatus(t, "/-/ready", 200)
	x.wantStatus(t, "/-/healthy", 200)
	x.awaitValue(t, 1, "wecom_poll_targets", "selector", "userid", "status", "failing")
}
