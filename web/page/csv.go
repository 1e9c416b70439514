// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// The parameter that chooses the format of a list, and its values.
const (
	ParamFormat = "format"
	HTML        = "html"
	JSON        = "json"
	CSV         = "csv"
)

// ServeCSV answers with what write writes, as a file of that name. Next is the query of the
// part of the list that comes after it; "" if it is the last one. A failure answers 500 instead
// of half a file.
func ServeCSV(w http.ResponseWriter, logger log.Logger, name, next string, write func(io.Writer) error) {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		level.Error(logger).Log("msg", "rendering the CSV failed", "err", err)
		http.Error(w, "making the answer failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+".csv"))
	if next != "" {
		w.Header().Set("Link", fmt.Sprintf("<%s>; rel=%q", next, "next"))
	}
	_, _ = body.WriteTo(w) // It fails only if the client has gone.
}
