// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
)

// A PastMetric is a metric of a host whose past follows from what WeCom lists now.
type PastMetric struct {
	Definition

	State string // the value of the label state; "": the family has no such label
	// Value returns the value, and whether it is served, for what a host held at an instant,
	// and what was counted of it by then.
	Value func(*sums.Sums, *ledger.Totals) (value float64, served bool)
}

// PastMetrics returns the metrics of a host whose past is known: all but those of sharing
// and of the retention. Those of one family follow each other.
func PastMetrics() []PastMetric {
	var list []PastMetric
	for _, g := range hostGauges {
		if g.presentOnly {
			continue
		}
		list = append(list, PastMetric{
			Definition: g.Definition,
			State:      g.state,
			Value: func(s *sums.Sums, _ *ledger.Totals) (float64, bool) {
				value := g.value(s)
				return value, value != 0 || !g.absentIfZero
			},
		})
	}
	for _, c := range hostCounters {
		list = append(list, PastMetric{
			Definition: c.Definition,
			Value:      func(_ *sums.Sums, t *ledger.Totals) (float64, bool) { return c.value(t), true },
		})
	}
	return list
}

// HostLabels returns the function that gives hosts their values of the label host, for the
// hosts that are admitted to series of their own; nil: all are. It returns nil if there is no
// such label.
func HostLabels(m *config.Metrics, admitted map[string]bool) func(host string) string {
	n := newNaming(m)
	if n.label == config.HostLabelOff {
		return nil
	}
	return func(host string) string {
		value, _ := n.labelOf(host, admitted)
		return value
	}
}
