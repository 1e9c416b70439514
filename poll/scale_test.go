//go:build long

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
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
