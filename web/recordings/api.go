// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"net/http"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
)

// answer is the body of an answer of the API.
type answer struct {
	Total      int                 `json:"total"`
	Page       int                 `json:"page"`
	Limit      int                 `json:"limit"`
	Totals     totals              `json:"totals"`
	Recordings []listing.Recording `json:"recordings"`
}

// totals are the sums over the files of all recordings that match.
type totals struct {
	Files           int     `json:"files"`
	Bytes           int64   `json:"bytes"`
	DurationSeconds float64 `json:"duration_seconds"`
	SharedFiles     int     `json:"shared_files"`
	ExposedFiles    int     `json:"exposed_files"`
}

// ServeAPI serves the recordings as JSON, or as CSV.
func (h Handler) ServeAPI(w http.ResponseWriter, r *http.Request) {
	q, values, err := parse(r.URL.RawQuery, page.JSON, page.CSV)
	if err != nil {
		page.ServeJSONError(w, h.Logger, http.StatusBadRequest, err.Error())
		return
	}
	part, all, err := h.Finder.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, reason := findingError(err)
		page.ServeJSONError(w, h.Logger, status, reason.Error())
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, &q, values, part, all.Recordings)
		return
	}
	body := answer{
		Total: all.Recordings,
		Page:  q.page,
		Limit: q.Limit,
		Totals: totals{
			Files:           all.Files,
			Bytes:           all.Bytes,
			DurationSeconds: all.Duration().Seconds(),
			SharedFiles:     all.Shared,
			ExposedFiles:    all.Exposed,
		},
		Recordings: []listing.Recording{},
	}
	for i := range part {
		body.Recordings = append(body.Recordings, listing.Of(&part[i]))
	}
	page.ServeJSON(w, h.Logger, http.StatusOK, body)
}
