// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"container/heap"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	day = 24 * time.Hour

	interval        = 5 * time.Minute
	idleInterval    = time.Hour
	historyInterval = 6 * time.Hour
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

	intervals = config.Poll{
		Interval: interval, IdleInterval: idleInterval, HistoryInterval: historyInterval, Lookback: 31 * day,
	}
)

func users(ids ...string) []wecom.Target {
	targets := make([]wecom.Target, 0, len(ids))
	for _, id := range ids {
		targets = append(targets, wecom.Target{Selector: wecom.ByUserID, ID: id})
	}
	return targets
}

// takeAll takes all targets that are due, in that order.
func (s *Schedule) takeAll(now time.Time) (ids []string, taken []*Poll) {
	for {
		p, ok := s.Take(now)
		if !ok {
			return ids, taken
		}
		ids, taken = append(ids, p.Target.ID), append(taken, &p)
	}
}

// succeed has a poll end well, with so many recordings.
func (s *Schedule) succeed(p *Poll, now time.Time, recordings int) Fate {
	return s.Done(p, &Result{Started: now, Ended: now, Listed: true, Recordings: recordings}, now)
}

// dueOf returns when a target is due.
func (s *Schedule) dueOf(t *testing.T, id string) time.Time {
	t.Helper()
	for _, report := range s.Targets() {
		if report.Target.ID == id {
			return report.Due
		}
	}
	t.Fatalf("there is no target %s", id)
	return time.Time{}
}

// secondRound polls all targets for the first time, so that they are polled at their
// intervals from then on.
func (s *Schedule) secondRound(t *testing.T, now time.Time) {
	t.Helper()
	_, taken := s.takeAll(now)
	for _, p := range taken {
		s.succeed(p, now, 0)
	}
	for _, x := range s.targets {
		x.due, x.historyDue = now, now
	}
	heap.Init(&s.queue)
}

func TestOrderOfDueTargets(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("late", "later", "latest", "starter", "missed", "idle"), noon)
	s.secondRound(t, noon)
	_, taken := s.takeAll(noon)
	for _, p := range taken {
		recordings := map[string]int{"late": 1, "later": 1, "latest": 1}[p.Target.ID]
		started := map[string]time.Duration{"late": 3 * time.Minute, "later": 2 * time.Minute, "latest": time.Minute}[p.Target.ID]
		s.succeed(p, noon.Add(started), recordings)
	}
	now := noon.Add(10 * time.Minute)
	s.Set(users("late", "later", "latest", "starter", "missed", "idle", "new"), now)
	s.Started(map[string]time.Time{"starter": noon.Add(5 * time.Minute), "late": noon.Add(-day)}, now)
	// This one was polled when its meeting had just begun and nothing was recorded yet.
	s.Started(map[string]time.Time{"missed": noon.Add(-time.Second)}, now.Add(time.Second))
	got, _ := s.takeAll(now.Add(time.Second))
	if diff := cmp.Diff([]string{"new", "starter", "missed", "latest", "later", "late"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if n, next := s.Due(now, 1); n != 0 || !next.Equal(noon.Add(idleInterval)) {
		t.Errorf("%d are due, and another at %s", n, next)
	}
}

func TestDueCounts(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	if n, next := s.Due(noon, 7); n != 0 || !next.IsZero() {
		t.Errorf("of none, %d are due, and another at %s", n, next)
	}
	ids := make([]string, 0, 100)
	for i := range cap(ids) {
		ids = append(ids, strconv.Itoa(i))
	}
	s.Set(users(ids...), noon)
	s.secondRound(t, noon)
	_, taken := s.takeAll(noon)
	for i, p := range taken {
		started := noon.Add(time.Duration((i*37+11)%100)*time.Second - idleInterval)
		s.Done(p, &Result{Started: started, Err: errors.New("refused"), Class: wecom.ClassTarget}, noon)
	}
	for second := range 100 {
		for _, most := range []int{1, 7, 1000} {
			n, next := s.Due(noon.Add(time.Duration(second)*time.Second), most)
			want := noon.Add(time.Duration(second+1) * time.Second)
			if n != min(second+1, most) || second+1 < min(most, 100) && !next.Equal(want) {
				t.Fatalf("after %d s, %d are due (at most %d), and another at %s", second, n, most, next)
			}
		}
	}
}

func TestDueAfterAPoll(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		result Result
		want   time.Duration // after the start of the poll
	}{
		"with recordings": {
			result: Result{Listed: true, Recordings: 1},
			want:   interval,
		},
		"without recordings": {
			result: Result{Listed: true},
			want:   idleInterval,
		},
		"an error of the target": {
			result: Result{Err: failed, Class: wecom.ClassTarget},
			want:   idleInterval,
		},
		"an error that may go away": {
			result: Result{Err: failed, Class: wecom.ClassRetryable},
			want:   interval,
		},
		"too many calls at once": {
			result: Result{Err: failed, Class: wecom.ClassConcurrency},
			want:   interval,
		},
		"an error of the corp": {
			result: Result{Err: failed, Class: wecom.ClassCorp},
			want:   time.Second, // when the poll ended
		},
		"a block": {
			result: Result{Err: failed, Class: wecom.ClassBlocked},
			want:   time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users("li"), noon)
			phase := phaseOf(users("li")[0])
			for _, round := range []struct {
				start time.Time
				part  float64 // of the interval
			}{{start: noon, part: phase}, {start: noon.Add(day), part: 1}, {start: noon.Add(2 * day), part: 1}} {
				p, _ := s.Take(round.start)
				r := test.result
				r.Started, r.Ended = round.start, round.start.Add(time.Second)
				if fate := s.Done(&p, &r, r.Ended); fate != Kept {
					t.Errorf("fate %d", fate)
				}
				want := round.start.Add(test.want)
				if r.Err == nil {
					want = round.start.Add(time.Duration(round.part * float64(test.want)))
				}
				if got := s.dueOf(t, "li"); !got.Equal(want) {
					t.Errorf("due after %s, want %s", got.Sub(round.start), want.Sub(round.start))
				}
			}
		})
	}
}

func TestMeetingThatStartsDuringAPoll(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("li", "wang"), noon)
	s.secondRound(t, noon)
	_, taken := s.takeAll(noon)
	now := noon.Add(time.Second)
	s.Started(map[string]time.Time{"li": noon}, now)
	for _, p := range taken {
		s.succeed(p, now, 0)
	}
	got, _ := s.takeAll(now)
	if diff := cmp.Diff([]string{"li"}, got); diff != "" {
		t.Errorf("due again at once (-want +got):\n%s", diff)
	}
}

func TestTargetDroppedDuringAPoll(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		then []wecom.Target // the targets before the poll ends
		want Fate
	}{
		"kept":                    {then: users("li"), want: Kept},
		"dropped":                 {then: nil, want: Dropped},
		"another in its place":    {then: users("wang"), want: Dropped},
		"dropped and added again": {then: users("li"), want: Replaced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users("li"), noon)
			p, _ := s.Take(noon)
			if test.want == Replaced {
				s.Set(nil, noon)
			}
			s.Set(test.then, noon)
			if got := s.succeed(&p, noon, 1); got != test.want {
				t.Errorf("fate %d, want %d", got, test.want)
			}
			if n := len(s.Targets()); n != len(test.then) {
				t.Errorf("%d targets, want %d", n, len(test.then))
			}
		})
	}
}

func TestUserIDsThatDifferInCaseAreOneTarget(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("Li"), noon)
	p, _ := s.Take(noon)
	s.succeed(&p, noon, 1)
	if dropped := s.Set(users("li"), noon); len(dropped) != 0 {
		t.Errorf("dropped %v", dropped)
	}
	reports := s.Targets()
	if len(reports) != 1 || reports[0].Target.ID != "Li" || reports[0].Recordings != 1 {
		t.Errorf("targets %+v, want Li as it was", reports)
	}
	meetings := []wecom.Target{{Selector: wecom.ByMeetingID, ID: "M"}}
	s.Set(meetings, noon)
	meetings[0].ID = "m"
	if dropped := s.Set(meetings, noon); len(dropped) != 1 {
		t.Errorf("meeting IDs that differ in case are one target")
	}
}

func TestReturnedTarget(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Set(users("li", "wang"), noon)
	_, taken := s.takeAll(noon)
	s.Set(users("li"), noon)
	for _, p := range taken {
		s.Return(p)
	}
	got, _ := s.takeAll(noon)
	if diff := cmp.Diff([]string{"li"}, got); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

func TestApplyConfig(t *testing.T) {
	t.Parallel()
	part := func(interval time.Duration) time.Duration { // by the target's phase
		return time.Duration(phaseOf(users("li")[0]) * float64(interval))
	}
	for name, test := range map[string]struct {
		change   func(*config.Poll)
		inFlight bool // while the configuration is applied
		due      time.Duration
		history  bool // is due then, too
	}{
		"the same":             {change: func(*config.Poll) {}, due: interval},
		"a shorter interval":   {change: func(p *config.Poll) { p.Interval = time.Minute }, due: part(time.Minute)},
		"a longer interval":    {change: func(p *config.Poll) { p.Interval = time.Hour }, due: interval},
		"a shorter lookback":   {change: func(p *config.Poll) { p.Lookback = day }, due: interval},
		"a longer lookback":    {change: func(p *config.Poll) { p.Lookback = 90 * day }, history: true},
		"a longer one, polled": {change: func(p *config.Poll) { p.Lookback = 90 * day }, inFlight: true, history: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users("li"), noon)
			s.secondRound(t, noon)
			p, _ := s.Take(noon)
			other := intervals
			test.change(&other)
			if test.inFlight {
				s.ApplyConfig(other, noon)
			}
			s.succeed(&p, noon, 1)
			if !test.inFlight {
				s.ApplyConfig(other, noon)
			}
			if got := s.dueOf(t, "li"); !got.Equal(noon.Add(test.due)) {
				t.Errorf("due after %s, want %s", got.Sub(noon), test.due)
			}
			if p, ok := s.Take(noon.Add(test.due)); !ok || p.History != test.history {
				t.Errorf("taken: %t, history is due: %t, want %t", ok, p.History, test.history)
			}
		})
	}
}

func TestRestoredTargets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settled         time.Duration // the settled interval; 0: there is none
		state           State
		due, historyDue time.Time
	}{
		"as it was": {
			state:      State{Succeeded: noon.Add(-time.Minute), Whole: noon.Add(-time.Hour), Lookback: 31 * day},
			due:        noon.Add(4 * time.Minute),
			historyDue: noon.Add(5 * time.Hour),
		},
		"overdue": {
			state:      State{Succeeded: noon.Add(-time.Hour), Whole: noon.Add(-day), Lookback: 31 * day},
			due:        noon.Add(-55 * time.Minute),
			historyDue: noon.Add(-18 * time.Hour),
		},
		"a longer lookback": {
			state:      State{Succeeded: noon.Add(-time.Minute), Whole: noon.Add(-time.Hour), Lookback: day},
			due:        noon,
			historyDue: noon,
		},
		"never listed to an end": {
			state:      State{Lookback: 31 * day},
			due:        noon,
			historyDue: noon,
		},
		"by a clock ahead": {
			state:      State{Succeeded: noon.Add(day), Whole: noon.Add(day), Lookback: 31 * day},
			due:        noon.Add(interval),
			historyDue: noon.Add(historyInterval),
		},
		"settled": {
			settled:    30 * time.Minute,
			state:      State{Succeeded: noon.Add(-time.Minute), Whole: noon.Add(-time.Hour), Lookback: 31 * day},
			due:        noon.Add(29 * time.Minute),
			historyDue: noon.Add(5 * time.Hour),
		},
		"an unfinished recording": {
			settled: 30 * time.Minute,
			state: State{
				Succeeded: noon.Add(-time.Minute), Whole: noon.Add(-time.Hour), Unfinished: 1, Lookback: 31 * day,
			},
			due:        noon.Add(4 * time.Minute),
			historyDue: noon.Add(5 * time.Hour),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			poll := intervals
			poll.SettledInterval = test.settled
			s := New(poll)
			s.SetActivityKnown(true, noon)
			test.state.Recordings = 1
			s.Restore(users("li")[0], test.state, noon)
			x := s.targets[users("li")[0]]
			if !x.due.Equal(test.due) || !x.historyDue.Equal(test.historyDue) {
				t.Errorf("due at %s, history at %s; want %s, %s", x.due, x.historyDue, test.due, test.historyDue)
			}
			if x.succeeded.After(noon) {
				t.Errorf("it succeeded at %s, which is later than now", x.succeeded)
			}
		})
	}
}

func TestExpedite(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	s.Expedite(noon) // of no target
	s.Set(users("li", "wang"), noon)
	_, taken := s.takeAll(noon)
	for _, p := range taken {
		s.succeed(p, noon, 1)
	}
	now := noon.Add(time.Minute)
	s.Expedite(now)
	if got, _ := s.takeAll(now); len(got) != 1 {
		t.Errorf("%v are due, want one", got)
	}
}

// TestPhasesSpreadTargets has the second polls of targets lie all over the interval, and the
// later ones an interval apart.
func TestPhasesSpreadTargets(t *testing.T) {
	t.Parallel()
	s := New(intervals)
	ids := make([]string, 0, 1000)
	for i := range cap(ids) {
		ids = append(ids, strconv.Itoa(i))
	}
	s.Set(users(ids...), noon)
	_, taken := s.takeAll(noon)
	for _, p := range taken {
		s.succeed(p, noon, 0)
	}
	var tenths [10]int
	for _, report := range s.Targets() {
		tenths[report.Due.Sub(noon)*10/idleInterval]++
	}
	for i, n := range tenths {
		if n < 60 || n > 140 {
			t.Errorf("%d of 1000 targets are due in tenth %d of the interval", n, i)
		}
	}
	p, ok := s.Take(noon.Add(idleInterval))
	if !ok {
		t.Fatal("none is due after the interval")
	}
	due := noon.Add(idleInterval)
	s.succeed(&p, due, 0)
	if got := s.dueOf(t, p.Target.ID); !got.Equal(due.Add(idleInterval)) {
		t.Errorf("due after %s, want an interval", got.Sub(due))
	}
}
