// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const month = 31 * day

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	li   = wecom.Target{Selector: wecom.ByUserID, ID: "li"}
	wang = wecom.Target{Selector: wecom.ByUserID, ID: "wang"}
)

// at returns a time some time after noon.
func at(later time.Duration) time.Time { return noon.Add(later) }

// listed returns a recording whose meeting began some time before noon, and whose only
// file some time before noon, too; 0 leaves a time out.
func listed(id string, meeting, file time.Duration) wecom.Recording {
	r := wecom.Recording{ID: id, Host: "li", State: wecom.StateCompleted}
	if meeting != 0 {
		r.MeetingStart = wecom.InstantOf(noon.Add(-meeting))
	}
	if file != 0 {
		start := noon.Add(-file)
		r.Files = []wecom.File{{
			ID: id + "-file", Start: wecom.InstantOf(start), End: wecom.InstantOf(start.Add(time.Hour)),
		}}
	}
	return r
}

// listing returns a complete list of a span that was asked for and came at its end.
func (inv *Inventory) listing(t wecom.Target, span wecom.Window, recordings ...wecom.Recording) *Listing {
	l := &Listing{Target: t, Span: span, Asked: inv.Generation(), At: span.End, Succeeded: true}
	l.Add(recordings)
	return l
}

// list applies a complete list, and returns how many recordings the target holds then.
func (inv *Inventory) list(t wecom.Target, span wecom.Window, recordings ...wecom.Recording) int {
	held, _ := inv.Apply(inv.listing(t, span, recordings...))
	return held
}

// poll applies a complete list of a span that ends at the given time, and drops old
// tombstones.
func (inv *Inventory) poll(t wecom.Target, now time.Time, span time.Duration, recordings ...wecom.Recording) {
	inv.list(t, wecom.Window{Start: now.Add(-span), End: now}, recordings...)
	inv.expire(now)
}

// ids returns the IDs of the recordings inside the lookback.
func (inv *Inventory) ids(now time.Time) []string {
	ids := []string{}
	_ = inv.Find(context.Background(), &Query{}, now, func(m Match, _ *sums.Sums) { ids = append(ids, inv.Recording(&m, now).ID) })
	slices.Sort(ids)
	return ids
}

// counted is everything that was counted, over all hosts.
type counted struct {
	Recordings, Files, Removed, Transcodings uint64
	Enabled                                  uint64
	Seconds                                  int64
}

func (inv *Inventory) counted() counted {
	l := inv.ledger
	c := counted{
		Files: l.FileSizes.Count, Removed: l.Removed, Transcodings: l.Transcodings.Count,
		Enabled: l.SharingChanges[ledger.Enabled],
	}
	for _, t := range append(slices.Collect(maps.Values(l.Hosts())), &l.Folded) {
		c.Recordings += t.Recordings
		c.Seconds += t.Milliseconds / 1000
	}
	return c
}

// recordOf returns the record of an item.
func (it *item) recordOf() *recording.Record {
	var r recording.Record
	r.MustDecode(it.encoded)
	return &r
}

// withBytes has a host amount to so many bytes.
func (inv *Inventory) withBytes(bytes map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(bytes)) {
		r := listed(name, day, day)
		r.Host, r.Files[0].Size = name, bytes[name]
		inv.list(wecom.Target{Selector: wecom.ByUserID, ID: name}, wecom.Window{Start: at(-month), End: noon}, r)
	}
}
