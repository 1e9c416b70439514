// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestRecordingsQueries(t *testing.T) {
	t.Parallel()
	byStart := inventory.Query{Order: inventory.ByStart, Descending: true}
	all := func(q inventory.Query) collector.RecordingQuery {
		return collector.RecordingQuery{RecordingQuery: poll.RecordingQuery{Query: q, Limit: 100}}
	}
	filtered := all(inventory.Query{
		ID: "r1", State: new(wecom.StateRecording), Exposed: new(true), Shared: new(true), Accepted: new(false), Overdue: new(true), Order: inventory.ByStart, Descending: true,
	})
	filtered.Corp, filtered.Host = "acme", "li"
	odd := all(byStart)
	odd.Corp, odd.Host = "a & b", "100%;x&y=z+1 四#"
	third := all(byStart)
	third.Offset, third.Limit = 40, 20
	for query, want := range map[string]collector.RecordingQuery{
		"sort=start": all(byStart),
		"order=asc":  all(inventory.Query{Order: inventory.ByStart}),
		"corp=acme&host=li&state=recording&exposed=true&shared=1&accepted=false&overdue=t&recording=r1&sort=start": filtered,

		// As the dashboards' links have it, by encodeURIComponent.
		"corp=a%20%26%20b&host=100%25%3Bx%26y%3Dz%2B1%20%E5%9B%9B%23&order=desc": odd,

		"sort=host":                  all(inventory.Query{Order: inventory.ByHost}),
		"sort=bytes&order=asc":       all(inventory.Query{Order: inventory.ByBytes}),
		"sort=host&order=desc":       all(inventory.Query{Order: inventory.ByHost, Descending: true}),
		"sort=start&page=3&limit=20": third,
		"format=csv":                 all(byStart),
	} {
		for _, path := range []string{"/recordings?", "/api/v1/recordings?"} {
			a := &asked{}
			if w := serve(t, handler(a), path+query); w.Code != http.StatusOK {
				t.Errorf("%s%s: status %d: %s", path, query, w.Code, w.Body)
			}
			if diff := cmp.Diff(want, a.query); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", path, query, diff)
			}
		}
	}
}

// People come for what is exposed. Programs, and the files that people keep, go by the start.
func TestDefaultOrderOfRecordings(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]inventory.Order{
		"/recordings":                                inventory.ByExposed,
		"/recordings?exposed=&corp=&lang=zh":         inventory.ByExposed,
		"/recordings?format=html&sort=":              inventory.ByExposed,
		"/recordings?format=csv":                     inventory.ByStart,
		"/recordings?order=desc":                     inventory.ByStart,
		"/api/v1/recordings":                         inventory.ByStart,
		"/api/v1/recordings?format=csv&exposed=true": inventory.ByStart,
	} {
		a := &asked{}
		serve(t, handler(a), target)
		if a.query.Order != want || !a.query.Descending {
			t.Errorf("%s: by %s, descending: %t; want %s", target, a.query.Order, a.query.Descending, want)
		}
	}
}

func TestBadRecordingsQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"hosts=li":                `"hosts" is not a parameter: use one of corp, host,`,
		"state=deleted":           `state: "deleted" is not a state: use one of unknown, recording,`,
		"exposed=maybe":           `exposed: "maybe" is neither true nor false`,
		"shared=maybe":            `shared: "maybe" is neither true nor false`,
		"accepted=maybe":          `accepted: "maybe" is neither true nor false`,
		"overdue=maybe":           `overdue: "maybe" is neither true nor false`,
		"recording=a&recording=b": "recording is given 2 times: write it once",
		"format=xlsx":             `format: "xlsx" is not known: use one of `,
		"sort=title":              `sort: "title" is not a sort order: use one of start, host,`,
		"order=up":                `order: "up" is neither asc nor desc`,
		"page=0":                  `page: "0" is not accepted: use a whole number from 1 to`,
		"page=x":                  `page: "x" is not accepted`,
		"page=1001":               "page: page 1001 with 100 recordings per page ends beyond recording 100000: narrow the list with corp, host, state,",
		"page=1000000&limit=1000": "page: page 1000000 with 1000 recordings per page ends beyond recording 100000",
		"limit=1001":              `limit: "1001" is not accepted: use a whole number from 1 to 1000`,
	} {
		page := serve(t, handler(&asked{}), "/recordings?"+query)
		if page.Code != http.StatusBadRequest || !strings.Contains(page.Body.String(), want) {
			t.Errorf("page of %s: status %d: %s", query, page.Code, page.Body)
		}
		api := serve(t, handler(&asked{}), "/api/v1/recordings?"+query)
		var answer struct {
			Error string `json:"error"`
		}
		if err := json.Unmarshal(api.Body.Bytes(), &answer); err != nil || api.Code != http.StatusBadRequest || !strings.Contains(answer.Error, want) {
			t.Errorf("API of %s: status %d: %s: %v", query, api.Code, api.Body, err)
		}
	}
}
