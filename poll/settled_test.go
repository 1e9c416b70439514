// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// settling returns a configuration that discovers activity, with a settled interval of half an
// hour.
func settling() *config.Config {
	cfg := rig.Discovering(true, true)
	cfg.Poll.SettledInterval = 30 * time.Minute
	return cfg
}

// companyOf returns a company of li, who has a completed recording, and wang, who has none.
func companyOf() *wecomtest.Server {
	server := wecomtest.New(wecomtest.Config{})
	server.SetDirectory(rig.Staff("li", "wang"))
	server.Put(rig.Recorded("r1", "li", rig.Day))
	return server
}

func TestCallsForASettledTarget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*config.Config)
		server func(*wecomtest.Server)
		calls  int // for li's recordings in six hours
	}{
		"completed recordings": {
			calls: 12,
		},
		"a recording that is being transcoded": {
			server: func(server *wecomtest.Server) {
				r := rig.Recorded("r2", "li", 10*time.Hour)
				r.Transcoding, r.Completed = time.Now().Add(-9*time.Hour), time.Now().Add(rig.Day)
				server.Put(r)
			},
			calls: 72,
		},
		"a recording in an unknown state": {
			server: func(server *wecomtest.Server) {
				r, odd := rig.Recorded("r2", "li", 10*time.Hour), 7
				r.State = &odd
				server.Put(r)
			},
			calls: 72,
		},
		"no settled interval": {
			change: func(cfg *config.Config) { cfg.Poll.SettledInterval = 0 },
			calls:  72,
		},
		"activity is not discovered": {
			change: func(cfg *config.Config) { cfg.Corps[0].Targets.DiscoverActivity = false },
			calls:  72,
		},
		"activity cannot be discovered": {
			server: func(server *wecomtest.Server) {
				server.Fail(wecomtest.Fault{Endpoint: rig.StartsEndpoint, Errcode: 48002})
			},
			calls: 72,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server, cfg := companyOf(), settling()
				if test.change != nil {
					test.change(cfg)
				}
				if test.server != nil {
					test.server(server)
				}
				r := rig.Start(t, server, cfg)
				r.Wait(time.Hour)
				server.ResetRequests()
				r.Wait(6 * time.Hour)
				if n := rig.Asked(server, "li"); n != test.calls {
					t.Errorf("%d calls in six hours, want %d", n, test.calls)
				}
				r.Expect(map[string]string{`wecom_poll_coverage_ratio`: "1"})
			})
		})
	}
}

// TestMeetingOfASettledUser follows a user from the start of a meeting until its recording is
// completed, and the user is settled again.
func TestMeetingOfASettledUser(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := companyOf()
		r := rig.Start(t, server, settling())
		r.Wait(2 * time.Hour)

		begin := time.Now()
		meeting := rig.Recorded("r2", "li", 0)
		meeting.Transcoding, meeting.Completed = begin.Add(3*time.Hour), begin.Add(4*time.Hour)
		server.Put(meeting)
		r.Wait(5*time.Minute + 10*time.Second)
		r.Expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})

		r.Wait(time.Until(begin.Add(3*time.Hour + 5*time.Minute + 10*time.Second)))
		r.Expect(map[string]string{`wecom_recordings{host="li",state="transcoding"}`: "1"})
		r.Wait(time.Until(begin.Add(4*time.Hour + 5*time.Minute + 10*time.Second)))
		r.Expect(map[string]string{`wecom_recordings{host="li",state="completed"}`: "2"})

		server.ResetRequests()
		r.Wait(time.Hour)
		if n := rig.Asked(server, "li"); n != 2 {
			t.Errorf("%d calls in an hour after the recording was completed, want 2", n)
		}
	})
}

func TestSharingOfASettledTarget(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := companyOf()
		r := rig.Start(t, server, settling())
		r.Wait(2 * time.Hour)
		server.Put(rig.Recorded("r1", "li", rig.Day, wecomtest.Share{On: true}))
		r.Wait(31 * time.Minute)
		r.Expect(map[string]string{`wecom_recording_exposed_files{host="li"}`: "1"})
	})
}

func TestSettledTargetAfterARestart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		completed   time.Duration // after the first start
		least, most time.Duration // between the last poll before the restart and the first one after it
	}{
		"completed recordings": {
			completed: -time.Hour,
			least:     30 * time.Minute,
			most:      30 * time.Minute,
		},
		"a recording that is being transcoded": {
			completed: rig.Day,
			most:      5 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			rig.Virtually(t, func(t *testing.T) {
				server := companyOf()
				recording := rig.Recorded("r2", "li", 10*time.Hour)
				recording.Transcoding = time.Now().Add(-9 * time.Hour)
				recording.Completed = time.Now().Add(test.completed)
				server.Put(recording)
				// After a restart one target is polled early: the one that is due first.
				odd := 7
				unknown := rig.Recorded("r3", "zhao", rig.Day)
				unknown.State = &odd
				server.Put(unknown)
				server.SetDirectory(rig.Staff("li", "zhao"))
				r := rig.Start(t, server, rig.Storing(dir, settling()))
				r.Wait(2 * time.Hour)
				polled := lastPoll(server)
				for polled.Equal(lastPoll(server)) {
					r.Wait(time.Second)
				}
				polled = lastPoll(server)
				r.StopAfter(time.Minute)
				r = rig.Start(t, server, rig.Storing(dir, settling()))
				for polled.Equal(lastPoll(server)) {
					r.Wait(time.Second)
				}
				got := lastPoll(server).Sub(polled).Round(10 * time.Second)
				if got < test.least || got > test.most {
					t.Errorf("polled again %s after the poll before the restart, want %s to %s", got, test.least, test.most)
				}
				r.Stop()
			})
		})
	}
}

// lastPoll returns when li's recordings were last asked for.
func lastPoll(server *wecomtest.Server) time.Time {
	var last time.Time
	for _, req := range server.Requests() {
		if req.Endpoint == rig.ListEndpoint && req.Target == "li" {
			last = req.Time
		}
	}
	return last
}

// TestActivityThatFailsUnsettles has WeCom refuse who started meetings for a while: new recordings
// are found all the same.
func TestActivityThatFailsUnsettles(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := companyOf()
		r := rig.Start(t, server, settling())
		r.Wait(2 * time.Hour)
		repair := server.Fail(wecomtest.Fault{Endpoint: rig.StartsEndpoint, Errcode: 48002})
		r.Wait(20 * time.Minute)
		meeting := rig.Recorded("r2", "li", 0)
		meeting.Transcoding, meeting.Completed = time.Now().Add(10*time.Minute), time.Now().Add(15*time.Minute)
		server.Put(meeting)
		r.Wait(5*time.Minute + 10*time.Second)
		r.Expect(map[string]string{`wecom_recordings{host="li",state="recording"}`: "1"})
		repair()
		r.Wait(3 * time.Hour)
		server.ResetRequests()
		r.Wait(time.Hour)
		if n := rig.Asked(server, "li"); n != 2 {
			t.Errorf("%d calls in an hour once activity is known again, want 2", n)
		}
	})
}

func TestReloadOfTheSettledInterval(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := companyOf()
		r := rig.Start(t, server, rig.Discovering(true, true))
		r.Wait(2 * time.Hour)
		calls := func() int {
			server.ResetRequests()
			r.Wait(time.Hour)
			return rig.Asked(server, "li")
		}
		if n := calls(); n != 12 {
			t.Errorf("%d calls in an hour without a settled interval, want 12", n)
		}
		r.Reload(settling())
		r.Wait(5 * time.Minute)
		if n := calls(); n != 2 {
			t.Errorf("%d calls in an hour with one of half an hour, want 2", n)
		}
		r.Reload(rig.Discovering(true, true))
		r.Wait(5 * time.Minute)
		if n := calls(); n != 12 {
			t.Errorf("%d calls in an hour without one again, want 12", n)
		}
	})
}
