// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestWrongClock has the local clock be wrong from the start, and then right.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"two years behind":  -2 * 366 * 24 * time.Hour,
		"three days behind": -3 * 24 * time.Hour,
		"forty days ahead":  40 * 24 * time.Hour,
		"an hour ahead":     time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				wecomNow := func() time.Time { return time.Now().Add(-ahead) }
				server := wecomtest.New(wecomtest.Config{Now: wecomNow})
				put := func(id string, ago time.Duration) { server.Put(rig.Recorded(id, "li", ahead+ago)) }
				put("baseline", 2*time.Hour)
				r := rig.Start(t, server, rig.ConfigOf("li"))
				r.Wait(10 * time.Second)
				r.Expect(map[string]string{
					`wecom_recording_files{host="li"}`:             "1",
					`wecom_recordings_discovered_total{host="li"}`: "0",
				})
				put("new", time.Hour)
				r.Wait(10 * time.Minute)
				r.Expect(map[string]string{
					`wecom_recording_files{host="li"}`:             "2",
					`wecom_recordings_discovered_total{host="li"}`: "1",
					`wecom_recordings_removed_total`:               "0",
				})
				warned := func(want int) {
					t.Helper()
					if n := strings.Count(r.Log.String(), "the local clock is wrong"); n != want {
						t.Errorf("%d warnings, want %d:\n%s", n, want, r.Log)
					}
				}
				warned(1)
				r.Wait(2 * time.Hour)
				warned(3)
			})
		})
	}
}

// TestStoredTimesAndAWrongClock goes on from a store, and with another target, by a clock that is
// two years behind.
func TestStoredTimesAndAWrongClock(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		const behind = 2 * 366 * rig.Day
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{Now: func() time.Time { return time.Now().Add(behind) }})
		for _, user := range []string{"li", "wang"} {
			server.Put(rig.Recorded("of-"+user, user, 2*time.Hour-behind))
		}
		rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li"))).StopAfter(10 * time.Second)
		r := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			`wecom_recording_files{host="wang"}`:             "1",
			`wecom_recordings_discovered_total{host="wang"}`: "0",
		})
	})
}

// TestRestartByAWrongClock goes on from a store by a local clock that is wrong, and expects the
// gauges of before. WeCom lists what it listed before.
func TestRestartByAWrongClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"two years ahead":   2 * 366 * rig.Day,
		"forty days ahead":  40 * rig.Day,
		"six hours ahead":   6 * time.Hour,
		"six minutes ahead": 6 * time.Minute,
		"forty days behind": -40 * rig.Day,
		"two years behind":  -2 * 366 * rig.Day,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				// Virtual time does not go back: by a clock that is behind, the first process ran too.
				now := min(ahead, 0)
				server := wecomtest.New(wecomtest.Config{Now: func() time.Time { return time.Now().Add(-now) }})
				put := func(id string, expiresIn time.Duration) {
					link := wecomtest.Share{On: true, Expire: time.Now().Add(expiresIn - now)}
					server.Put(rig.Recorded(id, "li", 5*rig.Day+now, link))
				}
				put("r1", 3*time.Hour)
				put("r2", 5*time.Minute)
				put("removed", 3*time.Hour)
				cfg := rig.Storing(t.TempDir(), rig.ConfigOf("li", "wang"))
				cfg.Poll.Interval, cfg.Poll.IdleInterval = 10*time.Second, 10*time.Second
				before := rig.Start(t, server, cfg)
				before.Wait(15 * time.Second)
				server.Remove("removed")
				before.StopAfter(15 * time.Second)

				// The clock of WeCom goes on, and the local one is set.
				time.Sleep(ahead - now)
				now = ahead
				after := rig.Start(t, server, cfg)
				after.Wait(15 * time.Second)
				after.Expect(map[string]string{
					`wecom_recordings{host="li",state="completed"}`: "2",
					`wecom_recording_exposed_files{host="li"}`:      "2",
					`wecom_recording_files_by_age{age="0-7d"}`:      "2",
					`wecom_recordings_discovered_total{host="li"}`:  "0",
					`wecom_recordings_removed_total`:                "1",
				})
				exposed := true
				q := &poll.RecordingQuery{Query: inventory.Query{Exposed: &exposed}, Limit: 100}
				if _, totals, err := after.Manager.Recordings(t.Context(), q); totals.Recordings != 2 || err != nil {
					t.Errorf("%d recordings are found, want the two that the gauges count", totals.Recordings)
				}
				// What a wrong clock forgets is not counted when it is new.
				server.Put(rig.Recorded("new", "wang", 6*rig.Day+ahead))
				after.Wait(15 * time.Second)
				after.Expect(map[string]string{`wecom_recordings_discovered_total{host="wang"}`: "1"})
			})
		})
	}
}

// TestClocksThatDiffer has each answer come from another machine, half of them an hour ahead.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		var answers atomic.Int64
		server := wecomtest.New(wecomtest.Config{Now: func() time.Time {
			return time.Now().Add(time.Duration(answers.Add(1)%2) * time.Hour)
		}})
		server.Put(rig.Recorded("r", "li", 3*time.Hour))
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(time.Hour)
		r.Expect(map[string]string{`wecom_recording_files{host="li"}`: "1"})
		if n := strings.Count(r.Log.String(), "the local clock is wrong"); n > 1 {
			t.Errorf("%d warnings within an hour", n)
		}
		if n := server.Count(rig.ListEndpoint); n > 20 {
			t.Errorf("%d lists within an hour, want one in five minutes", n)
		}
	})
}

// TestStoredTimesOfAClockThatWasAhead goes on from a store whose times are 40 days ahead. What
// a target of later lists counts by the birth of the ledger.
func TestStoredTimesOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		ahead := wecomtest.New(wecomtest.Config{Now: func() time.Time { return time.Now().Add(40 * rig.Day) }})
		rig.Start(t, ahead, rig.Storing(dir, rig.ConfigOf("li"))).StopAfter(10 * time.Second)
		server := wecomtest.New(wecomtest.Config{})
		r := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li")))
		r.Wait(3 * time.Hour)
		server.Put(rig.Recorded("new", "wang", time.Hour))
		r.Reload(rig.Storing(dir, rig.ConfigOf("li", "wang")))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{`wecom_recordings_discovered_total{host="wang"}`: "1"})
	})
}
