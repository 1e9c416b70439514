// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// fuzzedSecret makes a secret of arbitrary bytes: of the characters that those of WeCom have,
// and as long as the shortest that must not be shown.
func fuzzedSecret(seed []byte) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	secret := []byte("s3cret-0123456789-abcdefgh")
	for i, b := range seed[:min(len(seed), len(secret))] {
		secret[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(secret)
}

// A secret between two arbitrary texts, in each form in which it may come back, is in nothing
// that is shown.
func FuzzRedact(f *testing.F) {
	f.Add([]byte("k"), "denied: ", " is wrong", uint8(0))
	f.Add([]byte{}, `Get "https://wecom.test/cgi-bin/gettoken?corpsecret=`, `": EOF`, uint8(1))
	f.Add([]byte{1, 2, 3}, "proxy.test:3128/", "&x=1", uint8(2))
	f.Add([]byte{7}, `"\"`, "\\\"\xff", uint8(3))
	f.Add([]byte{9}, "<redac", "ted>", uint8(4))
	f.Fuzz(func(t *testing.T, seed []byte, before, after string, form uint8) {
		secret := fuzzedSecret(seed)
		query := url.Values{"corpsecret": {secret}}
		if form&1 != 0 {
			query = url.Values{"access_token": {secret}, "corpsecret": {"another"}}
		}
		inside := secret
		switch form >> 1 % 4 {
		case 1:
			inside = url.QueryEscape(secret)
		case 2:
			inside = html.EscapeString(secret)
		case 3:
			inside = secret + secret
		}
		text := before + inside + after
		page := response{request: request{query: query}, body: []byte("<html><title>" + text + "</title>")}
		for name, shown := range map[string]string{
			"redact": redact(text, query), "excerpt": excerpt(text, query), "title": page.title(), "invalid": page.invalid(errNotJSON).Error(),
		} {
			if strings.Contains(shown, secret) {
				t.Errorf("%s shows the secret %s: %q", name, secret, shown)
			}
		}
		for name, short := range map[string]string{"excerpt": excerpt(text, query), "title": page.title()} {
			printable := !strings.ContainsFunc(short, func(r rune) bool { return !unicode.IsPrint(r) })
			if len(short) > maxExcerpt || !printable || !utf8.ValidString(short) || longestRun(short) >= secretLength {
				t.Errorf("%s is not fit to be shown: %q", name, short)
			}
		}
	})
}
