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

// A tokenSource keeps the access token of one app: it asks for one when there
// is none, asks again early enough, never twice at once, and seldom when asking
// fails.
type tokenSource struct {
	fetch    func(ctx context.Context, secret string) (token string, lifetime time.Duration, err error)
	secret   func() (string, error)
	observer Observer
	turn     chan struct{} // held by whoever is asking

	mu         sync.Mutex
	lastSecret string
	current    accessToken
	failure    tokenFailure
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

// get returns a token that is believed to be valid, asking for one if need be.
// The error is a [*TokenError], or the context's.
func (s *tokenSource) get(ctx context.Context) (string, error) {
	if token, ok, err := s.cached(); ok || err != nil {
		return token, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	// Somebody else may have asked meanwhile.
	if token, ok, err := s.cached(); ok || err != nil {
		return token, err
	}
	secret, err := s.readSecret()
	if err != nil {
		return "", &TokenError{RetryAt: time.Now().Add(firstFailureWait), Err: err}
	}
	token, lifetime, err := s.fetch(ctx, secret)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return s.failed(secret, err)
	}
	s.issued(secret, token, lifetime)
	return token, nil
}

// cached returns the token in hand if it will do, or the error that stands for
// as long as WeCom should not be asked.
func (s *tokenSource) cached() (token string, ok bool, err error) {
	secret, err := s.readSecret()
	if err != nil {
		return "", false, &TokenError{RetryAt: time.Now().Add(firstFailureWait), Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	mine := s.current.secret == secret
	if mine && now.Before(s.current.renewAt) {
		if s.failure.secret != secret {
			s.failure = tokenFailure{} // of a secret that was taken back
		}
		return s.current.text, true, nil
	}
	if s.failure.secret == secret && now.Before(s.failure.backoff.Until()) {
		if mine && now.Before(s.current.expiry) {
			return s.current.text, true, nil
		}
		return "", false, &TokenError{RetryAt: s.failure.backoff.Until(), Err: s.failure.err}
	}
	return "", false, nil
}

// readSecret reads the secret anew, since its file may have changed. While the
// file is being replaced it may be missing or empty; the last one will do.
func (s *tokenSource) readSecret() (string, error) {
	secret, err := s.secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.lastSecret == "" {
			return "", fmt.Errorf("reading the app secret: %w", err)
		}
		return s.lastSecret, nil
	}
	s.lastSecret = secret
	return secret, nil
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

// failed remembers that asking failed. A token that has not expired goes on
// being used.
func (s *tokenSource) failed(secret string, err error) (string, error) {
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
	return "", &TokenError{RetryAt: s.failure.backoff.Until(), Err: err}
}

// refused drops a token that WeCom refused, unless it was replaced already.
func (s *tokenSource) refused(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.text == token {
		s.current = accessToken{}
	}
}

// secretChanged tells whether the secret is another one than that with which a
// token was last asked for.
func (s *tokenSource) secretChanged() bool {
	secret, err := s.readSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure.err != nil {
		return err == nil && s.failure.secret != secret
	}
	return err == nil && s.current.text != "" && s.current.secret != secret
}

// inherit takes over what another source knows. A token is only ever used with
// the secret that it was got with.
func (s *tokenSource) inherit(other *tokenSource) {
	other.mu.Lock()
	defer other.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.failure = other.current, other.failure
}

type tokenResponse struct {
	envelope
	AccessToken text   `json:"access_token"`
	ExpiresIn   number `json:"expires_in"` // seconds
}

func (r *tokenResponse) holdsPayload() bool { return r.AccessToken != "" }

// fetchToken asks for a token; see
// https://developer.work.weixin.qq.com/document/path/91039. It does not count
// against the budget, which is for the data APIs.
func (c *Client) fetchToken(ctx context.Context, secret string) (string, time.Duration, error) {
	r := get(tokenEndpoint, url.Values{"corpid": {c.corpID}, "corpsecret": {secret}})
	for retries := 0; ; retries++ {
		var got tokenResponse
		err := c.exchange(ctx, r, &got)
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
		if ctx.Err() != nil || !worthRetrying(err) || retries == maxRetries {
			return "", 0, err
		}
		if err := pause(ctx, retries); err != nil {
			return "", 0, err
		}
	}
}
