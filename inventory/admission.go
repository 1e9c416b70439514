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

// admit decides which hosts have series of their own. The first complete round admits those
// with the most bytes. Once that is settled, a host that has series keeps them, so that no
// counter disappears, and later hosts are admitted while there is room. Under another limit
// than before, hosts keep their series as far as it allows. It returns nil if all hosts have
// series, or none. The lock is held.
func (inv *Inventory) admit(limit int, views []*HostView) (admitted map[string]bool, settled bool) {
	final := inv.isFinal(max(limit, 0))
	if limit <= 0 {
		return nil, true
	}
	if len(views) <= limit {
		if final {
			for _, v := range views {
				inv.ledger.Admit(v.Host, true)
			}
		}
		return nil, final
	}
	var before, waiting []*HostView
	for _, v := range views {
		if v.Totals.Admitted {
			before = append(before, v)
		} else {
			waiting = append(waiting, v)
		}
	}
	admitted = make(map[string]bool, limit)
	for _, v := range slices.Concat(largest(before, limit), largest(waiting, limit-len(before))) {
		admitted[v.Host] = true
	}
	if final {
		for _, v := range views {
			inv.ledger.Admit(v.Host, admitted[v.Host])
		}
	}
	return admitted, final
}

// foldGone has the ledger fold the hosts of a view that have neither recordings nor series of
// their own, as soon as it is decided which have: nothing is kept of them. A host with series
// stays, since a counter must not disappear. The lock is held.
func (inv *Inventory) foldGone(v *View) {
	if !inv.ready {
		return
	}
	var gone []string
	v.Hosts = slices.DeleteFunc(v.Hosts, func(h *HostView) bool {
		hasSeries := v.Admitted == nil || v.Admitted[h.Host]
		if v.limit == NoHostSeries {
			hasSeries = h.Totals.Admitted // under the limit before, which may come back
		}
		if h.Sums != nil || hasSeries {
			return false
		}
		gone = append(gone, h.Host)
		return true
	})
	inv.ledger.Fold(gone)
	inv.views = v.Hosts
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
