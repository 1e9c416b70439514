// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"fmt"
	"net/url"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func newRows(part []poll.Recording, values url.Values, now time.Time, language wecom.Language) []tableRow {
	rows := make([]tableRow, 0, len(part))
	for i := range part {
		rows = append(rows, newRow(&part[i], values, now, language))
	}
	return rows
}

func newRow(r *poll.Recording, values url.Values, now time.Time, language wecom.Language) tableRow {
	row := tableRow{
		Recording: *r,
		Start:     page.NewMoment(r.Start, now, language),
		StateText: texts[language]["state_"+r.State.String()],
		Size:      listing.Size(r.Bytes),
		Length:    r.Duration.Round(time.Second).String(),
		IsOverdue: r.Overdue > 0,
		ChangesAddress: page.Address(page.Changes, values, map[string]string{
			paramCorp: r.Corp, paramRecording: r.ID,
		}),
	}
	if r.Views != nil && r.Downloads != nil {
		row.Watched = fmt.Sprintf(texts[language]["watched"], *r.Views, *r.Downloads)
	}
	for i := range r.Files {
		if f := &r.Files[i]; f.Shared {
			row.Files = append(row.Files, newFile(f, now, language))
		}
	}
	return row
}

func newFile(f *inventory.File, now time.Time, language wecom.Language) sharedFile {
	words := page.WordsOf(language)
	file := sharedFile{
		IsExposed: f.Exposed(),
		Sharing: words.Join(
			words.Audience[f.Class.Audience],
			words.Password[f.Class.Password],
			words.Download[f.Class.Download],
			words.Expiry(f.Expiry, now),
		),
	}
	if f.Accepted != nil {
		file.Reason, file.AcceptedUntil = f.Accepted.Reason, texts[language]["acceptedForever"]
		if last := f.Accepted.Date(); last != "" {
			file.AcceptedUntil = texts[language]["acceptedUntil"] + last
		}
	}
	return file
}
