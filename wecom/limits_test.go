// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// acquire waits for the budget.
func acquire(l *Limits, endpoint string) {
	for {
		changed, wait := l.acquire(endpoint)
		if wait == 0 {
			return
		}
		select {
		case <-time.After(wait):
		case <-changed:
		}
	}
}

func TestBudgetHoldsInAnyMinute(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		budget  int
		delay   time.Duration
		callers int
	}{
		"fast answers":             {budget: 60, callers: 4},
		"slow answers":             {budget: 60, delay: 1500 * time.Millisecond, callers: 4},
		"more callers than budget": {budget: 3, delay: 10 * time.Millisecond, callers: 10},
		"one a minute":             {budget: 1, delay: time.Second, callers: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				if test.delay > 0 {
					server.Fail(wecomtest.Fault{Delay: test.delay})
				}
				client, seen := clientOf(t, server, func(c *Config) {
					c.Concurrency = test.callers
					c.Limits = NewLimits(test.budget)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				var callers sync.WaitGroup
				for range test.callers {
					callers.Go(func() {
						for ctx.Err() == nil {
							_, err := recordingsOf(ctx, client, anyone, lastMonth())
							if err != nil && !errors.Is(err, context.DeadlineExceeded) {
								t.Error(err)
							}
						}
					})
				}
				callers.Wait()
				var times []time.Time
				for _, r := range server.Requests() {
					if r.Endpoint == listEndpoint {
						times = append(times, r.Time)
					}
				}
				for i := test.budget; i < len(times); i++ {
					if d := times[i].Sub(times[i-test.budget]); d < time.Minute {
						t.Fatalf("calls %d to %d came within %s", i-test.budget, i, d)
					}
				}
				if least := 4 * test.budget * 9 / 10; len(times) < least {
					t.Errorf("%d calls in five minutes, want %d at the least", len(times), least)
				}
				if seen.throttled == 0 {
					t.Error("no wait was reported")
				}
			})
		})
	}
}

func TestBudgetCanBeRaised(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		limits := NewLimits(1)
		start := time.Now()
		for range 2 {
			go acquire(limits, listEndpoint)
		}
		synctest.Wait()
		if limits.Used() != 1 || limits.Budget() != 1 {
			t.Errorf("%d of %d used", limits.Used(), limits.Budget())
		}
		limits.SetBudget(2)
		synctest.Wait()
		if limits.Used() != 2 || time.Since(start) != 0 {
			t.Errorf("%d used after %s", limits.Used(), time.Since(start))
		}
	})
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		client, _ := clientOf(t, server)
		list := func() error {
			_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
			return err
		}
		if err := list(); err != nil {
			t.Fatal(err)
		}
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 45009, Times: 8})
		start := time.Now()
		var asked []string
		for err := list(); err != nil; err = list() {
			asked = append(asked, time.Since(start).String())
		}
		asked = append(asked, time.Since(start).String())
		want := "[0s 1m0s 3m0s 7m0s 15m0s 31m0s 1h3m0s 2h3m0s 3h3m0s]"
		if got := fmt.Sprint(asked); got != want {
			t.Errorf("the API was called at %s, want %s", got, want)
		}
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 45009, Times: 1})
		start = time.Now()
		if err := list(); ClassOf(err) != ClassBlocked {
			t.Fatalf("error %v", err)
		}
		if err := list(); err != nil || time.Since(start) != time.Minute {
			t.Errorf("error %v after %s; a block after a good call is a first block", err, time.Since(start))
		}
	})
}

// A block closes its own endpoint. It leaves all calls in flight to the others.
func TestBlockedCallsHoldUpNoOthers(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		client, _ := clientOf(t, server, func(c *Config) { c.Concurrency = 2 })
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 45009, Times: 1})
		if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); ClassOf(err) != ClassBlocked {
			t.Fatalf("error %v", err)
		}
		start := time.Now()
		var blocked sync.WaitGroup
		for range 2 {
			blocked.Go(func() {
				if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil || time.Since(start) != time.Minute {
					t.Errorf("error %v after %s, want that it waits for a minute", err, time.Since(start))
				}
			})
		}
		synctest.Wait()
		if _, _, err := client.Starts(t.Context(), Window{Start: start.Add(-time.Hour), End: start}); err != nil || time.Since(start) != 0 {
			t.Errorf("error %v after %s, want that it does not wait", err, time.Since(start))
		}
		blocked.Wait()
	})
}

func TestCallsInFlightSayNothingAboutABlock(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		limits := NewLimits(100)
		blocked := &APIError{Endpoint: listEndpoint, Code: 45009}
		for range 3 {
			acquire(limits, listEndpoint)
		}
		began := time.Now()
		for _, err := range []error{blocked, blocked, nil} {
			time.Sleep(time.Second)
			limits.end(listEndpoint, began, err)
		}
		if acquire(limits, "another"); time.Since(began) != 3*time.Second {
			t.Errorf("after %s; other endpoints are not blocked", time.Since(began))
		}
		if acquire(limits, listEndpoint); time.Since(began) != 61*time.Second {
			t.Errorf("after %s, want a minute after the first refusal", time.Since(began))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		status int
		value  string
		date   string
		want   time.Duration
	}{
		"seconds":                      {status: 429, value: "30", want: 30 * time.Second},
		"seconds of a 503":             {status: 503, value: " 7 ", want: 7 * time.Second},
		"a date":                       {status: 429, value: now.Add(time.Minute).Format(http.TimeFormat), want: time.Minute},
		"a date by the sender's clock": {status: 503, value: now.Add(time.Hour).Format(http.TimeFormat), date: now.Add(59 * time.Minute).Format(http.TimeFormat), want: time.Minute},
		"a date that is over":          {status: 429, value: now.Add(-time.Minute).Format(http.TimeFormat), want: 0},
		"an hour":                      {status: 429, value: "3600", want: 15 * time.Minute},
		"a date in a year":             {status: 429, value: now.AddDate(1, 0, 0).Format(http.TimeFormat), want: 15 * time.Minute},
		"more than there is":           {status: 429, value: "99999999999999999999", want: 15 * time.Minute},
		"digits before a word":         {status: 429, value: "99999999999999999999s", want: 0},
		"nothing":                      {status: 429, want: 0},
		"zero":                         {status: 429, value: "0", want: 0},
		"negative":                     {status: 429, value: "-5", want: 0},
		"words":                        {status: 429, value: "soon", want: 0},
		"another status":               {status: 502, value: "30", want: 0},
		"a success":                    {status: 200, value: "30", want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := &http.Response{StatusCode: test.status, Header: http.Header{"Retry-After": {test.value}, "Date": {test.date}}}
			if got := retryAfter(resp, now); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// Retry-After closes an endpoint for all calls, whatever the body, and no other.
func TestRetryAfterClosesTheEndpoint(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wecomtest.Fault{
		"a page":              {Status: 429, Header: http.Header{"Retry-After": {"30"}}},
		"a page of a gateway": {Status: 503, Header: http.Header{"Retry-After": {"30"}}},
		"an errcode":          {Status: 429, Body: []byte(`{"errcode":-1}`), Header: http.Header{"Retry-After": {"30"}}},
		"a body cut off":      {Status: 429, Body: []byte("x"), Header: http.Header{"Retry-After": {"30"}, "Content-Encoding": {"gzip"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				client, seen := clientOf(t, server)
				listOnce(t, client) // to have a token
				server.ResetRequests()
				start := time.Now()
				r := reserve(t, client)
				defer r.Release()
				fault.Endpoint, fault.Times = listEndpoint, 1
				server.Fail(fault)
				var calls sync.WaitGroup
				for range 11 {
					calls.Go(func() { listOnce(t, client) })
				}
				time.Sleep(time.Second)
				calls.Go(func() { listOnce(t, r) })
				if _, _, err := client.Starts(t.Context(), Window{Start: start.Add(-time.Hour), End: start}); err != nil || time.Since(start) != time.Second {
					t.Errorf("another endpoint: error %v after %s", err, time.Since(start))
				}
				time.Sleep(28 * time.Second)
				if n := server.Count(listEndpoint); n > 4 {
					t.Errorf("%d lists within the 30 s, want no more than were in flight", n)
				}
				calls.Wait()
				if took := time.Since(start); took < 30*time.Second || took > 31*time.Second {
					t.Errorf("it took %s, want 30 s", took)
				}
				if seen.throttled == 0 {
					t.Error("no time was throttled")
				}
			})
		})
	}
}

func TestRetryAfterDoesNotShortenABlock(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		limits := NewLimits(100)
		start := time.Now()
		limits.closeFor(listEndpoint, time.Minute, 429)
		limits.closeFor(listEndpoint, time.Second, 429)
		acquire(limits, "another")
		limits.end(listEndpoint, start.Add(time.Millisecond), nil)
		if acquire(limits, listEndpoint); time.Since(start) != time.Minute {
			t.Errorf("open after %s, want a minute", time.Since(start))
		}
	})
}

// TestClosedEndpoints has calls of two endpoints answered one after the other.
func TestClosedEndpoints(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		limits := NewLimits(100)
		start := time.Now()
		blocked := &APIError{Endpoint: listEndpoint, Code: 45009}
		closed := []string{}
		call := func(endpoint string, status int, err error) {
			t.Helper()
			acquire(limits, endpoint)
			began := time.Now()
			time.Sleep(time.Second)
			if status != 0 {
				limits.closeFor(endpoint, 10*time.Minute, status)
			}
			limits.end(endpoint, began, err)
			closed = append(closed, "|")
			for _, b := range limits.Blocks() {
				closed = append(closed, fmt.Sprintf("%s until %s: %v", b.Endpoint, b.Until.Sub(start), b.Err))
			}
		}
		call(listEndpoint, 0, blocked)
		call(agentEndpoint, 503, &ResponseError{})
		call(tokenEndpoint, 429, nil)
		call(listEndpoint, 0, &ResponseError{})
		call(listEndpoint, 0, &APIError{Code: 60111})
		call(agentEndpoint, 0, nil)
		want := `[|
			meeting/record/list until 1m1s: meeting/record/list: errcode 45009 (frequency limit exceeded) |
			agent/get until 10m2s: agent/get: HTTP status 503: asked to wait (Retry-After)
			meeting/record/list until 1m1s: meeting/record/list: errcode 45009 (frequency limit exceeded) |
			agent/get until 10m2s: agent/get: HTTP status 503: asked to wait (Retry-After)
			meeting/record/list until 1m1s: meeting/record/list: errcode 45009 (frequency limit exceeded) |
			agent/get until 10m2s: agent/get: HTTP status 503: asked to wait (Retry-After)
			meeting/record/list until 1m1s: meeting/record/list: errcode 45009 (frequency limit exceeded) |
			agent/get until 10m2s: agent/get: HTTP status 503: asked to wait (Retry-After) |]`
		if want = strings.Join(strings.Fields(want), " "); fmt.Sprint(closed) != want {
			t.Errorf("closed\n got %v\nwant %s", closed, want)
		}
	})
}
