// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// Copy copies the store in one directory, which no process may use, to another one, which
// must exist. The error is ErrInUse if a process does.
func Copy(from, to string) error {
	path := filepath.Join(from, fileName)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("looking for the store: %w", err)
	}
	return damageOnPanic(func() error {
		db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if errors.Is(err, bbolterrors.ErrTimeout) {
			return fmt.Errorf("%s: %w: stop that process first", path, ErrInUse)
		}
		if err != nil {
			return fmt.Errorf("opening %s: %w", path, err)
		}
		copied := db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(filepath.Join(to, fileName), 0o600) })
		if err := errors.Join(copied, db.Close()); err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
		return nil
	})
}
