// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// of returns a reader whose result is shown as text.
func of[T any](read func(string) (T, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		result, err := read(text)
		return fmt.Sprint(result), err
	}
}

func TestScalars(t *testing.T) {
	t.Parallel()
	const secret = "canary"
	for name, test := range map[string]struct {
		read    func(string) (string, error)
		good    map[string]string // what is read of a text
		bad     map[string]string // how the error of a text begins
		secrets bool              // an error never holds the text
	}{
		"duration": {
			read: of(Duration),
			good: map[string]string{"5m": "5m0s", "1d12h": "36h0m0s", "1ms": "1ms"},
			bad: map[string]string{
				"": `"" is not a duration`, "5": `"5" is not a duration`, "-5m": `"-5m" is not a duration`, "0s": `"0s" is zero`,
			},
		},
		"whole number": {
			read: of(WholeNumber(1)),
			good: map[string]string{"1": "1", "1200": "1200"},
			bad:  map[string]string{"0": `"0" is not accepted: use a whole number, 1 or more`, "1.5": `"1.5"`, "": `""`},
		},
		"truth": {
			read: of(Truth),
			good: map[string]string{"": "false", "true": "true", "1": "true", "false": "false"},
			bad:  map[string]string{"yes": `"yes" is not accepted`, "2": `"2" is not accepted`},
		},
		"corp name": {
			read: of(CorpName),
			good: map[string]string{"acme": "acme", "总部 1": "总部 1"},
			bad:  map[string]string{"": "no name", " ": "no name", "\xff": `"\xff" is not UTF-8`},
		},
		"corp ID": {
			read:    of(CorpID),
			good:    map[string]string{"ww0": "ww0"},
			bad:     map[string]string{"": "no corp ID", secret + " ": "the corp ID contains", secret + "\x00": "the corp ID contains"},
			secrets: true,
		},
		"agent ID": {
			read:    of(AgentID),
			good:    map[string]string{"": "0", "1000002": "1000002"},
			bad:     map[string]string{secret: "the agent ID is not", "0": "the agent ID is not", "-1": "the agent ID is not"},
			secrets: true,
		},
		"bytes": {
			read: of(Bytes),
			good: map[string]string{"": "0", "0": "0", "107374182400": "107374182400"},
			bad:  map[string]string{"-1": `"-1" is not a size`, "100GiB": `"100GiB" is not a size`},
		},
		"API URL": {
			read: of(APIURL),
			good: map[string]string{
				"":                                 DefaultAPIURL,
				"http://wecom.test":                "http://wecom.test",
				"HTTPS://wecom.test:8443/cgi-bin/": "https://wecom.test:8443",
				"https://wecom.test/a//cgi-bin":    "https://wecom.test/a",
			},
			bad: map[string]string{
				"://" + secret:                         "not a URL",
				"ftp://" + secret:                      "a URL without http:// or https://",
				"https:///" + secret:                   "a URL without a host",
				"https://me:" + secret + "@wecom.test": "a URL with a user name or password",
				"https://wecom.test?" + secret:         "a URL with a query or a fragment",
				"https://wecom.test#" + secret:         "a URL with a query or a fragment",
			},
			secrets: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for text, want := range test.good {
				if got, err := test.read(text); err != nil || got != want {
					t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
				}
			}
			for text, want := range test.bad {
				_, err := test.read(text)
				if err == nil {
					err = errors.New("no error")
				}
				if !strings.HasPrefix(err.Error(), want) || !regexp.MustCompile(`: (use|write) `).MatchString(err.Error()) {
					t.Errorf("%q: error %v, want %s, and what to write instead", text, err, want)
				}
				if test.secrets && strings.Contains(err.Error(), secret) {
					t.Errorf("%q: the error shows it: %v", text, err)
				}
			}
		})
	}
}

func TestHasSpaceOrControl(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "zhangsan": false, "张三": false, "a b": true, "a\u3000": true, "\x7f": true} {
		if got := HasSpaceOrControl(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
