// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"fmt"
	"runtime"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// LargeNow is the time of the listings of a large inventory.
var LargeNow = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const month = 31 * Day

// Large returns an inventory of hosts with as many recordings each, all of one file, in the
// lists of as many targets.
func Large(hosts, each int) *inventory.Inventory {
	inv := inventory.New(month, LargeNow.Add(-month))
	for h := range hosts {
		inv.Apply(LargeListing(inv, h, each, wecom.StateCompleted))
	}
	return inv
}

// LargeListing returns the list of one host of a large inventory, with one recording in
// another state.
func LargeListing(inv *inventory.Inventory, h, each int, state wecom.State) *inventory.Listing {
	host := fmt.Sprintf("user%05d", h)
	l := &inventory.Listing{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: host},
		Span:   wecom.Window{Start: LargeNow.Add(-month), End: LargeNow},
		Asked:  inv.Generation(), At: LargeNow, Succeeded: true,
	}
	recordings := make([]wecom.Recording, 0, each)
	for i := range each {
		start := wecom.InstantOf(LargeNow.Add(-time.Duration(h%20+1)*Day - time.Duration(i)*time.Hour))
		recordings = append(recordings, wecom.Recording{
			ID: fmt.Sprintf("wr%05dx%010d", h, i), Host: host, MeetingStart: start, State: wecom.StateCompleted,
			Files: []wecom.File{{
				ID: fmt.Sprintf("wf%05dx%010d", h, i), Start: start, End: start + 3_600_000, Size: 400<<20 + int64(i)<<10,
				Sharing: wecom.Sharing{On: i%4 == 0, SameCorp: i%8 == 0, Expire: start + 90*24*3_600_000},
			}},
		})
	}
	recordings[0].State = state
	l.Add(recordings)
	return l
}

// LiveHeap returns the bytes of the heap that are reachable.
func LiveHeap() float64 {
	var m runtime.MemStats
	for range 2 { // The first one leaves what is in pools.
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
