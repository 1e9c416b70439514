// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-kit/log/level"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// Rebuild implements Store. An error was logged already, unless it is a RefusedError.
func (d *disk) Rebuild(now time.Time, batches []Batch) error {
	before := d.database()
	aside, err := d.replace(before, batches)
	if _, isRefused := errors.AsType[*RefusedError](err); err == nil || isRefused {
		level.Error(d.logger).Log("msg", "the store was changed by something else while it was open; "+
			"it was rebuilt from memory", "err", before.whyLost(), "moved_to", aside,
			"remedy", "leave the file alone while the exporter is running; to replace it with a backup, stop the exporter first",
			"remedy_zh", "exporter 运行期间请勿改动该文件；如需恢复备份，请先停止 exporter")
	}
	return d.noteWrite(now, err)
}

// replace puts a database of batches in the place of the one that is lost. It returns what the
// file that was there is called now; "" if there was none. The batches are written before it
// takes the place, so that a crash leaves one or the other.
func (d *disk) replace(before *database, batches []Batch) (aside string, err error) {
	if err := d.checkUnused(before); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return "", fmt.Errorf("making the directory of the store: %w", err)
	}
	db, err := openNew(d.path+newSuffix, d.options)
	if err != nil {
		return "", err
	}
	refused := db.write(batches)
	_, isRefused := errors.AsType[*RefusedError](refused)
	if refused != nil && !isRefused {
		err = refused
	} else if aside, err = keepAside(d.path); err == nil {
		err = db.moveTo(d.path)
	}
	if err != nil {
		return "", errors.Join(err, db.close(), os.Remove(db.path))
	}
	d.mu.Lock()
	d.db = db
	d.mu.Unlock()
	if err := before.close(); err != nil {
		level.Warn(d.logger).Log("msg", "the old store file cannot be closed", "err", err)
	}
	return aside, refused
}

// newSuffix is what the name of a file ends in that is to take the place of the store.
const newSuffix = ".new"

// openNew opens an empty store at a path. What a process left there that was ended is removed.
func openNew(path string, o Options) (*database, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing what is left of an earlier attempt: %w", err)
	}
	return (&opening{Options: o, path: path}).openToWrite()
}

// keepAside gives the file at a path a second name, and returns that; "" if there is no file.
func keepAside(path string) (aside string, err error) {
	aside = asideName(path)
	if err = os.Link(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		aside, err = moveAside(path) // The file system has no links.
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return aside, err
}

// moveTo gives the file of a database another name, which another file may have. What it holds
// is on the disk before.
func (db *database) moveTo(path string) error {
	if err := db.Sync(); err != nil {
		return fmt.Errorf("writing the new store file: %w", err)
	}
	if err := os.Rename(db.path, path); err != nil {
		return fmt.Errorf("moving the new store file into place: %w", err)
	}
	db.path = path
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir writes the names in a directory to the disk. Not every system can do that. It does so
// itself, a little later.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}

// checkUnused returns ErrInUse if the file in the place of a database is another one, and
// another process has it open.
func (d *disk) checkUnused(before *database) error {
	if named, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if own, err := before.file.Stat(); err == nil && os.SameFile(own, named) {
		return nil // Its lock is our own.
	}
	err := damageOnPanic(func() error {
		db, err := bbolt.Open(d.path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if err == nil {
			err = db.Close()
		}
		return err
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return ErrInUse
	}
	return nil
}
