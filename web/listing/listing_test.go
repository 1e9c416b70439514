// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestCSV writes titles that a spreadsheet would take for formulas, and ones that CSV quotes.
func TestCSV(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))
	var text strings.Builder
	w, err := NewCSV(&text)
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{
		"plain":           "plain",
		`=HYPERLINK("x")`: `'=HYPERLINK("x")`,
		"+1":              "'+1",
		"-1+1":            "'-1+1",
		"@SUM(A1)":        "'@SUM(A1)",
		"＝1+1":            "'＝1+1",
		"＋1":              "'＋1",
		"－1":              "'－1",
		"＠SUM(A1)":        "'＠SUM(A1)",
		"，=1":             "，=1",
		"\tx":             "\uFFFDx",
		"a, \"b\"\nc":     "a, \"b\"\uFFFDc",
		"\x1b[31m\u202e":  "\uFFFD[31m\uFFFD",
		"会议=1":            "会议=1",
		"":                "",
	}
	want := make([][]string, 1, 1+len(titles))
	want[0] = []string{
		"corp", "host", "id", "title", "start", "state", "files", "bytes", "duration_seconds", "shared_files", "exposed_files",
		"accepted", "overdue",
		"views", "downloads",
	}
	for title, cell := range titles {
		r := &poll.Recording{Corp: "acme", Recording: inventory.Recording{
			ID:       "r1",
			Host:     "=host",
			Title:    title,
			Start:    start,
			State:    wecom.StateCompleted,
			Files:    make([]inventory.File, 2),
			Bytes:    1 << 40,
			Duration: 90*time.Second + 500*time.Millisecond,
			Shared:   2,
			Exposed:  1,
			Accepted: 3,
			Overdue:  4,
			Views:    new(int64(7)),
		}}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		want = append(want, []string{
			"acme", "'=host", "r1", cell, "2026-11-20T01:00:00Z", "completed", "2", "1099511627776", "90.5", "2", "1",
			"3", "4", "7", "",
		})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

// TestViewsInJSON shows views only where statistics are on, and null where they are not known.
func TestViewsInJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		recording poll.Recording
		want      string
	}{
		"off":     {recording: poll.Recording{}, want: `"files":[]}`},
		"unknown": {recording: poll.Recording{Statistics: true}, want: `"files":[],"views":null,"downloads":null}`},
		"known": {
			recording: poll.Recording{
				Statistics: true, Recording: inventory.Recording{Views: new(int64(7)), Downloads: new(int64(0))},
			},
			want: `"files":[],"views":7,"downloads":0}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(Of(&test.recording))
			if err != nil || !strings.HasSuffix(string(got), test.want) {
				t.Errorf("error %v; got %s, want it to end in %s", err, got, test.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 123 << 20: "123 MiB", 5 << 30: "5 GiB", 1 << 62: "4 EiB",
		1010 << 20: "1010 MiB", 999<<30 + 600<<20: "1000 GiB", 999<<30 + 300<<20: "999 GiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestJSONUnderAPolicy(t *testing.T) {
	t.Parallel()
	open := inventory.File{ID: "open", Shared: true, Class: recording.Class{Expiry: recording.NeverExpires}}
	accepted := open
	accepted.Accepted = &policy.Acceptance{Reason: "public training", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}
	r := &poll.Recording{Corp: "acme", Recording: inventory.Recording{
		ID: "r1", Files: []inventory.File{open, accepted}, Acceptance: accepted.Accepted, Exposed: 1, Accepted: 1, Overdue: 2,
	}}
	for _, step := range []struct {
		does func()
		want string
	}{
		{does: func() {}, want: `"accepted":{"reason":"public training","until":"2026-12-31"},"overdue":true,"files":`},
		{does: func() { r.Acceptance = &policy.Acceptance{Reason: "a"} }, want: `"accepted":{"reason":"a","until":null},"overdue":true,`},
		{does: func() { r.Acceptance, r.Overdue = nil, 0 }, want: `"accepted":null,"overdue":false,`},
	} {
		step.does()
		encoded, err := json.Marshal(Of(r))
		if err != nil || !strings.Contains(string(encoded), step.want) {
			t.Errorf("error %v, %s lacks %s", err, encoded, step.want)
		}
	}
	want := []bool{true, false}
	for i, f := range Of(r).Files {
		if f.Exposed != want[i] {
			t.Errorf("file %s is exposed: %t", f.ID, f.Exposed)
		}
	}
}
