// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestAdvice has 40 users with completed recordings, of whom ten started a meeting recently.
func TestAdvice(t *testing.T) {
	t.Parallel()
	const users, active = 40, 10
	for name, test := range map[string]struct {
		change func(*config.Config)
		o      Options
		most   int    // calls an hour
		want   string // in the remedy; empty: there is none
	}{
		"activity is discovered": {
			most: users * 12,
			want: "set --poll.settled-interval=30m to save up to 300 calls an hour",
		},
		"in Chinese": {
			o:    Options{Language: wecom.Chinese},
			most: users * 12,
			want: "请设置 --poll.settled-interval=30m，每小时最多可减少 300 次调用",
		},
		"activity discovery is off": {
			change: func(cfg *config.Config) { cfg.Corps[0].Targets.DiscoverActivity = false },
			most:   users * 12,
			want:   "set --target.discover=activity and --poll.settled-interval=30m to save up to 400 calls an hour",
		},
		"without the network": {
			o:    Options{Offline: true},
			most: users * 12,
			want: "set --poll.settled-interval=30m to save up to 400 calls an hour",
		},
		"a settled interval is set": {
			change: func(cfg *config.Config) { cfg.Poll.SettledInterval = 30 * time.Minute },
			most:   active*12 + (users-active)*2,
		},
		"one is set, but activity discovery is off": {
			change: func(cfg *config.Config) {
				cfg.Poll.SettledInterval = 30 * time.Minute
				cfg.Corps[0].Targets.DiscoverActivity = false
			},
			most: users * 12,
		},
		"a large budget": {
			change: func(cfg *config.Config) { cfg.Poll.MaxRequestsPerMinute = 100 },
			most:   users * 12,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.New(wecomtest.Config{})
			cfg := configOf(serve(t, server))
			cfg.Corps[0].AgentID, cfg.Poll.MaxRequestsPerMinute = 0, 10
			cfg.Corps[0].Targets = config.Targets{DiscoverActivity: true}
			members := make([]wecomtest.Member, 0, users)
			for i := range users {
				user := fmt.Sprintf("user%02d", i)
				cfg.Corps[0].Targets.UserIDs = append(cfg.Corps[0].Targets.UserIDs, user)
				members = append(members, wecomtest.Member{UserID: user, Departments: []int{1}})
				start := time.Now().Add(-3 * 24 * time.Hour)
				if i < active {
					start = time.Now().Add(-time.Hour)
				}
				server.Put(wecomtest.Recording{ID: user + "-r", Creator: user, Host: user, MeetingStart: start})
			}
			server.SetDirectory(wecomtest.Directory{
				Members:     members,
				Departments: []wecomtest.Department{{ID: 1}},
				Scope:       wecomtest.Scope{Departments: []int{1}},
			})
			if test.change != nil {
				test.change(cfg)
			}
			steps := run(t, cfg, test.o)
			got := steps[len(steps)-1]
			if got.Status != OK || got.Plan.MostCallsPerHour != test.most {
				t.Errorf("%s, at most %d calls an hour, want %d", got.Status, got.Plan.MostCallsPerHour, test.most)
			}
			if !strings.Contains(got.Remedy, test.want) || test.want == "" && strings.Contains(got.Remedy, "settled") {
				t.Errorf("remedy %q, want %q", got.Remedy, test.want)
			}
		})
	}
}

func TestAtMost(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]text{
		0:       {"at most 0.0%", "至多 0.0%"},
		0.00048: {"below 0.1%", "低于 0.1%"},
		0.001:   {"at most 0.1%", "至多 0.1%"},
		1.2:     {"at most 120.0%", "至多 120.0%"},
	} {
		if got := atMost(share); got != want {
			t.Errorf("%v: %+v, want %+v", share, got, want)
		}
	}
}
