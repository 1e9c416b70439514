// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// getToken asks for a token as a program does, through an http.Client that follows no redirects.
func getToken(ctx context.Context, transport http.RoundTripper, base string) (received, error) {
	c := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet,
		base+"/cgi-bin/gettoken?corpid="+DefaultCorpID+"&corpsecret="+DefaultSecret, nil)
	if err != nil {
		return received{}, err
	}
	resp, err := c.Do(r)
	if err != nil {
		return received{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)

	return received{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// eitherWay runs a test with the server behind a socket of the loopback, and without a network.
func eitherWay(t *testing.T, test func(t *testing.T, s *Server, get func(context.Context) (received, error))) {
	t.Helper()
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		s := New(Config{})
		listener := httptest.NewServer(s)
		defer listener.Close()
		transport := &http.Transport{DisableKeepAlives: true} // A client retries on a kept connection.
		test(t, s, func(ctx context.Context) (received, error) {
			return getToken(ctx, transport, listener.URL)
		})
	})
	t.Run("no network", func(t *testing.T) {
		t.Parallel()
		s := New(Config{})
		test(t, s, func(ctx context.Context) (received, error) {
			return getToken(ctx, s, "https://qyapi.example.com")
		})
	})
}

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault   Fault
		status  int
		prefix  string
		errcode int
	}{
		"errcode": {
			Fault{Errcode: 60020},
			200,
			`{"errcode":60020,"errmsg":"not allow to access from your ip, hint: [`, 60020,
		},
		"errcode -1":       {Fault{Errcode: -1}, 200, `{"errcode":-1,"errmsg":"system busy, hint: [`, -1},
		"errcode and text": {Fault{Errcode: 12345, Errmsg: "what"}, 200, `{"errcode":12345,"errmsg":"what, hint: [`, 12345},
		"status":           {Fault{Status: 503}, 503, "<html>\r\n<head><title>503 Service Unavailable</title>", NoErrcode},
		"body":             {Fault{Body: []byte("{")}, 200, "{", NoErrcode},
		"empty body":       {Fault{Body: []byte{}}, 200, "", NoErrcode},
		"body and status":  {Fault{Body: []byte("no"), Status: 418}, 418, "no", NoErrcode},
		"redirect":         {Fault{Redirect: "https://evil.example.com/"}, 302, "", NoErrcode},
		"echo":             {Fault{EchoSecrets: true}, 502, "<html>", NoErrcode},
		"late":             {Fault{Delay: 1}, 200, `{"errcode":0,`, 0},
		"late and errcode": {Fault{Delay: 1, Errcode: -1}, 200, `{"errcode":-1,`, -1},
		"skew":             {Fault{ClockSkew: time.Hour}, 200, `{"errcode":0,`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
				t.Helper()
				remove := s.Fail(tc.fault)
				got, err := get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got.status != tc.status || !strings.HasPrefix(string(got.body), tc.prefix) || tc.prefix == "" && len(got.body) > 0 {
					t.Errorf("got %d and %q, want %d and %q", got.status, got.body, tc.status, tc.prefix)
				}
				if location := got.header.Get("Location"); location != tc.fault.Redirect {
					t.Errorf("redirected to %q, want %q", location, tc.fault.Redirect)
				}
				if told := bytes.Contains(got.body, []byte(DefaultSecret)); told != tc.fault.EchoSecrets {
					t.Errorf("the secret in the answer: %v, want %v", told, tc.fault.EchoSecrets)
				}
				if log := s.Requests(); len(log) != 1 || log[0].Errcode != tc.errcode || s.Count("gettoken", tc.errcode) != 1 {
					t.Errorf("recorded %+v, want errcode %d", log, tc.errcode)
				}
				remove()
				if got, err = get(t.Context()); err != nil || !bytes.HasPrefix(got.body, []byte(`{"errcode":0,`)) {
					t.Errorf("got %s and %v once removed", got.body, err)
				}
			})
		})
	}
}

func TestFaultCut(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		s.Fail(Fault{CutAfter: 15, Times: 1})
		got, err := get(t.Context())
		if !errors.Is(err, io.ErrUnexpectedEOF) || string(got.body) != `{"errcode":0,"e` {
			t.Errorf("got %q and %v, want 15 bytes and an unexpected EOF", got.body, err)
		}
		if n, err := strconv.Atoi(got.header.Get("Content-Length")); err != nil || n < 100 {
			t.Errorf("Content-Length %d (%v), want that of the whole", n, err)
		}
		s.Fail(Fault{CutAfter: 1 << 20})
		if got, err = get(t.Context()); err != nil || !json.Valid(got.body) {
			t.Errorf("got %q and %v, want a short answer whole", got.body, err)
		}
	})
}

func TestFaultDrop(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		s.Fail(Fault{Drop: true})
		if got, err := get(t.Context()); err == nil {
			t.Errorf("got %d, want a broken connection", got.status)
		} else if !strings.Contains(err.Error(), "connection reset by peer") {
			t.Errorf("got %v, want a reset", err)
		}
		if got := s.Count("gettoken", NoErrcode); got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
	})
}

func TestFaultOversize(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		const size = 1<<20 + 1
		s.Fail(Fault{Oversize: size})
		if got, err := get(t.Context()); err != nil || len(got.body) != size || !json.Valid(got.body) {
			t.Errorf("got %d bytes and %v, want %d bytes of JSON", len(got.body), err, size)
		}
	})
}

func TestDate(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		for _, test := range []struct{ clock, fault time.Duration }{
			{},
			{clock: time.Hour},
			{clock: -48 * time.Hour, fault: time.Hour},
		} {
			s.SetClockSkew(test.clock)
			remove := s.Fail(Fault{ClockSkew: test.fault})
			want := time.Now().Add(test.clock + test.fault)
			got, err := get(t.Context())
			date, dateErr := http.ParseTime(got.header.Get("Date"))
			if off := date.Sub(want); err != nil || dateErr != nil || off < -2*time.Second || off > 2*time.Second {
				t.Errorf("date %s (%v, %v), want %s", date, err, dateErr, want)
			}
			remove()
		}
	})
}

func TestFaultPieces(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		const pause = 5 * time.Millisecond
		remove := s.Fail(Fault{Pieces: 4, Pause: pause})
		start := time.Now()
		if got, err := get(t.Context()); err != nil || !json.Valid(got.body) {
			t.Errorf("got %q and %v, want the right answer", got.body, err)
		}
		if took := time.Since(start); took < 4*pause {
			t.Errorf("it took %s, want four pauses of %s", took, pause)
		}
		remove()
		s.Fail(Fault{Pieces: 4, Pause: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if got, err := get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q and %v, want no answer", got.body, err)
		}
	})
}

func TestFaultGzip(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		s.Fail(Fault{Gzip: true, Header: http.Header{"X-Gateway": {"yes"}}})
		got, err := get(t.Context())
		if err != nil || got.header.Get("X-Gateway") != "yes" {
			t.Fatalf("got %v and %v, want the header of the fault", got.header, err)
		}
		body := got.body
		if got.header.Get("Content-Encoding") == "gzip" { // Otherwise the transport asked for it, and unpacked it.
			r, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		if !json.Valid(body) {
			t.Errorf("got %q, want the right answer", body)
		}
	})
}

func TestFaultHang(t *testing.T) {
	t.Parallel()
	eitherWay(t, func(t *testing.T, s *Server, get func(context.Context) (received, error)) {
		t.Helper()
		s.Fail(Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if got, err := get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q and %v, want no answer", got.body, err)
		}
		if got := s.Count("gettoken", NoErrcode); got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
	})
}

func TestFaultDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		s.Fail(Fault{Delay: time.Minute})
		begin := time.Now()
		resp, err := getToken(t.Context(), s, "https://qyapi.example.com")
		if err != nil || resp.status != http.StatusOK || decode(t, resp.body).Errcode != 0 {
			t.Errorf("got %q and %v", resp.body, err)
		}
		if got := time.Since(begin); got != time.Minute {
			t.Errorf("it took %v, want a minute", got)
		}

		begin = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = getToken(ctx, s, "https://qyapi.example.com"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the caller's deadline", err)
		}
		if got := time.Since(begin); got != time.Second {
			t.Errorf("it took %v, want a second", got)
		}
	})
}

func TestFaultSelects(t *testing.T) {
	t.Parallel()
	body := func(user string) string { return listBody("userid", user, epoch, 20, "") }
	for name, tc := range map[string]struct {
		fault Fault
		want  []int // Errcodes of lists of a, b, a, b, a.
	}{
		"all":            {Fault{Errcode: -1}, []int{-1, -1, -1, -1, -1}},
		"this endpoint":  {Fault{Errcode: -1, Endpoint: endpointRecordList}, []int{-1, -1, -1, -1, -1}},
		"other endpoint": {Fault{Errcode: -1, Endpoint: endpointStartList}, []int{0, 0, 0, 0, 0}},
		"match":          {Fault{Errcode: -1, Match: func(r Request) bool { return r.Selector == "userid" && r.Target == "b" }}, []int{0, -1, 0, -1, 0}},
		"after":          {Fault{Errcode: -1, After: 2}, []int{0, 0, -1, -1, -1}},
		"times":          {Fault{Errcode: -1, Times: 2}, []int{-1, -1, 0, 0, 0}},
		"after, times":   {Fault{Errcode: -1, After: 1, Times: 3}, []int{0, -1, -1, -1, 0}},
		"match, after":   {Fault{Errcode: -1, After: 1, Match: func(r Request) bool { return r.Target == "a" }}, []int{0, 0, -1, 0, -1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.token = x.getTokenWith(t, DefaultCorpID, DefaultSecret).AccessToken
			x.Fail(tc.fault)
			got := make([]int, 0, len(tc.want))
			for _, user := range []string{"a", "b", "a", "b", "a"} {
				got = append(got, x.call(t, endpointRecordList, body(user)).Errcode)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("errcodes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultsInTurn(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Fail(Fault{Errcode: 1, Times: 1})
	remove := x.Fail(Fault{Errcode: 2, Match: func(Request) bool { return x.Count("gettoken") < 9 }}) // May ask the server.
	x.Fail(Fault{Errcode: 3})
	got := make([]int, 0, 4)
	for i := range cap(got) {
		if i == 2 {
			remove()
			remove() // Does nothing the second time.
		}
		got = append(got, x.getTokenWith(t, DefaultCorpID, DefaultSecret).Errcode)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 3}, got); diff != "" {
		t.Errorf("errcodes (-want +got):\n%s", diff)
	}
}

func TestFaultPaging(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault Fault
		fresh bool
	}{
		"repeated cursor": {Fault{RepeatCursor: true}, false},
		"endless pages":   {Fault{EndlessPages: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.Put(hours(3)...)
			remove := x.Fail(tc.fault)
			cursor, seen := "", map[string]bool{}
			for range 5 {
				r := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 20, cursor))
				if r.Errcode != 0 || !r.HasMore || r.NextCursor == "" || len(r.RecordMeetings) != 3 {
					t.Fatalf("got %+v", r)
				}
				cursor = r.NextCursor
				seen[cursor] = true
			}
			if want := map[bool]int{false: 1, true: 5}[tc.fresh]; len(seen) != want {
				t.Errorf("%d different cursors, want %d", len(seen), want)
			}
			remove()
			if got := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 20, cursor)).Errcode; got != 40058 {
				t.Errorf("errcode %d for such a cursor once removed, want 40058", got)
			}
		})
	}
}

func TestFaultClockSkew(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(Recording{ID: "r", Creator: "a", MeetingStart: epoch, Completed: epoch.Add(time.Hour)})
	state := func() int {
		r := x.call(t, endpointRecordList, listBody("userid", "a", epoch, 20, ""))
		if len(r.RecordMeetings) != 1 {
			return r.Errcode
		}

		return r.RecordMeetings[0].State
	}
	if got := state(); got != StateTranscoding {
		t.Errorf("state %d, want it to be transcoding", got)
	}
	remove := x.Fail(Fault{ClockSkew: time.Hour})
	if got := state(); got != StateCompleted {
		t.Errorf("state %d an hour ahead, want it completed", got)
	}
	remove()
	x.Fail(Fault{ClockSkew: 2 * time.Hour})
	if got := state(); got != 42001 {
		t.Errorf("errcode %d two hours ahead, want the token expired", got)
	}
}

func TestLimitsGoBeforeFaults(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{RequestsPerMinute: 1})
	x.token = "none"
	x.Fail(Fault{Endpoint: endpointRecordList, Errcode: -1})
	got := []int{x.call(t, endpointRecordList, "{}").Errcode, x.call(t, endpointRecordList, "{}").Errcode}
	if diff := cmp.Diff([]int{-1, 45009}, got); diff != "" {
		t.Errorf("errcodes (-want +got):\n%s", diff)
	}
}

func TestRoundTripOfABrokenHandler(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	s.Fail(Fault{Match: func(Request) bool { panic("of the test") }})
	defer func() {
		if p := recover(); p != "of the test" {
			t.Errorf("recovered %v, want the panic to come through", p)
		}
	}()
	x := &client{Server: s}
	x.roundTrip(t, "/cgi-bin/gettoken", url.Values{}, "")
}
