// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package listing writes recordings for programs and spreadsheets: as JSON and CSV.
package listing

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// A Recording is one recording in JSON. It has no link and no password.
type Recording struct {
	Corp            string     `json:"corp"`
	ID              string     `json:"id"`
	Host            string     `json:"host"`
	Title           string     `json:"title"`
	Start           *time.Time `json:"start"` // null: not known
	State           string     `json:"state"`
	Bytes           int64      `json:"bytes"`
	DurationSeconds float64    `json:"duration_seconds"`
	SharedFiles     int        `json:"shared_files"`
	ExposedFiles    int        `json:"exposed_files"`
	// Accepted is why the first file that is accepted may be exposed; null: none is accepted.
	Accepted *Accepted `json:"accepted"`
	Overdue  bool      `json:"overdue"` // a file is older than the retention
	Files    []File    `json:"files"`
	// Those of the last 31 days: absent unless statistics are on, null where they are not known.
	Views     **int64 `json:"views,omitempty"`
	Downloads **int64 `json:"downloads,omitempty"`
}

// An Accepted is why a file may be exposed.
type Accepted struct {
	Reason string  `json:"reason"`
	Until  *string `json:"until"` // the last day, such as 2026-12-31; null: there is none
}

// A File is one file of a recording.
type File struct {
	ID      string     `json:"id"`
	Start   *time.Time `json:"start"` // null: not known
	End     *time.Time `json:"end"`   // null: not known
	Bytes   int64      `json:"bytes"`
	Exposed bool       `json:"exposed"`
	Sharing *Sharing   `json:"sharing"` // null: not shared
}

// A Sharing is how a file is shared.
type Sharing struct {
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

func acceptedOf(a *policy.Acceptance) *Accepted {
	if a == nil {
		return nil
	}
	j := &Accepted{Reason: a.Reason}
	if day := a.Date(); day != "" {
		j.Until = &day
	}
	return j
}

// Of returns a recording as it is written in JSON.
func Of(r *poll.Recording) Recording {
	j := Recording{
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
		Accepted:        acceptedOf(r.Acceptance),
		Overdue:         r.Overdue > 0,
		Files:           []File{},
	}
	if r.Statistics {
		j.Views, j.Downloads = &r.Views, &r.Downloads
	}
	for i := range r.Files {
		f := &r.Files[i]
		file := File{
			ID:      f.ID,
			Start:   optional(f.Start),
			End:     optional(f.End),
			Bytes:   f.Bytes,
			Exposed: f.Exposed(),
		}
		if f.Shared {
			file.Sharing = &Sharing{
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

// columns are the columns of CSV. Spreadsheets and scripts know them by place and by name:
// new ones come last.
var columns = []string{
	"corp", "host", "id", "title", "start", "state", "files", "bytes", "duration_seconds", "shared_files", "exposed_files",
	"accepted", "overdue", // files
	"views", "downloads",
}

// A CSV writes recordings as CSV by RFC 4180, a line each below the names of the columns.
type CSV struct{ w *csv.Writer }

// NewCSV returns a CSV that has written the names of the columns.
func NewCSV(w io.Writer) (*CSV, error) {
	c := &CSV{csv.NewWriter(w)}
	if err := c.w.Write(columns); err != nil {
		return nil, fmt.Errorf("writing CSV: %w", err)
	}
	return c, nil
}

// Write writes a recording.
func (c *CSV) Write(r *poll.Recording) error {
	cells := []string{
		r.Corp, r.Host, r.ID, r.Title, Time(r.Start), r.State.String(),
		strconv.Itoa(len(r.Files)),
		strconv.FormatInt(r.Bytes, 10),
		strconv.FormatFloat(r.Duration.Seconds(), 'f', -1, 64),
		strconv.Itoa(r.Shared),
		strconv.Itoa(r.Exposed),
		strconv.Itoa(r.Accepted),
		strconv.Itoa(r.Overdue),
		Count(r.Views),
		Count(r.Downloads),
	}
	if err := c.w.Write(inertRow(cells)); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// Flush writes what is buffered.
func (c *CSV) Flush() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// Printable returns a text without what a terminal would act on, or what would show it in
// another order.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// formulaStarts are what a formula begins with. Spreadsheets in Chinese and Japanese also take the
// full-width forms for one.
const formulaStarts = "=+-@＝＋－＠"

// inert returns a cell that no spreadsheet takes for a formula: one that begins like a
// formula has an apostrophe before it. Whoever names a meeting chooses its title.
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); strings.ContainsRune(formulaStarts, first) {
		return "'" + cell
	}
	return cell
}

// Time returns a time in RFC 3339, in UTC, or "" for the zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Count returns a number, or "" for one that is not known.
func Count(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// Size returns a size in binary units, with three digits or all those before the point.
func Size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit {
		value /= unit
		prefix++
	}
	if value >= 999.5 { // %.3g would write an exponent.
		return fmt.Sprintf("%.0f %ciB", value, "KMGTPE"[prefix])
	}
	return fmt.Sprintf("%.3g %ciB", value, "KMGTPE"[prefix])
}
