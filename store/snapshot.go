// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// snapshotsDir is where snapshots are, in the directory of the store.
const snapshotsDir = "snapshots"

// ErrNotConfigured means that there is no store, because none was asked for.
var ErrNotConfigured = errors.New("nothing is stored without --storage.path")

// Snapshot implements Store. Commits go on meanwhile, unless the file has to grow: then they wait.
func (d *disk) Snapshot(ctx context.Context, now time.Time) (name string, err error) {
	dir := filepath.Join(filepath.Dir(d.path), snapshotsDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the directory of snapshots: %w", err)
	}
	name = "state-" + now.UTC().Format("20060102T150405.000Z") + ".db"
	path := filepath.Join(dir, name)
	unfinished := filepath.Join(dir, fileName+newSuffix)
	err = d.database().copyTo(ctx, unfinished)
	if err == nil {
		err = checkSnapshot(unfinished)
	}
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		os.Remove(unfinished)
		return "", fmt.Errorf("writing the snapshot %s: %w", path, err)
	}
	syncDir(dir)
	return name, nil
}

// copyTo copies a database as it is at one moment to a file, which is on the disk then.
func (db *database) copyTo(ctx context.Context, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	write := writerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return file.Write(p)
	})
	err = db.view(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(write)
		return err
	})
	if err != nil {
		return err
	}
	return file.Sync()
}

// checkSnapshot reads a whole snapshot: a backup must not turn out to be damaged on the day that
// it is needed.
func checkSnapshot(path string) error {
	return damageOnPanic(func() error {
		db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if err != nil {
			return openError(err)
		}
		checked := db.View(func(tx *bbolt.Tx) error {
			if err := checkPages(path, tx); err != nil {
				return damageError{err}
			}
			if err := checkValues(tx); err != nil {
				return damageError{err}
			}
			return nil
		})
		return errors.Join(checked, db.Close())
	})
}

// A writerFunc is a function that is an io.Writer.
type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
