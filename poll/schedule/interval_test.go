// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestSettledTargets(t *testing.T) {
	t.Parallel()
	const settledInterval = 30 * time.Minute
	for name, test := range map[string]struct {
		target  wecom.Target  // li, if empty
		settled time.Duration // the settled interval; 0: there is none
		unknown bool          // who starts meetings
		started time.Duration // how long before noon li started a meeting; 0: never
		result  Result        // of a poll at noon
		want    time.Duration // after noon
	}{
		"completed recordings": {
			settled: settledInterval,
			result:  Result{Listed: true, Recordings: 2},
			want:    settledInterval,
		},
		"no settled interval": {
			result: Result{Listed: true, Recordings: 2},
			want:   interval,
		},
		"activity is not known": {
			settled: settledInterval,
			unknown: true,
			result:  Result{Listed: true, Recordings: 2},
			want:    interval,
		},
		"an unfinished recording": {
			settled: settledInterval,
			result:  Result{Listed: true, Recordings: 2, Unfinished: 1},
			want:    interval,
		},
		"no recordings": {
			settled: settledInterval,
			result:  Result{Listed: true},
			want:    idleInterval,
		},
		"a meeting that started recently": {
			settled: settledInterval,
			started: time.Hour,
			result:  Result{Listed: true, Recordings: 2},
			want:    interval,
		},
		"a meeting that started long ago": {
			settled: settledInterval,
			started: activePeriod + time.Second,
			result:  Result{Listed: true, Recordings: 2},
			want:    settledInterval,
		},
		"a target that is a meeting": {
			target:  wecom.Target{Selector: wecom.ByMeetingID, ID: "m"},
			settled: settledInterval,
			result:  Result{Listed: true, Recordings: 2},
			want:    interval,
		},
		"an error that may go away": {
			settled: settledInterval,
			result:  Result{Listed: true, Recordings: 2, Err: errors.New("failed"), Class: wecom.ClassRetryable},
			want:    interval,
		},
		"an error of the target": {
			settled: settledInterval,
			result:  Result{Listed: true, Recordings: 2, Err: errors.New("failed"), Class: wecom.ClassTarget},
			want:    idleInterval,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := test.target
			if target.ID == "" {
				target = users("li")[0]
			}
			poll := intervals
			poll.SettledInterval = test.settled
			s := New(poll)
			s.SetActivityKnown(!test.unknown, noon)
			s.Set([]wecom.Target{target}, noon.Add(-day))
			s.secondRound(t, noon.Add(-day))
			if test.started > 0 {
				s.Started(map[string]time.Time{"li": noon.Add(-test.started)}, noon)
			}
			p, _ := s.Take(noon)
			test.result.Started, test.result.Ended = noon, noon
			s.Done(&p, &test.result, noon)
			if got := s.dueOf(t, target.ID).Sub(noon); got != test.want {
				t.Errorf("due after %s, want %s", got, test.want)
			}
		})
	}
}

// A settled target was polled at noon. What comes ten minutes later makes it due earlier.
func TestWhatEndsTheSettledInterval(t *testing.T) {
	t.Parallel()
	part := func(interval time.Duration) time.Duration { // by the target's phase
		return time.Duration(phaseOf(users("li")[0]) * float64(interval))
	}
	const settledInterval, later = 30 * time.Minute, 10 * time.Minute
	poll := intervals
	poll.SettledInterval = settledInterval
	for name, test := range map[string]struct {
		happens func(s *Schedule, now time.Time)
		want    time.Duration // after noon
	}{
		"nothing": {
			happens: func(*Schedule, time.Time) {},
			want:    settledInterval,
		},
		"its user starts a meeting": {
			happens: func(s *Schedule, now time.Time) {
				s.Started(map[string]time.Time{"li": now.Add(-time.Minute)}, now)
			},
			want: later,
		},
		"another user starts a meeting": {
			happens: func(s *Schedule, now time.Time) {
				s.Started(map[string]time.Time{"wang": now.Add(-time.Minute)}, now)
			},
			want: settledInterval,
		},
		"activity is not known any more": {
			happens: func(s *Schedule, now time.Time) { s.SetActivityKnown(false, now) },
			want:    later + part(interval),
		},
		"activity is not known for a while": {
			happens: func(s *Schedule, now time.Time) {
				s.SetActivityKnown(false, now)
				s.SetActivityKnown(true, now)
			},
			want: later + part(interval),
		},
		"no settled interval any more": {
			happens: func(s *Schedule, now time.Time) { s.ApplyConfig(intervals, now) },
			want:    later + part(interval),
		},
		"a longer settled interval": {
			happens: func(s *Schedule, now time.Time) {
				longer := poll
				longer.SettledInterval = time.Hour
				s.ApplyConfig(longer, now)
			},
			want: settledInterval,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(poll)
			s.SetActivityKnown(true, noon)
			s.Set(users("li"), noon)
			s.secondRound(t, noon)
			p, _ := s.Take(noon)
			s.succeed(&p, noon, 1)
			test.happens(s, noon.Add(later))
			if got := s.dueOf(t, "li").Sub(noon); got != test.want {
				t.Errorf("due after %s, want %s", got, test.want)
			}
			if n, next := s.Due(noon, 1); n != 0 || !next.Equal(noon.Add(test.want)) {
				t.Errorf("the queue has %d that are due, and another at %s", n, next)
			}
		})
	}
}
