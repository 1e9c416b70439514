// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// TestPolicyDecidesWhichSeriesThereAre goes on from one policy to the next, as a reload does.
func TestPolicyDecidesWhichSeriesThereAre(t *testing.T) {
	t.Parallel()
	none := map[string]*policy.Acceptance{}
	h := withBytes("li", 1)
	h.Sums.Overdue, h.Sums.Accepted = 2, 3
	var p *publication
	for _, step := range []struct {
		name   string
		policy *policy.Policy
		want   map[string]float64
	}{
		{name: "no rules", want: map[string]float64{}},
		{
			name:   "a retention",
			policy: &policy.Policy{Retention: time.Hour},
			want:   map[string]float64{"wecom_recording_retention_exceeded_files": 2},
		},
		{
			name:   "a list of what is accepted",
			policy: &policy.Policy{Accepted: none},
			want:   map[string]float64{"wecom_recording_accepted_files": 3},
		},
		{
			name:   "both",
			policy: &policy.Policy{Accepted: none, Retention: time.Hour},
			want: map[string]float64{
				"wecom_recording_accepted_files": 3, "wecom_recording_retention_exceeded_files": 2,
			},
		},
	} {
		v := viewOf(nil, h)
		v.Policy, v.Total = step.policy, h.Sums
		got := map[string]float64{}
		p = p.next(&poll.View{Metrics: &config.Metrics{HostLabel: config.HostLabelPlain}, Corps: []poll.CorpView{*v}})
		for _, family := range p.snapshot.Gather() {
			switch family.GetName() {
			case "wecom_recording_accepted_files", "wecom_recording_retention_exceeded_files":
				got[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestPolicyHasNoPast(t *testing.T) {
	t.Parallel()
	for _, m := range PastMetrics() {
		if m.Name == exposedFiles.Name || m.Name == retentionExceeded.Name {
			t.Errorf("%s has a past", m.Name)
		}
	}
}
