// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	file := func(id string, size int64) wecom.File { return wecom.File{ID: id, Size: size} }
	pages := make([]wecom.Recording, 0, 5)
	pages = append(pages, []wecom.Recording{
		{ID: "a", Files: []wecom.File{file("1", 1), file("1", 1), file("", 5), file("", 7)}},
		{ID: "b", State: wecom.StateRecording},
	}...)
	pages = append(pages, []wecom.Recording{
		{ID: "b", State: wecom.StateCompleted, Files: []wecom.File{file("2", 2)}},
		{ID: "a", Files: []wecom.File{file("1", 10), file("3", 3), file("", 5), file("", 6)}},
		{ID: "c"},
	}...)
	want := []wecom.Recording{
		{ID: "a", Files: []wecom.File{file("1", 10), file("3", 3), file("", 5), file("", 6), file("", 7)}},
		{ID: "b", State: wecom.StateCompleted, Files: []wecom.File{file("2", 2)}},
		{ID: "c"},
	}
	if diff := cmp.Diff(want, Merge(pages)); diff != "" {
		t.Errorf("recordings (-want +got):\n%s", diff)
	}
}

// TestARecordingOnEveryPage has a list with ever more files of one recording.
func TestARecordingOnEveryPage(t *testing.T) {
	t.Parallel()
	const number = 30
	pages := make([]wecom.Recording, 0, number)
	for page := range number {
		r := wecom.Recording{ID: "r"}
		for i := range 1000 {
			r.Files = append(r.Files, wecom.File{ID: fmt.Sprintf("%d-%d", page, i)})
		}
		pages = append(pages, r)
	}
	merged := Merge(pages)
	if len(merged) != 1 || len(merged[0].Files) != wecom.MaxFiles || merged[0].Files[0].ID != "29-0" {
		t.Errorf("%d recordings with %d files, want one with %d, those of the last page first",
			len(merged), len(merged[0].Files), wecom.MaxFiles)
	}
}
