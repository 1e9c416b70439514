// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	attemptTimeout = 10 * time.Second
	maxBody        = 16 << 20
	// How much of a body that is not WeCom's is shown, in bytes.
	maxSnippet = 100
)

// A transport makes single HTTP exchanges with the API. The access token and
// the app secret travel in the URL, so nothing of a URL, nor of what came back,
// leaves a transport in an error unless redact has seen it.
type transport struct {
	base      string // scheme, host and path prefix, without /cgi-bin
	userAgent string
	next      http.RoundTripper
}

// do returns the body of an HTTP answer of any status but a redirect. The error
// is an [*ResponseError], or the context's where that ended.
func (t *transport) do(
	ctx context.Context, method, endpoint string, query url.Values, body []byte,
) (status int, answer []byte, err error) {
	attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	fail := func(doing string, err error) error {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", endpoint, context.Cause(ctx))
		}
		if attempt.Err() != nil {
			return transportError(endpoint, fmt.Sprintf("no complete answer within %s", attemptTimeout))
		}
		return transportError(endpoint, doing+": "+redact(err.Error(), query))
	}

	req, err := http.NewRequestWithContext(attempt, method, t.base+"/cgi-bin/"+endpoint+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, fail("making the request", err)
	}
	req.Header.Set("User-Agent", t.userAgent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	// An http.Client would follow redirects and quote the URL in its errors.
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return 0, nil, fail("calling", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return 0, nil, &ResponseError{
			Endpoint: endpoint, Kind: KindHTTP, Status: resp.StatusCode, Detail: "a redirect, which is not followed",
			remedy: remedyAPIURL,
		}
	}
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return 0, nil, fail(fmt.Sprintf("reading the answer, cut off after %d bytes", len(answer)), err)
	}
	if len(answer) > maxBody {
		return 0, nil, &ResponseError{
			Endpoint: endpoint, Kind: KindDecode, Status: resp.StatusCode,
			Detail: fmt.Sprintf("the answer is larger than %d MiB", maxBody>>20), remedy: remedyAPIURL,
		}
	}
	return resp.StatusCode, answer, nil
}

var (
	remedyAPIURL = bilingual{
		"check that --wecom.api-url and the proxy lead to the WeCom API itself",
		"请检查 --wecom.api-url 与代理设置，确认请求直达企业微信 API",
	}
	remedyNetwork = bilingual{
		"check the network, DNS, the proxy and --wecom.api-url",
		"请检查网络、DNS、代理以及 --wecom.api-url",
	}
)

func transportError(endpoint, detail string) *ResponseError {
	return &ResponseError{Endpoint: endpoint, Kind: KindTransport, Detail: detail, remedy: remedyNetwork}
}

// invalidResponse describes a body that is no answer of WeCom.
func invalidResponse(endpoint string, status int, body []byte, query url.Values, why error) *ResponseError {
	e := &ResponseError{Endpoint: endpoint, Kind: KindDecode, Status: status, remedy: remedyAPIURL}
	if status < 200 || status > 299 {
		e.Kind = KindHTTP
	}
	e.Detail = fmt.Sprintf("not an answer of WeCom but %d bytes: %s", len(body), why)
	if s := snippet(endpoint, body, query); s != "" {
		e.Detail += fmt.Sprintf("; it begins %q", s)
	}
	return e
}

// snippet returns the first bytes of a body for people to look at. It returns
// none of what looks like JSON, since a broken list holds titles, passwords and
// sharing URLs.
func snippet(endpoint string, body []byte, query url.Values) string {
	text := strings.ToValidUTF8(string(body[:min(len(body), 4<<10)]), "")
	words := longPattern
	if !htmlPattern.MatchString(text) {
		text = fieldPattern.ReplaceAllString(elementPattern.ReplaceAllString(text, ">"), "${1}="+redacted)
		if endpoint == tokenEndpoint {
			words = wordPattern
		}
	}
	text = addressPattern.ReplaceAllString(redact(text, query), redacted)
	text = strings.TrimSpace(words.ReplaceAllString(text, redacted))
	if i := strings.IndexAny(text, "{["); i >= 0 {
		text = text[:i]
	}
	if strings.HasPrefix(text, `"`) {
		return ""
	}
	if len(text) > maxSnippet {
		text = strings.ToValidUTF8(text[:maxSnippet], "")
	}
	return text
}

const redacted = "<redacted>"

var (
	urlPattern    = regexp.MustCompile(`(?i)https?://[^\s"'<>]+`)
	secretPattern = regexp.MustCompile(`(?i)(access_token|corpsecret|password|secret|token)(=|%3d|["']?\s*:\s*)[^&\s<>]+`)

	// A page that people are to read, which holds nothing of WeCom's.
	htmlPattern = regexp.MustCompile(`(?i)^\s*<(?:!doctype html|html|head|body|center|div|h1|p|pre)\b`)
	// What a list or a token in other forms than JSON may show in: the text of
	// elements, values by their names to the end of the line, and addresses.
	elementPattern = regexp.MustCompile(`>[^<]+`)
	fieldPattern   = regexp.MustCompile(`(?i)(title|password|secret|token|url)["']?\s*[=:][^<\n]*`)
	addressPattern = regexp.MustCompile(`\b[\w-]+(?:\.[\w-]+)+/[^\s"'<>]+`)
	// No word of a language is as long as a secret, and a token that is not in JSON
	// may be any but a short one.
	longPattern = regexp.MustCompile(`[\w-]{20,}`)
	wordPattern = regexp.MustCompile(`[\w-]{8,}`)
)

// redact takes the secrets of a call out of a text: every form of the token and
// the app secret in its query, URLs, and whatever else is named like a secret.
func redact(text string, query url.Values) string {
	text = urlPattern.ReplaceAllString(text, redacted)
	for _, name := range []string{"access_token", "corpsecret"} {
		secret := query.Get(name)
		if secret == "" {
			continue
		}
		escaped := url.QueryEscape(secret)
		for _, form := range []string{
			secret, escaped, strings.ReplaceAll(escaped, "+", "%20"), url.PathEscape(secret), html.EscapeString(secret),
		} {
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	return secretPattern.ReplaceAllString(text, "${1}="+redacted)
}
