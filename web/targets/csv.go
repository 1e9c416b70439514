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

// columns are the columns of targets in CSV. Scripts know them by place: new ones come last.
var columns = []string{
	"corp", "selector", "target", "status", "last_poll", "due", "recordings", "error", "remedy",
}

// serveCSV serves a part of the targets of one corp as CSV. A file of several corps would
// hide that it has not all targets of each.
func (h Handler) serveCSV(w http.ResponseWriter, q listQuery, language wecom.Language) {
	var corps []string
	for _, report := range h.Reporter.Status() {
		corps = append(corps, report.Name)
	}
	if q.corp == "" && len(corps) == 1 {
		q.corp = corps[0]
	}
	if !slices.Contains(corps, q.corp) {
		http.Error(w, fmt.Sprintf("%s: a file has the targets of one corp: write one of %s",
			paramCorp, strings.Join(corps, ", ")), http.StatusBadRequest)
		return
	}
	offset := (q.page - 1) * perFile
	part, total := h.Reporter.Targets(q.corp, offset, perFile)
	rows := make([][]string, 0, len(part))
	for i := range part {
		t := &part[i]
		cells := []string{
			q.corp, string(t.Target.Selector), t.Target.ID, t.Status.String(), listing.Time(t.Polled), listing.Time(t.Due),
			strconv.Itoa(t.Recordings), "", "",
		}
		if t.Err != nil {
			cells[7], cells[8] = wecom.Describe(t.Err, language), wecom.Remedy(t.Err, language)
		}
		rows = append(rows, cells)
	}
	next := ""
	if offset+len(part) < total {
		next = page.WithParams(q.values, map[string]string{paramPage: strconv.Itoa(q.page + 1)})
	}
	page.ServeCSV(w, h.Logger, "targets", next, func(w io.Writer) error {
		return listing.WriteRows(w, columns, rows)
	})
}
