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

// TestViewsWhenTheClockIsSet has a link that expires in three hours, of a recording that leaves
// the lookback in ten days.
func TestViewsWhenTheClockIsSet(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	r := listed("r", 21*day, 21*day)
	r.Files[0].Sharing = wecom.Sharing{On: true, Expire: wecom.InstantOf(at(3 * time.Hour))}
	inv.poll(li, noon, month, r)
	for _, step := range []struct {
		name                string
		now                 time.Duration // after noon
		recordings, exposed int32
	}{
		{name: "right", now: 0, recordings: 1, exposed: 1},
		{name: "40 days ahead", now: 40 * day},
		{name: "right after that", now: time.Minute, recordings: 1, exposed: 1},
		{name: "6 hours ahead", now: 6 * time.Hour, recordings: 1},
		{name: "2 hours back", now: 4 * time.Hour, recordings: 1},
		{name: "another 2 hours back", now: 2 * time.Hour, recordings: 1, exposed: 1},
		{name: "a moment after it has expired", now: 3*time.Hour + time.Second, recordings: 1},
		{name: "a moment back, as answers of WeCom vary", now: 3*time.Hour - time.Second, recordings: 1},
		{name: "2 minutes back", now: 3*time.Hour - 2*time.Minute, recordings: 1, exposed: 1},
		{name: "at 1970", now: -noon.Sub(time.Unix(0, 0)), recordings: 1, exposed: 1},
		{name: "right again", now: 4 * time.Hour, recordings: 1},
	} {
		total := inv.View(at(step.now), 0).Total
		if got := total.Recordings[wecom.StateCompleted]; got != step.recordings || total.Exposed != step.exposed {
			t.Errorf("%s: %d recordings and %d exposed files, want %d and %d",
				step.name, got, total.Exposed, step.recordings, step.exposed)
		}
	}
}

// TestNothingIsForgottenBeforeTheFirstList takes a view of a stored inventory by a clock that is
// 40 days ahead.
func TestNothingIsForgottenBeforeTheFirstList(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, noon, month, listed("r", day, day))
	inv.poll(li, at(time.Hour), month)
	inv.lastListing = time.Time{} // as after a restart
	inv.View(at(40*day), 0)
	if len(inv.items) != 1 {
		t.Errorf("%d recordings are known before the first list, want the one that was removed", len(inv.items))
	}
	inv.list(li, wecom.Window{Start: at(10 * day), End: at(40 * day)})
	inv.View(at(40*day), 0)
	if len(inv.items) != 0 {
		t.Errorf("%d recordings are known by the clock of a list, want none", len(inv.items))
	}
}
