// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// exposed returns a recording of two exposed files, of which the second has another ID.
func exposed(id string, ago time.Duration) wecom.Recording {
	r := listed(id, ago, ago)
	r.Files = append(r.Files, r.Files[0])
	r.Files[1].ID = id + "-second"
	for i := range r.Files {
		r.Files[i].Sharing.On = true
	}
	return r
}

func accepting(ids ...string) *policy.Policy {
	p := &policy.Policy{Accepted: map[string]*policy.Acceptance{}}
	for _, id := range ids {
		p.Accepted[id] = &policy.Acceptance{Reason: "why " + id}
	}
	return p
}

func TestSetPolicy(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, noon, month, exposed("r", day))
	counts := func(now time.Time) [3]int32 {
		s := inv.View(now, 0).Total
		return [3]int32{s.Exposed, s.Accepted, s.Overdue}
	}
	want := func(now time.Time, exposed, accepted, overdue int32) {
		t.Helper()
		if got := counts(now); got != [...]int32{exposed, accepted, overdue} {
			t.Errorf("exposed, accepted, overdue: %d; want %d, %d, %d", got, exposed, accepted, overdue)
		}
	}
	want(noon, 2, 0, 0)
	inv.SetPolicy(accepting("r-second"))
	want(noon, 1, 1, 0)
	inv.SetPolicy(&policy.Policy{Retention: day + time.Minute})
	want(noon, 2, 0, 0)
	want(at(time.Minute), 2, 0, 0)
	want(at(time.Minute+1), 2, 0, 2)
	inv.SetPolicy(nil)
	want(at(time.Minute+1), 2, 0, 0)

	before := inv.View(noon, 0)
	inv.SetPolicy(&policy.Policy{})
	if inv.View(noon, 0) != before {
		t.Error("the same policy makes another view")
	}
}

func TestAcceptanceEndsByTheClock(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, noon, month, exposed("r", day))
	p := accepting("r")
	p.Accepted["r"].Until = noon.Truncate(day)
	inv.SetPolicy(p)
	midnight := noon.Truncate(day).Add(day)
	for now, want := range map[time.Time]int32{noon: 0, midnight.Add(-1): 0, midnight: 2} {
		if got := inv.View(now, 0).Total.Exposed; got != want {
			t.Errorf("%s: %d exposed files, want %d", now, got, want)
		}
	}
	accepts := func(now time.Time) bool {
		inv.mu.Lock()
		defer inv.mu.Unlock()
		return inv.accepts("r", "r-file", now)
	}
	if !accepts(midnight.Add(-1)) || accepts(midnight) {
		t.Error("it does not end at midnight")
	}
}

func TestRecordingUnderAPolicy(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	protected := listed("protected", day, day)
	protected.Files[0].Sharing = wecom.Sharing{On: true, HasPassword: true}
	inv.poll(li, noon, month, exposed("both", day), exposed("half", day), protected, exposed("none", 20*day))
	p := accepting("both", "half-second", "protected")
	p.Retention = 10 * day
	inv.SetPolicy(p)

	type counts struct{ exposed, accepted, overdue int }
	want := map[string]counts{"both": {0, 2, 0}, "half": {1, 1, 0}, "protected": {}, "none": {2, 0, 2}}
	reasons := map[string]string{"both": "why both", "half": "why half-second"}
	_ = inv.Find(t.Context(), &Query{}, noon, func(m Match, _ *sums.Sums) {
		r := inv.Recording(&m, noon)
		if got := (counts{r.Exposed, r.Accepted, r.Overdue}); got != want[r.ID] {
			t.Errorf("%s: %+v, want %+v", r.ID, got, want[r.ID])
		}
		var got counts
		for i := range r.Files {
			f := &r.Files[i]
			if f.Exposed() {
				got.exposed++
			}
			if f.Accepted != nil {
				got.accepted++
			}
			if f.Overdue {
				got.overdue++
			}
		}
		if got != want[r.ID] {
			t.Errorf("files of %s: %+v, want %+v", r.ID, got, want[r.ID])
		}
		reason := ""
		if r.Acceptance != nil {
			reason = r.Acceptance.Reason
		}
		if reason != reasons[r.ID] {
			t.Errorf("%s is accepted for %q, want %q", r.ID, reason, reasons[r.ID])
		}
	})

	yes, no := new(true), new(false)
	for name, test := range map[string]struct {
		query Query
		want  []string
	}{
		"accepted":     {query: Query{Accepted: yes}, want: []string{"both", "half"}},
		"not accepted": {query: Query{Accepted: no}, want: []string{"none", "protected"}},
		"exposed":      {query: Query{Exposed: yes}, want: []string{"half", "none"}},
		"overdue":      {query: Query{Overdue: yes}, want: []string{"none"}},
		"not overdue":  {query: Query{Overdue: no, Accepted: no}, want: []string{"protected"}},
	} {
		var got []string
		_ = inv.Find(t.Context(), &test.query, noon, func(m Match, _ *sums.Sums) { got = append(got, inv.Recording(&m, noon).ID) })
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUnmatched(t *testing.T) {
	t.Parallel()
	inv := New(month, noon)
	inv.poll(li, at(-time.Hour), month, exposed("r", day), exposed("removed", day))
	inv.poll(li, noon, month, exposed("r", day))
	check := func(want ...string) {
		t.Helper()
		got, err := inv.Unmatched(t.Context(), noon)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v; IDs (-want +got):\n%s", err, diff)
		}
	}
	check()
	inv.SetPolicy(accepting("r", "r-second", "removed", "never", "a"))
	check("a", "never", "removed")

	errGone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	if _, err := inv.Unmatched(ctx, noon); !errors.Is(err, errGone) {
		t.Errorf("error %v, want %v", err, errGone)
	}
}
