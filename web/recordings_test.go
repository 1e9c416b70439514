// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// asked remembers the last query, and answers with so many recordings.
type asked struct {
	query collector.RecordingQuery
	total int
}

func (a *asked) Recordings(
	ctx context.Context, q collector.RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	if err := ctx.Err(); err != nil {
		return nil, totals, err
	}
	a.query = q
	for range min(2, q.Limit, max(0, a.total-q.Offset)) { // so that pages stay small
		part = append(part, poll.Recording{Corp: "acme", Recording: inventory.Recording{
			ID: "r1", Host: "<b>li", Title: "<script>alert(1)</script>",
		}})
	}
	return part, inventory.Totals{Recordings: a.total}, nil
}

func recordingOptions(a *asked) Options {
	o := optionsOf(&fake{})
	o.Recordings, o.Changes = a, &askedForChanges{total: a.total}
	return o
}

func TestRecordingsAreOptIn(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes"} {
		if w := serve(t, optionsOf(&fake{}), http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, w.Code)
		}
		if w := serve(t, recordingOptions(&asked{}), http.MethodGet, path); w.Code != http.StatusOK {
			t.Errorf("%s: status %d where it is enabled, want 200", path, w.Code)
		}
	}
	for _, link := range []string{"./recordings", "./changes"} {
		landing := func(o Options) bool {
			return strings.Contains(serve(t, o, http.MethodGet, "/").Body.String(), link)
		}
		if landing(optionsOf(&fake{})) || !landing(recordingOptions(&asked{})) {
			t.Errorf("the first page leads to %s where it is off, or does not where it is on", link)
		}
	}
}
