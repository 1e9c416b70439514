// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		fails bool
		calls int
		class Class
	}{
		"busy once":               {fault: wecomtest.Fault{Errcode: -1, Times: 1}, calls: 2},
		"busy three times":        {fault: wecomtest.Fault{Errcode: -1, Times: 3}, calls: 4},
		"busy for ever":           {fault: wecomtest.Fault{Errcode: -1}, fails: true, calls: 4, class: ClassRetryable},
		"a data version conflict": {fault: wecomtest.Fault{Errcode: 6000, Times: 1}, calls: 2},
		"too many calls at once":  {fault: wecomtest.Fault{Errcode: 45033, Times: 2}, calls: 3},
		"a reset connection":      {fault: wecomtest.Fault{Drop: true, Times: 1}, calls: 2},
		"reset for ever":          {fault: wecomtest.Fault{Drop: true}, fails: true, calls: 4, class: ClassRetryable},
		"a body cut off":          {fault: wecomtest.Fault{CutAfter: 5, Times: 1}, calls: 2},
		"no answer once":          {fault: wecomtest.Fault{Hang: true, Times: 1}, calls: 2},
		"bad gateway":             {fault: wecomtest.Fault{Status: 502, Times: 1}, calls: 2},

		"a member out of scope": {
			fault: wecomtest.Fault{Errcode: 50002},
			fails: true,
			calls: 1,
			class: ClassTarget,
		},

		"an IP not trusted": {fault: wecomtest.Fault{Errcode: 60020}, fails: true, calls: 1, class: ClassCorp},

		"a code nobody knows": {
			fault: wecomtest.Fault{Errcode: 999999},
			fails: true,
			calls: 1,
			class: ClassTarget,
		},

		"the frequency limit": {
			fault: wecomtest.Fault{Errcode: 45009, Times: 1},
			fails: true,
			calls: 1,
			class: ClassBlocked,
		},

		"a redirect": {
			fault: wecomtest.Fault{Redirect: "https://elsewhere.test/"},
			fails: true,
			calls: 1,
			class: ClassRetryable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				test.fault.Endpoint = listEndpoint
				server.Fail(test.fault)
				client, seen := clientOf(t, server)
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if (err != nil) != test.fails || err != nil && ClassOf(err) != test.class {
					t.Errorf("error %v of class %v, want class %v", err, ClassOf(err), test.class)
				}
				if n := server.Count(listEndpoint); n != test.calls {
					t.Errorf("%d calls, want %d: %v", n, test.calls, seen.outcomes)
				}
			})
		})
	}
}

func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	for _, code := range []int{40001, 40014, 42001} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				client, _ := clientOf(t, server)
				server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: code, Times: 1})
				if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil {
					t.Errorf("refused once: %v", err)
				}
				tokens := server.Count(tokenEndpoint)
				server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: code})
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if ClassOf(err) != ClassToken {
					t.Errorf("refused for ever: error %v of class %v", err, ClassOf(err))
				}
				if n := server.Count(tokenEndpoint) - tokens; n != 1 {
					t.Errorf("%d tokens asked for, want 1", n)
				}
			})
		})
	}
}

func TestCanceledCalls(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wecomtest.Fault{
		"during gettoken":     {Endpoint: tokenEndpoint, Hang: true},
		"during a call":       {Endpoint: listEndpoint, Hang: true},
		"between retries":     {Endpoint: listEndpoint, Errcode: -1},
		"during a long block": {Endpoint: listEndpoint, Errcode: 45009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Fail(fault)
				client, _ := clientOf(t, server, func(c *Config) { c.Concurrency = 1 })
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 2)
				for range 2 { // The second waits for the first.
					go func() {
						for {
							_, err := recordingsOf(ctx, client, anyone, lastMonth())
							if ClassOf(err) != ClassBlocked {
								done <- err
								return
							}
						}
					}()
				}
				time.Sleep(100 * time.Millisecond)
				start := time.Now()
				cancel()
				for range 2 {
					if err := <-done; !errors.Is(err, context.Canceled) {
						t.Errorf("error %v", err)
					}
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
