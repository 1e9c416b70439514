// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
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
			200, "<html><head><title>Login</title></head>",
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 39 bytes: not JSON; it begins "<html><head><title>Login</title></head>"`, 1,
		},
		"HTML of a proxy that fails": {
			502, "<html>Bad Gateway</html>",
			`meeting/record/list: HTTP status 502: not an answer of WeCom but 24 bytes: not JSON; it begins "<html>Bad Gateway</html>"`, 4,
		},
		"a page that is not there": {
			404, "404 page not found", `meeting/record/list: HTTP status 404: not an answer of WeCom but 18 bytes: not JSON; it begins "404 page not found"`, 1,
		},
		"nothing": {200, "", `meeting/record/list: HTTP status 200: not an answer of WeCom but 0 bytes: not JSON`, 1},
		"half a body": {
			200, `{"errcode":0,"record_list":[{"title":"marked-title","password":"marked-pass`,
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 75 bytes: broken JSON`, 1,
		},
		"JSON of somebody else": {
			200, `{"error":"marked-secret"}`,
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 25 bytes: it has no errcode`, 1,
		},
		"a list":   {200, `[1]`, `meeting/record/list: HTTP status 200: not an answer of WeCom but 3 bytes: not a JSON object`, 1},
		"a string": {200, `"marked-title"`, `meeting/record/list: HTTP status 200: not an answer of WeCom but 14 bytes: not a JSON object`, 1},
		"an errcode that is no number": {
			200, `{"errcode":"x"}`, `meeting/record/list: HTTP status 200: not an answer of WeCom but 15 bytes: it has no errcode`, 1,
		},
		"a list that is none": {
			200, `{"errcode":0,"record_list":"none"}`,
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 34 bytes: its list is not a list`, 1,
		},
		"a redirect": {302, "", `meeting/record/list: HTTP status 302: a redirect, which is not followed`, 1},
		"20 MiB": {
			200, `{"errcode":0,"x":"` + strings.Repeat("x", 20<<20) + `"}`,
			`meeting/record/list: HTTP status 200: the answer is larger than 16 MiB`, 1,
		},
		"HTML with the secrets of the call": {
			500, `<p>https://wecom.test/cgi-bin/x?access_token=marked-token and marked-token</p>`,
			`meeting/record/list: HTTP status 500: not an answer of WeCom but 78 bytes: not JSON; it begins "<p><redacted> and <redacted></p>"`, 4,
		},
		"a list in XML": {
			200, "<xml><title>\nmarked title</title><password>marked password</password></xml>",
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 75 bytes: not JSON; ` +
				`it begins "<xml><title></title><password></password></xml>"`, 1,
		},
		"a list in words": {
			200, "title: marked title\npassword: marked as well\nat meeting.tencent.com/crm/marked for 0123456789-marked-word",
			`meeting/record/list: HTTP status 200: not an answer of WeCom but 105 bytes: not JSON; ` +
				`it begins "title=<redacted>\npassword=<redacted>\nat <redacted> for <redacted>"`, 1,
		},
		"an error of WeCom with an odd list": {
			200, `{"errcode":60111,"record_list":""}`, `meeting/record/list: errcode 60111 (the user ID was not found)`, 1,
		},
		"an error of WeCom with another status": {
			500, `{"errcode":60111,"errmsg":"marked-errmsg"}`, `meeting/record/list: errcode 60111 (the user ID was not found)`, 1,
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
		if err != nil || got.AccessToken != "accesstoken000001" || got.ExpiresIn.value != 7200 {
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
