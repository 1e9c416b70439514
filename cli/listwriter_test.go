// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestTable has a recording that goes on, whose files WeCom does not list yet, and one without any.
func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w, err := newListWriter(formatTable, &b, false)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var running, empty poll.Recording
	running.ID, running.Host, running.Start, running.State = "r1", "li", start, wecom.StateRecording
	empty.ID, empty.Host, empty.State, empty.Title = "r2", "an", wecom.StateCompleted, "a title"
	for _, r := range []*poll.Recording{&running, &empty} {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `HOST  START              STATE      FILES  SHARED  EXPOSED  SIZE  LENGTH  ID  TITLE
li    2026-03-02T09:00Z  recording  -      -       -        -     -       r1  -
an    -                  completed  0      0       0        0 B   0s      r2  a title
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("tables differ (-want +got):\n%s", diff)
	}
}
