// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// labelsOf returns the values of the label host, as the metrics have them.
func (s *seriesOf) labelsOf() []string {
	names := make([]string, 0, len(s.list))
	for _, m := range s.list {
		names = append(names, m.counters.metrics[0].GetLabel()[1].GetValue())
	}
	return names
}

func TestSeriesAreKeptUntilTheirHostChanges(t *testing.T) {
	t.Parallel()
	a, b, c := hostOf("a", 1), hostOf("b", 2), hostOf("c", 3)
	first, _ := (*seriesOf)(nil).update(viewOf(nil, a, b), plain)
	second, _ := first.update(viewOf(nil, a, hostOf("b", 9), c), plain)
	if second.list[0] != first.list[0] {
		t.Error("the series of a host that does not change are others")
	}
	if second.list[1] == first.list[1] || second.list[1].gauges.numbers[5] != 9 {
		t.Errorf("the series of a host that changes: %+v", second.list[1].gauges.numbers)
	}
	if len(second.list) != 3 {
		t.Errorf("series of %d hosts, want 3", len(second.list))
	}
	third, _ := second.update(viewOf(nil, c), plain)
	if len(third.list) != 1 || third.list[0] != second.list[2] {
		t.Error("the series of the last host are others")
	}
}

// TestCreatedTimestamps has hosts that were first seen one hour after the other. Those that
// are folded count since the first of them.
func TestCreatedTimestamps(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	hosts := make([]*inventory.HostView, 0, 3)
	for i, name := range []string{"a", "b", "c"} {
		h := hostOf(name, 1)
		h.Totals.Created = wecom.InstantOf(at(3 - i))
		hosts = append(hosts, h)
	}
	for name, test := range map[string]struct {
		naming   *naming
		admitted map[string]bool
		want     []time.Time
	}{
		"each has its own": {naming: plain, want: []time.Time{at(3), at(2), at(1)}},
		"two are folded":   {naming: plain, admitted: map[string]bool{"c": true}, want: []time.Time{at(1), at(2)}},
		"no label":         {naming: off, want: []time.Time{noon}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series, _ := (*seriesOf)(nil).update(viewOf(test.admitted, hosts...), test.naming)
			var got []time.Time
			for _, s := range series.list {
				got = append(got, s.counters.values[0].GetCreatedTimestamp().AsTime())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeriesOfAnotherLedgerOrLabelAreMadeAgain(t *testing.T) {
	t.Parallel()
	a := hostOf("a", 1)
	first, _ := (*seriesOf)(nil).update(viewOf(nil, a), plain)
	unsettled := viewOf(nil, a)
	unsettled.Settled = false
	reborn := viewOf(nil, a)
	reborn.Birth = noon.Add(time.Hour)
	next, _ := first.update(unsettled, plain)
	if next.list[0] == first.list[0] || next.list[0].counters.served {
		t.Error("counters are served before hosts are settled")
	}
	next, _ = first.update(reborn, plain)
	if next.list[0] == first.list[0] {
		t.Error("the series of another ledger are those of the last")
	}
	next, _ = first.update(viewOf(nil, a), off)
	if created := next.list[0].counters.values[0].GetCreatedTimestamp().AsTime(); !created.Equal(noon) {
		t.Errorf("without the label host created at %s, want %s", created, noon)
	}
	if n := len(next.list[0].counters.metrics[0].GetLabel()); n != 1 {
		t.Errorf("%d labels without the label host, want 1", n)
	}
}

// TestAHostThatChangesItsLabel has a host be the only one that is folded, and then not be
// folded.
func TestAHostThatChangesItsLabel(t *testing.T) {
	t.Parallel()
	a, b := hostOf("a", 1), hostOf("b", 2)
	var series *seriesOf
	for _, test := range []struct {
		admitted string
		want     [2]string
	}{
		{admitted: "a", want: [2]string{"a", hostOther}},
		{admitted: "b", want: [2]string{"b", hostOther}},
	} {
		series, _ = series.update(viewOf(map[string]bool{test.admitted: true}, a, b), plain)
		if got := series.labelsOf(); got[0] != test.want[0] || got[1] != test.want[1] {
			t.Errorf("series of %q, want %q", got, test.want)
		}
	}
}
