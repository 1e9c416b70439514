// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"maps"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
)

// A View is what there is to serve of an inventory at one moment. It never changes.
type View struct {
	Listed bool // a list was applied; without one, nothing is known of any host
	Ready  bool // every target was polled at least once

	Birth          time.Time // of the ledger
	Removed        uint64
	SharingChanges [ledger.NumSharingKinds]uint64
	FileSizes      ledger.Distribution
	FileDurations  ledger.Distribution
	Transcodings   ledger.Distribution

	// Policy is by what the sums were made; nil: there are no rules.
	Policy *policy.Policy
	// Total is the sum over all hosts; nil before the first list.
	Total *sums.Sums
	// Hosts are the hosts with recordings or with series of their own. Views share the blocks in
	// which nothing has changed.
	Hosts sorted.List[*HostView, *sums.Sums]
	// Folded are the totals of all other hosts that were ever known, together.
	Folded ledger.Totals
	// Admitted holds the hosts that have series of their own; nil: all have.
	Admitted map[string]bool
	// Settled means that the admitted hosts keep their series for good, so that their
	// counters can be served.
	Settled bool

	version, ledgerVersion uint64
	limit                  int
}

// A HostView is what there is to serve of one host. As long as nothing changes, views have the
// same pointer.
type HostView struct {
	Host   string     // host_user_id; "" if WeCom gives none
	Sums   *sums.Sums // nil: none of its recordings is held any more
	Totals ledger.Totals
}

// View returns what there is to serve: the last view if nothing has changed since. No more
// than limit hosts have series of their own; 0 is no limit, and [NoHostSeries] means none.
func (inv *Inventory) View(now time.Time, limit int) *View {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	now = now.Round(0) // The monotonic clock does not show that the clock was set.
	if !inv.lastListing.IsZero() {
		// Before the first list, it is not known whether the clock is right.
		inv.expire(inv.lastListing)
		inv.expireChanges(inv.lastListing)
	}
	if v := inv.last; v != nil && v.version == inv.version && v.ledgerVersion == inv.ledger.Version() &&
		v.Listed == inv.listed && v.limit == limit && (v.Total == nil || v.Total.Hold(now)) {
		return v
	}
	inv.last = inv.newView(now, limit)
	return inv.last
}

func (inv *Inventory) newView(now time.Time, limit int) *View {
	l := inv.ledger
	v := &View{
		Listed:         inv.listed,
		Ready:          inv.ready,
		Birth:          l.Birth,
		Removed:        l.Removed,
		SharingChanges: l.SharingChanges,
		FileSizes:      l.FileSizes.Clone(),
		FileDurations:  l.FileDurations.Clone(),
		Transcodings:   l.Transcodings.Clone(),
		Policy:         inv.policy,
		version:        inv.version,
		ledgerVersion:  l.Version(),
		limit:          limit,
	}
	if !inv.listed {
		return v // The ledger has no hosts.
	}
	changed := inv.updateViews(now)
	v.Total = sums.New(now)
	for _, b := range inv.views.Blocks {
		v.Total.Add(b.Summary)
	}
	inv.admit(v, changed)
	inv.foldGone(v, changed)
	v.Hosts, v.Folded, v.ledgerVersion = inv.views, l.Folded, l.Version()
	return v
}

// A hostList is the views of hosts by name, with the sums of each block.
type hostList = sorted.List[*HostView, *sums.Sums]

var hostOrder = sorted.Order[*HostView, *sums.Sums]{
	Key:       func(h *HostView) string { return h.Host },
	Summarize: sumsOfViews,
	BlockSize: 64,
}

func sumsOfViews(views []*HostView) *sums.Sums {
	s := &sums.Sums{}
	for _, v := range views {
		if v.Sums != nil {
			s.Add(v.Sums)
		}
	}
	return s
}

// updateViews brings the views of the hosts up to date, and returns those that have changed.
func (inv *Inventory) updateViews(now time.Time) []*HostView {
	inv.touchStale(now)
	hosts := inv.ledger.TakeChanged()
	maps.Copy(hosts, inv.touched)
	inv.touched = map[string]struct{}{}
	changed := make([]*HostView, 0, len(hosts))
	totals := inv.ledger.Hosts()
	var r recording.Record
	for name := range hosts {
		t := totals[name]
		if t == nil {
			continue // It was folded, and has left the views.
		}
		view := &HostView{Host: name, Totals: *t}
		if h := inv.hosts[name]; h != nil {
			view.Sums = inv.sumsOf(h, now, &r)
		}
		changed = append(changed, view)
	}
	inv.views = hostOrder.Update(inv.views, changed, nil)
	return changed
}

// touchStale has the sums of those hosts computed again that the clock alone has changed.
func (inv *Inventory) touchStale(now time.Time) {
	for _, b := range inv.views.Blocks {
		if b.Summary.Hold(now) {
			continue
		}
		for _, v := range b.Elements {
			if v.Sums != nil && !v.Sums.Hold(now) {
				if h := inv.hosts[v.Host]; h != nil {
					inv.touch(h)
				}
			}
		}
	}
}

// sumsOf returns the sums of a host. The lock is held.
func (inv *Inventory) sumsOf(h *host, now time.Time, r *recording.Record) *sums.Sums {
	if h.sums == nil {
		s := sums.New(now)
		next := inv.eachItemOf(h, now, r, func(*item) { s.AddRecord(r, inv.policy, now) })
		s.StaleAt(next.Time())
		h.sums = s
	}
	return h.sums
}
