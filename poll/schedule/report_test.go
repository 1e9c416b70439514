// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	if got := s.Summary(noon); got.Total != 0 || got.Coverage != 0 || got.Lag != 0 || !s.AllPolled() || !s.IsEmpty() {
		t.Errorf("of no target: %+v", got)
	}
	s.Set(append(users("fine", "failing", "pending"), wecom.Target{Selector: wecom.ByMeetingID, ID: "m"}), noon)
	for range 4 {
		p, _ := s.Take(noon)
		switch p.Target.ID {
		case "pending":
		case "failing":
			s.Done(&p, &Result{Started: noon, Ended: noon, Err: errors.New("no"), Class: wecom.ClassTarget}, noon)
		default:
			s.succeed(&p, noon, 1)
		}
	}
	want := Summary{
		Total: 4,
		Counts: map[wecom.Selector]*[NumStatuses]int{
			wecom.ByUserID:      {OK: 1, Failing: 1, Pending: 1},
			wecom.ByMeetingID:   {OK: 1},
			wecom.ByMeetingCode: {},
		},
		Lag:      time.Minute,
		Coverage: 0.5,
	}
	if diff := cmp.Diff(want, s.Summary(noon.Add(time.Minute))); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if s.AllPolled() || s.IsEmpty() {
		t.Errorf("all polled: %t, none waits: %t", s.AllPolled(), s.IsEmpty())
	}
	// Twice the interval later nothing is covered any more.
	for after, want := range map[time.Duration]float64{2 * interval: 0.5, 2*interval + 1: 0} {
		if got := s.Summary(noon.Add(after)).Coverage; got != want {
			t.Errorf("coverage %g after %s, want %g", got, after, want)
		}
	}
}

func TestCoverageOfSettledTargets(t *testing.T) {
	t.Parallel()
	const settledInterval = 30 * time.Minute
	poll := intervals
	poll.SettledInterval = settledInterval
	s := New(poll)
	s.SetActivityKnown(true, noon)
	s.Set(users("li"), noon)
	p, _ := s.Take(noon)
	s.succeed(&p, noon, 1)
	for after, want := range map[time.Duration]float64{2 * settledInterval: 1, 2*settledInterval + 1: 0} {
		if got := s.Summary(noon.Add(after)).Coverage; got != want {
			t.Errorf("coverage %g after %s, want %g", got, after, want)
		}
	}
}

func TestAllPolled(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		results []*Result // of one target
		want    bool
	}{
		"never polled":                     {want: false},
		"a success":                        {results: []*Result{{}}, want: true},
		"an error of the target":           {results: []*Result{{Err: failed, Class: wecom.ClassTarget}}, want: true},
		"no answer":                        {results: []*Result{{Err: failed, Class: wecom.ClassRetryable}}, want: true},
		"an error of the corp":             {results: []*Result{{Err: failed, Class: wecom.ClassCorp}}, want: false},
		"a success, then one of the corp":  {results: []*Result{{}, {Err: failed, Class: wecom.ClassCorp}}, want: true},
		"one of the corp, then a success":  {results: []*Result{{Err: failed, Class: wecom.ClassCorp}, {}}, want: true},
		"a refused token":                  {results: []*Result{{Err: failed, Class: wecom.ClassToken}}, want: false},
		"an error of its own, by judgment": {results: []*Result{{Err: failed, Class: wecom.ClassTarget, Own: failed}}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users("li"), noon)
			for i, result := range test.results {
				now := noon.Add(time.Duration(i) * day)
				p, ok := s.Take(now)
				if !ok {
					t.Fatal("not due")
				}
				result.Started, result.Ended = now, now
				s.Done(&p, result, now)
			}
			if got := s.AllPolled(); got != test.want {
				t.Errorf("all polled: %t, want %t", got, test.want)
			}
		})
	}
}
