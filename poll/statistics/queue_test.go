// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package statistics

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const interval = 6 * time.Hour

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestDueAfter(t *testing.T) {
	t.Parallel()
	if due := dueAfter("r", time.Time{}, interval); !due.IsZero() {
		t.Errorf("one that was never asked for is due at %v", due)
	}
	var sum time.Duration
	const recordings = 1000
	for i := range recordings {
		id := strconv.Itoa(i)
		first := dueAfter(id, noon, interval)
		wait := first.Sub(noon)
		if wait <= 0 || wait > interval {
			t.Fatalf("%s is due after %v", id, wait)
		}
		sum += wait
		// From then on it is once in an interval, though it is asked for late.
		for _, late := range []time.Duration{0, time.Nanosecond, 17 * time.Minute} {
			asked := wecom.InstantOf(first.Add(late)).Time()
			if second := dueAfter(id, asked, interval); !second.Equal(first.Add(interval)) {
				t.Fatalf("%s is due at %v, and then at %v", id, first, second)
			}
		}
	}
	if mean := sum / recordings; mean < interval*4/10 || mean > interval*6/10 {
		t.Errorf("recordings that were asked for together are due after %v on average, want about half of %v", mean, interval)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	asked := func(ago time.Duration) wecom.Instant { return wecom.InstantOf(noon.Add(-ago)) }
	q := queue{failures: map[string]failure{
		"refused": {refusal: 48002, at: noon.Add(-time.Hour), retry: noon.Add(-time.Minute)},
		"later":   {at: noon.Add(-time.Hour), retry: noon.Add(time.Minute)},
		"gone":    {at: noon},
	}}
	q.fill([]inventory.Shared{
		{ID: "new"},
		{ID: "refused", Exposed: true},
		{ID: "exposed", Exposed: true, Asked: asked(20 * time.Hour)},
		{ID: "newly exposed", Exposed: true},
		{ID: "old", Asked: asked(30 * time.Hour)},
		{ID: "later", Exposed: true},
		{ID: "just asked", Exposed: true, Asked: asked(0)},
		{ID: "asked by a clock that was ahead", Asked: asked(-40 * 24 * time.Hour)},
	}, interval, noon)
	var got []string
	for {
		next, wait := q.next(noon)
		if wait > 0 {
			break
		}
		got = append(got, next.ID)
		q.take()
	}
	want := []string{"newly exposed", "exposed", "asked by a clock that was ahead", "new", "old", "refused"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if next, wait := q.next(noon); next.ID != "later" || wait != time.Minute {
		t.Errorf("%s is next, in %v", next.ID, wait)
	}
	if _, forgotten := q.failures["gone"]; forgotten || len(q.failures) != 2 {
		t.Errorf("failures: %v", q.failures)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int64{
		&wecom.APIError{Code: 48002}:                           48002,
		&wecom.APIError{Code: 60020}:                           60020,
		&wecom.APIError{Code: 60011}:                           60011,
		fmt.Errorf("asking: %w", &wecom.APIError{Code: 40014}): 40014,
		&wecom.APIError{Code: 730002}:                          0,
		&wecom.APIError{Code: 45009}:                           0,
		&wecom.TokenError{Err: &wecom.APIError{Code: 40001}}:   0,
		errors.New("unknown"):                                  0,
	} {
		if got := refusalOf(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	if !hasNoToken(&wecom.TokenError{}) || hasNoToken(&wecom.APIError{Code: 40014}) {
		t.Error("whether there was a token is not known")
	}
}

func TestManyFailures(t *testing.T) {
	t.Parallel()
	q := queue{failures: map[string]failure{}}
	q.fill([]inventory.Shared{{ID: "a"}, {ID: "b"}}, interval, noon)
	var got strings.Builder
	now := noon
	for range 6 {
		next, wait := q.next(now)
		now = now.Add(wait)
		got.WriteString(next.ID)
		q.take()
		q.fail(next, failure{at: now, retry: now.Add(interval)}, now)
		now = now.Add(time.Minute)
	}
	if got.String() != "ababab" {
		t.Errorf("asked for %s", got.String())
	}
}
