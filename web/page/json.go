// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/json"
	"net/http"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// ServeJSON answers with v as JSON. A failure answers 500 instead of half of it.
func ServeJSON(w http.ResponseWriter, logger log.Logger, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		level.Error(logger).Log("msg", "rendering the JSON failed", "err", err)
		http.Error(w, "making the answer failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // It fails only if the client has gone.
}

// ServeJSONError answers with an error as JSON.
func ServeJSONError(w http.ResponseWriter, logger log.Logger, status int, message string) {
	ServeJSON(w, logger, status, map[string]string{"error": message})
}
