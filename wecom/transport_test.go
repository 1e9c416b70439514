// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// A roundTripper is a function as an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestTransportRequests(t *testing.T) {
	t.Parallel()
	type sent struct {
		Method, URL, UserAgent, ContentType, Body string
	}
	for name, test := range map[string]struct {
		request request
		want    sent
	}{
		"GET": {
			request: get(tagEndpoint, url.Values{"tagid": {"7"}}).with("access_token", "a b"),
			want: sent{
				Method:    http.MethodGet,
				URL:       "https://wecom.test/prefix/cgi-bin/tag/get?access_token=a+b&tagid=7",
				UserAgent: "agent/1",
			},
		},

		"POST": {
			request: request{method: http.MethodPost, endpoint: listEndpoint, body: []byte(`{"limit":20}`)},
			want: sent{
				Method:      http.MethodPost,
				URL:         "https://wecom.test/prefix/cgi-bin/meeting/record/list?",
				UserAgent:   "agent/1",
				ContentType: "application/json",
				Body:        `{"limit":20}`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sent
			next := roundTripper(func(req *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(req.Body)
				got = sent{
					Method:      req.Method,
					URL:         req.URL.String(),
					UserAgent:   req.UserAgent(),
					ContentType: req.Header.Get("Content-Type"),
					Body:        string(body),
				}
				if err != nil {
					return nil, err
				}
				return respond{http.StatusTeapot, "short"}.RoundTrip(req)
			})
			tr := &transport{baseURL: "https://wecom.test/prefix", userAgent: "agent/1", next: next, observer: IgnoreCalls{}, skew: &skew{}}
			resp, err := tr.do(t.Context(), test.request)
			if err != nil || resp.status != http.StatusTeapot || string(resp.body) != "short" {
				t.Errorf("error %v, status %d, body %q", err, resp.status, resp.body)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTransportErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		kind  ResponseErrorKind
		text  string
		took  time.Duration
	}{
		"no response": {
			fault: wecomtest.Fault{Hang: true},
			kind:  KindTransport,
			text:  "gettoken: calling: no byte for 10s",
			took:  idleTimeout,
		},

		"a late response": {
			fault: wecomtest.Fault{Delay: time.Minute},
			kind:  KindTransport,
			text:  "gettoken: calling: no byte for 10s",
			took:  idleTimeout,
		},

		"an answer that stalls": {
			fault: wecomtest.Fault{Pieces: 2, Pause: 11 * time.Second},
			kind:  KindTransport,
			text:  "gettoken: reading the answer, cut off after 0 bytes: no byte for 10s",
			took:  idleTimeout,
		},

		"an answer that takes too long": {
			fault: wecomtest.Fault{Pieces: 8, Pause: 8 * time.Second},
			kind:  KindTransport,
			text:  "gettoken: reading the answer, cut off after 147 bytes: not done within 1m0s",
			took:  attemptTimeout,
		},

		"a reset connection": {
			fault: wecomtest.Fault{Drop: true},
			kind:  KindTransport,
			text:  "gettoken: calling: answer without a network: connection reset by peer",
		},

		"a body cut off": {
			fault: wecomtest.Fault{CutAfter: 5},
			kind:  KindTransport,
			text:  "gettoken: reading the answer, cut off after 5 bytes: unexpected EOF",
		},

		"a redirect": {
			fault: wecomtest.Fault{Redirect: "https://elsewhere.test/"},
			kind:  KindHTTP,
			text:  "gettoken: HTTP status 302: a redirect, which is not followed",
		},

		"a body too large": {
			fault: wecomtest.Fault{Oversize: maxBody + 1},
			kind:  KindDecode,
			text:  "gettoken: HTTP status 200: not an answer from WeCom but more than 16 MiB of application/json",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Fail(test.fault)
				tr := &transport{baseURL: "https://wecom.test", next: server, observer: IgnoreCalls{}, skew: &skew{}}
				query := url.Values{"corpid": {wecomtest.DefaultCorpID}, "corpsecret": {wecomtest.DefaultSecret}}
				start := time.Now()
				_, err := tr.do(t.Context(), get(tokenEndpoint, query))
				respErr, ok := errors.AsType[*ResponseError](err)
				if !ok || respErr.Kind != test.kind || err.Error() != test.text {
					t.Errorf("error %v; want %s, of kind %v", err, test.text, test.kind)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func TestTransportReportsToTheObserver(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		_, seen := configOf(server)
		tr := &transport{baseURL: "https://wecom.test", next: server, observer: seen, skew: &skew{}}
		for _, secret := range []string{wecomtest.DefaultSecret, "wrong"} {
			query := url.Values{"corpid": {wecomtest.DefaultCorpID}, "corpsecret": {secret}}
			var got tokenResponse
			if err := tr.exchange(t.Context(), get(tokenEndpoint, query), &got); (err == nil) != (secret != "wrong") {
				t.Errorf("secret %q: error %v", secret, err)
			}
		}
		server.Fail(wecomtest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := tr.exchange(ctx, get(tokenEndpoint, nil), &tokenResponse{}); !errors.Is(err, context.DeadlineExceeded) ||
			!strings.HasPrefix(err.Error(), "gettoken: ") {
			t.Errorf("error %v, want that of the context", err)
		}
		want := map[string]int{"gettoken 0": 1, "gettoken 40001": 1}
		if diff := cmp.Diff(want, seen.outcomes); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	})
}

// An answer that keeps coming may take long.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Pieces: 7, Pause: 8 * time.Second})
		client, seen := clientOf(t, server)
		start := time.Now()
		listOnce(t, client)
		if took := time.Since(start); took != 2*56*time.Second {
			t.Errorf("it took %s, want twice 56 s", took)
		}
		if diff := cmp.Diff(map[string]int{"gettoken 0": 1, "meeting/record/list 0": 1}, seen.outcomes); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	})
}

func TestCallsAreReported(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff(wecomtest.Scope{Departments: []int{3}, Tags: []int{7}}))
		server.Put(wecomtest.Recording{ID: "r", Creator: "wang", MeetingID: "m", MeetingStart: time.Now().Add(-time.Hour)})
		server.Fail(wecomtest.Fault{Delay: time.Second})
		server.Fail(wecomtest.Fault{Endpoint: startsEndpoint, Errcode: 999999})
		client, seen := clientOf(t, server)
		_, _ = recordingsOf(t.Context(), client, Target{ByUserID, "wang"}, lastMonth())
		_, _ = recordingsOf(t.Context(), client, Target{ByMeetingID, "m"}, lastMonth())
		_, _ = recordingsOf(t.Context(), client, Target{ByMeetingCode, "?&\n"}, lastMonth())
		_, _ = client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
		want := []Call{
			{Endpoint: tokenEndpoint},
			{Endpoint: listEndpoint, Target: "userid=wang"},
			{Endpoint: listEndpoint, Target: "meetingid=m"},
			{Endpoint: listEndpoint, Target: "meeting_code=?&\n", Outcome: Outcome{Errcode: 730004}},
			{Endpoint: agentEndpoint, Target: "agentid=1000002"},
			{Endpoint: tagEndpoint, Target: "tagid=7"},
			{Endpoint: departmentsEndpoint, Target: "id=4"},
			{Endpoint: usersEndpoint, Target: "department_id=4"},
			{Endpoint: departmentsEndpoint, Target: "id=3"},
			{Endpoint: usersEndpoint, Target: "department_id=3"},
		}
		for i := range want {
			want[i].Took = time.Second
		}
		if diff := cmp.Diff(want, seen.all); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ahead time.Duration // WeCom's clock
		fault wecomtest.Fault
		want  time.Duration
		known bool
	}{
		"the same":              {known: true},
		"WeCom's is ahead":      {ahead: time.Hour, want: -time.Hour, known: true},
		"the local is ahead":    {ahead: -2 * 365 * 24 * time.Hour, want: 2 * 365 * 24 * time.Hour, known: true},
		"by less than a second": {ahead: 400 * time.Millisecond, known: true},
		"by half a second":      {fault: wecomtest.Fault{Delay: time.Second}, known: true},
		"an answer that is slow": {
			ahead: time.Hour, fault: wecomtest.Fault{Delay: 8 * time.Second}, want: -time.Hour - 4*time.Second, known: true,
		},
		"an errcode": {ahead: time.Hour, fault: wecomtest.Fault{Errcode: 60020}, want: -time.Hour, known: true},

		"a page of a proxy":    {ahead: time.Hour, fault: wecomtest.Fault{Status: 502}},
		"JSON of another":      {ahead: time.Hour, fault: wecomtest.Fault{Body: []byte(`{"error":1}`)}},
		"a redirect":           {ahead: time.Hour, fault: wecomtest.Fault{Redirect: "https://elsewhere.test"}},
		"no date":              {fault: wecomtest.Fault{Header: http.Header{"Date": nil}}},
		"a date that is none":  {fault: wecomtest.Fault{Header: http.Header{"Date": {"soon"}}}},
		"a date before WeCom":  {fault: wecomtest.Fault{Header: http.Header{"Date": {"Thu, 01 Jan 1970 00:00:00 GMT"}}}},
		"no connection at all": {fault: wecomtest.Fault{Drop: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.SetClockSkew(test.ahead)
				server.Fail(test.fault)
				client, seen := clientOf(t, server)
				_, _ = recordingsOf(t.Context(), client, anyone, lastMonth())
				if known := len(seen.skews) > 0; known != test.known {
					t.Errorf("known: %t, want %t", known, test.known)
				}
				for _, skew := range seen.skews {
					if skew != test.want {
						t.Errorf("reported skew %s, want %s", skew, test.want)
					}
				}
			})
		})
	}
}
