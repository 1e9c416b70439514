// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestSequence(t *testing.T) {
	t.Parallel()
	s := &Sequence{}
	s.Raise(40)
	s.Raise(30)
	if s.Last() != 40 || s.Visible() != 40 {
		t.Errorf("last %d, visible %d, want 40", s.Last(), s.Visible())
	}
	a, b := New(), New()
	a.note(s, 1) // Nobody asked for changes yet.
	s.Keep()
	b.Add(&ledger.Change{At: birth, Kind: ledger.Removed, Recording: "of b"})
	b.Number(s, "b")
	a.Add(&ledger.Change{At: birth, Kind: ledger.Removed, Recording: "of a"})
	a.Number(s, "a")
	s.Raise(60) // 41 to 43 are not shown yet.
	if s.Last() != 60 || s.Visible() != 40 || s.TakeShown() != nil {
		t.Errorf("last %d, visible %d, want 60 and 40", s.Last(), s.Visible())
	}
	numbered := func(number uint32, corp string) []Numbered {
		return []Numbered{{
			Change: ledger.Change{At: birth, Kind: ledger.Removed, Recording: "of " + corp, Start: wecom.Instant(0)},
			Number: number, Corp: corp,
		}}
	}
	s.Show(42)
	if diff := cmp.Diff(numbered(42, "b"), s.TakeShown()); diff != "" {
		t.Errorf("up to 42 (-want +got):\n%s", diff)
	}
	s.Show(41)
	if s.Visible() != 42 || s.TakeShown() != nil {
		t.Errorf("visible %d, want 42", s.Visible())
	}
	s.Show(60)
	if diff := cmp.Diff(numbered(43, "a"), s.TakeShown()); diff != "" {
		t.Errorf("up to 60 (-want +got):\n%s", diff)
	}
}
