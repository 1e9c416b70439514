// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func usersOf(ids ...string) []wecom.Target {
	targets := make([]wecom.Target, 0, len(ids))
	for _, id := range ids {
		targets = append(targets, wecom.Target{Selector: wecom.ByUserID, ID: id})
	}
	return targets
}

// takeAll takes all targets that are due, and returns them in that order.
func (s *schedule) takeAll(now time.Time) (ids []string, taken []*target) {
	for {
		t := s.take(now)
		if t == nil {
			return ids, taken
		}
		ids, taken = append(ids, t.ID), append(taken, t)
	}
}

func TestWhoIsAskedFirst(t *testing.T) {
	t.Parallel()
	s := newSchedule(config.Poll{Interval: 5 * time.Minute, IdleInterval: time.Hour})
	s.set(usersOf("late", "later", "latest", "starter", "missed", "notdue"), noon)
	_, taken := s.takeAll(noon)
	for _, x := range taken {
		x.asked = noon
		due := map[string]time.Duration{"late": 3 * time.Minute, "later": 2 * time.Minute, "latest": time.Minute, "starter": time.Hour, "missed": time.Hour, "notdue": time.Hour}
		s.done(x, noon.Add(due[x.ID]))
	}
	now := noon.Add(10 * time.Minute)
	s.set(usersOf("late", "later", "latest", "starter", "missed", "notdue", "new"), now)
	s.started(map[string]time.Time{"starter": noon.Add(5 * time.Minute), "late": noon.Add(-day)}, now)
	// This one was asked when its meeting had just begun and nothing was recorded yet.
	s.started(map[string]time.Time{"missed": noon.Add(-time.Second)}, now.Add(time.Second))
	got, taken := s.takeAll(now.Add(time.Second))
	if diff := cmp.Diff([]string{"new", "starter", "missed", "latest", "later", "late"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for _, x := range taken {
		if want := x.ID == "starter" || x.ID == "missed"; x.hot(now) != want {
			t.Errorf("%s is hot: %t, want %t", x.ID, x.hot(now), want)
		}
	}
	if n, next := s.queue.due(now, 1); n != 0 || !next.Equal(noon.Add(time.Hour)) {
		t.Errorf("%d are due, and another at %s", n, next)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	s := newSchedule(config.Poll{Interval: 5 * time.Minute, IdleInterval: time.Hour})
	if n, next := s.queue.due(noon, 7); n != 0 || !next.IsZero() {
		t.Errorf("of none, %d are due, and another at %s", n, next)
	}
	ids := make([]string, 0, 100)
	for i := range cap(ids) {
		ids = append(ids, strconv.Itoa(i))
	}
	s.set(usersOf(ids...), noon)
	_, taken := s.takeAll(noon)
	for i, x := range taken {
		x.asked = noon
		s.done(x, noon.Add(time.Duration((i*37+11)%100)*time.Second))
	}
	for second := range 100 {
		for _, most := range []int{1, 7, 1000} {
			n, next := s.queue.due(noon.Add(time.Duration(second)*time.Second), most)
			want := noon.Add(time.Duration(second+1) * time.Second)
			if n != min(second+1, most) || second+1 < min(most, 100) && !next.Equal(want) {
				t.Fatalf("after %d s, %d are due (at most %d), and another at %s", second, n, most, next)
			}
		}
	}
}

func TestWhoseMeetingStartsWhileBeingAsked(t *testing.T) {
	t.Parallel()
	s := newSchedule(config.Poll{Interval: 5 * time.Minute, IdleInterval: time.Hour})
	s.set(usersOf("li", "wang"), noon)
	_, taken := s.takeAll(noon)
	now := noon.Add(time.Second)
	s.started(map[string]time.Time{"li": noon}, now)
	for _, x := range taken {
		x.asked = now
		s.done(x, noon.Add(time.Hour))
	}
	got, _ := s.takeAll(now)
	if diff := cmp.Diff([]string{"li"}, got); diff != "" {
		t.Errorf("asked again at once (-want +got):\n%s", diff)
	}
}

func TestRestoredTargets(t *testing.T) {
	t.Parallel()
	const interval, history = 5 * time.Minute, 6 * time.Hour
	for name, test := range map[string]struct {
		succeeded, whole time.Time
		longer           bool
		due, historyDue  time.Time
	}{
		"as it was":              {noon.Add(-time.Minute), noon.Add(-time.Hour), false, noon.Add(4 * time.Minute), noon.Add(5 * time.Hour)},
		"overdue":                {noon.Add(-time.Hour), noon.Add(-day), false, noon.Add(-55 * time.Minute), noon.Add(-18 * time.Hour)},
		"a longer lookback":      {noon.Add(-time.Minute), noon.Add(-time.Hour), true, noon, noon},
		"never listed to an end": {time.Time{}, time.Time{}, false, noon, noon},
		"by a clock ahead":       {noon.Add(day), noon.Add(day), false, noon.Add(interval), noon.Add(history)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSchedule(config.Poll{Interval: interval, IdleInterval: time.Hour, HistoryInterval: history})
			li := usersOf("li")[0]
			s.restore(li, &holding{items: make([]*item, 1), succeeded: test.succeeded, whole: test.whole}, test.longer, noon)
			x := s.targets[li]
			for what, times := range map[string][2]time.Time{"due": {test.due, x.due}, "history": {test.historyDue, x.historyDue}} {
				// The target's phase makes it a little earlier.
				if early := times[0].Sub(times[1]); early < 0 || early > history/100 {
					t.Errorf("%s at %s, want %s", what, times[1], times[0])
				}
			}
			if x.succeeded.After(noon) {
				t.Errorf("it succeeded at %s, which is later than now", x.succeeded)
			}
		})
	}
}

func TestSpreadStaysWithinTheInterval(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for _, id := range usersOf("a", "b", "c", "d", "e", "f", "g", "h") {
		x := &target{Target: id, phase: phaseOf(id)}
		spread := x.spread(time.Hour)
		if spread > time.Hour || spread < time.Hour-36*time.Second {
			t.Errorf("%s is asked every %s, want an hour less 1 %% at the most", id, spread)
		}
		seen[spread] = true
	}
	if len(seen) != 8 {
		t.Errorf("eight targets have %d intervals", len(seen))
	}
}
