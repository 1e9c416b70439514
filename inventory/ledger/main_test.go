// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"maps"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

// noon is the birth of the ledgers of these tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at returns a time some time after noon.
func at(later time.Duration) time.Time { return noon.Add(later) }

// counted is everything that a ledger has counted, over all hosts.
type counted struct {
	Recordings, Files, Removed, Transcodings uint64
	Enabled, Disabled, Widened, Narrowed     uint64
	Bytes, Seconds                           int64
}

func (l *Ledger) counted() counted {
	c := counted{
		Files: l.FileSizes.Count, Removed: l.Removed, Transcodings: l.Transcodings.Count,
		Enabled: l.SharingChanges[Enabled], Disabled: l.SharingChanges[Disabled],
		Widened: l.SharingChanges[Widened], Narrowed: l.SharingChanges[Narrowed],
	}
	for _, t := range append(slices.Collect(maps.Values(l.hosts)), &l.Folded) {
		c.Recordings += t.Recordings
		c.Bytes += t.Bytes
		c.Seconds += t.Milliseconds / 1000
	}
	return c
}

// file returns a file that began an hour after noon.
func file(id string, bytes int64, seconds int) wecom.File {
	start := wecom.InstantOf(at(time.Hour))
	return wecom.File{ID: id, Start: start, End: start + wecom.Instant(1000*seconds), Size: bytes}
}

func shared(f wecom.File, s wecom.Sharing) wecom.File {
	f.Sharing = s
	return f
}

// recordingOf returns a recording of a meeting that began an hour after noon.
func recordingOf(state wecom.State, files ...wecom.File) wecom.Recording {
	return wecom.Recording{ID: "r", Host: "li", MeetingStart: wecom.InstantOf(at(time.Hour)), State: state, Files: files}
}
