// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

var anyone = Target{ByUserID, "li"}

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
		if want := time.Now().Add(2*time.Hour - time.Second); seen.expiry.After(want) {
			t.Errorf("the token expires at %s, want no later than %s", seen.expiry, want)
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
		"two hours": {2 * time.Hour, time.Hour, 11},
		"a minute":  {time.Minute, 10 * time.Second, 4},
		"a second":  {time.Second, 10 * time.Second, 20},
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
				if n := server.Count(tokenEndpoint); n > test.tokens {
					t.Errorf("%d tokens, want %d at the most", n, test.tokens)
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
		}{{0, 1}, {114 * time.Minute, 1}, {2 * time.Minute, 2}} {
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
					t.Errorf("refused for ever: error %v of class %d", err, ClassOf(err))
				}
				if n := server.Count(tokenEndpoint) - tokens; n != 1 {
					t.Errorf("%d tokens asked for, want 1", n)
				}
			})
		})
	}
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

// A refused secret that gives way to the one of a good token is no reason to ask
// ever again.
func TestSecretThatIsTakenBack(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		secret := wecomtest.DefaultSecret
		client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return secret, nil } })
		for _, step := range []struct {
			secret string
			good   bool
		}{{wecomtest.DefaultSecret, true}, {"wrong", false}, {wecomtest.DefaultSecret, true}} {
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
		mend := server.Fail(wecomtest.Fault{Endpoint: tokenEndpoint, Status: 503})
		time.Sleep(2*time.Hour - 2*time.Minute)
		if err := list(); err != nil {
			t.Errorf("the token is still good: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := list(); ClassOf(err) != ClassCorp {
			t.Errorf("the token has expired: %v", err)
		}
		mend()
		time.Sleep(time.Minute)
		if err := list(); err != nil {
			t.Errorf("gettoken works again: %v", err)
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		fails bool
		calls int
		class Class
	}{
		"busy once":               {wecomtest.Fault{Errcode: -1, Times: 1}, false, 2, 0},
		"busy three times":        {wecomtest.Fault{Errcode: -1, Times: 3}, false, 4, 0},
		"busy for ever":           {wecomtest.Fault{Errcode: -1}, true, 4, ClassRetryable},
		"a data version conflict": {wecomtest.Fault{Errcode: 6000, Times: 1}, false, 2, 0},
		"too many calls at once":  {wecomtest.Fault{Errcode: 45033, Times: 2}, false, 3, 0},
		"a reset connection":      {wecomtest.Fault{Drop: true, Times: 1}, false, 2, 0},
		"reset for ever":          {wecomtest.Fault{Drop: true}, true, 4, ClassRetryable},
		"a body cut off":          {wecomtest.Fault{CutAfter: 5, Times: 1}, false, 2, 0},
		"no answer once":          {wecomtest.Fault{Hang: true, Times: 1}, false, 2, 0},
		"bad gateway":             {wecomtest.Fault{Status: 502, Times: 1}, false, 2, 0},
		"a member out of scope":   {wecomtest.Fault{Errcode: 50002}, true, 1, ClassTarget},
		"an IP not trusted":       {wecomtest.Fault{Errcode: 60020}, true, 1, ClassCorp},
		"a code nobody knows":     {wecomtest.Fault{Errcode: 999999}, true, 1, ClassTarget},
		"the frequency limit":     {wecomtest.Fault{Errcode: 45009, Times: 1}, true, 1, ClassBlocked},
		"a redirect":              {wecomtest.Fault{Redirect: "https://elsewhere.test/"}, true, 1, ClassRetryable},
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
					t.Errorf("error %v of class %d, want class %d", err, ClassOf(err), test.class)
				}
				if n := server.Count(listEndpoint); n != test.calls {
					t.Errorf("%d calls, want %d: %v", n, test.calls, seen.outcomes)
				}
			})
		})
	}
}

func TestCallerIP(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
		client, _ := clientOf(t, server)
		_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
		want := "page 1 of the list: meeting/record/list: errcode 60020 (the calling IP is not trusted by the app, calling from 203.0.113.7)"
		if err == nil || err.Error() != want {
			t.Errorf("error\n got %v\nwant %s", err, want)
		}
		want = "meeting/record/list：错误码 60020（调用方 IP 不在企业可信IP中，调用方 IP 为 203.0.113.7）"
		if got := Describe(err, Chinese); got != want {
			t.Errorf("in Chinese\n got %s\nwant %s", got, want)
		}
		if got := Describe(err, English); got != err.Error() {
			t.Errorf("in English\n got %s\nwant %s", got, err)
		}
	})
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

func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret, token = "canary secret+/=", "canary-token"
	faults := map[string]wecomtest.Fault{
		"wrong secret echoed":  {EchoSecrets: true},
		"token echoed":         {Endpoint: listEndpoint, EchoSecrets: true},
		"reset":                {Drop: true},
		"reset list":           {Endpoint: listEndpoint, Drop: true},
		"hang":                 {Hang: true},
		"hanging list":         {Endpoint: listEndpoint, Hang: true},
		"redirect":             {Redirect: "https://canary-secret.test/?access_token=canary-token"},
		"errmsg":               {Errcode: 60020, Errmsg: "canary-secret canary-token canary-title from ip: canary"},
		"errmsg of a list":     {Endpoint: listEndpoint, Errcode: 60111, Errmsg: "canary-token, from ip: 203.0.113.9"},
		"half a list":          {Endpoint: listEndpoint, Body: []byte(`{"errcode":0,"record_list":[{"title":"canary-title","password":"canary`)},
		"a list without JSON":  {Endpoint: listEndpoint, Body: []byte(`"canary-title`)},
		"a list in a function": {Endpoint: listEndpoint, Body: []byte(`callback({"title":"canary-title"})`)},
		"percent-encoded":      {Status: 403, Body: []byte("denied: " + url.PathEscape(secret) + " " + strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"))},
		"a token in XML":       {Endpoint: tokenEndpoint, Body: []byte(`<xml><access_token>canary-token</access_token></xml>`)},
		"a token in plain":     {Endpoint: tokenEndpoint, Body: []byte("canary-token")},
		"cut":                  {Endpoint: listEndpoint, CutAfter: 30},
		"oversize":             {Endpoint: listEndpoint, Oversize: 20 << 20},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{Secret: secret})
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", Title: "canary-title", MeetingStart: time.Now().Add(-time.Hour)})
				server.Fail(fault)
				client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return secret, nil } })
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if err == nil {
					t.Fatal("no error")
				}
				token := client.settings.Load().tokens.current.text
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), Remedy(err, English), Remedy(err, Chinese)} {
					if strings.Contains(text, "canary") || token != "" && strings.Contains(text, token) {
						t.Errorf("a secret is in: %s", text)
					}
				}
			})
		})
	}
}

func TestEveryErrcodeIsExplained(t *testing.T) {
	t.Parallel()
	for code, e := range errcodes {
		for _, text := range []bilingual{e.meaning, e.remedy} {
			if text.en == "" || text.zh == "" || text.en == text.zh {
				t.Errorf("errcode %d: %+v", code, text)
			}
		}
	}
	if Known(999999) || !Known(60020) || !Known(0) {
		t.Error("Known does not know")
	}
}
