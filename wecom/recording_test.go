// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"slices"
	"testing"
	"time"
)

func TestStates(t *testing.T) {
	t.Parallel()
	want := [NumStates]string{"unknown", "recording", "transcoding", "completed"}
	for i, text := range want {
		if got := State(i).String(); got != text {
			t.Errorf("state %d is %q, want %q", i, got, text)
		}
	}
	for _, s := range []State{-1, NumStates} {
		if got := s.String(); got != "unknown" {
			t.Errorf("state %d is %q, want unknown", int(s), got)
		}
	}
	if names := StateNames(); !slices.Equal(names, want[:]) {
		t.Errorf("the names are %q, want %q", names, want)
	}
}

func TestStateNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		want State
		ok   bool
	}{
		{name: "unknown", want: StateUnknown, ok: true},
		{name: "completed", want: StateCompleted, ok: true},
		{name: "Completed"},
		{name: "3"},
		{name: ""},
	} {
		if got, ok := StateNamed(test.name); got != test.want || ok != test.ok {
			t.Errorf("%q: state %v, %t; want %v, %t", test.name, got, ok, test.want, test.ok)
		}
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 1, 0, 0, 250e6, time.UTC)
	i := InstantOf(at)
	if i != 1_772_413_200_250 || i.Seconds() != 1_772_413_200.25 || !i.Time().Equal(at) {
		t.Errorf("instant %d, %f s, time %s; want those of %s", i, i.Seconds(), i.Time(), at)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file File
		want time.Duration
	}{
		"an hour":                 {file: File{Start: 1_000, End: 3_601_000}, want: time.Hour},
		"no start":                {file: File{End: 3_601_000}, want: 0},
		"no end":                  {file: File{Start: 1_000}, want: 0},
		"an end before its start": {file: File{Start: 2_000, End: 1_000}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.file.Duration(); got != test.want {
				t.Errorf("duration %s, want %s", got, test.want)
			}
		})
	}
}
