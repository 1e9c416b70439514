// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// UnknownHost stands for the host of recordings for which WeCom gives none.
const UnknownHost = "unknown"

// An Order is by what recordings are sorted. Equal ones come newest first, and then in a fixed
// order.
type Order string

// The orders.
const (
	ByStart    Order = "start"
	ByHost     Order = "host"
	ByBytes    Order = "bytes"
	ByDuration Order = "duration"
	ByShared   Order = "shared"  // by the number of shared files
	ByExposed  Order = "exposed" // by the number of exposed files
)

// Orders returns every order.
func Orders() []Order { return []Order{ByStart, ByHost, ByBytes, ByDuration, ByShared, ByExposed} }

// A Query selects recordings.
type Query struct {
	// MatchHost reports whether a host is selected: by its host_user_id, and by whether it
	// is folded, having no series of its own. nil selects all.
	MatchHost func(host string, folded bool) bool

	ID       string       // of the recording; "": any
	State    *wecom.State // nil: any
	Exposed  *bool        // with exposed files, or without; nil: both
	Shared   *bool        // with shared files, or without; nil: both
	Accepted *bool        // with accepted files, or without; nil: both
	Overdue  *bool        // with files older than the retention, or without; nil: both

	Order      Order // "": by start
	Descending bool
}

// A Match is a recording that a query selects.
type Match struct {
	encoded string
	rank    int64
	host    string // ranks first, if the order is by host
	start   wecom.Instant
}

// Record reads the record of a match into r, whose slices are reused.
func (m *Match) Record(r *recording.Record) { r.MustDecode(m.encoded) }

// Find calls found with each recording that a query selects, in no order, and with what it
// amounts to, which is only valid in the call. They are those that the sums count at the given
// time. Only copying holds up who else needs the inventory. When the context ends, it returns
// its cause.
func (inv *Inventory) Find(ctx context.Context, q *Query, now time.Time, found func(Match, *sums.Sums)) error {
	inv.mu.Lock()
	hosts := inv.hostsOf(q)
	start, rules := wecom.InstantOf(now.Add(-inv.lookback)), inv.policy
	inv.mu.Unlock()
	var (
		r       recording.Record
		s       sums.Sums
		encoded []string // of one host
	)
	steps := 0
	hasEnded := func() bool {
		steps++
		return steps%contextInterval == 1 && ctx.Err() != nil
	}
	for _, h := range hosts {
		encoded = inv.appendEncoded(encoded[:0], h, q)
		if hasEnded() {
			return context.Cause(ctx)
		}
		for _, text := range encoded {
			if hasEnded() {
				return context.Cause(ctx)
			}
			r.MustDecode(text)
			if hasLeft(&r, start) {
				continue
			}
			if m, ok := q.match(text, &r, &s, rules, now); ok {
				found(m, &s)
			}
		}
	}
	return nil
}

// contextInterval is how many hosts and recordings are visited, in less than a millisecond,
// until it is asked again whether the context has ended.
const contextInterval = 1000

// hostsOf returns the hosts that may have a recording that the query selects. The lock is held.
func (inv *Inventory) hostsOf(q *Query) []*host {
	if q.ID == "" {
		return slices.Collect(maps.Values(inv.hosts))
	}
	if it := inv.items.find(q.ID); it != nil && !it.isTombstone() {
		return []*host{it.host}
	}
	return nil
}

// needsShared reports whether the query selects only recordings with a shared file: what is
// exposed or accepted is shared.
func (q *Query) needsShared() bool {
	return slices.ContainsFunc([]*bool{q.Shared, q.Exposed, q.Accepted}, func(wanted *bool) bool {
		return wanted != nil && *wanted
	})
}

// appendEncoded appends the encoded recordings of a host, if the query selects it.
func (inv *Inventory) appendEncoded(encoded []string, h *host, q *Query) []string {
	if q.MatchHost != nil && !q.MatchHost(h.name, inv.isFolded(h.name)) {
		return encoded
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if h.sums != nil && h.sums.Shared == 0 && q.needsShared() {
		return encoded // The clock shares no file.
	}
	for _, it := range h.items {
		encoded = append(encoded, it.encoded)
	}
	return encoded
}

// isFolded reports whether a host has no series of its own.
func (inv *Inventory) isFolded(host string) bool {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	totals := inv.ledger.Hosts()[host] // nil: the host is gone, and folded
	return inv.admission.limit > 0 && (totals == nil || !totals.Admitted)
}

// match returns the match of a recording, if the query selects it. The sums are scratch.
func (q *Query) match(
	encoded string, r *recording.Record, s *sums.Sums, rules *policy.Policy, now time.Time,
) (m Match, ok bool) {
	if q.ID != "" && q.ID != r.ID || q.State != nil && *q.State != r.State {
		return m, false
	}
	*s = sums.Sums{}
	s.AddRecord(r, rules, now)
	if !selects(q.Exposed, s.Exposed) || !selects(q.Shared, s.Shared) ||
		!selects(q.Accepted, s.Accepted) || !selects(q.Overdue, s.Overdue) {
		return m, false
	}
	m.encoded, m.start = encoded, r.Started()
	switch q.Order {
	case ByHost:
		m.host = cmp.Or(r.Host, UnknownHost)
	case ByBytes:
		m.rank = s.Bytes
	case ByDuration:
		m.rank = s.Milliseconds
	case ByShared:
		m.rank = int64(s.Shared)
	case ByExposed:
		m.rank = int64(s.Exposed)
	default:
		m.rank = int64(m.start)
	}
	return m, true
}

// selects reports whether a recording with so many files of a kind is selected: by whether it
// has any; nil selects all.
func selects(hasAny *bool, files int32) bool { return hasAny == nil || *hasAny == (files > 0) }

// Compare returns how two matches of the query are sorted, as cmp.Compare does.
func (q *Query) Compare(a, b *Match) int {
	order := cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.host, b.host))
	if q.Descending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(b.start, a.start), strings.Compare(a.encoded, b.encoded))
}

// A Recording is what is known of one recording. It holds no link, code or password.
type Recording struct {
	ID    string
	Host  string    // host_user_id, or UnknownHost
	Title string    // "" unless titles are read, and it was since the start
	Start time.Time // zero: not known
	State wecom.State
	Files []File

	// Sums over the files.
	Bytes    int64
	Duration time.Duration
	Shared   int
	Exposed  int // but for those that are accepted
	Accepted int
	Overdue  int // older than the retention
	// Acceptance is that of the first accepted file; nil: none is.
	Acceptance *policy.Acceptance

	// Views and Downloads are those of the last 31 days; nil: not known.
	Views, Downloads *int64
}

// A File is what is known of one file of a recording.
type File struct {
	ID         string
	Start, End time.Time // zero: not known
	Bytes      int64
	Shared     bool
	Class      recording.Class // if Shared
	Expiry     time.Time       // of the link; zero: never, or not shared
	// Accepted is why the file, which would be exposed, is not; nil: it is not accepted.
	Accepted *policy.Acceptance
	Overdue  bool // it is older than the retention
}

// Exposed reports whether anyone with the link can watch the file, and no policy accepts that.
func (f *File) Exposed() bool { return f.Shared && f.Class.Exposed() && f.Accepted == nil }

// Recording returns what is known of a match.
func (inv *Inventory) Recording(m *Match, now time.Time) Recording {
	var r recording.Record
	r.MustDecode(m.encoded)
	title, rules := inv.titleAndPolicy(r.ID)
	s := sums.Of(&r, rules, now)
	found := Recording{
		ID:       r.ID,
		Host:     cmp.Or(r.Host, UnknownHost),
		Title:    title,
		Start:    r.Started().Time(),
		State:    r.State,
		Bytes:    s.Bytes,
		Duration: durationOf(s.Milliseconds),
		Shared:   int(s.Shared),
		Exposed:  int(s.Exposed),
		Accepted: int(s.Accepted),
		Overdue:  int(s.Overdue),
	}
	found.Views, found.Downloads = inv.viewsOf(r.ID, now)
	for i := range r.Files {
		f := fileOf(&r, &r.Files[i].File, rules, now)
		if found.Acceptance == nil {
			found.Acceptance = f.Accepted
		}
		found.Files = append(found.Files, f)
	}
	return found
}

func fileOf(r *recording.Record, f *wecom.File, rules *policy.Policy, now time.Time) File {
	file := File{ID: f.ID, Start: f.Start.Time(), End: f.End.Time(), Bytes: f.Size, Shared: f.Sharing.On}
	file.Overdue, _ = rules.IsOverdue(r.FileStart(f), now)
	if f.Sharing.On {
		file.Class, _ = recording.ClassOf(&f.Sharing, now)
		file.Expiry = f.Sharing.Expire.Time()
	}
	if file.Exposed() {
		file.Accepted, _ = rules.Accepts(r.ID, f.ID, now)
	}
	return file
}

// durationOf returns so many milliseconds, or the longest duration if that is shorter.
func durationOf(milliseconds int64) time.Duration {
	return time.Duration(min(milliseconds, int64(math.MaxInt64/time.Millisecond))) * time.Millisecond
}

func (inv *Inventory) titleAndPolicy(id string) (title string, rules *policy.Policy) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.titles[id], inv.policy
}
