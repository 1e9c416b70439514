// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

func TestRecordingsQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]collector.RecordingQuery{
		"": {Sort: collector.ByStart, Descending: true, Limit: 100},
		"corp=acme&host=li&state=recording&exposed=true&shared=1": {
			Corp: "acme", Host: "li", State: "recording", Exposed: new(true), Shared: new(true), Sort: collector.ByStart, Descending: true, Limit: 100,
		},
		"sort=host":              {Sort: collector.ByHost, Limit: 100},
		"sort=bytes&order=asc":   {Sort: collector.ByBytes, Limit: 100},
		"sort=host&order=desc":   {Sort: collector.ByHost, Descending: true, Limit: 100},
		"page=3&limit=20":        {Sort: collector.ByStart, Descending: true, Offset: 40, Limit: 20},
		"exposed=&corp=&lang=zh": {Sort: collector.ByStart, Descending: true, Limit: 100},
		"exposed=false":          {Exposed: new(false), Sort: collector.ByStart, Descending: true, Limit: 100},
	} {
		for _, path := range []string{"/recordings?", "/api/v1/recordings?"} {
			a := &asked{}
			if w := serve(t, recordingOptions(a), http.MethodGet, path+query); w.Code != http.StatusOK {
				t.Errorf("%s%s: status %d: %s", path, query, w.Code, w.Body)
			}
			if diff := cmp.Diff(want, a.query); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", path, query, diff)
			}
		}
	}
}

func TestBadRecordingsQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"hosts=li":      `"hosts" is no parameter: write one of corp, host,`,
		"state=deleted": `state: "deleted" is no state: write one of unknown, recording,`,
		"exposed=maybe": `exposed: "maybe" is neither true nor false`,
		"shared=maybe":  `shared: "maybe" is neither true nor false`,
		"sort=title":    `sort: "title" is no order: write one of start, host,`,
		"order=up":      `order: "up" is neither asc nor desc`,
		"page=0":        `page: "0" is not accepted: write a whole number from 1 to`,
		"page=x":        `page: "x" is not accepted`,
		"limit=1001":    `limit: "1001" is not accepted: write a whole number from 1 to 1000`,
	} {
		page := serve(t, recordingOptions(&asked{}), http.MethodGet, "/recordings?"+query)
		if page.Code != http.StatusBadRequest || !strings.Contains(page.Body.String(), want) {
			t.Errorf("page of %s: status %d: %s", query, page.Code, page.Body)
		}
		api := serve(t, recordingOptions(&asked{}), http.MethodGet, "/api/v1/recordings?"+query)
		var answer struct {
			Error string `json:"error"`
		}
		if err := json.Unmarshal(api.Body.Bytes(), &answer); err != nil || api.Code != http.StatusBadRequest || !strings.Contains(answer.Error, want) {
			t.Errorf("API of %s: status %d: %s: %v", query, api.Code, api.Body, err)
		}
	}
}
