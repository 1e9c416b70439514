// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestTokenIsAskedForOnce(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Delay: time.Second})
		client, seen := clientOf(t, server, func(c *Config) { c.Concurrency = 50 })
		listAll := func() {
			var calls sync.WaitGroup
			for range 50 {
				calls.Go(func() {
					if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
		}
		listAll()
		if n := server.Count(tokenEndpoint); n != 1 {
			t.Errorf("%d calls of gettoken for 50 first calls, want 1", n)
		}
		if want := time.Now().Add(2*time.Hour - time.Second); !seen.expiry.Equal(want) {
			t.Errorf("the token expires at %s, want two hours after gettoken, %s", seen.expiry, want)
		}
		server.InvalidateTokens()
		listAll()
		if n := server.Count(tokenEndpoint); n != 2 {
			t.Errorf("%d calls of gettoken after the token was invalidated under 50 calls, want 2", n)
		}
	})
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lifetime, step time.Duration
		tokens         int // in 20 steps
	}{
		"two hours": {lifetime: 2 * time.Hour, step: time.Hour, tokens: 10},
		"a minute":  {lifetime: time.Minute, step: 10 * time.Second, tokens: 4},
		"a second":  {lifetime: time.Second, step: 10 * time.Second, tokens: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{TokenLifetime: test.lifetime})
				client, _ := clientOf(t, server)
				for range 20 {
					if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(test.step)
				}
				if n := server.Count(listEndpoint, 42001, 40014); n != 0 {
					t.Errorf("%d calls with an expired token", n)
				}
				if n := server.Count(tokenEndpoint); n != test.tokens {
					t.Errorf("%d tokens, want %d", n, test.tokens)
				}
			})
		})
	}
}

func TestTokenIsRenewedWithAMargin(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		client, _ := clientOf(t, server)
		for _, step := range []struct {
			wait   time.Duration
			tokens int
		}{{tokens: 1}, {wait: 114 * time.Minute, tokens: 1}, {wait: 2 * time.Minute, tokens: 2}} {
			time.Sleep(step.wait)
			if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil {
				t.Fatal(err)
			}
			if n := server.Count(tokenEndpoint); n != step.tokens {
				t.Errorf("%d tokens after another %s, want %d", n, step.wait, step.tokens)
			}
		}
	})
}

func TestOnlyTheRefusedTokenIsDropped(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, _ := clientOf(t, wecomtest.New(wecomtest.Config{}))
		set := client.settings.Load()
		old, err := set.tokens.get(t.Context(), set.app)
		if err != nil {
			t.Fatal(err)
		}
		set.tokens.issued(wecomtest.DefaultSecret, "new", time.Hour)
		set.tokens.refused(old)
		if token, err := set.tokens.get(t.Context(), set.app); token != "new" || err != nil {
			t.Errorf("token %q, error %v; the new one was not refused", token, err)
		}
	})
}

func TestRefusedSecret(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		secret := "wrong"
		client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return secret, nil } })
		list := func() error {
			_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
			return err
		}
		start := time.Now()
		var asked []time.Duration
		for time.Since(start) < time.Hour {
			before := server.Count(tokenEndpoint)
			err := list()
			var tokenErr *TokenError
			if !errors.As(err, &tokenErr) || ClassOf(err) != ClassCorp {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(Remedy(err, English), "secret") {
				t.Fatalf("remedy %q", Remedy(err, English))
			}
			if server.Count(tokenEndpoint) > before {
				asked = append(asked, time.Since(start))
			}
			if client.SecretChanged() {
				t.Fatal("the secret has not changed")
			}
			time.Sleep(10 * time.Second)
		}
		want := "[0s 1m0s 3m0s 7m0s 15m0s 30m0s 45m0s]"
		if got := fmt.Sprint(asked); got != want {
			t.Errorf("gettoken was called at %s, want %s", got, want)
		}
		secret = wecomtest.DefaultSecret
		if !client.SecretChanged() {
			t.Error("the secret has changed")
		}
		if err := list(); err != nil {
			t.Errorf("with the right secret: %v", err)
		}
		if client.SecretChanged() {
			t.Error("the change of the secret is over")
		}
	})
}

// A refused secret must not count as a change once the secret of the current token
// is back.
func TestSecretThatIsTakenBack(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		secret := wecomtest.DefaultSecret
		client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return secret, nil } })
		for _, step := range []struct {
			secret string
			good   bool
		}{{secret: wecomtest.DefaultSecret, good: true}, {secret: "wrong"}, {secret: wecomtest.DefaultSecret, good: true}} {
			secret = step.secret
			if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); (err == nil) != step.good {
				t.Fatalf("with %q: error %v", secret, err)
			}
			if client.SecretChanged() {
				t.Errorf("the secret %q was tried", secret)
			}
		}
		if n := server.Count(tokenEndpoint); n != 2 {
			t.Errorf("%d calls of gettoken, want one for each secret", n)
		}
	})
}

func TestUnreadableSecret(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		err := errors.New("no such file")
		client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return wecomtest.DefaultSecret, err } })
		if _, got := recordingsOf(t.Context(), client, anyone, lastMonth()); !errors.Is(got, err) || ClassOf(got) != ClassCorp {
			t.Errorf("never read: error %v", got)
		}
		err = nil
		if _, got := recordingsOf(t.Context(), client, anyone, lastMonth()); got != nil {
			t.Errorf("read: %v", got)
		}
		err = errors.New("no such file")
		if _, got := recordingsOf(t.Context(), client, anyone, lastMonth()); got != nil {
			t.Errorf("read once: %v", got)
		}
	})
}

func TestTokenOutlivesAFailedRenewal(t *testing.T) {
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
		remove := server.Fail(wecomtest.Fault{Endpoint: tokenEndpoint, Status: 503})
		time.Sleep(2*time.Hour - 2*time.Minute)
		if err := list(); err != nil {
			t.Errorf("the token is still good: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := list(); ClassOf(err) != ClassCorp {
			t.Errorf("the token has expired: %v", err)
		}
		remove()
		time.Sleep(time.Minute)
		if err := list(); err != nil {
			t.Errorf("gettoken works again: %v", err)
		}
	})
}

func TestReplacedCredentialsAskForNoToken(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		client, _ := clientOf(t, server)
		set := client.settings.Load()
		close(set.replaced)
		for range 20 { // The select of two ready channels is random.
			if _, err := set.tokens.get(t.Context(), set.app); !errors.Is(err, errReplaced) {
				t.Fatalf("error %v, want errReplaced", err)
			}
		}
		if n := server.Count(tokenEndpoint); n != 0 {
			t.Errorf("%d calls of gettoken, want 0", n)
		}
	})
}

// Retry-After of gettoken holds for another secret and another client of the corp too.
func TestRetryAfterOfGettoken(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: tokenEndpoint, Status: 429, Times: 1, Header: http.Header{"Retry-After": {"90"}},
		})
		secret := "another"
		config, _ := configOf(server)
		config.Secret = func() (string, error) { return secret, nil }
		first, second := NewClient(config), NewClient(config)
		start := time.Now()
		for time.Since(start) < 90*time.Second {
			for _, client := range []*Client{first, second} {
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				tokenErr, ok := errors.AsType[*TokenError](err)
				if !ok || !tokenErr.RetryAt.Equal(start.Add(90*time.Second)) || Remedy(err, English) == "" {
					t.Fatalf("error %v, want a TokenError until %s", err, start.Add(90*time.Second))
				}
			}
			time.Sleep(10 * time.Second)
			secret = wecomtest.DefaultSecret
		}
		if n := server.Count(tokenEndpoint); n != 1 {
			t.Errorf("%d calls of gettoken, want 1", n)
		}
		listOnce(t, first)
		listOnce(t, second)
	})
}
