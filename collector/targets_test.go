// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// hashOfLi is the label of the host li, with the key of these tests.
const hashOfLi = "ea209521508d4cff"

func TestTargetsAsLabeled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		label  config.HostLabel
		query  collector.TargetQuery
		want   []string // selector, ID
		hidden bool
	}{
		{
			name:  "plain",
			label: config.HostLabelPlain,
			want:  []string{"meetingid m1", "userid li"},
		},
		{
			name:   "hashed",
			label:  config.HostLabelHashed,
			want:   []string{"meetingid m1", "userid " + hashOfLi},
			hidden: true,
		},
		{
			name:   "no label",
			label:  config.HostLabelOff,
			want:   []string{"meetingid m1", "userid "},
			hidden: true,
		},
		{
			name:  "hashed, but users may be shown",
			label: config.HostLabelHashed,
			query: collector.TargetQuery{ShowUsers: true},
			want:  []string{"meetingid m1", "userid li"},
		},
		{
			name:  "no label, but users may be shown",
			label: config.HostLabelOff,
			query: collector.TargetQuery{ShowUsers: true},
			want:  []string{"meetingid m1", "userid li"},
		},
		{
			name:  "a part of a user ID in another case",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Search: "L"},
			want:  []string{"userid li"},
		},
		{
			name:   "a user ID that is hashed",
			label:  config.HostLabelHashed,
			query:  collector.TargetQuery{Search: "li"},
			hidden: true,
		},
		{
			name:   "a part of a hash",
			label:  config.HostLabelHashed,
			query:  collector.TargetQuery{Search: "EA2095"},
			want:   []string{"userid " + hashOfLi},
			hidden: true,
		},
		{
			name:  "a hash, of a user that may be shown",
			label: config.HostLabelHashed,
			query: collector.TargetQuery{Search: hashOfLi, ShowUsers: true},
			want:  []string{"userid li"},
		},
		{
			name:  "a user ID that is hashed, of a user that may be shown",
			label: config.HostLabelHashed,
			query: collector.TargetQuery{Search: "li", ShowUsers: true},
			want:  []string{"userid li"},
		},
		{
			name:   "a user ID where there is no label",
			label:  config.HostLabelOff,
			query:  collector.TargetQuery{Search: "li"},
			hidden: true,
		},
		{
			name:   "a meeting where there is no label",
			label:  config.HostLabelOff,
			query:  collector.TargetQuery{Search: "M1"},
			want:   []string{"meetingid m1"},
			hidden: true,
		},
		{
			name:  "a selector",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Selector: wecom.ByMeetingID},
			want:  []string{"meetingid m1"},
		},
		{
			name:  "a status",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Status: new(schedule.Failing)},
			want:  []string{"meetingid m1"},
		},
		{
			name:  "an error",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Cause: "90602"},
			want:  []string{"meetingid m1"},
		},
		{
			name:  "an error that nobody met",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Cause: "60111"},
		},
		{
			name:  "all filters",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Search: "li", Selector: wecom.ByUserID, Status: new(schedule.OK)},
			want:  []string{"userid li"},
		},
		{
			name:  "filters of which one does not match",
			label: config.HostLabelPlain,
			query: collector.TargetQuery{Search: "li", Selector: wecom.ByUserID, Status: new(schedule.Failing)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				cfg := rig.ConfigOf("li")
				cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
				cfg.Metrics.HostLabel, cfg.Metrics.HostHashKey = test.label, secret.Key("0123456789abcdef")
				r := rig.Start(t, wecomtest.New(wecomtest.Config{}), cfg)
				r.Wait(5 * time.Second)
				q := test.query
				q.Corp, q.Limit = "acme", 10
				found := r.Collector.Targets(&q)
				got := make([]string, 0, len(found.Part))
				for _, target := range found.Part {
					got = append(got, string(target.Target.Selector)+" "+target.Target.ID)
				}
				slices.Sort(got)
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("targets (-want +got):\n%s", diff)
				}
				if found.Total != len(test.want) || found.UsersHidden != test.hidden {
					t.Errorf("%d targets, users hidden: %t; want %d, %t", found.Total, found.UsersHidden, len(test.want), test.hidden)
				}
				if none := r.Collector.Targets(&collector.TargetQuery{Corp: "nobody", Limit: 10}); none.Total != 0 {
					t.Errorf("%d targets of no corp", none.Total)
				}
			})
		})
	}
}

// TestTargetsOfErrorsAsLabeled has a user whose poll fails.
func TestTargetsOfErrorsAsLabeled(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60111})
		cfg := rig.ConfigOf("li")
		cfg.Metrics.HostLabel, cfg.Metrics.HostHashKey = config.HostLabelHashed, secret.Key("0123456789abcdef")
		r := rig.Start(t, server, cfg)
		r.Wait(5 * time.Second)
		for showUsers, want := range map[bool]string{false: hashOfLi, true: "li"} {
			found := r.Collector.Targets(&collector.TargetQuery{Corp: "acme", ShowUsers: showUsers})
			if len(found.Errors) != 1 || found.Errors[0].Cause != "60111" || found.Errors[0].Targets[0].Target.ID != want {
				t.Errorf("errors %+v, want one of %s", found.Errors, want)
			}
		}
	})
}
