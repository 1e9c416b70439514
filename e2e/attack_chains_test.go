// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build attack

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// Of the targets of an attack by lists without an end, one in five is bad.
const (
	goodTargets = 40
	badTargets  = 10
)

// A round is how long it took until all good targets were known, from the first list.
type round struct {
	asked  time.Duration // until WeCom was asked for the last of them
	served time.Duration // until all were on /metrics
	bad    int           // pages of bad targets by then
	most   int           // calls in any 60 s
}

// TestAttackChains has 10 of 50 targets whose lists never end. The other 40 must be known
// within twice the time that they take without.
func TestAttackChains(t *testing.T) {
	t.Parallel()
	const (
		noise      = 500 * time.Millisecond // of a machine with other work
		publishing = 5 * time.Second        // until what is known is served, at the most
	)
	for _, test := range []struct {
		name   string
		budget int
		args   []string
		delay  time.Duration // of each list
	}{
		{name: "defaults", budget: 1200},
		{name: "one slow answer at a time", budget: 1200, args: []string{"--poll.concurrency=1"}, delay: 100 * time.Millisecond},
		{name: "a small budget", budget: 30, args: []string{"--poll.max-requests-per-minute=30"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var without, with round
			t.Run("rounds", func(t *testing.T) { // It ends when both have ended.
				t.Run("without", func(t *testing.T) {
					t.Parallel()
					without = firstRound(t, wecomtest.Fault{Endpoint: listEndpoint, Delay: test.delay}, test.delay, test.args)
				})
				t.Run("with", func(t *testing.T) {
					t.Parallel()
					with = firstRound(t, wecomtest.Fault{
						Endpoint: listEndpoint, EndlessPages: true, Delay: test.delay,
						Match: func(r wecomtest.Request) bool { return strings.HasPrefix(r.Target, "bad") },
					}, test.delay, test.args)
				})
			})
			if t.Failed() {
				return
			}
			t.Logf("chains: %s: 40 targets asked in %s without endless lists, in %s with 10 of them; served in %s and %s; "+
				"%d pages of endless lists by then; %d calls in any minute at the most, budget %d", test.name,
				without.asked, with.asked, without.served, with.served, with.bad, with.most, test.budget)
			if with.asked > 2*without.asked+noise {
				t.Errorf("asked in %s, want it within twice %s", with.asked, without.asked)
			}
			if with.served > 2*without.served+publishing {
				t.Errorf("served in %s, want it within twice %s", with.served, without.served)
			}
			if most := max(with.most, without.most); most > test.budget {
				t.Errorf("%d calls in a minute, more than the budget of %d", most, test.budget)
			}
		})
	}
}

// firstRound runs the program until all good targets are served.
func firstRound(t *testing.T, bad wecomtest.Fault, delay time.Duration, args []string) round {
	t.Helper()
	recordings := make([]wecomtest.Recording, 0, goodTargets+badTargets)
	for i := range goodTargets + badTargets {
		user := fmt.Sprintf("good%d", i)
		if i%(1+goodTargets/badTargets) == 0 {
			user = fmt.Sprintf("bad%d", i)
		}
		r := oneRecording(user)
		r.Creator, r.Host = user, user
		recordings = append(recordings, r)
		args = append(slices.Clip(args), "--target.userid="+user)
	}
	s := simulate(t, wecomtest.Config{}, recordings...)
	s.Fail(bad)
	if delay > 0 {
		s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: delay})
	}
	x := run(t, s.credentials(), args...)
	x.awaitStatus(t, "/-/healthy", 200)
	eventually(t, 80*time.Second, func() error {
		n := 0
		for host := range x.scrape(t).sumBy("wecom_recordings", "host") {
			if strings.HasPrefix(host, "good") {
				n++
			}
		}
		if n < goodTargets {
			return fmt.Errorf("%d good targets are served", n)
		}
		return nil
	})
	served := time.Now()
	return roundOf(s.Requests(), served)
}

func roundOf(requests []wecomtest.Request, served time.Time) round {
	var o round
	var lists []wecomtest.Request
	for _, r := range requests {
		if r.Endpoint == listEndpoint {
			lists = append(lists, r)
		}
	}
	begin, first, oldest := lists[0].Time, map[string]bool{}, 0
	for i, r := range lists {
		if strings.HasPrefix(r.Target, "bad") {
			o.bad++
		} else if !first[r.Target] {
			first[r.Target], o.asked = true, r.Time.Sub(begin)
		}
		for r.Time.Sub(lists[oldest].Time) >= time.Minute {
			oldest++
		}
		o.most = max(o.most, i-oldest+1)
	}
	o.asked, o.served = o.asked.Round(time.Millisecond), served.Sub(begin).Round(time.Millisecond)
	return o
}
