// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"slices"
	"strings"
	"time"

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
	// Hosts are the hosts with recordings or with series of their own, by name.
	Hosts []*HostView
	// Folded are the totals of all other hosts that were ever known, together.
	Folded ledger.Totals
	// Admitted holds the hosts that have series of their own; nil: all have.
	Admitted map[string]bool
	// Settled means that the admitted hosts keep their series for good, so that their
	// counters can be served.
	Settled bool

	version, ledgerVersion uint64
	limit                  int
	taken                  time.Time
	stale                  time.Time // when it changes by the clock alone
}

// A HostView is what there is to serve of one host. As long as nothing changes, views have
// the same pointer.
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
		v.Listed == inv.listed && v.limit == limit && holds(v.taken, v.stale, now) {
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
		taken:          now,
		stale:          now.Add(day),
	}
	if !inv.listed {
		return v // The ledger has no hosts.
	}
	v.Total = sums.New(now)
	v.Hosts = inv.hostViews(now)
	for _, h := range v.Hosts {
		if h.Sums != nil {
			v.Total.Add(h.Sums)
		}
	}
	v.stale = v.Total.Stale
	v.Admitted, v.Settled = inv.admit(limit, v.Hosts)
	inv.foldGone(v)
	v.Folded, v.ledgerVersion = l.Folded, l.Version()
	return v
}

// hostViews returns the views of all hosts, by name.
func (inv *Inventory) hostViews(now time.Time) []*HostView {
	inv.orderViews()
	views := make([]*HostView, len(inv.views))
	totals := inv.ledger.Hosts()
	var r recording.Record
	for i, view := range inv.views {
		var amount *sums.Sums
		if h := inv.hosts[view.Host]; h != nil {
			amount = inv.sumsOf(h, now, &r)
		}
		if t := totals[view.Host]; view.Sums != amount || view.Totals != *t {
			view = &HostView{Host: view.Host, Sums: amount, Totals: *t}
		}
		views[i] = view
	}
	inv.views = views
	return views
}

// orderViews adds views of new hosts. Hosts that are folded leave the views and the ledger
// together: see foldGone.
func (inv *Inventory) orderViews() {
	hosts := inv.ledger.Hosts()
	if len(inv.views) == len(hosts) {
		return
	}
	known := make(map[string]bool, len(inv.views))
	for _, view := range inv.views {
		known[view.Host] = true
	}
	views := slices.Grow(slices.Clone(inv.views), len(hosts)-len(inv.views))
	for host := range hosts {
		if !known[host] {
			views = append(views, &HostView{Host: host})
		}
	}
	slices.SortFunc(views, func(a, b *HostView) int { return strings.Compare(a.Host, b.Host) })
	inv.views = views
}

// sumsOf returns the sums of a host. The lock is held.
func (inv *Inventory) sumsOf(h *host, now time.Time, r *recording.Record) *sums.Sums {
	if h.sums == nil || !holds(h.summed, h.sums.Stale, now) {
		s := sums.New(now)
		next := inv.eachItemOf(h, now, r, func(*item) { s.AddRecord(r, inv.policy, now) })
		s.StaleAt(next.Time())
		h.sums, h.summed = s, now
	}
	return h.sums
}
