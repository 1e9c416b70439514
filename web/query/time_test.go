// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package query

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		query string
		want  time.Time
		wrong string // a part of the error
	}{
		{query: ""},
		{query: "since="},
		{query: "since=2026-11-20T01:02:03Z", want: time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)},
		{query: "since=2026-11-20T01:02:03.5Z", want: time.Date(2026, 11, 20, 1, 2, 3, 5e8, time.UTC)},
		{query: "since=2026-11-20T09:00:00%2B08:00", want: time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)},
		{query: "since=2000-01-01T00:00:00Z", want: earliest},
		{query: "since=7d", want: now.Add(-7 * 24 * time.Hour)},
		{query: "since=1h30m", want: now.Add(-90 * time.Minute)},
		{query: "since=0", want: now},
		{query: "since=2027-01-01T00:00:00Z", want: now.AddDate(0, 1, 6).Add(-8 * time.Hour)},

		{query: "since=2026-11-20T09:00:00+08:00", wrong: "with %2B for +"}, // + is a space
		{query: "since=2026-11-20", wrong: `since: "2026-11-20" is not a time: use RFC 3339, such as`},
		{query: "since=yesterday", wrong: "or how long ago it was, such as 7d"},
		{query: "since=-7d", wrong: `"-7d" is not a time`},
		{query: "since=1.5h", wrong: `"1.5h" is not a time`},
		{query: "since=7", wrong: `"7" is not a time`},
		{query: "since=%207d", wrong: `" 7d" is not a time`},
		{query: "since=999999y", wrong: `"999999y" is not a time`},
		{query: "since=100y", wrong: `since: "100y" is before any recording: use a time from 2000 on, or leave it out`},
		{query: "since=0001-01-01T00:00:00Z", wrong: "is before any recording"},
		{query: "since=1970-01-01T00:00:00Z", wrong: "is before any recording"},
	} {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Time(values, "since", now)
		if !got.Equal(test.want) || (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s: %s, want %s; error %v, want %q", test.query, got, test.want, err, test.wrong)
		}
	}
}

func TestChoice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, want, wrong string }{
		{value: "", want: "html"},
		{value: "html", want: "html"},
		{value: "csv", want: "csv"},
		{value: "CSV", wrong: `format: "CSV" is not known: use one of html, csv`},
		{value: "xlsx", wrong: `"xlsx" is not known`},
	} {
		got, err := Choice(url.Values{"format": {test.value}}, "format", "html", "csv")
		if got != test.want || (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%q: %q, want %q; error %v, want %q", test.value, got, test.want, err, test.wrong)
		}
	}
}
