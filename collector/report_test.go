// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestReports(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Errcode: 60111, Match: func(req wecomtest.Request) bool { return req.Target == "wang" },
		})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: time.Minute, Match: func(req wecomtest.Request) bool { return req.Target == "zhao" }})
		r := start(t, server, configOf("li", "an", "wang", "zhao"))
		r.wait(5 * time.Second)

		want := []CorpReport{{
			Name: "acme", Up: true, Total: 4, Coverage: 0.5, Used: 4, Budget: 1200, Lag: 5 * time.Second,
			Targets: []TargetCount{
				{wecom.ByUserID, schedule.OK, 2}, {wecom.ByUserID, schedule.Failing, 1}, {wecom.ByUserID, schedule.Pending, 1},
			},
		}}
		if diff := cmp.Diff(want, r.collector.Report()); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		rows := func(part []TargetReport, _ int) (ids []string) {
			for _, row := range part {
				ids = append(ids, row.ID+" "+row.Status.String())
			}
			return ids
		}
		all := []string{"wang failing", "zhao pending", "an ok", "li ok"}
		for _, test := range []struct {
			offset, limit int
			want          []string
		}{{0, 10, all}, {0, 2, all[:2]}, {2, 2, all[2:]}, {3, 2, all[3:]}, {4, 2, nil}, {9, 2, nil}} {
			if diff := cmp.Diff(test.want, rows(r.collector.Targets("acme", test.offset, test.limit))); diff != "" {
				t.Errorf("%d targets from %d (-want +got):\n%s", test.limit, test.offset, diff)
			}
		}
		if part, total := r.collector.Targets("nobody", 0, 10); part != nil || total != 0 {
			t.Errorf("%d targets of no corp", total)
		}
	})
}

func TestReportOfAnOutage(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
		r := start(t, server, configOf("li", "wang"))
		begin := time.Now()
		r.wait(5 * time.Second)
		report := r.collector.Report()[0]
		if report.Up || wecom.ClassOf(report.Outage) != wecom.ClassCorp || !report.Retry.Equal(begin.Add(time.Minute)) {
			t.Errorf("report %+v", report)
		}
	})
}

func TestReportsShowUsersAsTheLabelDoes(t *testing.T) {
	t.Parallel()
	for label, want := range map[config.HostLabel]string{
		config.HostLabelPlain: "li", config.HostLabelHashed: "ea209521508d4cff", config.HostLabelOff: "(hidden)",
	} {
		t.Run(string(label), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				cfg := configOf("li")
				cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
				cfg.Metrics.HostLabel, cfg.Metrics.HostHashKey = label, config.Key("0123456789abcdef")
				r := start(t, wecomtest.New(wecomtest.Config{}), cfg)
				r.wait(5 * time.Second)
				part, _ := r.collector.Targets("acme", 0, 10)
				got := map[wecom.Selector]string{}
				for _, row := range part {
					got[row.Selector] = row.ID
				}
				if diff := cmp.Diff(map[wecom.Selector]string{wecom.ByUserID: want, wecom.ByMeetingID: "m1"}, got); diff != "" {
					t.Errorf("targets (-want +got):\n%s", diff)
				}
			})
		})
	}
}
