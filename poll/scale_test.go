//go:build long

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestCallsOfALargeCompany counts the calls for 20,000 members, of whom 500 have recordings,
// against the fewest that the intervals allow: until every target is polled at its interval, and
// for two hours from then on.
func TestCallsOfALargeCompany(t *testing.T) {
	t.Parallel()
	const members, hot, hours = 20_000, 500, 2
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{RequestLog: 200_000})
		server.Fail(wecomtest.Fault{Delay: 50 * time.Millisecond})
		users := make([]string, 0, members)
		for i := range members {
			users = append(users, fmt.Sprintf("user%05d", i))
			if i < hot {
				server.Put(rig.Recorded(users[i]+"-r", users[i], time.Hour))
			}
		}
		server.SetDirectory(rig.Staff(users...))
		cfg := rig.Discovering(true, false)
		r := rig.Start(t, server, cfg)
		for !r.Collector.Ready() {
			r.Wait(time.Second)
		}
		r.Wait(cfg.Poll.IdleInterval) // The second poll of a target comes within its interval.
		spread := time.Now()
		r.Wait(hours * time.Hour)

		times, end := callTimes(server), time.Now()
		first, found := 0, map[string]time.Time{}
		for _, req := range server.Requests() {
			if _, known := found[req.Target]; req.Endpoint == rig.ListEndpoint && !known {
				found[req.Target] = req.Time
			}
			if req.Time.Before(spread) {
				first++
			}
		}
		// Each target must be asked when it is found and at the end of every interval from then on.
		fewestFirst, fewest := 0, 0
		for user, at := range found {
			interval := cfg.Poll.IdleInterval
			if user < users[hot] {
				interval = cfg.Poll.Interval
			}
			fewestFirst += 1 + int(spread.Sub(at)/interval)
			fewest += int(end.Sub(spread) / interval)
		}
		later := len(times) - first
		extra := float64(later)/float64(fewest) - 1
		most := mostInAnyMinute(times)
		t.Logf("%d members, %d hot: %d calls in %d hours, %d at the fewest: %+.1f%%; "+
			"%d before, while polls are spread, %d at the fewest; %d at the most in any minute, budget %d; lag %s",
			members, hot, later, hours, fewest, 100*extra, first, fewestFirst, most, cfg.Poll.MaxRequestsPerMinute,
			r.Manager.Status()[0].Lag)
		if extra > 0.05 || len(found) != members {
			t.Errorf("%+.1f%% calls against the fewest, for %d targets", 100*extra, len(found))
		}
		// Spreading the polls takes one call for each target, and discovery a few.
		if first > fewestFirst+members+100 {
			t.Errorf("%d calls while polls are spread, and %d at the fewest", first, fewestFirst)
		}
		if most > cfg.Poll.MaxRequestsPerMinute {
			t.Errorf("%d calls in a minute", most)
		}
		r.Expect(map[string]string{`wecom_poll_coverage_ratio`: "1"})
	})
}

// TestFirstRoundOfManyTargets times the first round over 10,000 targets against
// what the budget allows.
func TestFirstRoundOfManyTargets(t *testing.T) {
	t.Parallel()
	const targets = 10_000
	for _, budget := range []int{600, 1200, 6000} {
		t.Run(fmt.Sprintf("%d a minute", budget), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Fail(wecomtest.Fault{Delay: 30 * time.Millisecond})
				users := make([]string, 0, targets)
				for i := range targets {
					users = append(users, fmt.Sprintf("user%05d", i))
				}
				cfg := rig.ConfigOf(users...)
				cfg.Poll.MaxRequestsPerMinute = budget
				r := rig.Start(t, server, cfg)
				begin := time.Now()
				for !r.Collector.Ready() {
					r.Wait(100 * time.Millisecond)
				}
				took := time.Since(begin)
				allowed := time.Duration(targets) * time.Minute / time.Duration(budget)
				most := mostInAnyMinute(callTimes(server))
				t.Logf("%d targets, %d calls a minute: first round in %s, %s by the budget: %+.1f%%; %d at the most in any minute",
					targets, budget, took, allowed, 100*(float64(took)/float64(allowed)-1), most)
				if took > allowed*11/10 {
					t.Errorf("it took %s, want %s and a tenth at the most", took, allowed)
				}
				if most > budget {
					t.Errorf("%d calls in a minute", most)
				}
			})
		})
	}
}

// TestSettledTargetsOfALargeCompany compares a day with a settled interval of half an hour with one
// without, for 20,000 members, of whom 3,000 have recordings and 300 are active at a time during
// eight hours: calls, and how late new recordings and changes of sharing are noticed. The day is
// that of a schedule, of discovery at the poll interval and of a budget. Lists and discovery
// themselves are in the tests of the package.
func TestSettledTargetsOfALargeCompany(t *testing.T) {
	t.Parallel()
	const settledInterval = 30 * time.Minute
	var plain, settled companyDay
	var days sync.WaitGroup
	days.Go(func() { plain.run(0) })
	days.Go(func() { settled.run(settledInterval) })
	days.Wait()
	t.Logf("--poll.interval alone:         %s", &plain)
	t.Logf("--poll.settled-interval=30m:   %s", &settled)
	share := float64(settled.calls) / float64(plain.calls)
	t.Logf("with it, %.1f%% of the calls are left, and %.1f%% (%d of %d) from 10:00 to 16:00, when %d are active at a time",
		100*share, 100*float64(settled.busyCalls)/float64(plain.busyCalls), settled.busyCalls, plain.busyCalls,
		settled.mostActive)
	if share > 0.2 {
		t.Errorf("%.1f%% of the calls, want a fifth at the most", 100*share)
	}
	// The quantiles of 1,200 recordings differ by some seconds by chance.
	const chance = 15 * time.Second
	for _, q := range []float64{0.5, 0.95} {
		if with, without := quantile(settled.recordings, q), quantile(plain.recordings, q); with > without+chance {
			t.Errorf("quantile %g of the delays of new recordings: %s with a settled interval, %s without", q, with, without)
		}
	}
	if latest := quantile(settled.sharing, 1); latest > 31*time.Minute {
		t.Errorf("a change of sharing was noticed after %s", latest)
	}
	if len(settled.recordings) != len(plain.recordings) || len(settled.sharing) != len(plain.sharing) {
		t.Errorf("%d recordings and %d changes were noticed, and %d and %d without a settled interval",
			len(settled.recordings), len(settled.sharing), len(plain.recordings), len(plain.sharing))
	}
}

// A companyDay is a day of polling a large company in simulated time.
type companyDay struct {
	calls, busyCalls    int             // for lists of users with recordings: all day, and in busy hours
	mostActive          int             // users who started a meeting within two hours
	recordings, sharing []time.Duration // from when something happened until it was listed

	begin   time.Time
	members map[string]*member // by user ID
	starts  []meetingStart     // in order
}

// A member is a user, and what is not known of his recordings yet.
type member struct {
	isHost     bool // has recordings
	recordings int
	began      []time.Time // of recordings that were not listed yet
	completed  []time.Time // of those that began today
	shared     []time.Time // changes of sharing that were not listed yet
}

// A meetingStart is when a user started a meeting.
type meetingStart struct {
	user string
	at   time.Time
}

const (
	dayMembers, dayHosts = 20_000, 3_000
	// recordingTime is from the start of a recording until it is completed.
	recordingTime = 55 * time.Minute
	// callTime is the mean of what a call takes at 1,200 a minute.
	callTime = time.Minute / 1200
)

// plan has 150 meetings start in each of eight hours. Their recordings begin within ten minutes.
// Sharing changes 2,000 times a day.
func (d *companyDay) plan() {
	random := rand.New(rand.NewPCG(1, 2))
	within := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
	userOf := func(i int) string { return fmt.Sprintf("user%05d", i) }
	d.begin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	d.members = map[string]*member{}
	for i := range dayMembers {
		m := &member{isHost: i < dayHosts}
		if m.isHost {
			m.recordings = 1
		}
		d.members[userOf(i)] = m
	}
	for i, host := range random.Perm(dayHosts)[:8*150] {
		user, at := userOf(host), d.begin.Add(8*time.Hour+time.Duration(i)*time.Hour/150)
		d.starts = append(d.starts, meetingStart{user, at})
		m, began := d.members[user], at.Add(within(10*time.Minute))
		m.began, m.completed = append(m.began, began), append(m.completed, began.Add(recordingTime))
	}
	for range 2_000 {
		m := d.members[userOf(random.IntN(dayHosts))]
		m.shared = append(m.shared, d.begin.Add(within(23*time.Hour)))
	}
}

// run polls for a day.
func (d *companyDay) run(settledInterval time.Duration) {
	d.plan()
	poll := rig.ConfigOf().Poll
	poll.SettledInterval = settledInterval
	s := schedule.New(poll)
	s.SetActivityKnown(true, d.begin)
	for i, user := range slices.Sorted(maps.Keys(d.members)) {
		m, interval := d.members[user], poll.IdleInterval
		if m.isHost {
			interval = max(poll.Interval, settledInterval)
		}
		s.Restore(wecom.Target{Selector: wecom.ByUserID, ID: user}, schedule.State{
			Succeeded:  d.begin.Add(-time.Duration(i%997) * interval / 997),
			Whole:      d.begin,
			Recordings: m.recordings,
			Lookback:   poll.Lookback,
		}, d.begin)
	}
	known, now, discovered := 0, d.begin, d.begin
	for end := d.begin.Add(rig.Day); now.Before(end); {
		if now.Sub(discovered) >= poll.Interval {
			known, discovered = d.discover(s, known, now), now
		}
		p, ok := s.Take(now)
		if !ok {
			_, next := s.Due(now, 1)
			if discovery := discovered.Add(poll.Interval); discovery.Before(next) {
				next = discovery
			}
			now = next
			continue
		}
		now = now.Add(callTime)
		d.list(s, &p, now)
	}
}

// discover gives the schedule the meetings that have started, but for those that are known, and
// returns how many are known then.
func (d *companyDay) discover(s *schedule.Schedule, known int, now time.Time) int {
	starts, active := map[string]time.Time{}, map[string]bool{}
	for i, start := range d.starts {
		if start.at.After(now) {
			break
		}
		if i >= known {
			starts[start.user] = start.at
			known = i + 1
		}
		if now.Sub(start.at) < 2*time.Hour {
			active[start.user] = true
		}
	}
	d.mostActive = max(d.mostActive, len(active))
	if len(starts) > 0 {
		s.Started(starts, now)
	}
	return known
}

// list ends a poll, and notes what it was the first to list.
func (d *companyDay) list(s *schedule.Schedule, p *schedule.Poll, now time.Time) {
	m := d.members[p.Target.ID]
	if m.isHost {
		d.calls++
		if hour := now.Hour(); 10 <= hour && hour < 16 {
			d.busyCalls++
		}
	}
	// first returns how late those were noticed that have happened, and the others.
	first := func(times []time.Time) (delays []time.Duration, later []time.Time) {
		for _, at := range times {
			if at.After(now) {
				later = append(later, at)
			} else {
				delays = append(delays, now.Sub(at))
			}
		}
		return delays, later
	}
	var began, shared []time.Duration
	began, m.began = first(m.began)
	shared, m.shared = first(m.shared)
	m.recordings += len(began)
	d.recordings, d.sharing = append(d.recordings, began...), append(d.sharing, shared...)
	unfinished := 0
	for _, at := range m.completed {
		if now.Before(at) && !now.Before(at.Add(-recordingTime)) {
			unfinished++
		}
	}
	s.Done(p, &schedule.Result{
		Started:    now.Add(-callTime),
		Ended:      now,
		Listed:     true,
		Recordings: m.recordings,
		Unfinished: unfinished,
	}, now)
}

// String returns the figures of the day.
func (d *companyDay) String() string {
	round := func(delays []time.Duration, q float64) time.Duration { return quantile(delays, q).Round(time.Second) }
	return fmt.Sprintf("%d calls a day; %d new recordings after %s (median), %s (95th percentile); %d changes of sharing "+
		"after %s, %s, %s at the most", d.calls, len(d.recordings), round(d.recordings, 0.5), round(d.recordings, 0.95),
		len(d.sharing), round(d.sharing, 0.5), round(d.sharing, 0.95), round(d.sharing, 1))
}

// quantile returns the duration that a share of the durations does not exceed.
func quantile(durations []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[int(share*float64(len(sorted)-1))]
}
