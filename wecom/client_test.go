// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// secretOf returns a function for Config.Secret.
func secretOf(secret string) func() (string, error) {
	return func() (string, error) { return secret, nil }
}

// listOnce lists the recordings of anyone and reports an error.
func listOnce(t *testing.T, l lister) {
	t.Helper()
	if _, err := recordingsOf(t.Context(), l, anyone, lastMonth()); err != nil {
		t.Error(err)
	}
}

// inFlight is a transport that counts the lists under way.
type inFlight struct {
	next http.RoundTripper

	mu  sync.Mutex
	now int
}

func (f *inFlight) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, listEndpoint) {
		f.add(1)
		defer f.add(-1)
	}
	return f.next.RoundTrip(req)
}

func (f *inFlight) add(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now += n
}

func (f *inFlight) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func TestApplyConfigKeepsTheToken(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		config, _ := configOf(server)
		client := NewClient(config)
		listOnce(t, client)
		config.UserAgent, config.Transport = "another", &inFlight{next: server}
		client.ApplyConfig(config)
		if client.SecretChanged() {
			t.Error("the secret has not changed")
		}
		listOnce(t, client)
		if n := server.Count(tokenEndpoint); n != 1 {
			t.Errorf("%d calls of gettoken, want 1", n)
		}
		if n := server.Count(listEndpoint); n != 2 {
			t.Errorf("%d lists, want 2", n)
		}
	})
}

func TestApplyConfigDropsTheTokenOfAnotherAPI(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		first, second := wecomtest.New(wecomtest.Config{}), wecomtest.New(wecomtest.Config{})
		config, _ := configOf(first)
		client := NewClient(config)
		listOnce(t, client)
		config.BaseURL, config.Transport = "https://elsewhere.test", second
		client.ApplyConfig(config)
		listOnce(t, client)
		if n := second.Count(tokenEndpoint); n != 1 {
			t.Errorf("%d calls of gettoken at the new URL, want 1", n)
		}
		if n := second.Count(listEndpoint, 40014); n != 0 {
			t.Errorf("%d calls with the token of the old URL", n)
		}
		if n := first.Count(listEndpoint); n != 1 {
			t.Errorf("%d lists at the old URL, want 1", n)
		}
	})
}

func TestApplyConfigDropsARefusalOfAnotherAPI(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		first := wecomtest.New(wecomtest.Config{Secret: "another"})
		config, _ := configOf(first)
		client := NewClient(config)
		if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); ClassOf(err) != ClassCorp {
			t.Fatalf("error %v, want a refused secret", err)
		}
		config.BaseURL, config.Transport = "https://elsewhere.test", wecomtest.New(wecomtest.Config{})
		client.ApplyConfig(config)
		listOnce(t, client)
	})
}

func TestApplyConfigUsesANewSecret(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		config, _ := configOf(server)
		config.Secret = secretOf("wrong")
		client := NewClient(config)
		if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); ClassOf(err) != ClassCorp {
			t.Fatalf("error %v, want a refused secret", err)
		}

		// The same secret is not asked with again before its wait is over.
		client.ApplyConfig(config)
		if client.SecretChanged() {
			t.Error("the secret has not changed")
		}
		start := time.Now()
		_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
		tokenErr, ok := errors.AsType[*TokenError](err)
		if !ok || !tokenErr.RetryAt.Equal(start.Add(firstRefusalWait)) {
			t.Errorf("error %v, want a TokenError until %s", err, start.Add(firstRefusalWait))
		}
		if n := server.Count(tokenEndpoint); n != 1 {
			t.Errorf("%d calls of gettoken, want 1", n)
		}

		// Another secret is used at once.
		config.Secret = secretOf(wecomtest.DefaultSecret)
		client.ApplyConfig(config)
		if !client.SecretChanged() {
			t.Error("the secret has changed")
		}
		listOnce(t, client)
		if n := server.Count(tokenEndpoint); n != 2 {
			t.Errorf("%d calls of gettoken, want 2", n)
		}
	})
}

func TestApplyConfigUsesATokenOnlyWithItsSecret(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		config, _ := configOf(server)
		client := NewClient(config)
		listOnce(t, client)
		config.Secret = secretOf("wrong")
		client.ApplyConfig(config)
		if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); ClassOf(err) != ClassCorp {
			t.Errorf("error %v, want a refused secret", err)
		}
		if n := server.Count(listEndpoint); n != 1 {
			t.Errorf("%d lists, want none with the token of the old secret", n)
		}
	})
}

func TestApplyConfigChangesTheConcurrency(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		config, _ := configOf(server)
		transport := &inFlight{next: server}
		config.Concurrency, config.Transport = 1, transport
		client := NewClient(config)
		listOnce(t, client) // to have a token
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: time.Second})
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() { listOnce(t, client) })
		}
		start := time.Now()
		for _, step := range []struct {
			concurrency int
			at          time.Duration
			want        int
		}{
			{concurrency: 1, at: 0, want: 1},
			{concurrency: 3, at: 500 * time.Millisecond, want: 3},

			// The three calls go on; the first ends at 1 s, the others at 1.5 s.
			{concurrency: 1, at: 600 * time.Millisecond, want: 3},
			{concurrency: 1, at: 1100 * time.Millisecond, want: 2},
			{concurrency: 1, at: 1600 * time.Millisecond, want: 1},

			{concurrency: 8, at: 1700 * time.Millisecond, want: 5},
		} {
			time.Sleep(time.Until(start.Add(step.at)))
			config.Concurrency = step.concurrency
			client.ApplyConfig(config)
			synctest.Wait()
			if got := transport.count(); got != step.want {
				t.Errorf("%d calls in flight at %s with a concurrency of %d, want %d",
					got, step.at, step.concurrency, step.want)
			}
		}
		calls.Wait()
	})
}

func TestApplyConfigUsesNewLimits(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		config, _ := configOf(wecomtest.New(wecomtest.Config{}))
		config.Limits = NewLimits(1)
		client := NewClient(config)
		listOnce(t, client)

		// A call and a reservation wait for the old budget.
		start := time.Now()
		var waiting sync.WaitGroup
		waiting.Go(func() { listOnce(t, client) })
		waiting.Go(func() { reserve(t, client).Release() })
		time.Sleep(time.Second)

		old := config.Limits
		config.Limits = NewLimits(5)
		client.ApplyConfig(config)
		waiting.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("they waited for %s, want no longer than the old limits were in force", took)
		}
		if client.Limits() != config.Limits || old.Used() != 1 || config.Limits.Used() != 1 {
			t.Errorf("%d calls counted by the old limits, %d by the new; want 1 each", old.Used(), config.Limits.Used())
		}
	})
}

func TestApplyConfigLeavesExchangesInFlight(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		first, second := wecomtest.New(wecomtest.Config{}), wecomtest.New(wecomtest.Config{})
		first.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: time.Second})
		config, _ := configOf(first)
		client := NewClient(config)
		var calls sync.WaitGroup
		calls.Go(func() { listOnce(t, client) })
		synctest.Wait()
		old := config.Limits
		config.BaseURL, config.Transport, config.Limits = "https://elsewhere.test", second, NewLimits(10)
		client.ApplyConfig(config)
		calls.Wait()
		if n := first.Count(listEndpoint, 0); n != 1 {
			t.Errorf("%d lists ended well at the old URL, want 1", n)
		}
		if old.Used() != 1 || config.Limits.Used() != 0 || client.limiter.inFlight != 0 {
			t.Errorf("%d calls counted by the old limits, %d by the new, %d in flight; want 1, 0, 0",
				old.Used(), config.Limits.Used(), client.limiter.inFlight)
		}
	})
}

func TestApplyConfigWhileACallWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault    wecomtest.Fault
		another  bool // whether the new configuration is of another API
		after    time.Duration
		oldLists int // at the old server
	}{
		"for the end of a block": {
			fault:    wecomtest.Fault{Endpoint: listEndpoint, Errcode: 45009},
			after:    0,
			oldLists: 1,
		},

		"for another call to end": {
			fault:    wecomtest.Fault{Endpoint: listEndpoint, Hang: true},
			after:    idleTimeout,
			oldLists: 1,
		},

		"for a token of another API": {
			fault:    wecomtest.Fault{Endpoint: tokenEndpoint, Hang: true},
			another:  true,
			after:    0,
			oldLists: 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				old := wecomtest.New(wecomtest.Config{})
				old.Fail(test.fault)
				config, _ := configOf(old)
				config.Concurrency = 1
				client := NewClient(config)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					_, _ = recordingsOf(ctx, client, anyone, lastMonth())
				}()
				synctest.Wait()
				took := make(chan time.Duration)
				start := time.Now()
				go func() {
					listOnce(t, client)
					took <- time.Since(start)
				}()
				synctest.Wait()

				config.Transport, config.Limits = wecomtest.New(wecomtest.Config{}), NewLimits(10)
				if test.another {
					config.BaseURL = "https://elsewhere.test"
				}
				client.ApplyConfig(config)
				if got := <-took; got != test.after {
					t.Errorf("the call ended after %s, want %s", got, test.after)
				}
				if n := old.Count(listEndpoint); n != test.oldLists {
					t.Errorf("%d lists at the old server, want %d", n, test.oldLists)
				}
			})
		})
	}
}

func TestApplyConfigBetweenRetries(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		broken := wecomtest.New(wecomtest.Config{})
		broken.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: -1})
		config, _ := configOf(broken)
		client := NewClient(config)
		done := make(chan struct{})
		go func() {
			listOnce(t, client)
			close(done)
		}()
		synctest.Wait()
		working := wecomtest.New(wecomtest.Config{})
		config.Transport = working
		client.ApplyConfig(config)
		<-done
		if old, now := broken.Count(listEndpoint), working.Count(listEndpoint, 0); old != 1 || now != 1 {
			t.Errorf("%d lists at the old server, %d good ones at the new; want 1 each", old, now)
		}
	})
}

func TestApplyConfigInTheMiddleOfAList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Config)
		pages  int
		titles int // recordings that have one
		err    error
	}{
		"titles": {
			change: func(c *Config) { c.Titles = true },
			pages:  3,
			titles: 2*pageSize - 1,
		},

		"another API": {
			change: func(c *Config) { c.BaseURL = "https://elsewhere.test" },
			pages:  1,
			err:    errMoved,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				for _, id := range listOfIDs(3*pageSize - 1) {
					server.Put(wecomtest.Recording{ID: id, Creator: "li", Title: "t", MeetingStart: time.Now().Add(-time.Hour)})
				}
				config, _ := configOf(server)
				client := NewClient(config)
				pages, titles := 0, 0
				var got error
				for list := client.List(anyone, lastMonth()); list.HasMore(); {
					page, err := list.Next(t.Context(), nil)
					if err != nil {
						got = err
						break
					}
					for _, r := range page {
						titles += len(r.Title)
					}
					if pages++; pages == 1 {
						test.change(&config)
						client.ApplyConfig(config)
					}
				}
				if pages != test.pages || titles != test.titles || !errors.Is(got, test.err) {
					t.Errorf("%d pages, %d titles, error %v; want %d, %d, %v",
						pages, titles, got, test.pages, test.titles, test.err)
				}
			})
		})
	}
}

func TestApplyConfigDuringAReservation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		others   bool // whether the new configuration has other limits
		use      bool
		old, new int // calls counted by the old limits and by the new
	}{
		"used within the same limits":     {use: true, old: 1, new: 1},
		"released within the same limits": {old: 0, new: 0},
		"used within other limits":        {others: true, use: true, old: 0, new: 1},
		"released within other limits":    {others: true, old: 0, new: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				config, _ := configOf(wecomtest.New(wecomtest.Config{}))
				config.Concurrency = 1
				client := NewClient(config)
				r := reserve(t, client)
				old := config.Limits
				if test.others {
					config.Limits = NewLimits(1)
				}
				client.ApplyConfig(config)
				if test.use {
					listOnce(t, r)
				}
				r.Release()
				if old.Used() != test.old || config.Limits.Used() != test.new || client.limiter.inFlight != 0 {
					t.Errorf("%d calls counted by the old limits, %d by the new, %d in flight; want %d, %d, 0",
						old.Used(), config.Limits.Used(), client.limiter.inFlight, test.old, test.new)
				}
			})
		})
	}
}

func TestApplyConfigConcurrently(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Delay: 10 * time.Millisecond})
		config, _ := configOf(server)
		client := NewClient(config)
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for range 25 {
					r := reserve(t, client)
					listOnce(t, r)
					r.Release()
				}
			})
			all.Go(func() {
				config := config
				for n := range 25 {
					config.Concurrency, config.Limits = 1+(i+n)%4, NewLimits(100)
					client.ApplyConfig(config)
					time.Sleep(7 * time.Millisecond)
				}
			})
		}
		all.Wait()
		if n := client.limiter.inFlight; n != 0 {
			t.Errorf("%d calls in flight at the end, want 0", n)
		}
		if n := server.Count(listEndpoint); n != 100 {
			t.Errorf("%d lists, want 100", n)
		}
	})
}
