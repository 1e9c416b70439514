// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func idsOf(part []TargetReport, _ int) (ids []string) {
	for _, report := range part {
		ids = append(ids, report.Target.ID)
	}
	return ids
}

func TestReportsAreMadeOnceASecond(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("a"), noon)
	r := NewReports(s)
	report := func(now time.Time) (total int, ids []string) {
		return r.Summary(now).Total, idsOf(r.Targets(now, 0, 10))
	}
	report(noon)
	s.Set(users("a", "b"), noon)
	for _, test := range []struct {
		after time.Duration
		want  []string
	}{
		{after: 0, want: []string{"a"}},
		{after: reportAge - 1, want: []string{"a"}},
		{after: reportAge, want: []string{"a", "b"}},
	} {
		if total, ids := report(noon.Add(test.after)); total != len(test.want) || !slices.Equal(ids, test.want) {
			t.Errorf("after %s: %d targets, %q, want %q", test.after, total, ids, test.want)
		}
	}
	s.Set(users("a"), noon)
	if total, ids := report(noon.Add(-day)); total != 1 || !slices.Equal(ids, []string{"a"}) {
		t.Errorf("after the clock was set back: %d targets, %q", total, ids)
	}
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
	part, total := r.Targets(noon, 0, 2)
	if diff := cmp.Diff([]string{failing, rest[0]}, idsOf(part, total)); diff != "" || total != 3 {
		t.Errorf("%d targets (-want +got):\n%s", total, diff)
	}
	part[0].Target.ID = "hidden"
	if diff := cmp.Diff([]string{failing, rest[0], rest[1]}, idsOf(r.Targets(noon, 0, 3))); diff != "" {
		t.Errorf("after somebody changed what was reported (-want +got):\n%s", diff)
	}
}

func TestSharedIsMadeOnce(t *testing.T) {
	t.Parallel()
	var (
		value shared[int]
		asked sync.WaitGroup
		made  int // guarded by the value's lock
	)
	for range 100 {
		asked.Go(func() {
			got := value.get(noon, func() int { made++; return 7 })
			if got != 7 {
				t.Errorf("%d, want 7", got)
			}
		})
	}
	asked.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}
