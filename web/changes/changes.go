// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package changes serves what polls noticed about recordings that were known: as a page, as
// JSON and as CSV.
package changes

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
)

// A Finder finds changes.
type Finder interface {
	// Changes returns the part of the matching changes that q asks for, newest first, and the
	// number before which there are older ones, or 0.
	Changes(ctx context.Context, q collector.ChangeQuery) (part []poll.Change, next uint32, err error)
	// ChangesSince returns since when the list of each corp is complete, by corp name.
	ChangesSince() []poll.CorpSince
}

// A Handler serves changes. All fields are required.
type Handler struct {
	Logger log.Logger
	Finder Finder
	// Corps returns the names of the corps.
	Corps func() []string
}

// findingError returns what to answer if changes were not found because of an error.
func (h Handler) findingError(ctx context.Context, err error) (status int, reason error) {
	if ctx.Err() != nil {
		// The client has gone, or seems to: the server takes one for gone after some seconds.
		return http.StatusServiceUnavailable, bilingual.Errorf(
			"Finding the changes took too long: try again later, or ask for fewer by corp, host or since.",
			"查找变更耗时过长：请稍后再试，或用 corp、host 或 since 缩小查询。")
	}
	if errors.Is(err, poll.ErrSlow) {
		return http.StatusServiceUnavailable, bilingual.Errorf(
			"The changes cannot be read right now because the disk of --storage.path is too slow: try again later.",
			"--storage.path 所在磁盘过慢，暂时无法读取变更：请稍后再试。")
	}
	level.Error(h.Logger).Log("msg", "finding changes failed", "err", err)
	return http.StatusInternalServerError, bilingual.Errorf(
		"The changes cannot be read; the log has the reason.", "无法读取变更，原因见日志。")
}

// ServePage serves the changes as a page without scripts.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	q, values, err := parse(r.URL.RawQuery, now, page.HTML, page.CSV)
	if err != nil {
		h.serveFailure(w, r, http.StatusBadRequest, err)
		return
	}
	part, next, err := h.Finder.Changes(r.Context(), q.ChangeQuery)
	if err != nil {
		status, reason := h.findingError(r.Context(), err)
		h.serveFailure(w, r, status, reason)
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, values, part, next)
		return
	}
	frame := page.NewFrame(r, page.Changes, values, now, texts, true)
	page.Serve(w, h.Logger, pageTemplate, h.newPage(frame, &q, values, part, next, now))
}

func (h Handler) serveFailure(w http.ResponseWriter, r *http.Request, status int, err error) {
	page.ServeFailure(w, r, h.Logger, &page.Failure{Here: page.Changes, HasRecordings: true, Status: status, Err: err})
}

// An answer is the body of an answer of the API.
type answer struct {
	Changes []listing.Change `json:"changes"`
	Next    *uint32          `json:"next"` // null: there are no older ones
}

// ServeAPI serves the changes as JSON, or as CSV.
func (h Handler) ServeAPI(w http.ResponseWriter, r *http.Request) {
	q, values, err := parse(r.URL.RawQuery, time.Now(), page.JSON, page.CSV)
	if err != nil {
		page.ServeJSONError(w, h.Logger, http.StatusBadRequest, err.Error())
		return
	}
	part, next, err := h.Finder.Changes(r.Context(), q.ChangeQuery)
	if err != nil {
		status, reason := h.findingError(r.Context(), err)
		page.ServeJSONError(w, h.Logger, status, reason.Error())
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, values, part, next)
		return
	}
	body := answer{Changes: make([]listing.Change, 0, len(part))}
	for i := range part {
		body.Changes = append(body.Changes, listing.OfChange(&part[i]))
	}
	if next != 0 {
		body.Next = &next
	}
	page.ServeJSON(w, h.Logger, http.StatusOK, body)
}

func (h Handler) serveCSV(w http.ResponseWriter, values url.Values, part []poll.Change, next uint32) {
	page.ServeCSV(w, h.Logger, "changes", older(values, next), func(w io.Writer) error {
		return listing.WriteChanges(w, part)
	})
}

// older returns the query of the changes before a number; "" if there are none.
func older(values url.Values, next uint32) string {
	if next == 0 {
		return ""
	}
	return page.WithParams(values, map[string]string{paramBefore: strconv.FormatUint(uint64(next), 10)})
}
