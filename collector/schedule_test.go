// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
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
		t, _ := s.take(now)
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
	if next, due := s.take(now); next != nil || !due.Equal(noon.Add(time.Hour)) {
		t.Errorf("the next target is %v, due at %s", next, due)
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
