// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/go-kit/log"
)

// TestStoreThatIsBeingCreated has another process about to create the store.
func TestStoreThatIsBeingCreated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, err := os.Create(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Logger: log.NewNopLogger(), Load: loadNothing}); !errors.Is(err, ErrInUse) {
		t.Errorf("a store that another process creates: %v", err)
	}
	if _, err := os.Stat(file.Name()); err != nil {
		t.Errorf("the file of another process is gone: %v", err)
	}
}
