// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestInvalidResponses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   string // the whole error
		calls  int    // of the list, retries included
	}{
		"HTML": {
			status: 200,
			body:   "<html><head><title>Login</title></head>",
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 39 bytes without a content type, titled "Login": not JSON`,
			calls:  1,
		},

		"HTML of a proxy that fails": {
			status: 502,
			body:   "<html>Bad Gateway</html>",
			want:   `meeting/record/list: HTTP status 502: not an answer from WeCom but 24 bytes without a content type: not JSON`,
			calls:  4,
		},

		"a page that is not there": {
			status: 404,
			body:   "404 page not found",
			want:   `meeting/record/list: HTTP status 404: not an answer from WeCom but 18 bytes without a content type: not JSON`,
			calls:  1,
		},

		"nothing": {
			status: 200,
			body:   "",
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 0 bytes without a content type: not JSON`,
			calls:  1,
		},

		"half a body": {
			status: 200,
			body:   `{"errcode":0,"record_list":[{"title":"marked-title","password":"marked-pass`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 75 bytes without a content type: broken JSON`,
			calls:  1,
		},

		"JSON of somebody else": {
			status: 200,
			body:   `{"error":"marked-secret"}`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 25 bytes without a content type: it has no errcode`,
			calls:  1,
		},

		"a list": {
			status: 200,
			body:   `[1]`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 3 bytes without a content type: not a JSON object`,
			calls:  1,
		},

		"a string": {
			status: 200,
			body:   `"marked-title"`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 14 bytes without a content type: not a JSON object`,
			calls:  1,
		},

		"an errcode that is no number": {
			status: 200,
			body:   `{"errcode":"x"}`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 15 bytes without a content type: its errcode is not a number`,
			calls:  1,
		},

		"a list that is none": {
			status: 200,
			body:   `{"errcode":0,"record_list":"none"}`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 34 bytes without a content type: its list is not a list`,
			calls:  1,
		},

		"a redirect": {
			status: 302,
			body:   "",
			want:   `meeting/record/list: HTTP status 302: a redirect, which is not followed`,
			calls:  1,
		},

		"20 MiB": {
			status: 200,
			body:   `{"errcode":0,"x":"` + strings.Repeat("x", 20<<20) + `"}`,
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but more than 16 MiB without a content type`,
			calls:  1,
		},

		"HTML with the secrets of the call": {
			status: 500,
			body:   `<p>https://wecom.test/cgi-bin/x?access_token=marked-token and marked-token</p>`,
			want:   `meeting/record/list: HTTP status 500: not an answer from WeCom but 78 bytes without a content type: not JSON`,
			calls:  4,
		},

		"a list in XML": {
			status: 200,
			body:   "<xml><title>\nmarked title</title><password>marked password</password></xml>",
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 75 bytes without a content type: not JSON`,
			calls:  1,
		},

		"a list in words": {
			status: 200,
			body:   "title: marked title\npassword: marked as well\nat meeting.tencent.com/crm/marked for 0123456789-marked-word",
			want:   `meeting/record/list: HTTP status 200: not an answer from WeCom but 105 bytes without a content type: not JSON`,
			calls:  1,
		},

		"an error of WeCom with an odd list": {
			status: 200,
			body:   `{"errcode":60111,"record_list":""}`,
			want:   `meeting/record/list: errcode 60111 (the user ID was not found)`,
			calls:  1,
		},

		"an error of WeCom with another status": {
			status: 500,
			body:   `{"errcode":60111,"errmsg":"marked-errmsg"}`,
			want:   `meeting/record/list: errcode 60111 (the user ID was not found)`,
			calls:  1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) { c.Transport = respond{test.status, test.body} })
				_, err := recordingsOf(t.Context(), client, Target{ByUserID, "h"}, lastMonth())
				if err == nil {
					t.Fatal("no error")
				}
				if want := "page 1 of the list: " + test.want; err.Error() != want {
					t.Errorf("error\n got %s\nwant %s", err, want)
				}
				if Remedy(err, English) == "" || Remedy(err, Chinese) == "" {
					t.Error("no remedy")
				}
				got := 0
				for outcome, n := range seen.outcomes {
					if strings.HasPrefix(outcome, listEndpoint) {
						got += n
					}
				}
				if got != test.calls {
					t.Errorf("%d calls, want %d: %v", got, test.calls, seen.outcomes)
				}
			})
		})
	}
}

// Only 0 and "0" are success. What is no errcode is no answer, unless there is a list.
func TestOnlyZeroIsSuccess(t *testing.T) {
	t.Parallel()
	for errcode, want := range map[string]struct {
		success  bool // without a list
		withList bool
		code     int64
	}{
		`0`:     {success: true, withList: true},
		`"0"`:   {success: true, withList: true},
		`false`: {},
		`true`:  {},
		`null`:  {withList: true},
		`""`:    {},
		`" "`:   {},
		`0.9`:   {},
		`-0.5`:  {},
		`0.0`:   {},
		`0e0`:   {},
		`-0`:    {},
		`"00"`:  {},
		`[0]`:   {},
		`{}`:    {},
		`1e300`: {},

		`0,"errcode":60020`:      {code: 60020},
		`60020,"errcode":0`:      {code: 60020},
		`0,"errcode":false`:      {},
		`false,"errcode":0`:      {},
		`null,"errcode":0`:       {success: true, withList: true},
		`60020,"errcode":"none"`: {code: 60020},

		`60111`:   {code: 60111},
		`"60111"`: {code: 60111},
		`-1`:      {code: -1},
	} {
		for _, list := range []string{``, `,"record_list":[]`} {
			var got listResponse
			body := []byte(`{"errcode":` + errcode + list + `}`)
			err := response{request: get(listEndpoint, nil), status: http.StatusOK, body: body}.decode(&got, IgnoreCalls{})
			apiErr, isAPI := errors.AsType[*APIError](err)
			respErr, isStrange := errors.AsType[*ResponseError](err)
			switch success := want.success || want.withList && list != ""; {
			case want.code != 0:
				if !isAPI || apiErr.Code != want.code {
					t.Errorf("%s: error %v, want errcode %d", body, err, want.code)
				}
			case success != (err == nil), !success && (!isStrange || respErr.Kind != KindDecode):
				t.Errorf("%s: error %v, want success: %t", body, err, success)
			}
		}
	}
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"a name twice":              {body: `{"a":1,"a":2}`, want: true},
		"no UTF-8":                  {body: "\"\xff\"", want: true},
		"half a surrogate pair":     {body: `"\ud800"`, want: true},
		"-0":                        {body: `-0`, want: true},
		"space around it":           {body: " \t\r\n1 ", want: true},
		"as deep as it may be":      {body: nested(10_000), want: true},
		"too deep":                  {body: nested(10_001)},
		"far too deep":              {body: strings.Repeat("[", maxBody)},
		"nothing":                   {},
		"two values":                {body: `1 2`},
		"a comma too many":          {body: `[1,]`},
		"a bracket of another kind": {body: `[1}`},
		"a zero before a number":    {body: `01`},
		"no digits after the point": {body: `1.`},
		"an unknown escape":         {body: `"\x"`},
		"a control character":       {body: "\"\x01\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := isJSON([]byte(test.body)); got != test.want || got != json.Valid([]byte(test.body)) {
				t.Errorf("it is JSON: %t, want %t", got, test.want)
			}
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

func TestDecode(t *testing.T) {
	t.Parallel()
	t.Run("a token", func(t *testing.T) {
		t.Parallel()
		var got tokenResponse
		resp := response{request: get(tokenEndpoint, nil), status: http.StatusOK, body: []byte(bodyOf(t, tokenEndpoint, "sample"))}
		err := resp.decode(&got, IgnoreCalls{})
		if err != nil || got.AccessToken != "accesstoken000001" || got.ExpiresIn.value != 7200 || got.size.bytes < 90 {
			t.Errorf("error %v, token %+v", err, got)
		}
	})
	t.Run("an untrusted IP", func(t *testing.T) {
		t.Parallel()
		var got listResponse
		body := []byte(bodyOf(t, listEndpoint, "untrusted_ip"))
		err := response{request: get(listEndpoint, nil), status: http.StatusOK, body: body}.decode(&got, IgnoreCalls{})
		want := &APIError{Endpoint: listEndpoint, Code: 60020, IP: netip.MustParseAddr("203.0.113.7")}
		if diff := cmp.Diff(error(want), err, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	})
}
