// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// viewsOf are the totals of hosts.
func (l *Ledger) viewsOf() map[string][2]uint64 {
	all := map[string][2]uint64{}
	for host, t := range l.hosts {
		all[host] = [2]uint64{t.Views, t.Downloads}
	}
	return all
}

func answered(later time.Duration, days ...wecom.DailyViews) *views.Answer {
	return &views.Answer{At: at(later), Days: days}
}

// TestViewsSinceTheDayOfTheBirth has a ledger that is born late in the evening by UTC, which is
// the next day in China.
func TestViewsSinceTheDayOfTheBirth(t *testing.T) {
	t.Parallel()
	birth := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	second := wecom.DateOf(birth)
	if second.String() != "2026-03-02" {
		t.Fatalf("it is born on %v", second)
	}
	l, book := New(birth), views.NewBook()
	l.ObserveViews("li", book, 1, &views.Answer{
		At:   birth.Add(time.Hour),
		Days: []wecom.DailyViews{{Date: second - 1, Views: 100}, {Date: second, Views: 3, Downloads: 1}},
	})
	if diff := cmp.Diff(map[string][2]uint64{"li": {3, 1}}, l.viewsOf()); diff != "" {
		t.Errorf("views and downloads (-want +got):\n%s", diff)
	}
}

func TestViewsByHost(t *testing.T) {
	t.Parallel()
	l, book := New(noon), views.NewBook()
	l.Track()
	today := wecom.DateOf(noon)
	expect := func(what string, viewed int, want map[string][2]uint64) {
		t.Helper()
		if diff := cmp.Diff(want, l.viewsOf()); diff != "" {
			t.Errorf("%s: views and downloads (-want +got):\n%s", what, diff)
		}
		if l.ViewedHosts() != viewed {
			t.Errorf("%s: %d viewed hosts, want %d", what, l.ViewedHosts(), viewed)
		}
	}
	version := l.Version()
	l.ObserveViews("li", book, 1, answered(0))
	if l.Version() != version || len(l.TakeDirty()) > 0 {
		t.Error("no views have changed something")
	}
	expect("no views", 0, map[string][2]uint64{})

	l.ObserveViews("li", book, 1, answered(0, wecom.DailyViews{Date: today, Views: 5, Downloads: 1}))
	l.ObserveViews("wang", book, 2, answered(0, wecom.DailyViews{Date: today, Downloads: 2}))
	if l.Version() == version || len(l.TakeDirty()) != 2 {
		t.Error("views have changed nothing")
	}
	expect("two hosts", 2, map[string][2]uint64{"li": {5, 1}, "wang": {0, 2}})

	// What was counted of one host stays, and only what is new is another's.
	l.ObserveViews("wang", book, 1, answered(time.Hour, wecom.DailyViews{Date: today, Views: 7, Downloads: 1}))
	expect("the host has changed", 2, map[string][2]uint64{"li": {5, 1}, "wang": {2, 2}})

	l.Fold([]string{"li"})
	expect("a host is folded", 1, map[string][2]uint64{"wang": {2, 2}})
	if l.Folded.Views != 5 || l.Folded.Downloads != 1 {
		t.Errorf("folded %+v", l.Folded)
	}
	l.ObserveViews("li", book, 3, answered(time.Hour, wecom.DailyViews{Date: today, Views: 1}))
	expect("it comes back", 2, map[string][2]uint64{"li": {1, 0}, "wang": {2, 2}})
}

func TestRestoreViews(t *testing.T) {
	t.Parallel()
	l := New(noon)
	l.Restore("li", Totals{Recordings: 1})
	if l.RestoreViews("wang", 1, 1) || l.RestoreViews("li", 0, 0) {
		t.Error("views of a host that there is not, or none")
	}
	if !l.RestoreViews("li", 3, 2) || l.ViewedHosts() != 1 || l.hosts["li"].Views != 3 || l.hosts["li"].Downloads != 2 {
		t.Errorf("%d hosts, %+v", l.ViewedHosts(), l.hosts["li"])
	}
	if l.RestoreViews("li", 3, 2) {
		t.Error("a host was restored twice")
	}
}

func TestViewsDoNotOverflow(t *testing.T) {
	t.Parallel()
	sum := Totals{Views: math.MaxUint64 - 1, Downloads: 3}
	sum.Add(&Totals{Views: 7, Downloads: 4})
	if sum.Views != math.MaxUint64 || sum.Downloads != 7 {
		t.Errorf("%+v", sum)
	}
}
