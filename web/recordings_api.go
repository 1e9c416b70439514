// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// recordingsAnswer is the body of an answer of the API.
type recordingsAnswer struct {
	Total      int             `json:"total"`
	Page       int             `json:"page"`
	Limit      int             `json:"limit"`
	Recordings []recordingJSON `json:"recordings"`
}

type recordingJSON struct {
	Corp            string     `json:"corp"`
	ID              string     `json:"id"`
	Host            string     `json:"host"`
	Title           string     `json:"title"`
	Start           *time.Time `json:"start"`
	State           string     `json:"state"`
	Bytes           int64      `json:"bytes"`
	DurationSeconds float64    `json:"duration_seconds"`
	SharedFiles     int        `json:"shared_files"`
	ExposedFiles    int        `json:"exposed_files"`
	Files           []fileJSON `json:"files"`
}

type fileJSON struct {
	ID      string       `json:"id"`
	Start   *time.Time   `json:"start"`
	End     *time.Time   `json:"end"`
	Bytes   int64        `json:"bytes"`
	Exposed bool         `json:"exposed"`
	Sharing *sharingJSON `json:"sharing"` // null: not shared
}

type sharingJSON struct {
	Audience string     `json:"audience"`
	Password string     `json:"password"` // "set" or "none"
	Expiry   *time.Time `json:"expiry"`   // null: never
	Download string     `json:"download"`
}

// optional returns t in UTC, or nil, which is null in JSON, if t is zero.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func recordingToJSON(r *poll.Recording) recordingJSON {
	j := recordingJSON{
		Corp:            r.Corp,
		ID:              r.ID,
		Host:            r.Host,
		Title:           r.Title,
		Start:           optional(r.Start),
		State:           r.State.String(),
		Bytes:           r.Bytes,
		DurationSeconds: r.Duration.Seconds(),
		SharedFiles:     r.Shared,
		ExposedFiles:    r.Exposed,
		Files:           []fileJSON{},
	}
	for _, f := range r.Files {
		file := fileJSON{
			ID:      f.ID,
			Start:   optional(f.Start),
			End:     optional(f.End),
			Bytes:   f.Bytes,
			Exposed: f.Shared && f.Class.Exposed(),
		}
		if f.Shared {
			file.Sharing = &sharingJSON{
				Audience: f.Class.Audience.String(),
				Password: f.Class.Password.String(),
				Expiry:   optional(f.Expiry),
				Download: f.Class.Download.String(),
			}
		}
		j.Files = append(j.Files, file)
	}
	return j
}

// serveRecordingsAPI serves the recordings as JSON.
func (o Options) serveRecordingsAPI(w http.ResponseWriter, r *http.Request) {
	q, _, err := parseRecordingsQuery(r.URL.RawQuery)
	if err != nil {
		o.serveJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	part, total, err := o.Recordings.Recordings(r.Context(), q.RecordingQuery, time.Now())
	if err != nil {
		status, message := findingError(err)
		o.serveJSON(w, status, map[string]string{"error": message})
		return
	}
	answer := recordingsAnswer{Total: total, Page: q.page, Limit: q.Limit, Recordings: []recordingJSON{}}
	for i := range part {
		answer.Recordings = append(answer.Recordings, recordingToJSON(&part[i]))
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
