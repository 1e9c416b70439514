// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"cmp"
	"io"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// A Change is one change in JSON. It has no link and no password.
type Change struct {
	Number    uint32       `json:"number"`
	Time      time.Time    `json:"time"` // when it was noticed
	Corp      string       `json:"corp"`
	Change    string       `json:"change"`
	Recording string       `json:"recording"`
	File      *string      `json:"file"` // null: it is about the whole recording
	Host      string       `json:"host"`
	Start     *time.Time   `json:"start"` // of the recording; null: not known
	Title     string       `json:"title"`
	Before    *SharingThen `json:"before"` // null: not shared
	After     *SharingThen `json:"after"`  // null: not shared
}

// A SharingThen is how a file was shared at the time of a change.
type SharingThen struct {
	Sharing

	Exposed bool `json:"exposed"`
}

// OfChange returns a change as it is written in JSON.
func OfChange(c *poll.Change) Change {
	j := Change{
		Number:    c.Number,
		Time:      c.At.Time().UTC(),
		Corp:      c.Corp,
		Change:    c.Kind.String(),
		Recording: c.Recording,
		Host:      cmp.Or(c.Host, inventory.UnknownHost),
		Start:     optional(c.Start.Time()),
		Title:     c.Title,
		Before:    sharingThen(c.Before),
		After:     sharingThen(c.After),
	}
	if c.File != "" {
		j.File = &c.File
	}
	return j
}

func sharingThen(s *ledger.Sharing) *SharingThen {
	if s == nil {
		return nil
	}
	return &SharingThen{
		Sharing: Sharing{
			Audience: s.Audience.String(),
			Password: s.Password.String(),
			Expiry:   optional(s.Expire.Time()),
			Download: s.Download.String(),
		},
		Exposed: s.Exposed,
	}
}

// changeColumns are the columns of changes in CSV. New ones come last, as in columns.
var changeColumns = []string{
	"number", "time", "corp", "change", "recording", "file", "host", "start", "title",
	"before_audience", "before_password", "before_expiry", "before_download", "before_exposed",
	"after_audience", "after_password", "after_expiry", "after_download", "after_exposed",
}

// WriteChanges writes changes as CSV, a line each below the names of the columns.
func WriteChanges(w io.Writer, changes []poll.Change) error {
	rows := make([][]string, 0, len(changes))
	for i := range changes {
		rows = append(rows, changeCells(OfChange(&changes[i])))
	}
	return WriteRows(w, changeColumns, rows)
}

func changeCells(c Change) []string {
	file := ""
	if c.File != nil {
		file = *c.File
	}
	cells := []string{
		strconv.FormatUint(uint64(c.Number), 10), timeCell(&c.Time), c.Corp, c.Change,
		c.Recording, file, c.Host, timeCell(c.Start), c.Title,
	}
	for _, s := range []*SharingThen{c.Before, c.After} {
		if s == nil {
			cells = append(cells, "", "", "", "", "")
			continue
		}
		cells = append(cells, s.Audience, s.Password, timeCell(s.Expiry), s.Download, strconv.FormatBool(s.Exposed))
	}
	return cells
}

// timeCell returns a time as it stands in CSV, or "" for none.
func timeCell(t *time.Time) string {
	if t == nil {
		return ""
	}
	return Time(*t)
}
