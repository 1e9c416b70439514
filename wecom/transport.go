// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	attemptTimeout = 10 * time.Second
	maxBody        = 16 << 20 // bytes
)

// A transport makes single HTTP exchanges with the API. The access token and the
// app secret travel in the URL, so a transport puts nothing of a URL or of a body
// into an error before redact has removed the secrets.
type transport struct {
	baseURL   string // without /cgi-bin
	userAgent string
	next      http.RoundTripper
	observer  Observer
}

// exchange makes one HTTP exchange and decodes the response. It reports both to the
// observer, unless the context ended.
func (t *transport) exchange(ctx context.Context, r request, into result) error {
	start := time.Now()
	resp, err := t.do(ctx, r)
	if err == nil {
		err = resp.decode(into, t.observer)
	}
	if ctx.Err() == nil {
		t.observer.Called(r.endpoint, outcomeOf(err), time.Since(start))
	}
	return err
}

// do returns the response of any HTTP status but a redirect. The error is a
// [*ResponseError], or the context's if that ended.
func (t *transport) do(ctx context.Context, r request) (response, error) {
	attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	fail := func(doing string, err error) error {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", r.endpoint, context.Cause(ctx))
		}
		if attempt.Err() != nil {
			return transportError(r.endpoint, fmt.Sprintf("no complete answer within %s", attemptTimeout))
		}
		return transportError(r.endpoint, doing+": "+redact(err.Error(), r.query))
	}

	url := t.baseURL + "/cgi-bin/" + r.endpoint + "?" + r.query.Encode()
	req, err := http.NewRequestWithContext(attempt, r.method, url, bytes.NewReader(r.body))
	if err != nil {
		return response{}, fail("making the request", err)
	}
	req.Header.Set("User-Agent", t.userAgent)
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	// An http.Client would follow redirects and quote the URL in its errors.
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return response{}, fail("calling", err)
	}
	defer resp.Body.Close()
	got := response{request: r, status: resp.StatusCode, contentType: resp.Header.Get("Content-Type")}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return response{}, got.failure("a redirect, which is not followed")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return response{}, fail(fmt.Sprintf("reading the answer, cut off after %d bytes", len(body)), err)
	}
	if len(body) > maxBody {
		return response{}, got.failure(fmt.Sprintf("not an answer of WeCom but more than %d MiB %s", maxBody>>20, got.kind()))
	}
	got.body = body
	return got, nil
}

func transportError(endpoint, detail string) *ResponseError {
	return &ResponseError{Endpoint: endpoint, Kind: KindTransport, Detail: detail, remedy: remedyNetwork}
}
