// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

const (
	redacted = "<redacted>"

	// maxSnippet is how much of a body that is not WeCom's is shown, in bytes.
	maxSnippet = 100
)

var (
	urlPattern    = regexp.MustCompile(`(?i)https?://[^\s"'<>]+`)
	secretPattern = regexp.MustCompile(`(?i)(access_token|corpsecret|password|secret|token)(=|%3d|["']?\s*:\s*)[^&\s<>]+`)

	// A page made for people, which holds no data of WeCom.
	htmlPattern = regexp.MustCompile(`(?i)^\s*<(?:!doctype html|html|head|body|center|div|h1|p|pre)\b`)
	// The parts of a list or a token in other forms than JSON: the text of elements,
	// values after their names up to the end of the line, and addresses.
	elementPattern = regexp.MustCompile(`>[^<]+`)
	fieldPattern   = regexp.MustCompile(`(?i)(title|password|secret|token|url)["']?\s*[=:][^<\n]*`)
	addressPattern = regexp.MustCompile(`\b[\w-]+(?:\.[\w-]+)+/[^\s"'<>]+`)
	// No word of a language is as long as a secret. In a response to gettoken, any
	// word that is not short may be the token.
	longPattern = regexp.MustCompile(`[\w-]{20,}`)
	wordPattern = regexp.MustCompile(`[\w-]{8,}`)
)

// redact removes the secrets of a call from a text: every form of the token and
// the app secret in its query, URLs, and all other values that are named like a
// secret.
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

// snippet returns the first bytes of a body that is not WeCom's, for people to
// read. It stops where JSON begins, since a broken list holds titles, passwords
// and sharing URLs.
func (r response) snippet() string {
	text := strings.ToValidUTF8(string(r.body[:min(len(r.body), 4<<10)]), "")
	words := longPattern
	if !htmlPattern.MatchString(text) {
		text = fieldPattern.ReplaceAllString(elementPattern.ReplaceAllString(text, ">"), "${1}="+redacted)
		if r.request.endpoint == tokenEndpoint {
			words = wordPattern
		}
	}
	text = addressPattern.ReplaceAllString(redact(text, r.request.query), redacted)
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
