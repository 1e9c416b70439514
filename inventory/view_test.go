// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestViewOfNothingListed(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	if v := inv.View(noon, 0); v.Listed || v.Total != nil || v.Hosts.Blocks != nil || !v.Birth.Equal(noon) {
		t.Errorf("before the first list: %+v", v)
	}
	inv.list(li, wecom.Window{Start: at(-month), End: noon})
	if v := inv.View(noon, 0); !v.Listed || v.Total == nil || v.Hosts.Len() != 0 {
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
	before, after := slices.Collect(first.Hosts.All()), slices.Collect(second.Hosts.All())
	if second == first || after[0] == before[0] || after[1] != before[1] {
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
	hosts := slices.Collect(v.Hosts.All())
	if len(hosts) != 2 || hosts[0].Sums != nil || hosts[1].Sums == nil || v.Total.Bytes != 2 {
		t.Errorf("hosts %+v, %d bytes", hosts, v.Total.Bytes)
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
	if inv.items.count != 1 {
		t.Errorf("%d recordings are known before the first list, want the one that was removed", inv.items.count)
	}
	inv.list(li, wecom.Window{Start: at(10 * day), End: at(40 * day)})
	inv.View(at(40*day), 0)
	if inv.items.count != 0 {
		t.Errorf("%d recordings are known by the clock of a list, want none", inv.items.count)
	}
}

// wantView compares a view with what is computed of everything at once.
func (inv *Inventory) wantView(t *testing.T, v *View, now time.Time) {
	t.Helper()
	total := sums.New(now)
	hosts := map[string]HostView{}
	for name, totals := range inv.ledger.Hosts() {
		hosts[name] = HostView{Host: name, Totals: *totals}
	}
	var r recording.Record
	for name, h := range inv.hosts {
		s := sums.New(now)
		s.StaleAt(inv.eachItemOf(h, now, &r, func(*item) { s.AddRecord(&r, inv.policy, now) }).Time())
		total.Add(s)
		hosts[name] = HostView{Host: name, Sums: s, Totals: hosts[name].Totals}
	}
	got := map[string]HostView{}
	for h := range v.Hosts.All() {
		got[h.Host] = *h
	}
	// When they were computed, and whether hosts are admitted, is noted as of an earlier view.
	ignored := cmp.Options{
		cmpopts.IgnoreFields(sums.Sums{}, "At", "Stale"), cmpopts.IgnoreFields(ledger.Totals{}, "Admitted"),
	}
	if diff := cmp.Diff(total, v.Total, ignored); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(hosts, got, ignored); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if v.Total.Stale.Before(now) || v.Total.Stale.After(total.Stale) {
		t.Errorf("stale at %s, want %s at the latest", v.Total.Stale, total.Stale)
	}
}

// TestViewsAreWhatIsThere makes random changes of everything that a view depends on.
func TestViewsAreWhatIsThere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			inv := New(month, noon)
			inv.list(li, wecom.Window{Start: at(-month), End: noon})
			now, limit, accepted := noon, 0, map[string]*policy.Acceptance{}
			for step := range 40 {
				switch random.IntN(12) {
				case 0:
					now = now.Add(-time.Duration(random.IntN(100)) * time.Minute)
				case 1:
					limit = []int{0, 5, 100, NoHostSeries}[random.IntN(4)]
				case 2:
					accepted[fmt.Sprintf("r%02d", random.IntN(30))] = &policy.Acceptance{}
					inv.SetPolicy(&policy.Policy{Retention: day, Accepted: maps.Clone(accepted)})
				case 3:
					inv.SetLookback(month + time.Duration(random.IntN(3))*day)
				case 4:
					inv.SetReady()
				case 5:
					now = now.Add(time.Duration(random.IntN(72)) * time.Hour)
				default:
					now = now.Add(time.Duration(random.IntN(100)) * time.Minute)
				}
				for range random.IntN(4) {
					target := wecom.Target{Selector: wecom.ByUserID, ID: strconv.Itoa(random.IntN(150))}
					if random.IntN(5) == 0 {
						inv.Drop(target, now)
						continue
					}
					var recordings []wecom.Recording
					for i := range random.IntN(3) {
						r := listed(fmt.Sprintf("r%s-%d", target.ID, i), time.Duration(random.IntN(40*24))*time.Hour, day)
						r.Host, r.Files[0].Size = "host"+target.ID, random.Int64N(1000)
						r.Files[0].Sharing = wecom.Sharing{On: true, Expire: wecom.InstantOf(now.Add(time.Duration(random.IntN(9)) * time.Hour))}
						recordings = append(recordings, r)
					}
					inv.poll(target, now, month, recordings...)
				}
				v := inv.View(now, limit)
				inv.wantView(t, v, now)
				if again := inv.View(now, limit); again != v {
					t.Error("another view, though nothing has changed")
				}
				if t.Failed() {
					t.Fatalf("in step %d", step)
				}
			}
		})
	}
}
