// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	asksToWait   = "asks to wait"
	answersAgain = "answers again"
)

func TestClosedEndpoints(t *testing.T) {
	t.Parallel()
	retryAfter := func(status int, seconds string) wecomtest.Fault {
		return wecomtest.Fault{Status: status, Header: http.Header{"Retry-After": {seconds}}}
	}
	for name, test := range map[string]struct {
		fault    wecomtest.Fault
		endpoint string
		err      string
		until    time.Duration // after two seconds
	}{
		"429": {
			fault:    retryAfter(429, "9999"),
			endpoint: rig.ListEndpoint,
			err:      "HTTP status 429: asked to wait (Retry-After)",
			until:    15 * time.Minute,
		},
		"503": {
			fault:    retryAfter(503, "600"),
			endpoint: rig.ListEndpoint,
			err:      "HTTP status 503: asked to wait (Retry-After)",
			until:    10 * time.Minute,
		},
		"a discovery": {
			fault:    retryAfter(429, "600"),
			endpoint: "user/simplelist",
			err:      "HTTP status 429: asked to wait (Retry-After)",
			until:    10 * time.Minute,
		},
		"45009": {
			fault:    wecomtest.Fault{Errcode: 45009},
			endpoint: rig.ListEndpoint,
			err:      "errcode 45009 (frequency limit exceeded, calling from 203.0.113.7)",
			until:    time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				server.SetDirectory(rig.Staff("li", "wang"))
				test.fault.Endpoint = test.endpoint
				repair := server.Fail(test.fault)
				cfg := rig.Discovering(true, false)
				cfg.Corps[0].Targets.UserIDs = []string{"li"}
				start := time.Now()
				r := rig.Start(t, server, cfg)
				r.Wait(2 * time.Second)
				blocks := r.Manager.Status()[0].Blocks
				if len(blocks) != 1 || blocks[0].Endpoint != test.endpoint || !strings.HasSuffix(blocks[0].Err.Error(), test.err) {
					t.Fatalf("blocks %v", blocks)
				}
				if got := blocks[0].Until.Sub(start).Truncate(2 * time.Second); got != test.until {
					t.Errorf("closed until %s after the start, want %s", got, test.until)
				}
				want := `endpoint=` + test.endpoint + ` err="` + test.endpoint + `: ` + test.err + `" until=` +
					blocks[0].Until.UTC().Format(time.RFC3339) + ` remedy="`
				if text := r.Log.String(); strings.Count(text, want) != 1 || strings.Count(text, asksToWait) != 1 {
					t.Errorf("the log should have once %s:\n%s", want, text)
				}
				r.Wait(150 * time.Minute)
				if n := strings.Count(r.Log.String(), asksToWait); n < 2 || n > 3 {
					t.Errorf("%d warnings in 150 minutes, want one an hour", n)
				}
				if strings.Contains(r.Log.String(), answersAgain) {
					t.Error("the log says too early that it is over")
				}
				repair()
				r.Wait(70 * time.Minute)
				if n := strings.Count(r.Log.String(), answersAgain); n != 1 {
					t.Errorf("the log says %d times that it is over, want once", n)
				}
				if blocks := r.Manager.Status()[0].Blocks; len(blocks) > 0 {
					t.Errorf("blocks %v when it is over", blocks)
				}
			})
		})
	}
}

// TestEndpointThatClosesAgainAndAgain has every second list ask for a pause.
func TestEndpointThatClosesAgainAndAgain(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		n := 0
		server.Fail(wecomtest.Fault{
			Match:  func(r wecomtest.Request) bool { n++; return r.Endpoint == rig.ListEndpoint && n%2 == 0 },
			Status: 429, Header: http.Header{"Retry-After": {"5"}},
		})
		cfg := rig.ConfigOf("li")
		cfg.Poll.Interval = 10 * time.Second
		r := rig.Start(t, server, cfg)
		r.Wait(50 * time.Minute)
		text := r.Log.String()
		if warned, over := strings.Count(text, asksToWait), strings.Count(text, answersAgain); warned != 20 || over != 20 {
			t.Errorf("%d warnings, and %d lines that it is over; want 20 an hour", warned, over)
		}
	})
}
