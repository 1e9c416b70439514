// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"maps"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// unsaved is the dirty set of an inventory: what has changed since it was last taken for
// the store. Nothing is tracked until start is called.
type unsaved struct {
	items   map[*item]struct{}  // nil: nothing is tracked
	dropped map[uint32]struct{} // numbers of items that were dropped
	targets map[wecom.Target]struct{}
	head    bool   // anything of the head but the ledger
	ledger  uint64 // the version of the ledger that was taken last
}

// start has everything tracked that changes from now on.
func (u *unsaved) start(ledgerVersion uint64) {
	*u = unsaved{
		items:   map[*item]struct{}{},
		dropped: map[uint32]struct{}{},
		targets: map[wecom.Target]struct{}{},
		ledger:  ledgerVersion,
	}
}

// isTracking reports whether start was called.
func (u *unsaved) isTracking() bool { return u.items != nil }

func (u *unsaved) addItem(it *item) {
	if u.items != nil {
		u.items[it] = struct{}{}
	}
}

func (u *unsaved) dropItem(it *item) {
	if u.items != nil {
		delete(u.items, it)
		u.dropped[it.number] = struct{}{}
	}
}

func (u *unsaved) addTarget(t wecom.Target) {
	if u.items != nil {
		u.targets[t] = struct{}{}
	}
}

func (u *unsaved) isEmpty(ledgerVersion uint64) bool {
	return len(u.items)+len(u.dropped)+len(u.targets) == 0 && !u.head && u.ledger == ledgerVersion
}

// add adds what was taken and could not be stored.
func (u *unsaved) add(taken *unsaved) {
	maps.Copy(u.targets, taken.targets)
	maps.Copy(u.dropped, taken.dropped)
	for it := range taken.items {
		if _, dropped := u.dropped[it.number]; !dropped {
			u.items[it] = struct{}{}
		}
	}
	u.head = true
}
