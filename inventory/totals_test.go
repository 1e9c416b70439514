// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
)

func TestTotals(t *testing.T) {
	t.Parallel()
	var got Totals
	got.Add(&sums.Sums{Files: 2, Bytes: 10, Milliseconds: 1500, Shared: 2, Exposed: 1, Accepted: 1})
	got.Add(&sums.Sums{})
	got.Add(&sums.Sums{Files: 1, Bytes: math.MaxInt64, Milliseconds: 500, Shared: 1, Exposed: 1})
	want := Totals{Recordings: 3, Files: 3, Bytes: math.MaxInt64, Milliseconds: 2000, Shared: 3, Exposed: 2}
	if diff := cmp.Diff(want, got); diff != "" || got.Duration() != 2*time.Second {
		t.Errorf("length %s, totals (-want +got):\n%s", got.Duration(), diff)
	}
}

// Equal recordings come newest first, in either direction, and then in a fixed order.
func TestOrderOfEqualRecordings(t *testing.T) {
	t.Parallel()
	newer, older := Match{encoded: "b", start: 2}, Match{encoded: "a", start: 1}
	other := Match{encoded: "c", start: 2}
	for _, descending := range []bool{false, true} {
		q := &Query{Order: ByExposed, Descending: descending}
		if q.Compare(&newer, &older) >= 0 || q.Compare(&newer, &other) >= 0 {
			t.Errorf("descending: %t: the older one comes first, or the order is not fixed", descending)
		}
	}
}
