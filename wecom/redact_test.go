// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

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
		"a token as a title":   {Body: []byte(`<html><title>canary-token-0123456789abcdef&#32;</title>canary</html>`)},
		"a secret as a title":  {Status: 403, Body: []byte(`<!doctype html><title>` + secret + `</title>`)},
		"a secret in a list":   {Endpoint: listEndpoint, Status: 403, Body: []byte(`<!doctype html><title>` + secret + `</title>`)},
		"a list in a page":     {Endpoint: listEndpoint, Body: []byte(`<html><body><p>canary-title</p></body></html>`)},
		"a list as XML":        {Endpoint: listEndpoint, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`<?xml version="1.0"?><list><title>canary-title</title></list>`)},
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

func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	const start = "meeting/record/list: HTTP status 403: not an answer from WeCom but "
	for name, test := range map[string]struct {
		contentType string
		body        string
		want        string
	}{
		"a login page": {
			contentType: "text/html; charset=utf-8",
			body:        "<!DOCTYPE html>\n<html><head><title>\n  Sign in &amp; go on</title></head><body>marked</body>",
			want:        `91 bytes of text/html, titled "Sign in & go on": not JSON`,
		},
		"a page behind a comment, in Chinese": {
			contentType: "text/html",
			body:        "<!-- marked --> <HTML><TITLE lang=zh>上网认证</TITLE>",
			want:        `57 bytes of text/html, titled "上网认证": not JSON`,
		},
		"a title with a URL, a query and a token": {
			contentType: "text/html",
			body:        "<html><title>502 https://a.test/b?c=marked a.test/marked ?d=marked eyJhbGciOiJIUzI1NiJ9 0123456789_marked-0123</title>",
			want: `118 bytes of text/html, titled "502 <redacted> <redacted> <redacted> <redacted> <redacted>": ` +
				`not JSON`,
		},
		"control characters": {
			contentType: "text/html",
			body:        "<html><title>a\x1b[31m\x00b\u202ec\xff</title>",
			want:        `34 bytes of text/html, titled "a [31m b c": not JSON`,
		},
		"a long title": {
			contentType: "text/html",
			body:        "<html><title>" + strings.Repeat("中文 ", 60) + "</title>",
			want:        `441 bytes of text/html, titled "` + strings.TrimSpace(strings.Repeat("中文 ", 14)) + `": not JSON`,
		},
		"a page that says it is JSON": {
			contentType: "application/json",
			body:        "<html><title>Blocked</title>",
			want:        `28 bytes of application/json, titled "Blocked": not JSON`,
		},
		"a page without a title": {contentType: "text/html", body: "<html>marked</html>", want: `19 bytes of text/html: not JSON`},
		"plain text":             {contentType: "text/plain", body: "marked", want: `6 bytes of text/plain: not JSON`},
		"binary":                 {contentType: "application/octet-stream", body: "\x1f\x8bmarked", want: `8 bytes of application/octet-stream: not JSON`},
		"an odd content type":    {contentType: "marked; ; =", body: "marked", want: `6 bytes without a content type: not JSON`},
		"a secret content type":  {contentType: "text/0123456789-marked-0123", body: "marked", want: `6 bytes of <redacted>: not JSON`},
		"JSON of another":        {contentType: "application/json", body: `{"message":"marked"}`, want: `20 bytes of application/json: it has no errcode`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := get(listEndpoint, url.Values{"access_token": {"marked-token"}})
			resp := response{request: sent, status: http.StatusForbidden, contentType: test.contentType, body: []byte(test.body)}
			if err := resp.decode(&listResponse{}, IgnoreCalls{}); err == nil || err.Error() != start+test.want {
				t.Errorf("error\n got %v\nwant %s", err, start+test.want)
			}
		})
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	query := url.Values{"corpsecret": {"a marked+/=word"}}
	for text, want := range map[string]string{
		`dial tcp: lookup wecom-api.internal.example.com: no such host`: `dial tcp: lookup wecom-api.internal.example.com: no such host`,
		`Get "https://wecom.test/x?y=marked": EOF`:                      `Get <redacted>: EOF`,
		`at https://wecom.test/marked now`:                              `at <redacted> now`,
		`by a marked+/=word b`:                                          `by <redacted> b`,
		`a%20marked%2B%2F%3Dword b`:                                     `<redacted> b`,
		`a+marked%2B%2F%3Dword b`:                                       `<redacted> b`,
		`broken: malformed HTTP response "marked \" title"`:             `broken: malformed HTTP response <redacted>`,
		`corpsecret=marked b`:                                           `<redacted> b`,
		`read tcp 10.0.0.1:1->10.0.0.2:443: i/o timeout`:                `read tcp 10.0.0.1:1->10.0.0.2:443: i/o timeout`,
	} {
		if got := redact(text, query); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestRedactShortSecrets has secrets that WeCom gives nobody. They leave an error readable, and
// are not shown where they stand by themselves.
func TestRedactShortSecrets(t *testing.T) {
	t.Parallel()
	const failed = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
	for _, test := range []struct{ secret, text, want string }{
		{secret: "a", text: failed, want: failed},
		{secret: "ed", text: failed, want: failed},
		{secret: "xx", text: "dial tcp: lookup xxl.example: no such host", want: "dial tcp: lookup xxl.example: no such host"},
		{secret: "a", text: "the proxy refuses a: secret=a (a)", want: "the proxy refuses <redacted> <redacted> <redacted>"},
		{secret: "by", text: failed, want: strings.Replace(failed, "by", redacted, 1)},
		{secret: "aa", text: "aaa aa-b b-aa éaa", want: "aaa <redacted> <redacted> éaa"},
		{secret: "é", text: "é éa aé", want: "<redacted> éa aé"},
		{secret: "+/", text: "%2B%2F +/ a+/b", want: "<redacted> <redacted> a+/b"},
		{secret: "fail", text: failed, want: strings.Replace(failed, "fail", redacted, 1)},
	} {
		if got := redact(test.text, url.Values{"corpsecret": {test.secret}}); got != test.want {
			t.Errorf("%s in %s\n got %s\nwant %s", test.secret, test.text, got, test.want)
		}
	}
}

// TestEncodedSecrets has an answer quote the secret of its call, encoded in some way.
func TestEncodedSecrets(t *testing.T) {
	t.Parallel()
	const secret = "S3CR+T/MARK=&<x>%20"
	lower := regexp.MustCompile("%[0-9A-F]{2}")
	for name, encode := range map[string]func(string) string{
		"as it is":                       func(s string) string { return s },
		"for a query":                    url.QueryEscape,
		"for a path":                     url.PathEscape,
		"for a query, in lower-case hex": func(s string) string { return lower.ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower) },
		"twice":                          func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		"three times, in two ways":       func(s string) string { return url.PathEscape(url.QueryEscape(url.PathEscape(s))) },
		"twenty times": func(s string) string {
			for range 20 {
				s = url.QueryEscape(s)
			}
			return s
		},
		"in part":             func(s string) string { return strings.Replace(s, "/", "%2f", 1) },
		"for HTML":            html.EscapeString,
		"for HTML, in a path": func(s string) string { return html.EscapeString(url.PathEscape(s)) },
		"for HTML, by number": func(s string) string { return strings.ReplaceAll(html.EscapeString(s), "/", "&#x2F;") },
		"for JSON":            func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
		"for JSON, by number": func(s string) string { return strings.NewReplacer("+", `\u002b`, "/", `\u002F`).Replace(s) },
		"for a script":        func(s string) string { return strings.ReplaceAll(s, "/", `\x2f`) },
		"every byte":          func(s string) string { return "%" + strings.Join(hexOf(s), "%") },
		"in hex":              func(s string) string { return strings.Join(hexOf(s), "") },
		"in base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a:" + s)) },
		"in base64 for URLs":  func(s string) string { return base64.URLEncoding.EncodeToString([]byte("ab:" + s)) },
		"in lower case":       strings.ToLower,
		"cut off":             func(s string) string { return url.QueryEscape(s)[:14] },
		"without its start":   func(s string) string { return url.QueryEscape(s)[5:] },
		"broken up":           func(s string) string { return s[:5] + " " + s[5:] },
	} {
		for _, parameter := range []string{"corpsecret", "access_token"} {
			query := url.Values{parameter: {secret}}
			quoted := encode(secret)
			for how, got := range map[string]string{
				"an excerpt": excerpt("502 "+quoted+" failed", query),
				"an error":   redact("dial "+quoted+" failed", query),
			} {
				if shown := strings.NewReplacer("502", "", "dial", "", "failed", "", redacted, "", " ", "").Replace(got); shown != "" {
					t.Errorf("%s %s: %s is shown as %s", parameter, name, how, got)
				}
			}
		}
	}
}

// hexOf returns each byte in hexadecimal digits.
func hexOf(s string) []string {
	digits := make([]string, 0, len(s))
	for _, c := range []byte(s) {
		digits = append(digits, fmt.Sprintf("%02x", c))
	}
	return digits
}

// TestOtherTextsAreShown has texts that look encoded, and hold no secret.
func TestOtherTextsAreShown(t *testing.T) {
	t.Parallel()
	query := url.Values{"corpsecret": {"S3CR+T/MARK=&<x>%20"}}
	for text, want := range map[string]string{
		"100% of 50 %zz & more": "100% of 50 %zz & more",
		"caf%C3%A9 is closed":   "caf%C3%A9 is closed",
		"error 5 MARK":          "error 5 MARK",
	} {
		if got := excerpt(text, query); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestManyLayers has a text that looks encoded thousands of times.
//
//nolint:paralleltest // It measures time.
func TestManyLayers(t *testing.T) {
	query := url.Values{"corpsecret": {"S3CR+T/MARK=&<x>%20"}}
	// The fastest of some, since other programs keep the processors busy too.
	fastest := time.Minute
	for range 5 {
		start := time.Now()
		excerpt("%"+strings.Repeat("25", maxHead/2), query)
		fastest = min(fastest, time.Since(start))
	}
	if fastest > time.Second {
		t.Errorf("a text of many layers takes %s", fastest)
	}
}
