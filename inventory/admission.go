// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"slices"
)

// admission is under which limit hosts have been admitted to series of their own.
type admission struct {
	limit   int
	settled bool // whether hosts have been admitted under any limit yet
}

// NoHostSeries is the limit under which no host has series of its own, because the metrics do
// not name hosts.
const NoHostSeries = -1

// notAdmitted is the stored limit if hosts have not been admitted under any limit yet.
const notAdmitted = -1

func (a admission) stored() int {
	if !a.settled {
		return notAdmitted
	}
	return a.limit
}

func storedAdmission(limit int) admission {
	if limit == notAdmitted {
		return admission{}
	}
	return admission{limit: limit, settled: true}
}

// admit decides which hosts of a view have series of their own. The first complete round admits
// those with the most bytes. Once that is settled, a host that has series keeps them, so that no
// counter disappears, and later hosts are admitted while there is room. Under another limit than
// before, hosts keep their series as far as it allows. Admitted is nil if all hosts have series, or
// none. The lock is held.
func (inv *Inventory) admit(v *View, changed []*HostView) {
	final := inv.isFinal(max(v.limit, 0))
	if v.Settled = final || v.limit <= 0; v.limit <= 0 {
		return
	}
	goesOn := final && v.continues(inv.last)
	switch {
	case inv.views.Len() <= v.limit:
		if !final {
			return
		}
		if !goesOn || inv.last.Admitted != nil {
			changed = slices.Collect(inv.views.All())
		}
		for _, h := range changed {
			inv.ledger.Admit(h.Host, true)
		}
	case goesOn && len(inv.last.Admitted) == v.limit:
		v.Admitted = inv.last.Admitted // There is no room for others.
	default:
		v.Admitted = inv.choose(v.limit)
		if final {
			for h := range inv.views.All() {
				inv.ledger.Admit(h.Host, v.Admitted[h.Host])
			}
		}
	}
}

// choose returns the hosts with series of their own under a limit that does not allow all.
func (inv *Inventory) choose(limit int) map[string]bool {
	var before, waiting []*HostView
	for h := range inv.views.All() {
		if inv.ledger.Hosts()[h.Host].Admitted {
			before = append(before, h)
		} else {
			waiting = append(waiting, h)
		}
	}
	admitted := make(map[string]bool, limit)
	for _, h := range slices.Concat(largest(before, limit), largest(waiting, limit-len(before))) {
		admitted[h.Host] = true
	}
	return admitted
}

// continues reports whether an earlier view was taken under the same rules of admission, so that
// only what has changed since is to be looked at.
func (v *View) continues(earlier *View) bool {
	return earlier != nil && earlier.Listed && earlier.Ready == v.Ready && earlier.limit == v.limit &&
		earlier.Settled == v.Settled
}

// foldGone has the ledger fold the hosts of a view that have neither recordings nor series of
// their own, as soon as it is decided which have: nothing is kept of them. A host with series
// stays, since a counter must not disappear. The lock is held.
func (inv *Inventory) foldGone(v *View, changed []*HostView) {
	if !inv.ready {
		return
	}
	if !v.continues(inv.last) {
		changed = slices.Collect(inv.views.All())
	}
	var gone []string
	for _, h := range changed {
		hasSeries := v.Admitted == nil || v.Admitted[h.Host]
		if v.limit == NoHostSeries {
			hasSeries = inv.ledger.Hosts()[h.Host].Admitted // under the limit before, which may come back
		}
		if h.Sums == nil && !hasSeries {
			gone = append(gone, h.Host)
		}
	}
	inv.ledger.Fold(gone)
	inv.views = hostOrder.Update(inv.views, nil, gone)
}

// isFinal reports whether hosts are admitted for good under a limit: from the end of the first
// round on. That is stored.
func (inv *Inventory) isFinal(limit int) bool {
	now := admission{limit: limit, settled: true}
	if inv.ready && inv.admission != now {
		inv.admission, inv.unsaved.head = now, true
	}
	return inv.admission == now
}

// largest returns the n hosts with the most bytes, or all if there are no more than n.
func largest(views []*HostView, n int) []*HostView {
	switch {
	case n <= 0:
		return nil
	case len(views) <= n:
		return views
	}
	bytes := func(v *HostView) int64 {
		if v.Sums == nil {
			return 0
		}
		return v.Sums.Bytes
	}
	slices.SortFunc(views, func(a, b *HostView) int {
		return cmp.Or(cmp.Compare(bytes(b), bytes(a)), cmp.Compare(a.Host, b.Host))
	})
	return views[:n]
}
