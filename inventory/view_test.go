// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestViewOfNothingListed(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	if v := inv.View(noon, 0); v.Listed || v.Total != nil || v.Hosts != nil || !v.Birth.Equal(noon) {
		t.Errorf("before the first list: %+v", v)
	}
	inv.list(li, wecom.Window{Start: at(-month), End: noon})
	if v := inv.View(noon, 0); !v.Listed || v.Total == nil || len(v.Hosts) != 0 {
		t.Errorf("after an empty list: %+v", v)
	}
}

func TestViewsAreSharedUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.withBytes(map[string]int64{"li": 1, "wang": 2})
	first := inv.View(noon, 0)
	if inv.View(noon.Add(time.Minute), 0) != first {
		t.Error("another view, though nothing changed")
	}
	inv.withBytes(map[string]int64{"li": 3})
	second := inv.View(noon, 0)
	if second == first || second.Hosts[0] == first.Hosts[0] || second.Hosts[1] != first.Hosts[1] {
		t.Error("the view of another host than the one that changed is another one")
	}
	if second.Total.Bytes != 5 || first.Total.Bytes != 3 {
		t.Errorf("%d bytes after a change, %d before", second.Total.Bytes, first.Total.Bytes)
	}
	for what, change := range map[string]func(){
		"readiness":  inv.SetReady,
		"a lookback": func() { inv.SetLookback(2 * month) },
	} {
		before := inv.View(noon, 0)
		change()
		if inv.View(noon, 0) == before {
			t.Errorf("the view stays after a change of %s", what)
		}
	}
	if before := inv.View(noon, 0); inv.View(noon, 1) == before {
		t.Error("the view stays under another limit of hosts")
	}
	if before := inv.View(noon, 1); inv.View(at(day), 1) == before {
		t.Error("the view stays though a day has passed")
	}
}

func TestHostsStayWithoutRecordings(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.withBytes(map[string]int64{"li": 1, "wang": 2})
	inv.Drop(li, noon)
	v := inv.View(noon, 0)
	if len(v.Hosts) != 2 || v.Hosts[0].Sums != nil || v.Hosts[1].Sums == nil || v.Total.Bytes != 2 {
		t.Errorf("hosts %+v, %d bytes", v.Hosts, v.Total.Bytes)
	}
}
