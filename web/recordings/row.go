// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

type tableRow struct {
	poll.Recording

	Start          *page.Moment
	StateText      string
	Size, Length   string
	ChangesAddress string
	IsOverdue      bool
	Watched        string        // how often, in words; "" if that is not known
	Files          []sharedFiles // the exposed ones first
}

// notKnown stands for what is not known yet.
const notKnown = "–"

// sharedFiles are files of a recording that are shared in the same way.
type sharedFiles struct {
	sharing

	Count int
}

// A sharing is how a file is shared, in words.
type sharing struct {
	Kind fileKind
	Text string // its audience, password and download
	Note string // why it is accepted, and when the link expires
}

// A fileKind is what is most worth knowing of a shared file; also the class of its chip.
type fileKind string

const (
	exposedFile  fileKind = "exposed"
	acceptedFile fileKind = "accepted" // exposed but for that
	limitedFile  fileKind = "limited"
	expiredFile  fileKind = "expired"
)

// kinds are all of them, in the order of their chips.
var kinds = []fileKind{exposedFile, acceptedFile, limitedFile, expiredFile}

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
		Size:      notKnown,
		Length:    notKnown,
		IsOverdue: r.Overdue > 0,
		Files:     sharedFilesOf(r.Files, now, language),
		ChangesAddress: page.Address(page.Changes, values, map[string]string{
			paramCorp: r.Corp, paramRecording: r.ID,
		}),
	}
	// WeCom gives the files, and their sizes and ends, when they are complete.
	isComplete := r.State == wecom.StateCompleted && len(r.Files) > 0
	if isComplete || r.Bytes > 0 {
		row.Size = listing.Size(r.Bytes)
	}
	if isComplete || r.Duration > 0 {
		row.Length = page.Length(r.Duration, language)
	}
	if r.Views != nil && r.Downloads != nil {
		row.Watched = fmt.Sprintf(texts[language]["watched"], page.Count(*r.Views), page.Count(*r.Downloads))
	}
	return row
}

// sharedFilesOf returns the files that are shared, those that are shared in the same way as one.
func sharedFilesOf(files []inventory.File, now time.Time, language wecom.Language) []sharedFiles {
	var list []sharedFiles
	at := map[sharing]int{}
	for i := range files {
		if !files[i].Shared {
			continue
		}
		s := sharingOf(&files[i], now, language)
		if _, ok := at[s]; !ok {
			at[s] = len(list)
			list = append(list, sharedFiles{sharing: s})
		}
		list[at[s]].Count++
	}
	slices.SortStableFunc(list, func(a, b sharedFiles) int {
		return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind)
	})
	return list
}

func sharingOf(f *inventory.File, now time.Time, language wecom.Language) sharing {
	words, text := page.WordsOf(language), texts[language]
	s := sharing{Kind: kindOf(f)}
	parts := []string{words.Audience[f.Class.Audience], words.Password[f.Class.Password], words.Download[f.Class.Download]}
	var notes []string
	if f.Accepted != nil {
		until := text["acceptedForever"]
		if last := f.Accepted.Date(); last != "" {
			until = text["acceptedUntil"] + last
		}
		notes = append(notes, fmt.Sprintf(text["reason"], f.Accepted.Reason, until))
	}
	expiry := words.Expiry(f.Expiry, now)
	if f.Expiry.IsZero() {
		parts = append(parts, expiry)
	} else {
		notes = append(notes, fmt.Sprintf(text["reason"], expiry, page.Distance(f.Expiry, now, language)))
	}
	s.Text, s.Note = text["kind_"+string(s.Kind)]+words.Join(parts...), strings.Join(notes, " · ")
	return s
}

func kindOf(f *inventory.File) fileKind {
	switch {
	case f.Exposed():
		return exposedFile
	case f.Accepted != nil:
		return acceptedFile
	case f.Class.Expiry == recording.Expired:
		return expiredFile
	default:
		return limitedFile
	}
}
