// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

var (
	discoverMembers  = config.Targets{DiscoverMembers: true}
	discoverActivity = config.Targets{DiscoverActivity: true}
	discoverBoth     = config.Targets{DiscoverMembers: true, DiscoverActivity: true}
)

// meeting returns a recording of a meeting that a user started.
func meeting(user string, started time.Time) wecomtest.Recording {
	return wecomtest.Recording{ID: user + started.String(), Creator: user, Host: user, MeetingStart: started}
}

func TestUsersStayUntilAnotherDiscoverySucceeds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next  config.Corp
		fault wecomtest.Fault // of the next discovery
		first []string        // at once
		then  []string        // once it succeeds
	}{
		"an agent ID that is refused": {
			next:  corpOf(wecomtest.DefaultAgentID+1, discoverMembers),
			first: []string{"li", "wang"},
			then:  []string{"li", "wang"}, // It never does.
		},
		"a right agent ID": {
			next:  corpOf(wecomtest.DefaultAgentID, discoverMembers),
			fault: wecomtest.Fault{Endpoint: "agent/get", Delay: 5 * time.Second},
			first: []string{"li", "wang"},
			then:  []string{"wang", "zhao"},
		},
		"activity instead": {
			next:  corpOf(wecomtest.DefaultAgentID, discoverActivity),
			fault: wecomtest.Fault{Endpoint: "meeting/statistics/get_start_list", Delay: 5 * time.Second},
			first: []string{"li", "wang"},
			then:  []string{"wang"},
		},
		"activity, too": {
			next:  corpOf(wecomtest.DefaultAgentID, discoverBoth),
			fault: wecomtest.Fault{Endpoint: "meeting/statistics/get_start_list", Delay: 5 * time.Second},
			first: []string{"li", "wang"},
			then:  []string{"wang", "zhao"},
		},
		"none": {
			next:  corpOf(wecomtest.DefaultAgentID, config.Targets{UserIDs: []string{"li"}}),
			first: []string{"li"},
			then:  []string{"li"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				agentID := int64(wecomtest.DefaultAgentID)
				if name == "a right agent ID" {
					agentID++ // The first one is refused, and the users are from before a restart.
				}
				r := start(t, corpOf(agentID, discoverMembers), "li", "wang")
				r.server.Put(meeting("wang", time.Now().Add(-time.Hour)))
				if agentID != wecomtest.DefaultAgentID {
					r.Restore([]string{"li", "wang"})
				}
				r.expect(time.Minute, "li", "wang")
				r.scope("wang", "zhao")
				r.server.Fail(test.fault)
				r.ApplyConfig(test.next, intervals)
				r.expect(0, test.first...)
				r.expect(time.Second, test.first...)
				r.expect(2*time.Hour, test.then...)
			})
		})
	}
}

func TestConfiguredTargetsComeFirst(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		targets := config.Targets{UserIDs: []string{"LI"}, MeetingIDs: []string{"m"}, DiscoverMembers: true}
		r := start(t, corpOf(wecomtest.DefaultAgentID, targets), "li", "wang")
		r.expect(time.Minute, "LI", "m", "wang")
		if _, changed := r.Update(); changed {
			t.Error("nothing changed, and Update reports a change")
		}
	})
}

func TestComplete(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := newRig(t, corpOf(wecomtest.DefaultAgentID, discoverBoth), log.NewNopLogger())
		r.scope("li")
		if r.Complete() || r.Known() {
			t.Errorf("complete: %t, known: %t before anything was found", r.Complete(), r.Known())
		}
		r.run()
		r.expect(time.Minute, "li")
		if !r.Complete() || !r.Known() {
			t.Errorf("complete: %t, known: %t after both succeeded", r.Complete(), r.Known())
		}
		r.ApplyConfig(corpOf(wecomtest.DefaultAgentID+1, discoverBoth), intervals)
		if r.Complete() || !r.Known() {
			t.Errorf("complete: %t, known: %t under another agent ID", r.Complete(), r.Known())
		}
	})
}

func TestKnowsActivity(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := newRig(t, corpOf(wecomtest.DefaultAgentID, discoverBoth), log.NewNopLogger())
		r.scope("li")
		expect := func(when string, want bool) {
			t.Helper()
			if got := r.KnowsActivity(); got != want {
				t.Errorf("activity is known %s: %t, want %t", when, got, want)
			}
		}
		expect("before the first attempt", true)
		r.run()
		r.expect(time.Minute, "li")
		expect("after a success", true)
		repair := r.server.Fail(wecomtest.Fault{Endpoint: "meeting/statistics/get_start_list", Errcode: 48002})
		r.expect(intervals.Interval, "li")
		expect("after one failure", true)
		r.expect(2*intervals.Interval, "li")
		expect("after several failures", false)
		repair()
		r.expect(time.Hour, "li")
		expect("after a success again", true)
		r.ApplyConfig(corpOf(wecomtest.DefaultAgentID, discoverMembers), intervals)
		expect("when members alone are discovered", false)
		r.ApplyConfig(corpOf(wecomtest.DefaultAgentID, discoverBoth), intervals)
		expect("when activity is discovered, too", true)
	})
}

func TestSwitchedOffDiscoveryCallsNobody(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := start(t, corpOf(wecomtest.DefaultAgentID, discoverBoth), "li")
		r.expect(time.Minute, "li")
		r.ApplyConfig(corpOf(0, config.Targets{UserIDs: []string{"wang"}}), intervals)
		r.expect(time.Minute, "wang")
		r.server.ResetRequests()
		r.expect(day, "wang")
		if n := len(r.server.Requests()); n != 0 {
			t.Errorf("%d calls", n)
		}
		r.ApplyConfig(corpOf(wecomtest.DefaultAgentID, discoverMembers), intervals)
		r.expect(time.Minute, "li")
	})
}

// TestUsersThatMoveIntoAFile has users leave the configuration for a file of targets.
func TestUsersThatMoveIntoAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "targets.yml")
	if err := os.WriteFile(path, []byte("userids: [li, wang]"), 0o600); err != nil {
		t.Fatal(err)
	}
	virtually(t, func(t *testing.T) {
		r := start(t, corpOf(0, config.Targets{UserIDs: []string{"li", "wang"}}))
		r.expect(0, "li", "wang")
		r.ApplyConfig(corpOf(0, config.Targets{Files: []string{path}}), intervals)
		r.expect(0, "li", "wang")
	})
}
