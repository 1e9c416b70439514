// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

func TestChangeQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]collector.ChangeQuery{
		"": {ChangeQuery: poll.ChangeQuery{Limit: 100}},
		"corp=acme&host=li&change=removed&recording=r1&exposed=false&before=12&limit=20&lang=zh": {
			Host: "li",
			ChangeQuery: poll.ChangeQuery{
				Corp: "acme", Kind: new(ledger.Removed), Recording: "r1", Exposed: new(false), Before: 12, Limit: 20,
			},
		},
		"change=enabled&exposed=1":           {ChangeQuery: poll.ChangeQuery{Kind: new(ledger.Enabled), Exposed: new(true), Limit: 100}},
		"corp=&host=&change=&since=&before=": {ChangeQuery: poll.ChangeQuery{Limit: 100}},
		"before=2147483647&limit=1000":       {ChangeQuery: poll.ChangeQuery{Before: 2147483647, Limit: 1000}},
		"since=2001-01-01T09:00:00%2B08:00&until=2026-11-26T08:00:00Z": {ChangeQuery: poll.ChangeQuery{
			Since: epoch.Add(time.Hour).In(time.FixedZone("", 8*3600)), Until: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), Limit: 100,
		}},
		"since=7d&until=1d": {ChangeQuery: poll.ChangeQuery{Since: epoch.AddDate(0, 0, -7), Until: epoch.AddDate(0, 0, -1), Limit: 100}},
	} {
		for _, path := range []string{"/changes?", "/api/v1/changes?"} {
			synctest.Test(t, func(t *testing.T) {
				awaitEpoch()
				k := &kept{}
				if w := serve(t, k, path+query); w.Code != http.StatusOK {
					t.Errorf("%s%s: status %d: %s", path, query, w.Code, w.Body)
				}
				if diff := cmp.Diff(want, k.query); diff != "" {
					t.Errorf("%s%s (-want +got):\n%s", path, query, diff)
				}
			})
		}
	}
}

func TestBadChangeQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"kind=widened":      `"kind" is not a parameter: use one of corp, host, change, recording, exposed, since, until, before, limit, format, lang`,
		"change=opened":     `change: "opened" is not a change: use one of enabled, disabled, widened, narrowed, removed`,
		"change=Widened":    `change: "Widened" is not a change`,
		"exposed=maybe":     `exposed: "maybe" is neither true nor false`,
		"since=yesterday":   `since: "yesterday" is not a time: use RFC 3339, such as 2026-11-26T08:00:00Z`,
		"until=tomorrow":    `until: "tomorrow" is not a time`,
		"since=1h&until=2h": "since, until: no change is both at or after ",
		"since=1h&until=1h": ": use an earlier time for since",
		"before=0":          `before: "0" is not accepted: use a whole number from 1 to 2147483647`,
		"before=4294967296": `before: "4294967296" is not accepted`,
		"limit=1001":        `limit: "1001" is not accepted: use a whole number from 1 to 1000`,
		"format=xlsx":       `format: "xlsx" is not known: use one of `,
		"lang=fr":           `lang: "fr" is not a language of the pages`,
		"corp=a&corp=b":     "corp is given 2 times: write it once",
		"corp=100%":         "the query cannot be read (invalid URL escape",
	} {
		k := &kept{}
		page := serve(t, k, "/changes?"+query)
		if page.Code != http.StatusBadRequest || !strings.Contains(page.Body.String(), want) {
			t.Errorf("page of %s: status %d: %s", query, page.Code, page.Body)
		}
		api := serve(t, k, "/api/v1/changes?"+query)
		var answer struct {
			Error string `json:"error"`
		}
		if err := json.Unmarshal(api.Body.Bytes(), &answer); err != nil || api.Code != http.StatusBadRequest || !strings.Contains(answer.Error, want) {
			t.Errorf("API of %s: status %d: %s: %v", query, api.Code, api.Body, err)
		}
		if diff := cmp.Diff(collector.ChangeQuery{}, k.query); diff != "" {
			t.Errorf("%s: a list was made all the same:\n%s", query, diff)
		}
	}
}
