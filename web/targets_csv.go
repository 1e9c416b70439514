// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

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

// targetsPerFile bounds a file of a corp with 100,000 targets.
const targetsPerFile = 1000

// targetColumns are the columns of targets in CSV. Scripts know them by place: new ones come last.
var targetColumns = []string{
	"corp", "selector", "target", "status", "last_poll", "due", "recordings", "error", "remedy",
}

// serveTargetsCSV serves a part of the targets of one corp as CSV. A file of several corps would
// hide that it has not all targets of each.
func (o Options) serveTargetsCSV(w http.ResponseWriter, q targetsQuery, language wecom.Language) {
	corps := o.corps()
	if q.corp == "" && len(corps) == 1 {
		q.corp = corps[0]
	}
	if !slices.Contains(corps, q.corp) {
		http.Error(w, fmt.Sprintf("%s: a file has the targets of one corp: write one of %s",
			paramCorp, strings.Join(corps, ", ")), http.StatusBadRequest)
		return
	}
	offset := (q.page - 1) * targetsPerFile
	part, total := o.Targets.Targets(q.corp, offset, targetsPerFile)
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
	page.ServeCSV(w, o.Logger, "targets", next, func(w io.Writer) error {
		return listing.WriteRows(w, targetColumns, rows)
	})
}
