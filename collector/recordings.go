// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A RecordingQuery says which recordings of the inventory are asked for.
type RecordingQuery struct {
	Corp string // the name of a corp; empty: all
	// Host is a user ID, or a value of the label host; empty: all.
	Host    string
	State   string // a value of the label state; empty: all
	Exposed *bool  // those with exposed files, or those without; nil: both
	Shared  *bool  // the same for shared files

	Sort       RecordingOrder // empty: by start
	Descending bool
	Offset     int
	Limit      int
}

// A RecordingOrder is by what recordings are sorted.
type RecordingOrder string

// The orders. Those of equal rank come in the order of their IDs.
const (
	ByStart    RecordingOrder = "start"
	ByHost     RecordingOrder = "host"
	ByBytes    RecordingOrder = "bytes"
	ByDuration RecordingOrder = "duration"
	ByShared   RecordingOrder = "shared"
	ByExposed  RecordingOrder = "exposed"
)

// RecordingOrders returns every order.
func RecordingOrders() []RecordingOrder {
	return []RecordingOrder{ByStart, ByHost, ByBytes, ByDuration, ByShared, ByExposed}
}

// RecordingStates returns every value of the label state.
func RecordingStates() []string { return slices.Clone(states[:]) }

// A RecordingReport tells people of one recording. It holds no link, code or
// password.
type RecordingReport struct {
	Corp  string
	ID    string
	Host  string    // the user ID; "unknown" where WeCom gives none
	Title string    // "" unless titles are kept and it was read since the start
	Start time.Time // zero: not known
	State string    // a value of the label state
	Files []FileReport

	// Sums over the files.
	Bytes           int64
	Duration        time.Duration
	Shared, Exposed int
}

// A FileReport tells people of one file of a recording.
type FileReport struct {
	ID         string
	Start, End time.Time // zero: not known
	Bytes      int64
	Shared     bool
	Exposed    bool
	Audience   string    // a value of the label audience, where it is shared; so are those below
	Password   string    // a value of the label password
	Expiry     time.Time // of the link; zero: never
	Download   string    // a value of the label download
}

// Recordings returns a part of the recordings that a query asks for, and how many
// there are in all. They are those that the gauges count at the given time.
func (c *Collector) Recordings(q RecordingQuery, now time.Time) (part []RecordingReport, total int) {
	var found []foundRecording
	for _, corp := range c.current() {
		if q.Corp == "" || q.Corp == corp.config.Name {
			found = corp.find(found, &q, now)
		}
	}
	slices.SortFunc(found, func(a, b foundRecording) int {
		order := cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.name, b.name))
		if q.Descending {
			order = -order
		}
		return cmp.Or(order, strings.Compare(a.encoded, b.encoded))
	})
	total = len(found)
	offset := min(q.Offset, total)
	for _, f := range found[offset:min(offset+q.Limit, total)] {
		part = append(part, f.corp.tell(f.encoded, now))
	}
	return part, total
}

// A foundRecording is one that a query asks for, with its place in the order: its
// rank or, by host, its name.
type foundRecording struct {
	corp    *corp
	encoded string
	rank    int64
	name    string
}

// find adds what a query asks for of a corp.
func (c *corp) find(found []foundRecording, q *RecordingQuery, now time.Time) []foundRecording {
	inv := c.inventory
	inv.mu.Lock()
	hosts := slices.Collect(maps.Values(inv.hosts))
	inv.mu.Unlock()
	for _, h := range hosts {
		// Between two hosts whoever waits for the inventory has a turn.
		inv.mu.Lock()
		if c.isAsked(q.Host, h.name) {
			inv.eachItemOf(h, now, func(it *item, r *recording.Record) {
				if f, ok := c.match(it.encoded, r, q, now); ok {
					found = append(found, f)
				}
			})
		}
		inv.mu.Unlock()
	}
	return found
}

// isAsked tells whether a host is one that is asked for, by user ID or by the
// value of the label. The lock of the inventory is held.
func (c *corp) isAsked(asked, host string) bool {
	if asked == "" || asked == cmp.Or(host, hostUnknown) {
		return true
	}
	if limit := c.hosts.limit; limit > 0 && c.inventory.hostLimit == limit && !c.inventory.ledger.hosts[host].admitted {
		return asked == hostOther
	}
	return c.hosts.label != config.HostLabelOff && asked == c.hosts.name(host)
}

func (c *corp) match(encoded string, r *recording.Record, q *RecordingQuery, now time.Time) (f foundRecording, ok bool) {
	if q.State != "" && q.State != states[r.State] {
		return f, false
	}
	s := newSums(now)
	s.add(r, now)
	if q.Exposed != nil && *q.Exposed != (s.exposed > 0) || q.Shared != nil && *q.Shared != (s.shared > 0) {
		return f, false
	}
	f = foundRecording{corp: c, encoded: encoded}
	switch q.Sort {
	case ByHost:
		f.name = cmp.Or(r.Host, hostUnknown)
	case ByBytes:
		f.rank = s.bytes
	case ByDuration:
		f.rank = s.milliseconds
	case ByShared:
		f.rank = int64(s.shared)
	case ByExposed:
		f.rank = int64(s.exposed)
	default:
		f.rank = int64(r.Started())
	}
	return f, true
}

// tell reports a recording.
func (c *corp) tell(encoded string, now time.Time) RecordingReport {
	var r recording.Record
	r.MustDecode(encoded)
	s := newSums(now)
	s.add(&r, now)
	report := RecordingReport{
		Corp: c.config.Name, ID: r.ID, Host: cmp.Or(r.Host, hostUnknown), Title: c.inventory.title(r.ID), Start: r.Started().Time(), State: states[r.State],
		Bytes: s.bytes, Duration: durationOf(s.milliseconds), Shared: int(s.shared), Exposed: int(s.exposed),
	}
	for i := range r.Files {
		report.Files = append(report.Files, tellFile(&r.Files[i].File, now))
	}
	return report
}

// durationOf returns so many milliseconds, or the longest duration if that is
// shorter.
func durationOf(milliseconds int64) time.Duration {
	return time.Duration(min(milliseconds, int64(math.MaxInt64/time.Millisecond))) * time.Millisecond
}

func tellFile(f *wecom.File, now time.Time) FileReport {
	report := FileReport{ID: f.ID, Start: f.Start.Time(), End: f.End.Time(), Bytes: f.Size, Shared: f.Sharing.On}
	if !f.Sharing.On {
		return report
	}
	c, _ := recording.ClassOf(&f.Sharing, now)
	report.Audience, report.Password, report.Download = c.Audience.String(), c.Password.String(), c.Download.String()
	report.Expiry = f.Sharing.Expire.Time()
	report.Exposed = c.Exposed()
	return report
}

func (inv *inventory) title(id string) string {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.titles[id]
}
