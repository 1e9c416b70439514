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
	Recordings []listing.Recording `json:"recordings"`
}

// ServeAPI serves the recordings as JSON, or as CSV.
func (h Handler) ServeAPI(w http.ResponseWriter, r *http.Request) {
	q, values, err := parse(r.URL.RawQuery, page.JSON, page.CSV)
	if err != nil {
		page.ServeJSONError(w, h.Logger, http.StatusBadRequest, err.Error())
		return
	}
	part, total, err := h.Finder.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, message := findingError(err)
		page.ServeJSONError(w, h.Logger, status, message)
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, &q, values, part, total)
		return
	}
	body := answer{Total: total, Page: q.page, Limit: q.Limit, Recordings: []listing.Recording{}}
	for i := range part {
		body.Recordings = append(body.Recordings, listing.Of(&part[i]))
	}
	page.ServeJSON(w, h.Logger, http.StatusOK, body)
}
