// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package recordings serves the recordings behind the metrics: as a page, as JSON and as CSV.
package recordings

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

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
)

// A Finder finds the recordings behind the metrics.
type Finder interface {
	// Recordings returns the part of the matching recordings that q asks for, and
	// what all that match now amount to. An error is [poll.ErrTooManyFiles], or the
	// cause of the end of the context.
	Recordings(ctx context.Context, q collector.RecordingQuery) (part []poll.Recording, totals inventory.Totals, err error)
}

// A Handler serves recordings. All fields are required.
type Handler struct {
	Logger log.Logger
	Finder Finder
	// Corps returns the names of the corps.
	Corps func() []string
}

// findingError returns what to answer if recordings were not found because of an error.
func findingError(err error) (status int, reason error) {
	if errors.Is(err, poll.ErrTooManyFiles) {
		return http.StatusBadRequest, bilingual.Errorf("%s: %s: use a smaller number", "%[1]s：这些录制的文件过多：请写更小的数",
			paramLimit, poll.ErrTooManyFiles)
	}
	// The client has gone, or seems to: the server takes one for gone after readTimeout.
	return http.StatusServiceUnavailable, bilingual.Errorf(
		"Finding the recordings took too long: try again later, or ask for fewer by corp, host or state.",
		"查找录制耗时过长：请稍后再试，或用 corp、host 或 state 缩小查询。")
}

// ServePage serves the recordings as a page without scripts.
func (h Handler) ServePage(w http.ResponseWriter, r *http.Request) {
	q, values, err := parse(r.URL.RawQuery, page.HTML, page.CSV)
	if err != nil {
		h.serveFailure(w, r, http.StatusBadRequest, err)
		return
	}
	part, all, err := h.Finder.Recordings(r.Context(), q.RecordingQuery)
	if err != nil {
		status, reason := findingError(err)
		h.serveFailure(w, r, status, reason)
		return
	}
	if q.format == page.CSV {
		h.serveCSV(w, &q, values, part, all.Recordings)
		return
	}
	now := time.Now()
	frame := page.NewFrame(r, page.Recordings, values, now, texts, true)
	page.Serve(w, h.Logger, pageTemplate, h.newPage(frame, &q, values, part, all, now))
}

func (h Handler) serveFailure(w http.ResponseWriter, r *http.Request, status int, err error) {
	page.ServeFailure(w, r, h.Logger, &page.Failure{Here: page.Recordings, HasRecordings: true, Status: status, Err: err})
}

// next returns the query of the page behind one with n recordings; "" if there is none.
func (q *listQuery) next(values url.Values, n, total int) string {
	if q.Offset+n >= total || q.Offset+2*q.Limit > deepest {
		return ""
	}
	return page.WithParams(values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
}

func (h Handler) serveCSV(w http.ResponseWriter, q *listQuery, values url.Values, part []poll.Recording, total int) {
	page.ServeCSV(w, h.Logger, "recordings", q.next(values, len(part), total), func(w io.Writer) error {
		c, err := listing.NewCSV(w)
		for i := 0; err == nil && i < len(part); i++ {
			err = c.Write(&part[i])
		}
		if err != nil {
			return err
		}
		return c.Flush()
	})
}
