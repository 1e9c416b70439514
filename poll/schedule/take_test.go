// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTakeProbe(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	var (
		fine    = &Result{Listed: true}
		refused = &Result{Err: failed, Class: wecom.ClassTarget}
		outage  = &Result{Err: failed, Class: wecom.ClassCorp}
		own     = &Result{Err: failed, Class: wecom.ClassTarget, Own: failed}
	)
	for name, test := range map[string]struct {
		last map[string]*Result // nil: never polled
		want string
	}{
		"a target that succeeded":          {last: map[string]*Result{"a": refused, "b": fine, "c": outage}, want: "b"},
		"one that was never polled":        {last: map[string]*Result{"a": outage, "b": nil, "c": own}, want: "b"},
		"one that is refused":              {last: map[string]*Result{"a": outage, "b": refused, "c": own}, want: "b"},
		"one that met the outage":          {last: map[string]*Result{"a": own, "b": outage}, want: "b"},
		"one with an error of its own":     {last: map[string]*Result{"a": own}, want: "a"},
		"none, since there are no targets": {want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users(slices.Collect(maps.Keys(test.last))...), noon)
			_, taken := s.takeAll(noon)
			for _, p := range taken {
				if result := test.last[p.Target.ID]; result != nil {
					s.Done(p, result, noon.Add(time.Second))
				} else {
					s.Return(p)
				}
			}
			p, ok := s.TakeProbe(noon.Add(-time.Hour))
			if p.Target.ID != test.want || ok != (test.want != "") {
				t.Errorf("the probe is %q, want %q", p.Target.ID, test.want)
			}
		})
	}
}

// A poll that began at noon yields a minute later.
func TestYield(t *testing.T) {
	t.Parallel()
	const began, ended = time.Minute, 20 * time.Minute
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		before   *Result // of the poll before; nil: there was none
		start    bool    // its user starts a meeting meanwhile
		status   Status
		polled   bool // counts as polled
		coverage float64
		due      time.Duration // after noon, while the list is not complete
		next     time.Duration // after it is
	}{
		"the first poll": {
			polled:   true,
			coverage: 1,
			due:      idleInterval,
			next:     ended + interval,
		},
		"one after a success": {
			before:   &Result{Listed: true, Recordings: 1, Ended: noon.Add(-time.Hour)},
			polled:   true,
			coverage: 1,
			due:      interval,
			next:     ended + interval,
		},
		"one after an error of the target": {
			before: &Result{Listed: true, Recordings: 1, Err: failed, Class: wecom.ClassTarget},
			status: Failing,
			polled: true,
			due:    idleInterval,
			next:   ended + interval,
		},
		"one after an outage": {
			before: &Result{Err: failed, Class: wecom.ClassCorp},
			status: Failing,
			polled: true,
			due:    idleInterval,
			next:   ended + interval,
		},
		"its user starts a meeting": {
			start:    true,
			polled:   true,
			coverage: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users("u"), noon.Add(-time.Hour))
			if test.before != nil {
				p, _ := s.Take(noon)
				s.Done(&p, test.before, noon.Add(-time.Hour))
			}
			u := s.targets[users("u")[0]]
			u.due, u.spread = noon, false
			p, _ := s.Take(noon)
			if test.start {
				s.Started(map[string]time.Time{"u": noon}, noon)
			}
			s.Yield(&p, noon, noon.Add(began))
			sum := s.Summary(noon.Add(began))
			if sum.Counts[wecom.ByUserID][test.status] != 1 || s.AllPolled() != test.polled || sum.Coverage != test.coverage {
				t.Errorf("%+v, all polled: %t", sum.Counts[wecom.ByUserID], s.AllPolled())
			}
			if got := u.due; !got.Equal(noon.Add(test.due)) || !s.Holds(&p) {
				t.Errorf("due at %s, want %s after noon", got, test.due)
			}
			s.Done(&p, &Result{Started: noon, Ended: noon.Add(ended), Listed: true, Recordings: 1}, noon.Add(ended))
			if got := u.due; !got.Equal(noon.Add(test.next)) {
				t.Errorf("then due at %s, want %s after noon", got, test.next)
			}
		})
	}
}

// A long poll that is given up counts for nothing, and the target is due as before.
func TestReturnAfterYield(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("u"), noon)
	p, _ := s.Take(noon)
	s.Yield(&p, noon, noon.Add(time.Minute))
	s.Return(&p)
	if s.AllPolled() || !s.dueOf(t, "u").Equal(noon) {
		t.Errorf("all polled: %t, due at %s", s.AllPolled(), s.dueOf(t, "u"))
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("u", "v"), noon)
	_, taken := s.takeAll(noon)
	s.Set(users("u"), noon)
	for _, p := range taken {
		if got, want := s.Holds(p), p.Target.ID == "u"; got != want {
			t.Errorf("%s is held: %t, want %t", p.Target.ID, got, want)
		}
	}
}
