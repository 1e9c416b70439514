// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTargetFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var text bytes.Buffer
	f := newFiles(log.NewLogfmtLogger(&text))
	targets := config.Targets{Files: []string{filepath.Join(dir, "*.yml")}}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		does    func()
		changed bool
		want    []string
		logged  string // a part of the line
	}{
		{
			does: func() {},
			want: []string{},
		},
		{
			does:    func() { write("a.yml", "userids: [li]") },
			changed: true,
			want:    []string{"li"},
		},
		{
			does: func() {},
			want: []string{"li"},
		},
		{
			does:    func() { write("b.yml", "userids: [wang, LI]\nmeetingids: [m]") },
			changed: true,
			want:    []string{"li", "wang", "m"},
		},
		{
			does:   func() { write("b.yml", "userid: [zhao]") },
			want:   []string{"li", "wang", "m"},
			logged: "target file cannot be used",
		},
		{
			does: func() {}, // It is logged once.
			want: []string{"li", "wang", "m"},
		},
		{
			does:    func() { write("b.yml", "userids: []") },
			changed: true,
			want:    []string{"li"},
			logged:  "target file is right again",
		},
		{
			does: func() {
				if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
					t.Fatal(err)
				}
			},
			changed: true,
			want:    []string{},
			logged:  "target file is gone",
		},
	} {
		text.Reset()
		step.does()
		if changed := f.refresh(targets); changed != step.changed {
			t.Errorf("step %d: changed: %t, want %t", i, changed, step.changed)
		}
		got := make([]string, 0, 8)
		for _, target := range f.merge(targets, nil) {
			got = append(got, target.ID)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("step %d: targets (-want +got):\n%s", i, diff)
		}
		if strings.Contains(text.String(), step.logged) != (step.logged != "" || text.Len() == 0) ||
			step.logged == "" && text.Len() > 0 {
			t.Errorf("step %d: the log should have %q:\n%s", i, step.logged, &text)
		}
	}
}

func TestMergeTargets(t *testing.T) {
	t.Parallel()
	f := newFiles(log.NewNopLogger())
	f.read["b"] = &file{content: config.TargetFile{UserIDs: []string{"wang", "LI"}, MeetingCodes: []string{"1"}}}
	f.read["a"] = &file{content: config.TargetFile{UserIDs: []string{"zhao"}}}
	got := f.merge(config.Targets{UserIDs: []string{"li"}, MeetingCodes: []string{"1"}}, []string{"Wang", "qian"})
	want := []wecom.Target{
		{Selector: wecom.ByUserID, ID: "li"},
		{Selector: wecom.ByMeetingCode, ID: "1"},
		{Selector: wecom.ByUserID, ID: "zhao"},
		{Selector: wecom.ByUserID, ID: "wang"},
		{Selector: wecom.ByUserID, ID: "qian"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}
