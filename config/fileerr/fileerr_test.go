// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package fileerr

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a b":                    filepath.Join(dir, "a b"),
		filepath.Join(dir, "\t"): filepath.Join(dir, "\t"),
	} {
		if got := Quote(path); got != strconv.Quote(want) {
			t.Errorf("%q: got %s, want %q", path, got, want)
		}
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	if got := Cause(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}); got.Error() != fs.ErrPermission.Error() {
		t.Errorf("got %v, want the cause alone", got)
	}
	if got := Cause(fs.ErrClosed); got.Error() != fs.ErrClosed.Error() {
		t.Errorf("got %v, want the error as it was", got)
	}
}
