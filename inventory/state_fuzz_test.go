// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Arbitrary entries of the tables of a store are refused, or are written again as they were
// read. None of them takes more memory than it has bytes for.
func FuzzLoadEntries(f *testing.F) {
	record := recording.Record{ID: "r", Host: "li", MeetingStart: 1_772_413_200_000, State: wecom.StateCompleted}
	tables := []string{tableRecordings, tableHosts, tableTargets}
	f.Add(uint8(0), numberKey(7), record.AppendTo(nil))
	f.Add(uint8(1), []byte("@li"), appendTotals(nil, &ledger.Totals{Recordings: 3, Bytes: 1 << 40, Admitted: true, Created: 1}))
	target := []byte("userid\x00li")
	one := binary.AppendUvarint(binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(nil, 1), 2), 3), 1)
	f.Add(uint8(2), target, binary.AppendUvarint(one, 0))
	f.Add(uint8(2), target, binary.AppendUvarint(binary.AppendUvarint(one[:3], 2), 0))
	f.Fuzz(func(t *testing.T, which uint8, key, value []byte) {
		table := tables[int(which)%len(tables)]
		againKey, again, ok := rewritten(t, table, key, value)
		if !ok {
			return
		}
		lastKey, last, ok := rewritten(t, table, againKey, again)
		if !ok || !bytes.Equal(key, againKey) || !bytes.Equal(key, lastKey) || !bytes.Equal(again, last) || len(again) > len(value) {
			t.Errorf("read %q: %q\nwrote %q: %q\nwrote %q: %q", key, value, againKey, again, lastKey, last)
		}
	})
}

// rewritten loads an entry of a table, and returns how it is written then.
func rewritten(t *testing.T, table string, key, value []byte) (wroteKey, wrote []byte, ok bool) {
	t.Helper()
	l := loader{inventory: New(0, time.Time{})}
	held := recording.Record{ID: "held", Host: "li", State: wecom.StateCompleted}
	if err := l.loadItem(numberKey(0), held.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	switch table {
	case tableRecordings:
		if l.loadItem(key, value) != nil {
			return nil, nil, false
		}
		it := l.item(binary.BigEndian.Uint32(key))
		if recording.IDOf(it.encoded) != l.record.ID {
			t.Errorf("its ID is %q and %q", recording.IDOf(it.encoded), l.record.ID)
		}
		return numberKey(it.number), l.record.AppendTo(nil), true
	case tableHosts:
		if l.loadHost(key, value) != nil {
			return nil, nil, false
		}
		for host, totals := range l.inventory.ledger.Hosts() {
			return []byte("@" + host), appendTotals(nil, totals), true
		}
	default:
		if l.loadHolding(key, value) != nil {
			return nil, nil, false
		}
		for target, h := range l.inventory.holdings {
			if len(h.items) > len(value) {
				t.Errorf("%d items of %d bytes", len(h.items), len(value))
			}
			return []byte(string(target.Selector) + "\x00" + target.ID), h.appendTo(nil), true
		}
	}
	t.Fatalf("%q: %q was read, and there is nothing to write", key, value)
	return nil, nil, false
}
