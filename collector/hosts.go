// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

const (
	hostUnknown = "unknown" // where WeCom gives no host
	hostOther   = "other"   // hosts beyond the limit, together
	// How much of a host's hash is shown, in bytes: enough for two hosts in a
	// hundred thousand to share one once in more than three billion companies.
	hostHashBytes = 8
)

// undecided is a limit of hosts under which it was never decided which hosts have
// series of their own.
const undecided = -1

// A hostNamer gives the values of the label host.
type hostNamer struct {
	label   config.HostLabel
	hashKey []byte
	limit   int // of hosts with series of their own; 0: there is no limit
}

func newHostNamer(m config.Metrics) *hostNamer {
	n := &hostNamer{label: m.HostLabel, hashKey: m.HostHashKey, limit: m.MaxHosts}
	if n.label == config.HostLabelOff {
		n.limit = 0
	}
	return n
}

// A hostView is what is served of a host, or of several together.
type hostView struct {
	sums   *sums // nil: none of its recordings are there any more
	totals hostTotals
	series *hostSeries // nil: not made yet
}

// viewOf returns the view of a host, which is the last one if nothing has changed.
func viewOf(last *hostView, s *sums, totals *hostTotals) *hostView {
	if last != nil && last.sums == s && last.totals == *totals {
		return last
	}
	return &hostView{sums: s, totals: *totals}
}

func (v *hostView) merge(other *hostView) {
	v.totals.merge(&other.totals)
	if other.sums != nil {
		merged := sums{stale: other.sums.stale}
		if v.sums != nil {
			merged = *v.sums
		}
		merged.merge(other.sums)
		v.sums = &merged
	}
}

// fold sums up hosts by the label's value, those that are not admitted under
// "other". It returns how many those are.
func (n *hostNamer) fold(hosts map[string]*hostView, admitted func(host string) bool) (named map[string]*hostView, folded int) {
	if n.label == config.HostLabelOff {
		return map[string]*hostView{"": total(hosts)}, 0
	}
	named = make(map[string]*hostView, len(hosts))
	for host, view := range hosts {
		name := hostOther
		if n.limit == 0 || admitted(host) {
			name = n.name(host)
		} else {
			folded++
		}
		if to := named[name]; to != nil {
			merged := &hostView{}
			merged.merge(to)
			merged.merge(view)
			view = merged
		}
		named[name] = view
	}
	return named, folded
}

// total returns what is served of all hosts together.
func total(hosts map[string]*hostView) *hostView {
	t := &hostView{}
	for _, view := range hosts {
		t.totals.merge(&view.totals)
		if view.sums == nil {
			continue
		}
		if t.sums == nil {
			t.sums = &sums{stale: view.sums.stale}
		}
		t.sums.merge(view.sums)
	}
	return t
}

// admit decides which hosts have series of their own, if no more than limit may.
// The first time that settled is set it decides for good, for the hosts with the
// most bytes; later ones admit new hosts while there is room, so that no counter
// ever goes down. Under another limit than before, hosts keep their series if the
// limit allows. It tells who is admitted, and whether that is for good. The lock is
// held.
func (inv *inventory) admit(limit int, hosts map[string]*hostView, settled bool) (admitted func(host string) bool, decided bool) {
	if limit == 0 {
		inv.decide(limit, settled)
		return func(string) bool { return true }, true
	}
	var before, waiting []string
	for host, totals := range inv.ledger.hosts {
		if totals.admitted {
			before = append(before, host)
		} else if hosts[host] != nil {
			waiting = append(waiting, host)
		}
	}
	chosen := make(map[string]bool, min(limit, len(hosts)))
	for _, host := range slices.Concat(largest(hosts, before, limit), largest(hosts, waiting, limit-len(before))) {
		chosen[host] = true
	}
	if inv.decide(limit, settled) {
		for host, totals := range inv.ledger.hosts {
			if totals.admitted != chosen[host] {
				totals.admitted = chosen[host]
				inv.ledger.touched[host] = struct{}{}
			}
		}
	}
	return func(host string) bool { return chosen[host] }, inv.hostLimit == limit || len(hosts) <= limit
}

// largest returns the n hosts with the most bytes among some, or all if they are
// no more.
func largest(hosts map[string]*hostView, some []string, n int) []string {
	if n <= 0 || len(some) <= n {
		return some[:max(0, min(n, len(some)))]
	}
	bytes := func(host string) int64 {
		if view := hosts[host]; view != nil && view.sums != nil {
			return view.sums.bytes
		}
		return 0
	}
	slices.SortFunc(some, func(a, b string) int {
		return cmp.Or(cmp.Compare(bytes(b), bytes(a)), cmp.Compare(a, b))
	})
	return some[:n]
}

// decide notes under which limit it is decided who is admitted, and tells whether
// it is.
func (inv *inventory) decide(limit int, settled bool) bool {
	if settled && inv.hostLimit != limit {
		inv.hostLimit, inv.saved = limit, never
	}
	return inv.hostLimit == limit
}

// public returns what may be shown of a user ID outside of metrics.
func (n *hostNamer) public(userID string) string {
	if n.label == config.HostLabelOff {
		return "(hidden)"
	}
	return n.name(userID)
}

// name returns the value of the label for a host with a series of its own.
func (n *hostNamer) name(host string) string {
	switch {
	case host == "":
		return hostUnknown
	case n.label == config.HostLabelHashed:
		mac := hmac.New(sha256.New, n.hashKey)
		mac.Write([]byte(host))
		return hex.EncodeToString(mac.Sum(nil)[:hostHashBytes])
	default:
		return host
	}
}
