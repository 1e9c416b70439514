// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	if err := Copy(from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no store: %v", err)
	}
	s, _ := open(t, from)
	want := content{"a": {"1": "one"}}
	commit(t, s, want.batches()...)
	if err := Copy(from, to); !errors.Is(err, ErrInUse) {
		t.Errorf("a store in use: %v", err)
	}
	closeStore(t, s)
	if err := Copy(from, to); err != nil {
		t.Fatal(err)
	}
	copied, held := open(t, to)
	defer closeStore(t, copied)
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(from, fileName), []byte("no store"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(from, t.TempDir()); err == nil {
		t.Error("a file that is no store was copied")
	}
}
