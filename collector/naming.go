// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

const (
	// hostOther stands for the hosts beyond the limit, together.
	hostOther = "other"
	// hashBytes is how many bytes of the hash of a host are shown. Of a hundred thousand
	// hosts, two share them once in more than three billion companies.
	hashBytes = 8
)

// A naming gives the values of the label host.
type naming struct {
	label   config.HostLabel
	hashKey []byte
}

func newNaming(m *config.Metrics) *naming { return &naming{label: m.HostLabel, hashKey: m.HostHashKey} }

// name returns the value of the label for a host with series of its own.
func (n *naming) name(host string) string {
	switch {
	case host == "":
		return inventory.UnknownHost
	case n.label == config.HostLabelHashed:
		mac := hmac.New(sha256.New, n.hashKey)
		mac.Write([]byte(host))
		return hex.EncodeToString(mac.Sum(nil)[:hashBytes])
	default:
		return host
	}
}

// labelOf returns the value of the label for a host, and whether it is folded. All hosts have
// series of their own if admitted is nil.
func (n *naming) labelOf(host string, admitted map[string]bool) (value string, folded bool) {
	if admitted != nil && !admitted[host] {
		return hostOther, true
	}
	return n.name(host), false
}

// hides reports whether the label hides user IDs.
func (n *naming) hides() bool { return n.label != config.HostLabelPlain }

// public returns what may be shown of a user ID outside of the metrics; "" if that is nothing.
func (n *naming) public(userID string) string {
	if n.label == config.HostLabelOff {
		return ""
	}
	return n.name(userID)
}

// matches reports whether somebody who asks for a host means this one: by user ID, or by
// the value of the label.
func (n *naming) matches(asked, host string, folded bool) bool {
	switch {
	case asked == cmp.Or(host, inventory.UnknownHost):
		return true
	case n.label == config.HostLabelOff:
		return false
	case folded:
		return asked == hostOther
	}
	return asked == n.name(host)
}

// A namedHost is what there is to serve under one value of the label host.
type namedHost struct {
	name string
	view *inventory.HostView
}

// fold returns the hosts of a corp by the label, in the order of its values. Hosts without
// series of their own are summed up as "other"; folded is how many of those have recordings.
func (n *naming) fold(v *poll.CorpView) (hosts []namedHost, folded int) {
	if n.label == config.HostLabelOff {
		all := &inventory.HostView{Totals: v.Folded}
		for h := range v.Hosts.All() {
			add(all, h)
		}
		return []namedHost{{view: all}}, 0
	}
	other := &inventory.HostView{Totals: v.Folded}
	hosts = make([]namedHost, 0, v.Hosts.Len()+1)
	for h := range v.Hosts.All() {
		if label, isFolded := n.labelOf(h.Host, v.Admitted); !isFolded {
			hosts = append(hosts, namedHost{label, h})
			continue
		}
		add(other, h)
		folded++
	}
	if other.Sums != nil || other.Totals != (ledger.Totals{}) {
		hosts = append(hosts, namedHost{hostOther, other})
	}
	return sortAndSum(hosts), folded
}

// sortAndSum sorts hosts by name. Those of one name are summed up.
func sortAndSum(hosts []namedHost) []namedHost {
	byName := func(a, b namedHost) int { return strings.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(hosts, byName) {
		slices.SortStableFunc(hosts, byName)
	}
	distinct := hosts[:0]
	for _, h := range hosts {
		if last := len(distinct) - 1; last >= 0 && distinct[last].name == h.name {
			both := &inventory.HostView{}
			add(both, distinct[last].view)
			add(both, h.view)
			distinct[last].view = both
		} else {
			distinct = append(distinct, h)
		}
	}
	return distinct
}

// add adds what there is to serve of a host to a view that is being made.
func add(to, h *inventory.HostView) {
	to.Totals.Add(&h.Totals)
	switch {
	case h.Sums == nil:
	case to.Sums == nil:
		sums := *h.Sums
		to.Sums = &sums
	default:
		to.Sums.Add(h.Sums)
	}
}
