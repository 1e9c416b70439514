// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTakeProbe(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	var (
		fine    = &Result{Listed: true}
		refused = &Result{Err: failed, Class: wecom.ClassTarget}
		outage  = &Result{Err: failed, Class: wecom.ClassCorp}
		own     = &Result{Err: failed, Class: wecom.ClassTarget, Own: failed}
	)
	for name, test := range map[string]struct {
		last map[string]*Result // nil: never polled
		want string
	}{
		"a target that succeeded":          {last: map[string]*Result{"a": refused, "b": fine, "c": outage}, want: "b"},
		"one that was never polled":        {last: map[string]*Result{"a": outage, "b": nil, "c": own}, want: "b"},
		"one that is refused":              {last: map[string]*Result{"a": outage, "b": refused, "c": own}, want: "b"},
		"one that met the outage":          {last: map[string]*Result{"a": own, "b": outage}, want: "b"},
		"one with an error of its own":     {last: map[string]*Result{"a": own}, want: "a"},
		"none, since there are no targets": {want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(intervals)
			s.Set(users(slices.Collect(maps.Keys(test.last))...), noon)
			_, taken := s.takeAll(noon)
			for _, p := range taken {
				if result := test.last[p.Target.ID]; result != nil {
					s.Done(p, result, noon.Add(time.Second))
				} else {
					s.Return(p)
				}
			}
			p, ok := s.TakeProbe(noon.Add(-time.Hour))
			if p.Target.ID != test.want || ok != (test.want != "") {
				t.Errorf("the probe is %q, want %q", p.Target.ID, test.want)
			}
		})
	}
}
