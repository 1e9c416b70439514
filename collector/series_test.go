// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// all returns the series in order.
func (h *hosts) all() []*hostSeries { return slices.Collect(h.list.All()) }

// familyOf returns a family of hosts; nil if there is none.
func familyOf(h *hosts, name string) *dto.MetricFamily {
	for _, family := range (&Snapshot{hosts: []*hosts{h}}).Gather() {
		if family.GetName() == name {
			return family
		}
	}
	return nil
}

// labelsOf returns the values of the label host, as the metrics have them.
func (h *hosts) labelsOf() []string {
	metrics := familyOf(h, discovered.Name).GetMetric()
	names := make([]string, 0, len(metrics))
	for _, m := range metrics {
		names = append(names, m.GetLabel()[1].GetValue())
	}
	return names
}

func TestSeriesAreKeptUntilTheirHostChanges(t *testing.T) {
	t.Parallel()
	a, b, c := withBytes("a", 1), withBytes("b", 2), withBytes("c", 3)
	first := (*hosts)(nil).update(viewOf(nil, a, b), plain)
	second := first.update(viewOf(nil, a, withBytes("b", 9), c), plain)
	if second.all()[0] != first.all()[0] {
		t.Error("the series of a host that does not change are others")
	}
	if held := familyOf(second, recordingBytes.Name).GetMetric()[1].GetGauge().GetValue(); second.all()[1] == first.all()[1] || held != 9 {
		t.Errorf("the series of a host that changes has %.0f bytes, want 9", held)
	}
	if n := second.list.Len(); n != 3 {
		t.Errorf("series of %d hosts, want 3", n)
	}
	third := second.update(viewOf(nil, c), plain)
	if third.list.Len() != 1 || third.all()[0] != second.all()[2] {
		t.Error("the series of the last host are others")
	}
}

// TestCreatedTimestamps has hosts that were first seen one hour after the other. Those that
// are folded count since the first of them.
func TestCreatedTimestamps(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	views := make([]*inventory.HostView, 0, 3)
	for i, name := range []string{"a", "b", "c"} {
		h := withBytes(name, 1)
		h.Totals.Created = wecom.InstantOf(at(3 - i))
		views = append(views, h)
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
			series := (*hosts)(nil).update(viewOf(test.admitted, views...), test.naming)
			var got []time.Time
			for _, m := range familyOf(series, discovered.Name).GetMetric() {
				got = append(got, m.GetCounter().GetCreatedTimestamp().AsTime())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeriesOfAnotherLedgerOrLabelAreMadeAgain(t *testing.T) {
	t.Parallel()
	a := withBytes("a", 1)
	first := (*hosts)(nil).update(viewOf(nil, a), plain)
	unsettled := viewOf(nil, a)
	unsettled.Settled = false
	reborn := viewOf(nil, a)
	reborn.Birth = noon.Add(time.Hour)
	next := first.update(unsettled, plain)
	if next.all()[0] == first.all()[0] || familyOf(next, discovered.Name) != nil {
		t.Error("counters are served before hosts are settled")
	}
	next = first.update(reborn, plain)
	if next.all()[0] == first.all()[0] {
		t.Error("the series of another ledger are those of the last")
	}
	m := familyOf(first.update(viewOf(nil, a), off), discovered.Name).GetMetric()[0]
	if created := m.GetCounter().GetCreatedTimestamp().AsTime(); !created.Equal(noon) {
		t.Errorf("without the label host created at %s, want %s", created, noon)
	}
	if n := len(m.GetLabel()); n != 1 {
		t.Errorf("%d labels without the label host, want 1", n)
	}
}

// TestAHostThatChangesItsLabel has a host be the only one that is folded, and then not be
// folded.
func TestAHostThatChangesItsLabel(t *testing.T) {
	t.Parallel()
	a, b := withBytes("a", 1), withBytes("b", 2)
	var series *hosts
	for _, test := range []struct {
		admitted string
		want     []string
	}{
		{admitted: "a", want: []string{"a", hostOther}},
		{admitted: "b", want: []string{"b", hostOther}},
	} {
		series = series.update(viewOf(map[string]bool{test.admitted: true}, a, b), plain)
		if diff := cmp.Diff(test.want, series.labelsOf()); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	}
}
