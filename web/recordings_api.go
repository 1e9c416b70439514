// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
)

// recordingsAnswer is the body of an answer of the API.
type recordingsAnswer struct {
	Total      int                 `json:"total"`
	Page       int                 `json:"page"`
	Limit      int                 `json:"limit"`
	Recordings []listing.Recording `json:"recordings"`
}

// serveRecordingsAPI serves the recordings as JSON.
func (o Options) serveRecordingsAPI(w http.ResponseWriter, r *http.Request) {
	q, _, err := parseRecordingsQuery(r.URL.RawQuery)
	if err != nil {
		o.serveJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	part, total, err := o.Recordings.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, message := findingError(err)
		o.serveJSON(w, status, map[string]string{"error": message})
		return
	}
	answer := recordingsAnswer{Total: total, Page: q.page, Limit: q.Limit, Recordings: []listing.Recording{}}
	for i := range part {
		answer.Recordings = append(answer.Recordings, listing.Of(&part[i]))
	}
	o.serveJSON(w, http.StatusOK, answer)
}

func (o Options) serveJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		level.Error(o.Logger).Log("msg", "making JSON failed", "err", err)
		http.Error(w, "making the answer failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // It fails only if the client has gone.
}
