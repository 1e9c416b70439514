// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answered is a transport that answers everything with one response.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a answered) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}

// An exchange with a server that sends arbitrary headers ends in an answer or in a short
// error without the token. No header closes an endpoint for longer than it may, and none
// moves the clock unless the answer is WeCom's.
func FuzzExchange(f *testing.F) {
	const date = "Mon, 02 Mar 2026 01:00:00 GMT"
	page := []byte("<html><title>marked-token</title>")
	success := []byte(`{"errcode":0,"access_token":"t","expires_in":7200}`)
	f.Add(200, date, "", "application/json", "", success)
	f.Add(503, date, "Mon, 02 Mar 2026 01:10:00 GMT", "text/html", "", page)
	f.Add(429, "", "9999999999999999999999", "marked-token/x", "br", page)
	f.Add(302, "Mon, 02 Jan 0001 01:00:00 GMT", "-1", "text/html; charset=", "marked-token", page)
	f.Add(200, "yesterday", "1.5", "", "gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add(200, date, "", "", "deflate", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, status int, date, retryAfter, contentType, encoding string, body []byte) {
		if len(body) > 64<<10 {
			return // What they unpack to is bounded; it is no faster to find that out with more.
		}
		tr := transport{
			baseURL: "https://wecom.test",
			next: answered{status: status, body: body, header: http.Header{
				"Date":             {date},
				"Retry-After":      {retryAfter},
				"Content-Type":     {contentType},
				"Content-Encoding": {encoding},
			}},
			observer: IgnoreCalls{},
			limits:   NewLimits(1),
			skew:     &skew{},
		}
		var into tokenResponse
		err := tr.exchange(t.Context(), get(tokenEndpoint, url.Values{"access_token": {marked + "-token"}}), &into)
		_, refused := errors.AsType[*APIError](err)
		if _, ok := errors.AsType[*ResponseError](err); err != nil && !ok && !refused {
			t.Errorf("an error of type %T: %v", err, err)
		}
		if err != nil {
			if text := err.Error() + Remedy(err, English) + Remedy(err, Chinese); strings.Contains(text, marked+"-token") || len(text) > 2000 {
				t.Errorf("an error of %d bytes, which must not hold the token: %s", len(text), text)
			}
		}
		if closed := time.Until(tr.limits.closedUntil(tokenEndpoint)); closed > maxRetryAfter || closed > 0 && status != 429 && status != 503 {
			t.Errorf("status %d with Retry-After %q closes the endpoint for %s", status, retryAfter, closed)
		}
		if moved := tr.skew.last.Load(); moved != nil {
			if sent, dateErr := http.ParseTime(date); dateErr != nil || sent.Before(EarliestPlausible.Time()) || err != nil && !refused {
				t.Errorf("the Date %q of what ended in %v moves the clock by %s", date, err, moved.ahead)
			}
		}
	})
}

// How long an endpoint is closed is compared with arithmetic that has no overflow.
func FuzzRetryAfter(f *testing.F) {
	const date = "Mon, 02 Mar 2026 01:00:00 GMT"
	f.Add(429, "30", date)
	f.Add(503, " 901 ", "")
	f.Add(503, "18446744073709551616", date)
	f.Add(503, "+5", date)
	f.Add(200, "30", date)
	f.Add(429, "Mon, 02 Mar 2026 01:00:30 GMT", date)
	f.Add(429, "Monday, 02-Mar-26 01:00:30 GMT", "Mon Mar  2 01:00:00 2026")
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, value, date string) {
		got := retryAfter(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {value}, "Date": {date}}}, now)
		want := new(big.Int)
		limit := big.NewInt(int64(maxRetryAfter))
		text := strings.TrimSpace(value)
		at, atErr := http.ParseTime(text)
		switch {
		case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
		case text != "" && strings.Trim(text, "0123456789") == "":
			want.SetString(text, 10)
			want.Mul(want, big.NewInt(int64(time.Second)))
		case atErr == nil:
			from := now
			if sent, err := http.ParseTime(date); err == nil {
				from = sent
			}
			want.Mul(big.NewInt(at.Unix()-from.Unix()), big.NewInt(int64(time.Second)))
		}
		if want.Sign() < 0 {
			want.SetInt64(0)
		}
		if want.Cmp(limit) > 0 {
			want = limit
		}
		if want.Cmp(big.NewInt(int64(got))) != 0 {
			t.Errorf("status %d, Retry-After %q, Date %q: %s, want %d ns", status, value, date, got, want)
		}
	})
}
