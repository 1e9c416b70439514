// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package glob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a", "x.yml"))
	writeFile(t, filepath.Join(dir, "b", "x.yml", "y"))
	tests := []struct {
		name    string
		pattern string
		want    []string
	}{
		{name: "no pattern", pattern: dir + "/./nope.yml", want: []string{dir + "/nope.yml"}},
		{name: "files, not folders", pattern: dir + "/[ab]/x.yml", want: []string{dir + "/a/x.yml"}},
		{name: "no match", pattern: dir + "/*.yml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Expand(test.pattern)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
	t.Run("malformed", func(t *testing.T) {
		t.Parallel()
		if paths, err := Expand("nope/a*["); err == nil {
			t.Errorf("got %q, want an error", paths)
		}
	})
}

// TestFolderThatCannotBeRead has folders that nobody can read, and one that only root can.
func TestFolderThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	want := map[string]error{"loop": syscall.ELOOP}
	if os.Geteuid() != 0 {
		writeFile(t, filepath.Join(dir, "denied", "x.yml"))
		if err := os.Chmod(dir+"/denied", 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Chmod(dir+"/denied", 0o700); err != nil { // or it cannot be removed
				t.Error(err)
			}
		})
		want["denied"] = fs.ErrPermission
	}
	for folder, cause := range want {
		errs := FolderErrors(filepath.Join(dir, folder, "*.yml"))
		if len(errs) != 1 || !errors.Is(errs[0], cause) {
			t.Errorf("%s: got %v, want one error that is %v", folder, errs, cause)
		}
	}
}

// writeFile writes an empty file, and the folders above it.
func writeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
