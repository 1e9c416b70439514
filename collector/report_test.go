// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestHostsOfRecordingsAsLabeled(t *testing.T) {
	t.Parallel()
	hashed := rig.ConfigOf("li", "wang")
	hashed.Metrics = config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: secret.Key("0123456789abcdef")}
	few := rig.ConfigOf("li", "wang")
	few.Metrics.MaxHosts = 1
	off := rig.ConfigOf("li", "wang")
	off.Metrics.HostLabel = config.HostLabelOff
	for name, test := range map[string]struct {
		cfg  *config.Config
		host string
		want int
	}{
		"a user ID where labels are hashed": {hashed, "li", 2},
		"the label of a hashed host":        {hashed, "ea209521508d4cff", 2},
		"hosts that are folded":             {few, "other", 4},
		"a folded host":                     {few, "zhao", 1},
		"no label":                          {off, "unknown", 1},
		"a user ID without labels":          {off, "zhao", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), test.cfg)
				r.Wait(10 * time.Second)
				q := collector.RecordingQuery{Host: test.host, RecordingQuery: poll.RecordingQuery{Limit: 10}}
				if _, totals, err := r.Collector.Recordings(t.Context(), q); totals.Recordings != test.want || err != nil {
					t.Errorf("%d recordings, want %d: %v", totals.Recordings, test.want, err)
				}
			})
		})
	}
}

func TestHostsOfChangesAsLabeled(t *testing.T) {
	t.Parallel()
	hashed := rig.ConfigOf("li", "wang")
	hashed.Metrics = config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: secret.Key("0123456789abcdef")}
	few := rig.ConfigOf("li", "wang")
	few.Metrics.MaxHosts = 1
	off := rig.ConfigOf("li", "wang")
	off.Metrics.HostLabel = config.HostLabelOff
	for _, test := range []struct {
		name string
		cfg  *config.Config
		host string
		want []string // recordings that were removed
	}{
		{
			name: "all",
			cfg:  hashed,
			want: []string{"r2", "r5", "r6"},
		},
		{
			name: "a user ID where labels are hashed",
			cfg:  hashed,
			host: "li",
			want: []string{"r2"},
		},
		{
			name: "the label of a hashed host",
			cfg:  hashed,
			host: "ea209521508d4cff",
			want: []string{"r2"},
		},
		{
			name: "hosts that are folded",
			cfg:  few,
			host: "other",
			want: []string{"r2", "r5", "r6"},
		},
		{
			name: "a folded host",
			cfg:  few,
			host: "zhao",
			want: []string{"r6"},
		},
		{
			name: "no host",
			cfg:  off,
			host: "unknown",
			want: []string{"r5"},
		},
		{
			name: "a hash where there are no labels",
			cfg:  off,
			host: "ea209521508d4cff",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				world := rig.WorldOf(wecomtest.Config{})
				r := rig.Start(t, world, test.cfg)
				r.Wait(10 * time.Second)
				world.Remove("r2", "r5", "r6")
				r.Wait(6 * time.Minute)
				q := collector.ChangeQuery{Host: test.host, ChangeQuery: poll.ChangeQuery{Limit: 10}}
				found, next, err := r.Collector.Changes(t.Context(), q)
				if next != 0 || err != nil {
					t.Errorf("next %d, %v", next, err)
				}
				got := make([]string, 0, len(found))
				for i := range found {
					got = append(got, found[i].Recording)
				}
				slices.Sort(got)
				if !slices.Equal(got, test.want) {
					t.Errorf("changes of %q, want of %q", got, test.want)
				}
				if since := r.Collector.ChangesSince(); len(since) != 1 || since[0].Since.IsZero() {
					t.Errorf("complete since %v", since)
				}
			})
		})
	}
}
