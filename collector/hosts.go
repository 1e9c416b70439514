// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

const (
	hostUnknown = "unknown" // where WeCom gives no host
	hostOther   = "other"   // hosts beyond the limit, together
	// How much of a host's hash is shown, in bytes: enough for two hosts in a
	// hundred thousand to share one once in more than three billion companies.
	hostHashBytes = 8
)

// A hostNamer decides under which value of the label host each host is counted.
// It is safe for concurrent use.
type hostNamer struct {
	label   config.HostLabel
	hashKey []byte
	limit   int // of hosts with series of their own; 0: none

	mu sync.Mutex
	// admitted hosts keep a series of their own for good, so that no counter
	// ever goes down. It is nil until the first round is over, since only then
	// it is known which hosts are the largest.
	admitted map[string]bool
}

func newHostNamer(m config.Metrics) *hostNamer {
	return &hostNamer{label: m.HostLabel, hashKey: m.HostHashKey, limit: m.MaxHosts}
}

// fold sums up hosts by the label's value. It returns how many hosts were folded
// into "other". The first fold with settled set decides for good which hosts are
// admitted; later ones admit new hosts while there is room.
func (n *hostNamer) fold(hosts map[string]*hostSums, settled bool) (map[string]*hostSums, int) {
	if n.label == config.HostLabelOff {
		total := &hostSums{}
		for _, h := range hosts {
			total.merge(h)
		}
		return map[string]*hostSums{"": total}, 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	admitted := n.admit(hosts, settled)
	named := make(map[string]*hostSums, len(admitted)+1)
	folded := 0
	for host, h := range hosts {
		name := hostOther
		if n.limit == 0 || admitted[host] {
			name = n.name(host)
		} else {
			folded++
		}
		if to := named[name]; to != nil {
			merged := *to
			merged.merge(h)
			h = &merged
		}
		named[name] = h
	}
	return named, folded
}

// inherit takes over which hosts another namer admitted, if it counted alike.
func (n *hostNamer) inherit(old *hostNamer) {
	old.mu.Lock()
	defer old.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.label == old.label && n.limit == old.limit {
		n.admitted = old.admitted
	}
}

func (n *hostNamer) admit(hosts map[string]*hostSums, settled bool) map[string]bool {
	if n.limit == 0 {
		return nil
	}
	admitted := n.admitted
	if admitted == nil {
		admitted = map[string]bool{}
	}
	var waiting []string
	for host := range hosts {
		if !admitted[host] {
			waiting = append(waiting, host)
		}
	}
	slices.SortFunc(waiting, func(a, b string) int {
		return cmp.Or(cmp.Compare(hosts[b].bytes, hosts[a].bytes), cmp.Compare(a, b))
	})
	for _, host := range waiting[:min(len(waiting), max(0, n.limit-len(admitted)))] {
		admitted[host] = true
	}
	if settled {
		n.admitted = admitted
	}
	return admitted
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
