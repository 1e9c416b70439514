// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// perFile bounds a file of a corp with 100,000 targets.
const perFile = 1000

// hidden stands for an ID that is not shown.
const hidden = "(hidden)"

// columns are the columns of targets in CSV. Scripts know them by place: new ones come last.
var columns = []string{
	"corp", "selector", "target", "status", "last_poll", "due", "recordings", "error", "remedy",
}

// serveCSV serves a part of the targets of one corp as CSV. A file of several corps would
// hide that it has not all targets of each.
func (h Handler) serveCSV(w http.ResponseWriter, q *listQuery, corps []string, language wecom.Language) {
	corp := q.corp
	if corp == "" && len(corps) == 1 {
		corp = corps[0]
	}
	if !slices.Contains(corps, corp) {
		http.Error(w, fmt.Sprintf("%s: a CSV file has the targets of a single corp: use one of %s",
			paramCorp, strings.Join(corps, ", ")), http.StatusBadRequest)
		return
	}
	offset := (q.page - 1) * perFile
	found := h.find(q, corp, offset, perFile)
	rows := make([][]string, 0, len(found.Part))
	for i := range found.Part {
		t := &found.Part[i]
		id := t.Target.ID
		if id == "" {
			id = hidden
		}
		cells := []string{
			corp, string(t.Target.Selector), id, t.Status.String(), listing.Time(t.Polled), listing.Time(t.Due),
			strconv.Itoa(t.Recordings), "", "",
		}
		if t.Err != nil {
			cells[7], cells[8] = wecom.Describe(t.Err, language), wecom.Remedy(t.Err, language)
		}
		rows = append(rows, cells)
	}
	next := ""
	if offset+len(rows) < found.Total {
		next = page.WithParams(q.values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
	}
	page.ServeCSV(w, h.Logger, "targets", next, func(w io.Writer) error {
		return listing.WriteRows(w, columns, rows)
	})
}
