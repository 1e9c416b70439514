// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// admitted returns the hosts with series of their own, and whether that is settled.
func (inv *Inventory) admitted(limit int) (hosts string, settled bool) {
	v := inv.View(noon, limit)
	var names strings.Builder
	for h := range v.Hosts.All() {
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

// kept is of which hosts something is kept, and what was counted of the others together.
type kept struct {
	Hosts  []string
	Folded uint64 // recordings of folded hosts
}

func keptOf(l *ledger.Ledger) kept {
	return kept{Hosts: slices.Sorted(maps.Keys(l.Hosts())), Folded: l.Folded.Recordings}
}

// TestHostsThatAreFoldedAndGone has hosts, of one recording each, come and go.
func TestHostsThatAreFoldedAndGone(t *testing.T) {
	t.Parallel()
	// A step makes the hosts be those that there are, or another limit apply.
	type step struct {
		hosts string // a letter each
		limit int
		want  kept
	}
	for name, test := range map[string]struct {
		unready bool
		steps   []step
	}{
		"one without series of its own goes": {steps: []step{
			{hosts: "abc", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "ab", limit: 2, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
		}},
		"one with series of its own stays": {steps: []step{
			{hosts: "abc", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "c", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: 2, want: kept{Hosts: []string{"a", "b"}, Folded: 2}},
		}},
		"one comes back": {steps: []step{
			{hosts: "abc", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: 2, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
			{hosts: "c", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}, Folded: 1}},
			{hosts: "", limit: 2, want: kept{Hosts: []string{"a", "b"}, Folded: 2}},
		}},
		"one after the other": {steps: []step{
			{hosts: "a", limit: 1, want: kept{Hosts: []string{"a"}}},
			{hosts: "b", limit: 1, want: kept{Hosts: []string{"a", "b"}}},
			{hosts: "c", limit: 1, want: kept{Hosts: []string{"a", "c"}, Folded: 1}},
			{hosts: "d", limit: 1, want: kept{Hosts: []string{"a", "d"}, Folded: 2}},
		}},
		"no limit": {steps: []step{
			{hosts: "abc", want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", want: kept{Hosts: []string{"a", "b", "c"}}},
		}},
		"room for all": {steps: []step{
			{hosts: "abc", limit: 3, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: 3, want: kept{Hosts: []string{"a", "b", "c"}}},
		}},
		"a lower limit": {steps: []step{
			{hosts: "ab", limit: 2, want: kept{Hosts: []string{"a", "b"}}},
			{hosts: "", limit: 2, want: kept{Hosts: []string{"a", "b"}}},
			{hosts: "", limit: 1, want: kept{Hosts: []string{"a"}, Folded: 1}},
		}},
		"a higher limit": {steps: []step{
			{hosts: "abc", limit: 1, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "b", limit: 1, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
			{hosts: "bc", limit: 3, want: kept{Hosts: []string{"a", "b", "c"}, Folded: 1}},
			{hosts: "", limit: 3, want: kept{Hosts: []string{"a", "b", "c"}, Folded: 1}},
		}},
		"no limit any more": {steps: []step{
			{hosts: "abc", limit: 1, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "b", limit: 1, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
			{hosts: "", limit: 0, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
		}},
		"metrics that do not name hosts": {steps: []step{
			{hosts: "abc", limit: NoHostSeries, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "a", limit: NoHostSeries, want: kept{Hosts: []string{"a"}, Folded: 2}},
		}},
		"metrics that do not name hosts for a while": {steps: []step{
			{hosts: "abc", limit: 2, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: NoHostSeries, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
			{hosts: "", limit: 2, want: kept{Hosts: []string{"a", "b"}, Folded: 1}},
		}},
		"before the first round is over": {unready: true, steps: []step{
			{hosts: "abc", limit: 1, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: 1, want: kept{Hosts: []string{"a", "b", "c"}}},
			{hosts: "", limit: NoHostSeries, want: kept{Hosts: []string{"a", "b", "c"}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := New(month, noon)
			if !test.unready {
				inv.SetReady()
			}
			seen := map[string]bool{}
			for i, step := range test.steps {
				now := at(time.Duration(i+1) * time.Hour)
				recordings := make([]wecom.Recording, 0, len(step.hosts))
				for host := range strings.SplitSeq(step.hosts, "") {
					// It has another ID each time, so that each is counted.
					r := listed(host+now.String(), -time.Hour, -time.Hour)
					r.Host = host
					recordings = append(recordings, r)
					seen[r.ID] = true
				}
				inv.poll(li, now, month, recordings...)
				v := inv.View(now, step.limit)
				if diff := cmp.Diff(step.want, keptOf(inv.ledger)); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i, diff)
				}
				if v.Hosts.Len() != len(inv.ledger.Hosts()) || v.Folded != inv.ledger.Folded {
					t.Errorf("step %d: the view has %d hosts and %+v, want %+v", i, v.Hosts.Len(), v.Folded, step.want)
				}
				if got := inv.counted(); got.Recordings != uint64(len(seen)) || got.Files != uint64(len(seen)) {
					t.Errorf("step %d: counted %+v, want %d of each", i, got, len(seen))
				}
				if inv.View(now, step.limit) != v {
					t.Errorf("step %d: another view though nothing has changed", i)
				}
			}
		})
	}
}

func TestAFoldedHostThatComesBackIsCountedAsNew(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.SetReady()
	hosted := func(host, id string) wecom.Recording {
		r := listed(id, -time.Hour, -time.Hour)
		r.Host = host
		return r
	}
	inv.poll(li, at(time.Hour), month, hosted("a", "1"))
	inv.View(at(time.Hour), 1)
	inv.poll(li, at(2*time.Hour), month, hosted("b", "2"))
	inv.View(at(2*time.Hour), 1)
	inv.poll(li, at(3*time.Hour), month)
	inv.View(at(3*time.Hour), 1)
	inv.poll(li, at(4*time.Hour), month, hosted("b", "3"))
	v := inv.View(at(4*time.Hour), 2)
	back := ledger.Totals{
		Recordings: 1, Milliseconds: 3_600_000, Created: wecom.InstantOf(at(4 * time.Hour)), Admitted: true,
	}
	folded := back
	folded.Created, folded.Admitted = wecom.InstantOf(at(2*time.Hour)), false
	if got := *inv.ledger.Hosts()["b"]; got != back || v.Folded != folded {
		t.Errorf("the host has %+v, want %+v; folded are %+v, want %+v", got, back, v.Folded, folded)
	}
}
