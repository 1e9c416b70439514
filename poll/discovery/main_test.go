// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// virtually runs a test in virtual time, on a day on which WeCom has meetings.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Until(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// A rig is a discovery at work on a simulated WeCom.
type rig struct {
	*Discovery

	t      *testing.T
	client *wecom.Client
	server *wecomtest.Server
	outage atomic.Bool
	known  []wecom.Target // as Update returned them last
}

var intervals = config.Poll{Interval: 5 * time.Minute, Lookback: 31 * day}

// corpOf returns a corp with an agent ID and targets.
func corpOf(agentID int64, targets config.Targets) config.Corp {
	return config.Corp{Name: "acme", AgentID: agentID, Targets: targets}
}

// start returns a rig that discovers, in a company where the app sees the given users.
func start(t *testing.T, corp config.Corp, visible ...string) *rig {
	t.Helper()
	r := newRig(t, corp, log.NewNopLogger())
	r.scope(visible...)
	r.run()
	return r
}

// newRig returns a rig that has discovered nothing yet.
func newRig(t *testing.T, corp config.Corp, logger log.Logger) *rig {
	t.Helper()
	server := wecomtest.New(wecomtest.Config{})
	r := &rig{t: t, server: server}
	r.client = wecom.NewClient(wecom.Config{
		BaseURL: "https://wecom.test", CorpID: wecomtest.DefaultCorpID, Transport: server, Concurrency: 4,
		Secret: func() (string, error) { return wecomtest.DefaultSecret, nil },
		Limits: wecom.NewLimits(1200),
	})
	r.Discovery = New(r.client, corp, intervals, Events{HasOutage: r.outage.Load, Tried: func(error) {}}, logger)
	return r
}

// run has the rig discover until the test ends.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(r.t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	r.t.Cleanup(func() { cancel(); running.Wait() })
}

// scope has WeCom show the app these members.
func (r *rig) scope(users ...string) {
	d := wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}},
	}
	for _, user := range users {
		d.Members = append(d.Members, wecomtest.Member{UserID: user, Departments: []int{1}})
	}
	r.server.SetDirectory(d)
}

// expect lets virtual time pass, and compares the IDs of the targets.
func (r *rig) expect(after time.Duration, want ...string) {
	r.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	if found, changed := r.Update(); changed {
		r.known = found.Targets
	}
	got := make([]string, 0, 8)
	for _, target := range r.known {
		got = append(got, target.ID)
	}
	slices.Sort(got)
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		r.t.Errorf("targets (-want +got):\n%s", diff)
	}
}
