// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"testing"
	"time"
)

func TestLimiterHalvesAndGrowsBack(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		l := newLimiter(4)
		acquire := func() time.Time {
			t.Helper()
			if err := l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Now()
		}
		tooMany := &APIError{Endpoint: listEndpoint, Code: 45033}

		first, second := acquire(), acquire()
		time.Sleep(time.Second)
		l.done(first, tooMany)
		l.done(second, tooMany)
		if l.limit != 2 {
			t.Errorf("limit %d after two refusals of calls that were in flight together, want 2", l.limit)
		}

		for range 2 {
			time.Sleep(time.Second)
			l.done(acquire(), tooMany)
		}
		if l.limit != 1 {
			t.Errorf("limit %d after three refusals, want 1", l.limit)
		}

		for i := range 80 {
			l.done(acquire(), nil)
			if want := min(1+(i+1)/20, 4); l.limit != want {
				t.Fatalf("limit %d after %d successes, want %d", l.limit, i+1, want)
			}
		}
	})
}

func TestLimiterIgnoresOtherErrors(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		l := newLimiter(4)
		for _, code := range []int64{-1, 45009, 60020, 60111} {
			time.Sleep(time.Second)
			if err := l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.done(time.Now(), &APIError{Endpoint: listEndpoint, Code: code})
			if l.limit != 4 || l.inFlight != 0 {
				t.Errorf("limit %d, %d in flight after errcode %d; want 4 and 0", l.limit, l.inFlight, code)
			}
		}
	})
}

func TestLimiterSetMax(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit, max int // before
		setMax     int
		want       int // limit after
	}{
		"raised":                     {limit: 4, max: 4, setMax: 6, want: 6},
		"lowered":                    {limit: 4, max: 4, setMax: 2, want: 2},
		"unchanged":                  {limit: 4, max: 4, setMax: 4, want: 4},
		"halved before, unchanged":   {limit: 2, max: 4, setMax: 4, want: 2},
		"halved before, raised":      {limit: 2, max: 4, setMax: 6, want: 2},
		"halved before, lowered":     {limit: 2, max: 4, setMax: 3, want: 2},
		"halved before, lowered far": {limit: 2, max: 4, setMax: 1, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				l := newLimiter(test.max)
				l.limit = test.limit
				l.setMax(test.setMax)
				if l.limit != test.want {
					t.Errorf("limit %d, want %d", l.limit, test.want)
				}
				for range test.setMax * limiterStep {
					if err := l.acquire(t.Context()); err != nil {
						t.Fatal(err)
					}
					l.done(time.Now(), nil)
				}
				if l.limit != test.setMax {
					t.Errorf("limit %d after many successes, want %d", l.limit, test.setMax)
				}
			})
		})
	}
}
