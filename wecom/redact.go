// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const (
	redacted = "<redacted>"

	maxExcerpt = 100      // bytes of a text that is shown
	maxHead    = 64 << 10 // bytes of a page that may hold its title

	// No word of a language has as many letters and digits as a secret.
	secretLength = 20
)

var (
	// The beginning of a page made for people. XML in general may be a list in another
	// form, whose titles are those of recordings.
	pagePattern  = regexp.MustCompile(`(?is)^\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b`)
	titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	quotePattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// redact removes from an error text what may be a secret of the call: every form of
// the token and the app secret, URLs, and what is quoted, since that came from the
// other side.
func redact(text string, query url.Values) string {
	text = quotePattern.ReplaceAllString(withoutSecrets(text, query), redacted)
	return redactWords(text, mayBeAddress)
}

// excerpt returns a text of a response, fit to be shown. It is short, has no control
// characters, and has no word that may be a secret.
func excerpt(text string, query url.Values) string {
	return shorten(redactWords(withoutSecrets(printable(text), query), func(word string) bool {
		return mayBeAddress(word) || longestRun(word) >= secretLength
	}))
}

// printable replaces the characters that cannot be printed by spaces.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
}

// shorten cuts a text off after maxExcerpt bytes.
func shorten(text string) string {
	if len(text) > maxExcerpt {
		text = strings.ToValidUTF8(text[:maxExcerpt], "")
	}
	return strings.TrimSpace(text)
}

// title returns the title of an HTML page, fit to be shown, or "".
func (r response) title() string {
	head := r.body[:min(len(r.body), maxHead)]
	if !pagePattern.Match(head) {
		return ""
	}
	match := titlePattern.FindSubmatch(head)
	if match == nil {
		return ""
	}
	return excerpt(html.UnescapeString(string(match[1])), r.request.query)
}

// withoutSecrets removes the token and the app secret of a query, in every form.
func withoutSecrets(text string, query url.Values) string {
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
	return text
}

// redactWords replaces the words that are secret and makes every space a single one.
func redactWords(text string, secret func(word string) bool) string {
	words := strings.Fields(text)
	for i, word := range words {
		if secret(word) {
			words[i] = redacted
		}
	}
	return strings.Join(words, " ")
}

// mayBeAddress reports whether a word may be a URL, the end of one, or a parameter.
func mayBeAddress(word string) bool {
	host, _, hasPath := strings.Cut(word, "/")
	return strings.ContainsAny(word, "?=") || strings.Contains(word, "://") || hasPath && strings.Contains(host, ".")
}

// longestRun returns the length of the longest run of ASCII letters, digits, hyphens
// and underscores, of which tokens are made.
func longestRun(word string) int {
	longest, run := 0, 0
	for i := range len(word) {
		c := word[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			run++
			longest = max(longest, run)
		default:
			run = 0
		}
	}
	return longest
}
