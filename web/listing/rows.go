// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/csv"
	"fmt"
	"io"
)

// WriteRows writes CSV by RFC 4180: the names of columns, and rows below them. No spreadsheet
// takes a cell of theirs for a formula.
func WriteRows(w io.Writer, columns []string, rows [][]string) error {
	t := csv.NewWriter(w)
	err := t.Write(columns)
	for i := 0; err == nil && i < len(rows); i++ {
		err = t.Write(inertRow(rows[i]))
	}
	t.Flush()
	if err == nil {
		err = t.Error()
	}
	if err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// inertRow returns cells as they may stand in a row.
func inertRow(cells []string) []string {
	row := make([]string, 0, len(cells))
	for _, cell := range cells {
		row = append(row, inert(Printable(cell)))
	}
	return row
}
