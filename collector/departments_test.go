// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
)

// inDepartments adds departments to a view, by the user's ID in lower case.
func inDepartments(v *poll.CorpView, ids map[string]int64) *poll.CorpView {
	v.Departments = discovery.NewDepartments(ids, map[int64]string{2: "销售部"})
	return v
}

// infosOf returns the series of wecom_host_info, as "corp department host".
func infosOf(h *hosts) []string {
	metrics := familyOf(h, hostInfo.Name).GetMetric()
	infos := make([]string, 0, len(metrics))
	for _, m := range metrics {
		var text []string
		for _, l := range m.GetLabel() {
			text = append(text, l.GetName()+"="+l.GetValue())
		}
		if m.GetGauge().GetValue() != 1 {
			text = append(text, "has another value than 1")
		}
		infos = append(infos, strings.Join(text, " "))
	}
	return infos
}

func TestHostInfo(t *testing.T) {
	t.Parallel()
	ids := map[string]int64{"li": 2, "wang": 3, "other": 2, "unknown": 2}
	for name, test := range map[string]struct {
		naming *naming
		view   *poll.CorpView
		want   []string
	}{
		"a name and a number": {
			naming: plain,
			view:   inDepartments(viewOf(nil, withBytes("li", 1), withBytes("wang", 1), withBytes("zhao", 1)), ids),
			want:   []string{"corp=acme department=销售部 host=li", "corp=acme department=3 host=wang"},
		},
		"another case": {
			naming: plain,
			view:   inDepartments(viewOf(nil, withBytes("LI", 1), withBytes("Wang", 1)), ids),
			want:   []string{"corp=acme department=销售部 host=LI", "corp=acme department=3 host=Wang"},
		},
		"hashed": {
			naming: hashed,
			view:   inDepartments(viewOf(nil, withBytes("li", 1)), ids),
			want:   []string{"corp=acme department=销售部 host=ea209521508d4cff"},
		},
		"no host label": {
			naming: off,
			view:   inDepartments(viewOf(nil, withBytes("li", 1)), ids),
		},
		"nothing known": {
			naming: plain,
			view:   viewOf(nil, withBytes("li", 1)),
		},
		"no host": {
			naming: plain,
			view:   inDepartments(viewOf(nil, withBytes("", 1)), map[string]int64{"": 2, "unknown": 2}),
		},
		"a folded host": {
			naming: plain,
			view:   inDepartments(viewOf(map[string]bool{"li": true}, withBytes("li", 1), withBytes("wang", 1)), ids),
			want:   []string{"corp=acme department=销售部 host=li"},
		},
		"a user called other, summed up with those who are folded": {
			naming: plain,
			view:   inDepartments(viewOf(map[string]bool{"other": true}, withBytes("other", 1), withBytes("wang", 1)), ids),
		},
		"a host without recordings": {
			naming: plain,
			view: func() *poll.CorpView {
				h := withBytes("li", 1)
				h.Sums = nil
				return inDepartments(viewOf(nil, h), ids)
			}(),
			want: []string{"corp=acme department=销售部 host=li"},
		},
		"a host without any series yet": {
			naming: plain,
			view: func() *poll.CorpView {
				h := withBytes("li", 1)
				h.Sums = nil
				v := inDepartments(viewOf(nil, h), ids)
				v.Settled = false
				return v
			}(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series := (*hosts)(nil).update(test.view, test.naming)
			if diff := cmp.Diff(append([]string{}, test.want...), infosOf(series)); diff != "" {
				t.Errorf("host infos (-want +got):\n%s", diff)
			}
		})
	}
}

// The series of a host are made again if its department changes, and those of others are kept.
func TestSeriesFollowDepartments(t *testing.T) {
	t.Parallel()
	li, wang, zhao := withBytes("li", 1), withBytes("wang", 1), withBytes("zhao", 1)
	var series *hosts
	for i, test := range []struct {
		ids  map[string]int64
		want []string
		made []bool // of li, wang and zhao
	}{
		{
			ids:  map[string]int64{"li": 2, "wang": 3},
			want: []string{"corp=acme department=销售部 host=li", "corp=acme department=3 host=wang"},
			made: []bool{true, true, true},
		},
		{
			ids:  map[string]int64{"li": 2, "wang": 4},
			want: []string{"corp=acme department=销售部 host=li", "corp=acme department=4 host=wang"},
			made: []bool{false, true, false},
		},
		{
			ids:  map[string]int64{"li": 2, "zhao": 4},
			want: []string{"corp=acme department=销售部 host=li", "corp=acme department=4 host=zhao"},
			made: []bool{false, true, true},
		},
		{
			made: []bool{true, false, true},
		},
	} {
		v := viewOf(nil, li, wang, zhao)
		if test.ids != nil {
			v = inDepartments(v, test.ids)
		}
		next := series.update(v, plain)
		if diff := cmp.Diff(append([]string{}, test.want...), infosOf(next)); diff != "" {
			t.Errorf("step %d: host infos (-want +got):\n%s", i+1, diff)
		}
		for h, want := range test.made {
			if made := series == nil || next.all()[h] != series.all()[h]; made != want {
				t.Errorf("step %d: the series of host %d are made again: %t, want %t", i+1, h+1, made, want)
			}
		}
		again := next.update(v, plain)
		if !slices.Equal(again.all(), next.all()) {
			t.Errorf("step %d: nothing has changed, and series are made again", i+1)
		}
		series = next
	}
}
