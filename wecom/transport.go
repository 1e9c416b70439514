// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A transport makes single HTTP exchanges with the API. The access token and the
// app secret travel in the URL, so a transport puts nothing of a URL or of a body
// into an error before redact has removed the secrets.
type transport struct {
	baseURL   string // without /cgi-bin
	userAgent string
	next      http.RoundTripper
	observer  Observer
	limits    *Limits // in which Retry-After closes endpoints
	skew      *skew
}

// exchange makes one HTTP exchange and decodes the response. It reports both to the
// observer, unless the context ended.
func (t *transport) exchange(ctx context.Context, r request, into result) error {
	start := time.Now()
	resp, err := t.do(ctx, r)
	if err == nil {
		err = resp.decode(into, t.observer)
		t.noteDate(&resp, err)
	}
	if ctx.Err() == nil {
		t.observer.Called(Call{Endpoint: r.endpoint, Target: r.target, Outcome: outcomeOf(err), Took: time.Since(start)})
	}
	return err
}

// noteDate notes how far the clocks are apart, if the response is WeCom's and not that
// of something in between.
func (t *transport) noteDate(r *response, err error) {
	if _, refused := errors.AsType[*APIError](err); err != nil && !refused || r.date.Before(EarliestPlausible.Time()) {
		return
	}
	t.observer.ClockSkew(t.skew.note(r.middle, r.date))
}

// do returns the response of any HTTP status but a redirect. The error is a
// [*ResponseError], or the context's if that ended.
func (t *transport) do(ctx context.Context, r request) (response, error) {
	attempt, watch, stop := watch(ctx)
	defer stop()
	fail := func(doing string, err error) error {
		switch cause := context.Cause(attempt); {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", r.endpoint, context.Cause(ctx))
		case errors.Is(cause, errIdle):
			return transportError(r.endpoint, fmt.Sprintf("%s: no byte for %s", doing, idleTimeout), remedyTimeout)
		case errors.Is(cause, errSlow):
			return transportError(r.endpoint, fmt.Sprintf("%s: not done within %s", doing, attemptTimeout), remedyTimeout)
		case refusedByProxy(err):
			doing = "asking the proxy for a connection"
		}
		return transportError(r.endpoint, doing+": "+redact(err.Error(), r.secrets()), remedyOf(err, r.secrets()))
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
	sent := time.Now()
	// An http.Client would follow redirects and quote the URL in its errors.
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return response{}, fail("calling", err)
	}
	defer resp.Body.Close()
	watch.heard()
	if wait := retryAfter(resp, time.Now()); wait > 0 {
		t.limits.closeFor(r.endpoint, wait, resp.StatusCode)
	}
	got := response{request: r, status: resp.StatusCode, contentType: resp.Header.Get("Content-Type")}
	got.date, _ = http.ParseTime(resp.Header.Get("Date"))
	got.middle = sent.Add(time.Since(sent) / 2)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return response{}, got.failure("a redirect, which is not followed")
	}
	in := &incoming{next: io.LimitReader(resp.Body, maxBody+1), declared: resp.ContentLength, watch: watch}
	if err := got.read(in, strings.Join(resp.Header.Values("Content-Encoding"), ", ")); err != nil {
		if _, ok := errors.AsType[*ResponseError](err); ok {
			return response{}, err
		}
		return response{}, fail(fmt.Sprintf("reading the answer, cut off after %d bytes", in.size), err)
	}
	return got, nil
}

// retryAfter returns for how long a response closes its endpoint; 0 if it does not.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil { // More than fit.
			return maxRetryAfter
		}
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// The time is that of the sender's clock.
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}

// read reads the body and unpacks it. The error is a [*ResponseError], or another if
// the body was cut off.
func (r *response) read(in *incoming, encoding string) error {
	body, err := unpack(in, encoding)
	if err == nil {
		length := in.declared
		if encoding != "" {
			length = -1 // It is that of the packed body.
		}
		r.body, err = readAll(io.LimitReader(body, maxBody+1), length)
	}
	switch {
	case errors.Is(err, errUnknownEncoding):
		shown := excerpt(encoding, r.request.secrets())
		e := r.failure(fmt.Sprintf("the Content-Encoding of the answer is unknown: %q", shown))
		e.remedy = remedyEncoding
		return e
	case in.err != nil:
		return in.err
	case in.size > maxBody, len(r.body) > maxBody:
		return r.failure(fmt.Sprintf("not an answer from WeCom but more than %d MiB %s", maxBody>>20, r.kind()))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return err
	case err != nil:
		return r.failure(fmt.Sprintf("not an answer from WeCom but %d bytes %s: its Content-Encoding is broken",
			in.size, r.kind()))
	}
	return nil
}

func transportError(endpoint, detail string, remedy bilingual) *ResponseError {
	return &ResponseError{Endpoint: endpoint, Kind: KindTransport, Detail: detail, remedy: remedy}
}
