// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package querytest reads queries in the simplest way, for fuzz tests that compare with it. It
// is for tests alone.
package querytest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Seeds returns queries to begin with, of all lists: each refuses some of them.
func Seeds() []string {
	return []string{
		"", "corp=acme&host=li&state=recording&exposed=true&shared=0&sort=host&order=asc&page=3&limit=20&lang=zh",
		"state=completed", "state=transcoding&sort=bytes&order=desc", "sort=shared", "sort=duration", "sort=exposed",
		"corp=acme;", "corp=100%", "corp=%zz", "c%6Frp=acme&corp=b", "exposed", "page=+1", "page=0&limit=1001",
		"lang=FR", "&&", "=", "host=%3Cscript%3Ealert(1)%3C/script%3E", "order=up&exposed=maybe",
		"accepted=true&overdue=false&recording=r1&format=csv", "format=json", "accepted=x",
		"change=widened&since=1h&until=2026-11-26T08:00:00Z&before=12", "change=opened", "since=-1h", "until=7",
		"since=2026-11-20T09:00:00+08:00", "since=2026-11-20T09:00:00%2B08:00", "until=0001-01-01T00:00:00Z",
		"search=Li&status=failing&error=60111&selector=userid", "status=pending&error=transport&page=2",
		"error=-1&search=+a+", "status=OK", "selector=user", "error=60111x", "error=+060111",
		"error=incomplete&format=csv&corp=acme", "since=1h&until=2h", "before=0",
		"before=4294967296", "before=4294967295&limit=1000",
	}
}

// Read returns the parameters of a query, or false: each is one of known, has a value, and
// stands there once. The language is one that pages have, and the refresh is on or off.
func Read(raw string, known ...string) (values map[string]string, ok bool) {
	values = map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, hasValue := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		_, isRepeated := values[name]
		isRead := hasValue && nameErr == nil && valueErr == nil && !strings.Contains(pair, ";")
		if !isRead || isRepeated || !slices.Contains(known, name) {
			return nil, false
		}
		values[name] = value
	}
	lang := strings.ToLower(values["lang"])
	isLang := lang == "" || strings.HasPrefix(lang, "en") || strings.HasPrefix(lang, "zh")
	return values, isLang && slices.Contains([]string{"", "on", "off"}, values["refresh"])
}

// Number reads a number from 1 to most, or byDefault of an empty text.
func Number(text string, byDefault, most int) (n int, ok bool) {
	if text == "" {
		return byDefault, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= most
}

// Bool reads a boolean, or nil of an empty text.
func Bool(text string) (value *bool, ok bool) {
	if text == "" {
		return nil, true
	}
	b, err := strconv.ParseBool(text)
	return &b, err == nil
}
