// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// hostsWith returns an inventory of so many hosts, with so many recordings each.
func hostsWith(hosts, each int) *Inventory {
	inv := New(month, at(-month))
	for h := range hosts {
		host := fmt.Sprintf("user%d", h)
		list := make([]wecom.Recording, 0, each)
		for i := range each {
			r := listed(fmt.Sprintf("%s-%d", host, i), day, day)
			r.Host = host
			list = append(list, r)
		}
		inv.list(wecom.Target{Selector: wecom.ByUserID, ID: host}, wecom.Window{Start: at(-month), End: noon}, list...)
	}
	return inv
}

// TestFindHoldsUpNobody has the inventory asked while recordings and hosts are looked at.
func TestFindHoldsUpNobody(t *testing.T) {
	t.Parallel()
	inv := hostsWith(3, 2)
	hosts, found := 0, 0
	ask := func() {
		asked := make(chan Status)
		go func() { asked <- inv.Status() }()
		select {
		case <-asked:
		case <-time.After(10 * time.Second):
			t.Error("the inventory is locked")
		}
	}
	err := inv.Find(t.Context(), &Query{MatchHost: func(string, bool) bool {
		hosts++
		ask()
		return true
	}}, noon, func(Match, *sums.Sums) {
		found++
		ask()
	})
	if err != nil || hosts != 3 || found != 6 {
		t.Errorf("%d hosts and %d recordings, want 3 and 6: %v", hosts, found, err)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	gone := errors.New("the client has gone")
	for _, test := range []struct {
		name        string
		hosts, each int
		match       func(string, bool) bool
	}{
		{
			name:  "many recordings of a host",
			hosts: 1,
			each:  3 * contextInterval,
		},
		{
			name:  "many hosts",
			hosts: 3 * contextInterval,
			each:  1,
		},
		{
			name:  "many hosts that are not selected",
			hosts: 3 * contextInterval,
			each:  1,
			match: func(string, bool) bool { return false },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inv := hostsWith(test.hosts, test.each)
			ctx, cancel := context.WithCancelCause(t.Context())
			steps := 0
			step := func() {
				if steps++; steps == 10 {
					cancel(gone)
				}
			}
			err := inv.Find(ctx, &Query{MatchHost: func(host string, folded bool) bool {
				step()
				return test.match == nil || test.match(host, folded)
			}}, noon, func(Match, *sums.Sums) { step() })
			if !errors.Is(err, gone) || steps > contextInterval+10 {
				t.Errorf("%d hosts and recordings after that: %v", steps, err)
			}
		})
	}
}

func TestFindByID(t *testing.T) {
	t.Parallel()
	inv := hostsWith(3, 2)
	for id, want := range map[string]int{"": 6, "user1-0": 1, "user1": 0, "USER1-0": 0} {
		found := 0
		if err := inv.Find(t.Context(), &Query{ID: id}, noon, func(Match, *sums.Sums) { found++ }); err != nil || found != want {
			t.Errorf("%q: %d recordings, want %d: %v", id, found, want, err)
		}
	}
}

// A host may be folded, and dropped, while a query visits the hosts that there were.
func TestHostThatIsGoneIsFolded(t *testing.T) {
	t.Parallel()
	inv := New(31*day, noon)
	inv.admission.limit = 1
	if !inv.isFolded("gone") {
		t.Error("a host that is gone has series of its own")
	}
}

func TestDurationsDoNotOverflow(t *testing.T) {
	t.Parallel()
	longest := time.Duration(math.MaxInt64).Truncate(time.Millisecond)
	if got := durationOf(10 * noon.UnixMilli()); got != longest {
		t.Errorf("a recording of %s, want %s", got, longest)
	}
}
