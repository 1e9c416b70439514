// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordingsAPI(t *testing.T) {
	t.Parallel()
	w := serve(t, handler(&asked{total: 3}), "/api/v1/recordings?limit=1&page=2")
	const want = `{"total":3,"page":2,"limit":1,"totals":{"files":6,"bytes":3221225472,"duration_seconds":270,"shared_files":3,"exposed_files":3},"recordings":[{"corp":"acme","id":"r1","host":"\u003cb\u003eli",` +
		`"title":"\u003cscript\u003ealert(1)\u003c/script\u003e","start":"2026-03-02T01:00:00Z","state":"completed","bytes":5368709120,` +
		`"duration_seconds":90,"shared_files":1,"exposed_files":1,"accepted":null,"overdue":false,"files":[{"id":"f","start":"2026-03-02T01:00:00Z","end":"2026-03-02T01:01:30Z",` +
		`"bytes":5368709120,"exposed":true,"sharing":{"audience":"anyone","password":"none","expiry":"2026-03-02T02:00:00Z","download":"allowed"}},` +
		`{"id":"not shared","start":null,"end":null,"bytes":0,"exposed":false,"sharing":null}]}]}` + "\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if empty := serve(t, handler(&asked{}), "/api/v1/recordings"); !strings.Contains(empty.Body.String(), `"recordings":[]`) {
		t.Errorf("an empty list: %s", empty.Body)
	}
}
