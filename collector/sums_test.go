// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestExposure(t *testing.T) {
	t.Parallel()
	soon, past := wecom.InstantOf(noon.Add(time.Hour)), wecom.InstantOf(noon.Add(-time.Hour))
	for name, test := range map[string]struct {
		sharing         wecom.Sharing
		shared, exposed int32
	}{
		"not shared":                  {wecom.Sharing{}, 0, 0},
		"open":                        {wecom.Sharing{On: true}, 1, 1},
		"open for an hour":            {wecom.Sharing{On: true, Expire: soon}, 1, 1},
		"expired":                     {wecom.Sharing{On: true, Expire: past}, 1, 0},
		"with a password":             {wecom.Sharing{On: true, HasPassword: true}, 1, 0},
		"for the company":             {wecom.Sharing{On: true, SameCorp: true}, 1, 0},
		"for the attendees":           {wecom.Sharing{On: true, Attendee: true}, 1, 0},
		"for attendees of the corp":   {wecom.Sharing{On: true, Attendee: true, SameCorp: true}, 1, 0},
		"open, downloads allowed":     {wecom.Sharing{On: true, Download: true}, 1, 1},
		"password but sharing is off": {wecom.Sharing{HasPassword: true, SameCorp: true}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSums(noon)
			s.add(&recording.Record{Files: []recording.File{{File: wecom.File{ID: "f", Sharing: test.sharing}}}}, noon)
			matrix := int32(0)
			for _, a := range s.sharing {
				for _, p := range a {
					for _, e := range p {
						for _, n := range e {
							matrix += n
						}
					}
				}
			}
			if s.shared != test.shared || s.exposed != test.exposed || matrix != test.shared {
				t.Errorf("%d shared, %d exposed, %d in the matrix; want %d and %d", s.shared, s.exposed, matrix, test.shared, test.exposed)
			}
		})
	}
}

func TestNonsenseDoesNotOverflow(t *testing.T) {
	t.Parallel()
	const files = 10
	nonsense := wecom.File{Start: 1, End: wecom.InstantOf(noon), Size: math.MaxInt64 - 1}
	s, all := newSums(noon), newSums(noon)
	l := newLedger(noon)
	totals := hostTotals{}
	for i := range files {
		s.add(&recording.Record{Files: []recording.File{{File: nonsense}}}, noon)
		l.see(nil, &wecom.Recording{ID: strconv.Itoa(i), Files: []wecom.File{nonsense}}, sight{at: noon})
		all.merge(s)
		totals.merge(l.hosts[""])
	}
	if want := files * (noon.UnixMilli() - 1); s.milliseconds != want {
		t.Errorf("%d ms, want %d", s.milliseconds, want)
	}
	for what, got := range map[string]int64{
		"a host": s.bytes, "all hosts": all.bytes, "a host's total": l.hosts[""].bytes, "all hosts' total": totals.bytes,
	} {
		if got != math.MaxInt64 {
			t.Errorf("%s: %d bytes, want %d", what, got, int64(math.MaxInt64))
		}
	}
	if got, want := durationOf(s.milliseconds), time.Duration(math.MaxInt64).Truncate(time.Millisecond); got != want {
		t.Errorf("a recording of %s, want %s", got, want)
	}
}

func TestExposureEndsWithTheLink(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		exposed := `wecom_recording_exposed_files{host="zhao"}`
		r := start(t, worldOf(wecomtest.Config{}), configOf("wang"))
		r.wait(50 * time.Minute)
		r.expect(map[string]string{exposed: "1"})
		r.wait(10*time.Minute + 5*time.Second)
		r.expect(map[string]string{exposed: "0"})
	})
}

func TestFoldHosts(t *testing.T) {
	t.Parallel()
	hosts := func(bytes map[string]int64) map[string]*hostView {
		m := map[string]*hostView{}
		for name, b := range bytes {
			m[name] = &hostView{sums: &sums{bytes: b, files: 1}, totals: hostTotals{bytes: 10 * b}}
		}
		return m
	}
	type round struct {
		settled bool
		hosts   map[string]int64
		want    map[string]int64
		folded  int
	}
	for name, test := range map[string]struct {
		metrics config.Metrics
		rounds  []round
	}{
		"no limit": {config.Metrics{HostLabel: config.HostLabelPlain}, []round{
			{true, map[string]int64{"a": 1, "": 2}, map[string]int64{"a": 1, "unknown": 2}, 0},
		}},
		"the largest of the first round stay": {config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 2}, []round{
			{false, map[string]int64{"a": 1, "b": 2}, map[string]int64{"a": 1, "b": 2}, 0},
			{false, map[string]int64{"a": 1, "b": 2, "c": 3, "d": 4}, map[string]int64{"c": 3, "d": 4, "other": 3}, 2},
			{true, map[string]int64{"a": 1, "b": 5, "c": 3, "d": 4}, map[string]int64{"b": 5, "d": 4, "other": 4}, 2},
			{true, map[string]int64{"a": 9, "b": 5, "c": 9, "d": 0}, map[string]int64{"b": 5, "d": 0, "other": 18}, 2},
			{true, map[string]int64{"a": 9, "c": 9}, map[string]int64{"other": 18}, 2},
		}},
		"room for later ones": {config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 2}, []round{
			{true, map[string]int64{"a": 1}, map[string]int64{"a": 1}, 0},
			{true, map[string]int64{"b": 1, "c": 2, "a": 1}, map[string]int64{"a": 1, "c": 2, "other": 1}, 1},
		}},
		"off": {config.Metrics{HostLabel: config.HostLabelOff, MaxHosts: 1}, []round{
			{true, map[string]int64{"a": 1, "b": 2, "": 3}, map[string]int64{"": 6}, 0},
		}},
		"hashed": {config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: config.Key("0123456789abcdef"), MaxHosts: 5}, []round{
			{true, map[string]int64{"li": 1, "": 2}, map[string]int64{"ea209521508d4cff": 1, "unknown": 2}, 0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namer, inv := newHostNamer(test.metrics), newInventory(month, noon)
			for i, round := range test.rounds {
				given := hosts(round.hosts)
				for host := range given {
					inv.ledger.open(host)
				}
				admitted, _ := inv.admit(namer.limit, given, round.settled)
				named, folded := namer.fold(given, admitted)
				got, files := map[string]int64{}, 0
				for name, h := range named {
					got[name] = h.sums.bytes
					files += int(h.sums.files)
					if h.totals.bytes != 10*h.sums.bytes {
						t.Errorf("round %d: %s has a total of %d bytes, and %d bytes", i, name, h.totals.bytes, h.sums.bytes)
					}
				}
				if diff := cmp.Diff(round.want, got); diff != "" || folded != round.folded {
					t.Errorf("round %d: %d folded, want %d; bytes by host (-want +got):\n%s", i, folded, round.folded, diff)
				}
				if files != len(round.hosts) {
					t.Errorf("round %d: folding changes the total to %d", i, files)
				}
				for name, h := range given {
					if h.sums.bytes != round.hosts[name] {
						t.Errorf("round %d: folding changes what it was given", i)
					}
				}
			}
		})
	}
}

// TestAnotherLimitOfHosts changes --metrics.max-hosts, as a restart or a reload may.
func TestAnotherLimitOfHosts(t *testing.T) {
	t.Parallel()
	inv := newInventory(month, noon)
	views := map[string]*hostView{}
	set := func(bytes map[string]int64) {
		for name, b := range bytes {
			inv.ledger.open(name)
			views[name] = &hostView{sums: &sums{bytes: b}}
		}
	}
	set(map[string]int64{"a": 3, "b": 2, "c": 1})
	for i, step := range []struct {
		limit int
		grow  map[string]int64
		want  string
	}{
		{2, nil, "ab"},
		{2, map[string]int64{"c": 9, "d": 8}, "ab"},
		{3, nil, "abc"}, // a and b keep their series, though d is larger
		{2, nil, "ac"},  // the smallest of those that had series folds
		{3, nil, "acd"},
		{0, nil, "abcd"},
		{1, nil, "c"},
	} {
		set(step.grow)
		admitted, decided := inv.admit(step.limit, views, true)
		hosts := slices.DeleteFunc(slices.Sorted(maps.Keys(views)), func(host string) bool { return !admitted(host) })
		if got := strings.Join(hosts, ""); got != step.want || !decided {
			t.Errorf("step %d, a limit of %d: %q have series, want %q", i, step.limit, got, step.want)
		}
	}
}

// TestAHostThatChangesItsLabel has a host be the only one that is folded, and then
// not be folded.
func TestAHostThatChangesItsLabel(t *testing.T) {
	t.Parallel()
	c := &corp{hosts: newHostNamer(config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 1})}
	a, b := &hostView{sums: newSums(noon)}, &hostView{sums: newSums(noon)}
	for _, named := range []map[string]*hostView{{"a": a, hostOther: b}, {hostOther: a, "b": b}} {
		for i, series := range c.series(named, true, noon) {
			want := slices.Sorted(maps.Keys(named))[i]
			if got := series.metrics[0].GetLabel()[1].GetValue(); got != want {
				t.Errorf("series of %q, want those of %q", got, want)
			}
		}
	}
}
