// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
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
		if _, err := client.Starts(t.Context(), Window{Start: start.Add(-time.Hour), End: start}); err != nil || time.Since(start) != 0 {
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
