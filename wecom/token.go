// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
)

const (
	tokenEndpoint = "gettoken"

	defaultLifetime = 2 * time.Hour // expires_in of the documents
	longestMargin   = 5 * time.Minute

	// A refused secret that is sent again and again gets the caller's IP banned
	// for an hour; see https://developer.work.weixin.qq.com/document/path/90313, 45009.
	firstRefusalWait = time.Minute
	maxRefusalWait   = 15 * time.Minute
	// Failures that say nothing about the secret.
	firstFailureWait = 5 * time.Second
	maxFailureWait   = time.Minute
)

// A tokenSource keeps the access token of one app. It asks for one if there is
// none, renews it early enough, asks once at a time, and backs off while asking
// fails. A token is only ever used with the secret that it was got with.
type tokenSource struct {
	observer Observer
	asking   chan struct{} // holds an element while a call asks for a token

	mu      sync.Mutex
	current accessToken
	failure tokenFailure
}

func newTokenSource(o Observer) *tokenSource {
	return &tokenSource{observer: o, asking: make(chan struct{}, 1)}
}

type accessToken struct {
	text, secret string
	renewAt      time.Time
	expiry       time.Time
}

type tokenFailure struct {
	secret  string
	err     error
	backoff backoff.Backoff
}

// get returns a token that is believed to be valid, and asks for one if there is
// none. The error is a [*TokenError], the context's, or errReplaced.
func (s *tokenSource) get(ctx context.Context, app *credentials) (string, error) {
	if token, ok, err := s.cached(app); ok || err != nil {
		return token, err
	}
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-app.replaced:
		return "", errReplaced
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if isClosed(app.replaced) {
		return "", errReplaced
	}
	// Another call may have asked in the meantime.
	if token, ok, err := s.cached(app); ok || err != nil {
		return token, err
	}
	secret, err := app.read()
	if err != nil {
		return "", &TokenError{RetryAt: time.Now().Add(firstFailureWait), Err: err}
	}
	token, lifetime, err := app.fetchToken(ctx, secret)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return s.failed(app, secret, err)
	}
	s.issued(secret, token, lifetime)
	return token, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// cached returns the current token if it is valid, or the last error as long as
// WeCom should not be asked again.
func (s *tokenSource) cached(app *credentials) (token string, ok bool, err error) {
	secret, err := app.read()
	if err != nil {
		return "", false, &TokenError{RetryAt: time.Now().Add(firstFailureWait), Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	matches := s.current.secret == secret
	if matches && now.Before(s.current.renewAt) {
		if s.failure.secret != secret {
			s.failure = tokenFailure{} // of a secret that is no longer in use
		}
		return s.current.text, true, nil
	}
	until, why := app.transport.limits.closedUntil(tokenEndpoint), error(errTokenClosed)
	if s.failure.secret == secret && s.failure.err != nil {
		until, why = later(until, s.failure.backoff.Until()), s.failure.err
	}
	if now.Before(until) {
		if matches && now.Before(s.current.expiry) {
			return s.current.text, true, nil
		}
		return "", false, &TokenError{RetryAt: until, Err: why}
	}
	return "", false, nil
}

// errTokenClosed is why there is no token with a new secret, or for another client of
// the corp, while gettoken is closed.
var errTokenClosed = &ResponseError{
	Endpoint: tokenEndpoint,
	Kind:     KindHTTP,
	Detail:   "not asked again before the time given by Retry-After",
	remedy:   remedyWait,
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *tokenSource) issued(secret, token string, lifetime time.Duration) {
	margin := min(lifetime/10, longestMargin)
	s.mu.Lock()
	now := time.Now()
	s.current = accessToken{text: token, secret: secret, renewAt: now.Add(lifetime - margin), expiry: now.Add(lifetime)}
	s.failure = tokenFailure{}
	expiry := s.current.expiry
	s.mu.Unlock()
	s.observer.TokenIssued(expiry)
}

// failed records that asking for a token failed. It returns the current token if
// that has not expired.
func (s *tokenSource) failed(app *credentials, secret string, err error) (string, error) {
	waits := backoff.Range{First: firstFailureWait, Max: maxFailureWait}
	var apiErr *APIError
	if errors.As(err, &apiErr) && apiErr.Class() != ClassRetryable && apiErr.Class() != ClassConcurrency {
		waits = backoff.Range{First: firstRefusalWait, Max: maxRefusalWait}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.failure.secret != secret {
		s.failure = tokenFailure{secret: secret}
	}
	s.failure.err = err
	s.failure.backoff.Fail(now, waits)
	if s.current.secret == secret && now.Before(s.current.expiry) {
		return s.current.text, nil
	}
	until := later(s.failure.backoff.Until(), app.transport.limits.closedUntil(tokenEndpoint))
	return "", &TokenError{RetryAt: until, Err: err}
}

// refused drops a token that WeCom refused, unless it was replaced already.
func (s *tokenSource) refused(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.text == token {
		s.current = accessToken{}
	}
}

// secretChanged reports whether the secret differs from the one with which a token
// was last asked for.
func (s *tokenSource) secretChanged(app *credentials) bool {
	secret, err := app.read()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure.err != nil {
		return err == nil && s.failure.secret != secret
	}
	return err == nil && s.current.text != "" && s.current.secret != secret
}

// Credentials are what a token is asked for with.
type credentials struct {
	corpID    string
	secret    func() (string, error)
	transport *transport
	replaced  <-chan struct{} // closed when they are no longer in force

	mu         sync.Mutex
	lastSecret string
}

// read returns the secret as it is now, since its file may have changed. If it
// cannot be read, as while its file is being replaced, read returns the last one.
func (c *credentials) read() (string, error) {
	secret, err := c.secret()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if c.lastSecret == "" {
			return "", fmt.Errorf("reading the app secret: %w", err)
		}
		return c.lastSecret, nil
	}
	c.lastSecret = secret
	return secret, nil
}

// last returns the secret that was read last, or "".
func (c *credentials) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastSecret
}

type tokenResponse struct {
	envelope
	AccessToken text   // access_token
	ExpiresIn   number // expires_in, in seconds
}

func (r *tokenResponse) read(name []byte, c *cursor) {
	switch string(name) {
	case "access_token":
		if value := c.value(); len(value) <= maxTextBytes {
			r.AccessToken.read(value)
		}
	case "expires_in":
		r.ExpiresIn.read(c.value())
	default:
		c.value()
	}
}

func (r *tokenResponse) holdsPayload() bool { return r.AccessToken != "" }

// fetchToken asks for a token; see
// https://developer.work.weixin.qq.com/document/path/91039. It does not count
// against the budget, which is for the data APIs.
func (c *credentials) fetchToken(ctx context.Context, secret string) (string, time.Duration, error) {
	r := get(tokenEndpoint, url.Values{"corpid": {c.corpID}, "corpsecret": {secret}})
	for retries := 0; ; retries++ {
		var got tokenResponse
		err := c.transport.exchange(ctx, r, &got)
		if err == nil && got.AccessToken == "" {
			err = &ResponseError{
				Endpoint: tokenEndpoint,
				Kind:     KindDecode,
				Status:   http.StatusOK,
				Detail:   "an answer without access_token",
				remedy:   remedyAPIURL,
			}
		}
		if err == nil {
			lifetime := time.Duration(got.ExpiresIn.value) * time.Second
			if lifetime <= 0 || lifetime > 24*time.Hour {
				lifetime = defaultLifetime
			}
			return string(got.AccessToken), lifetime, nil
		}
		closed := c.transport.limits.closedUntil(tokenEndpoint).After(time.Now())
		if ctx.Err() != nil || !worthRetrying(err) || retries == maxRetries || closed {
			return "", 0, err
		}
		if err := pause(ctx, retries); err != nil {
			return "", 0, err
		}
	}
}
