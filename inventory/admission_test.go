// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"strings"
	"testing"
)

// admitted returns the hosts with series of their own, and whether that is settled.
func (inv *Inventory) admitted(limit int) (hosts string, settled bool) {
	v := inv.View(noon, limit)
	var names strings.Builder
	for _, h := range v.Hosts {
		if v.Admitted == nil || v.Admitted[h.Host] {
			names.WriteString(h.Host)
		}
	}
	return names.String(), v.Settled
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	type round struct {
		ready   bool
		bytes   map[string]int64 // that hosts amount to from then on
		want    string           // the hosts with series of their own
		settled bool
	}
	for name, test := range map[string]struct {
		limit  int
		rounds []round
	}{
		"no limit": {
			limit: 0,
			rounds: []round{
				{bytes: map[string]int64{"a": 1, "b": 2}, want: "ab", settled: true},
			},
		},
		"the largest of the first round stay": {
			limit: 2,
			rounds: []round{
				{bytes: map[string]int64{"a": 1, "b": 2}, want: "ab", settled: false},
				{bytes: map[string]int64{"c": 3, "d": 4}, want: "cd", settled: false},
				{ready: true, bytes: map[string]int64{"b": 5}, want: "bd", settled: true},
				{ready: true, bytes: map[string]int64{"a": 9, "c": 9, "d": 0}, want: "bd", settled: true},
			},
		},
		"nothing was listed in the first round": {
			limit: 1,
			rounds: []round{
				{ready: true, want: "", settled: false},
				{ready: true, bytes: map[string]int64{"a": 1, "b": 2}, want: "b", settled: true},
			},
		},
		"room for later ones": {
			limit: 2,
			rounds: []round{
				{ready: true, bytes: map[string]int64{"a": 1}, want: "a", settled: true},
				{ready: true, bytes: map[string]int64{"b": 1, "c": 2}, want: "ac", settled: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := New(month, noon)
			for i, round := range test.rounds {
				inv.withBytes(round.bytes)
				if round.ready {
					inv.SetReady()
				}
				got, settled := inv.admitted(test.limit)
				if got != round.want || settled != round.settled {
					t.Errorf("round %d: hosts %q, settled: %t; want %q, %t", i, got, settled, round.want, round.settled)
				}
			}
		})
	}
}

// TestAnotherLimitOfHosts changes --metrics.max-hosts, as a restart or a reload may.
func TestAnotherLimitOfHosts(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.withBytes(map[string]int64{"a": 3, "b": 2, "c": 1})
	inv.SetReady()
	for i, step := range []struct {
		limit int
		grow  map[string]int64
		want  string
	}{
		{limit: 2, want: "ab"},
		{limit: 2, grow: map[string]int64{"c": 9, "d": 8}, want: "ab"},
		{limit: 3, want: "abc"}, // a and b keep their series, though d is larger
		{limit: 2, want: "ac"},  // the smallest of those that had series folds
		{limit: 3, want: "acd"},
		{limit: 0, want: "abcd"},
		{limit: 1, want: "c"},
	} {
		inv.withBytes(step.grow)
		if got, settled := inv.admitted(step.limit); got != step.want || !settled {
			t.Errorf("step %d, a limit of %d: %q have series, want %q", i, step.limit, got, step.want)
		}
	}
}
