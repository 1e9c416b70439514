// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func idsOf(part []TargetReport) (ids []string) {
	for _, report := range part {
		ids = append(ids, report.Target.ID)
	}
	return ids
}

func TestReportsAreShared(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("b", "c", "a"), noon)
	p, _ := s.Take(noon)
	s.Done(&p, &Result{Started: noon, Ended: noon, Err: errors.New("no"), Class: wecom.ClassTarget}, noon)
	failing := p.Target.ID
	rest := slices.DeleteFunc([]string{"a", "b", "c"}, func(id string) bool { return id == failing })
	r := NewReports(s)
	found := r.Targets(noon, Query{Limit: 2})
	if diff := cmp.Diff([]string{failing, rest[0]}, idsOf(found.Part)); diff != "" || found.Total != 3 {
		t.Errorf("%d targets (-want +got):\n%s", found.Total, diff)
	}
	found.Part[0].Target.ID, found.Errors[0].Targets[0].Target.ID = "hidden", "hidden"
	found = r.Targets(noon, Query{Limit: 3})
	if diff := cmp.Diff([]string{failing, rest[0], rest[1]}, idsOf(found.Part)); diff != "" || found.Errors[0].Targets[0].Target.ID != failing {
		t.Errorf("after somebody changed what was reported (-want +got):\n%s", diff)
	}
}

// TestSharedValueAges has a value that takes a time to make, and is asked for again.
func TestSharedValueAges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		cost  time.Duration
		after time.Duration // between the two times for which it is asked for
		want  int           // how often it is made
	}{
		{name: "at once", cost: time.Millisecond, after: 0, want: 1},
		{name: "a little later", cost: time.Millisecond, after: reportCost*time.Millisecond - 1, want: 1},
		{name: "by somebody who has waited", cost: time.Millisecond, after: -time.Millisecond, want: 1},
		{name: "later", cost: time.Millisecond, after: reportCost * time.Millisecond, want: 2},
		{name: "after the clock was set back", cost: time.Millisecond, after: -day, want: 2},
		{name: "a costly one within the longest age", cost: time.Second, after: LongestReportAge - 1, want: 1},
		{name: "a costly one after the longest age", cost: time.Second, after: LongestReportAge, want: 2},
		{name: "one that costs nothing", cost: 0, after: 0, want: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var value shared[int]
				made := 0
				for _, now := range []time.Time{noon, noon.Add(test.after)} {
					got := value.get(now, func() int {
						<-time.After(test.cost)
						made++
						return made
					})
					if got != made {
						t.Errorf("%d, want the value that was made last, %d", got, made)
					}
				}
				if made != test.want {
					t.Errorf("made %d times, want %d", made, test.want)
				}
			})
		})
	}
}

func TestSharedValueIsMadeByOne(t *testing.T) {
	t.Parallel()
	var (
		value shared[int]
		asked sync.WaitGroup
		made  int // guarded by the value's lock
	)
	for range 100 {
		asked.Go(func() {
			value.get(noon, func() int {
				// A bubble of synctest does not let time pass while others wait for a lock.
				for begun := time.Now(); time.Since(begun) < time.Millisecond; {
					continue
				}
				made++
				return made
			})
		})
	}
	asked.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}
