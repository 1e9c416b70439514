// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"errors"
	"fmt"
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
			logged:  "target file no longer names any targets",
		},
		{
			does:    func() { write("b.yml", "userids: [wang]") },
			changed: true,
			want:    []string{"li", "wang"},
		},
		{
			does: func() {
				if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
					t.Fatal(err)
				}
			},
			changed: true,
			want:    []string{"wang"},
			logged:  "target file is gone",
		},
		{
			does: func() {
				if err := os.Remove(filepath.Join(dir, "b.yml")); err != nil {
					t.Fatal(err)
				}
			},
			changed: true,
			want:    []string{},
			logged:  "no target file matches the pattern anymore",
		},
	} {
		text.Reset()
		step.does()
		changed := f.refresh(targets, false)
		if changed := f.refresh(targets, false) || changed; changed != step.changed {
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

// TestFilesThatChange has a target file, or its folder, change between looks. At first it names
// li.
func TestFilesThatChange(t *testing.T) {
	t.Parallel()
	type look struct {
		does   func(t *testing.T, path string)
		atOnce bool
		want   []string
	}
	write := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	sameTime := func(t *testing.T, path string, replace func(path string) error) {
		t.Helper()
		info, err := os.Stat(path)
		if err == nil {
			err = errors.Join(replace(path), os.Chtimes(path, info.ModTime(), info.ModTime()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	inPlace := func(t *testing.T, path string) {
		t.Helper()
		sameTime(t, path, func(path string) error { return os.WriteFile(path, []byte("userids: [qi]"), 0o600) })
	}
	swapped := func(t *testing.T, path string) {
		t.Helper()
		sameTime(t, path, func(path string) error {
			other := filepath.Join(t.TempDir(), "other.yml")
			return errors.Join(os.WriteFile(other, []byte("userids: [qi]"), 0o600), os.Remove(path), os.Symlink(other, path))
		})
	}
	missing := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	// As root no folder is unreadable, but what is none cannot be listed, either.
	noFolder := func(t *testing.T, path string) {
		t.Helper()
		folder := filepath.Dir(path)
		if err := errors.Join(os.Rename(folder, folder+"-moved"), os.WriteFile(folder, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, string) {}
	for name, test := range map[string]struct {
		looks  []look
		logged string
	}{
		"half of it is written": {looks: []look{
			{does: write("userids:"), want: []string{"li"}},
			{does: write("userids: [li,"), want: []string{"li"}},
			{does: write("userids: [li, wang]"), want: []string{"li"}},
			{does: nothing, want: []string{"li", "wang"}},
		}},
		"a reload does not wait": {looks: []look{
			{does: write("userids: [li, wang]"), atOnce: true, want: []string{"li", "wang"}},
		}},
		"a link to a file of the same size and time": {looks: []look{
			{does: swapped, want: []string{"li"}},
			{does: nothing, want: []string{"qi"}},
		}},
		"another content of the same size and time": {looks: []look{
			{does: inPlace, want: []string{"li"}},
			{does: nothing, want: []string{"li"}},
			{does: nothing, atOnce: true, want: []string{"qi"}},
		}},
		"missing for a moment": {looks: []look{
			{does: missing, want: []string{"li"}},
			{does: write("userids: [li, wang]"), want: []string{"li"}},
			{does: nothing, want: []string{"li", "wang"}},
			{does: missing, want: []string{"li", "wang"}},
			{does: nothing, want: []string{}},
		}, logged: "no target file matches the pattern anymore"},
		"the folder cannot be read": {looks: []look{
			{does: noFolder, want: []string{"li"}},
			{does: nothing, want: []string{"li"}},
			{does: nothing, atOnce: true, want: []string{"li"}},
		}, logged: "the known ones are kept"},
		"empty": {looks: []look{
			{does: write("userids: []"), want: []string{"li"}},
			{does: nothing, want: []string{}},
		}, logged: "no longer names any targets"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "targets", "a.yml")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			f := newFiles(log.NewLogfmtLogger(&text))
			targets := config.Targets{Files: []string{filepath.Join(filepath.Dir(path), "*.yml")}}
			write("userids: [li]")(t, path)
			f.refresh(targets, false)
			for i, look := range test.looks {
				look.does(t, path)
				f.refresh(targets, look.atOnce)
				got := make([]string, 0, 2)
				for _, target := range f.merge(targets, nil) {
					got = append(got, target.ID)
				}
				if diff := cmp.Diff(look.want, got); diff != "" {
					t.Errorf("look %d: targets (-want +got):\n%s", i, diff)
				}
			}
			if n := strings.Count(text.String(), test.logged); test.logged != "" && n != 1 || test.logged == "" && text.Len() > 0 {
				t.Errorf("the log should have %q once:\n%s", test.logged, &text)
			}
		})
	}
}

// TestManyFilesAtOnce has something happen to many target files at once. Each names two users.
func TestManyFilesAtOnce(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		happens func(t *testing.T, path string) // to all files but c.yml
		later   func(t *testing.T, path string) // to all files
		want    []string                        // in the only line that is logged each time
	}{
		"broken, and right again": {
			happens: func(t *testing.T, path string) { t.Helper(); write(t, path, "userid: [a]") },
			later:   func(t *testing.T, path string) { t.Helper(); write(t, path, "userids: [a]") },
			want: []string{
				`level=error msg="target files cannot be used; their last targets are kept" files=5 ` +
					`first="a.yml: line 1: \"userid\" is not a known key`,
				`level=info msg="target files can be used again" files=5 first="a.yml; b.yml; d.yml"`,
			},
		},
		"empty, and gone": {
			happens: func(t *testing.T, path string) { t.Helper(); write(t, path, "userids: []") },
			later:   remove,
			want: []string{
				`level=warn msg="target files no longer name any targets" files=5 first="a.yml; b.yml; d.yml" targets_before=10`,
				`level=warn msg="no target file matches the pattern anymore; its targets were removed" pattern=*.yml ` +
					`files=6 targets_before=2 remedy=`,
			},
		},
		"gone": {
			happens: remove,
			later:   func(*testing.T, string) {},
			want: []string{
				`level=info msg="target files are gone; their targets were removed" files=5 first="a.yml; b.yml; d.yml" targets_before=10`,
				``,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var text bytes.Buffer
			f := newFiles(log.NewLogfmtLogger(&text))
			targets := config.Targets{Files: []string{filepath.Join(dir, "*.yml"), filepath.Join(dir, "other", "*.yml")}}
			paths := make([]string, 0, 6)
			for i := range cap(paths) {
				path := filepath.Join(dir, string(rune('a'+i))+".yml")
				write(t, path, fmt.Sprintf("userids: [u%d, v%d]", i, i))
				paths = append(paths, path)
			}
			f.refresh(targets, true)
			for i, happens := range []func(*testing.T, string){test.happens, test.later} {
				text.Reset()
				for _, path := range paths {
					if i > 0 || filepath.Base(path) != "c.yml" {
						happens(t, path)
					}
				}
				f.refresh(targets, false)
				f.refresh(targets, false)
				got := strings.ReplaceAll(strings.ReplaceAll(text.String(), `\"`+dir+"/", ""), dir+"/", "")
				got = strings.ReplaceAll(got, `.yml\"`, ".yml")
				if want := test.want[i]; !strings.HasPrefix(got, want) || strings.Count(got, "\n") != min(len(want), 1) {
					t.Errorf("logged %d:\n%s\nwant one line that begins with\n%s", i, got, want)
				}
			}
		})
	}
}

func TestMergeTargets(t *testing.T) {
	t.Parallel()
	f := newFiles(log.NewNopLogger())
	f.read = map[string]*file{
		"b": {Content: config.TargetFile{UserIDs: []string{"wang", "LI"}, MeetingCodes: []string{"1"}}},
		"a": {Content: config.TargetFile{UserIDs: []string{"zhao"}}},
	}
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
