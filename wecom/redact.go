// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redacted = "<redacted>"

	maxExcerpt = 100      // bytes of a text that is shown
	maxHead    = 64 << 10 // bytes of a page that may hold its title

	// No word of a language has as many letters and digits as a secret.
	secretLength = 20
	// secretPart is how many bytes of a secret are as good as all of it: it has 40 or more.
	secretPart = 8
	// shortestSecret is how many bytes the shortest text has that may be a secret. A shorter
	// one was cut off or made up, and is part of many words.
	shortestSecret = 4
	// maxLayers bounds how often a text is unescaped. Each layer of gateways adds one at most.
	maxLayers = 10
)

var (
	// The beginning of a page made for people. XML in general may be a list in another
	// form, whose titles are those of recordings.
	pagePattern  = regexp.MustCompile(`(?is)^\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b`)
	titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	quotePattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

	// Escapes of a byte in URLs, in scripts and in JSON.
	escapePattern = regexp.MustCompile(`(?i)(?:%(?:u00)?|\\x|\\u00)[0-9a-f]{2}`)
	// What may be a space, and a backslash in front of a character that stands for itself.
	spacePattern = regexp.MustCompile(`[\s+\\]+`)
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
	return excerpt(html.UnescapeString(string(match[1])), r.request.secrets())
}

// withoutSecrets removes the token and the app secret of a query. A text that holds a part of
// one in another form is redacted as a whole. Of what is too short to be a secret, only words
// that it stands in by itself are removed: otherwise "a" would leave nothing of any text.
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
			if len(secret) < shortestSecret {
				text = redactWords(text, func(word string) bool { return standsIn(word, form) })
				continue
			}
			text = strings.ReplaceAll(text, form, redacted)
		}
		if len(secret) >= shortestSecret && holdsPart(text, secret) {
			return redacted
		}
	}
	return text
}

// standsIn reports whether a word holds a text without a letter or a digit right before or
// after it.
func standsIn(word, text string) bool {
	isPart := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for rest, before := word, ' '; ; {
		i := strings.Index(rest, text)
		if i < 0 {
			return false
		}
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(rest[:i])
		}
		after, _ := utf8.DecodeRuneInString(rest[i+len(text):])
		if !isPart(before) && !isPart(after) {
			return true
		}
		first, size := utf8.DecodeRuneInString(rest[i:])
		rest, before = rest[i+size:], first
	}
}

// holdsPart reports whether a text holds any part of a secret that is secretPart bytes long, in
// whatever form: escaped once or more, in hex or in base64.
func holdsPart(text, secret string) bool {
	text, ok := plain(text)
	if !ok {
		return true // It is not known what it holds.
	}
	forms := []string{secret, hex.EncodeToString([]byte(secret))}
	for skip := range min(3, len(secret)) { // Base64 depends on what comes before.
		rest := []byte(secret[skip:])
		forms = append(forms, base64.RawStdEncoding.EncodeToString(rest), base64.RawURLEncoding.EncodeToString(rest))
	}
	for _, form := range forms {
		form, _ = plain(form)
		size := min(secretPart, len(form))
		for i := 0; size > 0 && i+size <= len(form); i++ {
			if strings.Contains(text, form[i:i+size]) {
				return true
			}
		}
	}
	return false
}

// plain undoes escapes until there are none left. So that texts can be compared, it also removes
// what may be escaped as a space, and the case of letters. It is not ok if there are more
// layers of escapes than anyone makes.
func plain(text string) (plain string, ok bool) {
	for range maxLayers {
		before := text
		text = escapePattern.ReplaceAllStringFunc(html.UnescapeString(text), func(escape string) string {
			code, _ := strconv.ParseUint(escape[len(escape)-2:], 16, 8)
			return string([]byte{byte(code)})
		})
		if text == before {
			return spacePattern.ReplaceAllString(strings.ToLower(text), ""), true
		}
	}
	return "", false
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
