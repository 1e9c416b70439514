// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const listEndpoint = "meeting/record/list"

// A simulation is a simulated WeCom behind a socket.
type simulation struct {
	*wecomtest.Server

	url string
	// echoes is the endpoint that is answered by what was asked, as a proxy in
	// trouble may do.
	echoes string

	mu     sync.Mutex
	held   chan struct{} // closed when calls are let go; nil: none is held
	waits  int
	tokens map[string]bool
}

// simulate starts a simulation with recordings.
func simulate(t *testing.T, config wecomtest.Config, recordings ...wecomtest.Recording) *simulation {
	t.Helper()
	return simulateAt(t, "127.0.0.1:0", config, recordings...)
}

func simulateAt(t *testing.T, address string, config wecomtest.Config, recordings ...wecomtest.Recording) *simulation {
	t.Helper()
	server := wecomtest.New(config)
	server.Put(recordings...)
	return serveSimulation(t, address, server)
}

// serveSimulation starts a simulation on an address.
func serveSimulation(tb testing.TB, address string, wecom *wecomtest.Server) *simulation {
	tb.Helper()
	s := &simulation{Server: wecom, tokens: map[string]bool{}}
	server := httptest.NewUnstartedServer(s)
	server.Listener.Close()
	var listen net.ListenConfig
	var err error
	if server.Listener, err = listen.Listen(tb.Context(), "tcp", address); err != nil {
		tb.Fatal(err)
	}
	server.Start()
	tb.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *simulation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if token := r.URL.Query().Get("access_token"); token != "" {
		s.tokens[token] = true
	}
	held := s.held
	if held != nil {
		s.waits++
	}
	s.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	if s.echoes != "" && r.URL.Path == "/cgi-bin/"+s.echoes {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "%s %s failed", r.Method, r.RequestURI)
		return
	}
	s.Server.ServeHTTP(w, r)
}

// hold leaves calls without an answer until let go.
func (s *simulation) hold() (letGo func()) {
	held := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = held
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held = nil
		close(held)
	})
}

// awaitHeld waits until a call is held.
func (s *simulation) awaitHeld(t *testing.T) {
	t.Helper()
	eventually(t, patience, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waits == 0 {
			return errors.New("no call")
		}
		return nil
	})
}

// calls returns how many calls were made.
func (s *simulation) calls() int { return len(s.Requests()) }

// seenTokens returns the access tokens that came with calls.
func (s *simulation) seenTokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.tokens))
}

// credentials returns the environment of an exporter that asks the simulation.
func (s *simulation) credentials(more ...string) []string {
	return slices.Concat([]string{
		"WECOM_CORP_ID=" + wecomtest.DefaultCorpID,
		"WECOM_API_SECRET=" + wecomtest.DefaultSecret,
		"WECOM_API_URL=" + s.url,
	}, more)
}

// writeFile writes a file into a folder of its own, and returns its path.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const day = 24 * time.Hour

// oneRecording is of zhangsan, and of 1000 bytes.
func oneRecording(id string) wecomtest.Recording {
	start := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	return wecomtest.Recording{
		ID: id, MeetingID: "hy-" + id, MeetingCode: "code-" + id, Creator: "zhangsan", Host: "zhangsan", Title: "周会", MeetingStart: start,
		Files: []wecomtest.File{{ID: "wf-" + id, Start: start, End: start.Add(time.Minute), Size: 1000}},
	}
}
