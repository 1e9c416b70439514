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

// Rebuild implements Store. An error was logged already.
func (d *disk) Rebuild(now time.Time, batches []Batch) error {
	cause := d.database().whyLost()
	aside, err := d.replace()
	if err == nil {
		err = d.database().write(batches)
	}
	if err == nil {
		level.Error(d.logger).Log("msg", "the store was changed by something else while it was open; "+
			"it was made again from memory", "err", cause, "moved_to", aside,
			"remedy", "leave the file alone while the exporter runs; to put a backup in its place, stop the exporter first",
			"remedy_zh", "导出器运行期间请勿改动该文件；如需恢复备份，请先停止导出器")
	}
	return d.noteWrite(now, err)
}

// replace puts an empty database in the place of the one that is lost. It returns what the
// file that was there is called now; "" if there was none.
func (d *disk) replace() (aside string, err error) {
	before := d.database()
	if err := d.checkUnused(before); err != nil {
		return "", err
	}
	if err := before.close(); err != nil {
		level.Warn(d.logger).Log("msg", "what is left of the store cannot be closed", "err", err)
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return "", fmt.Errorf("making the directory of the store: %w", err)
	}
	if aside, err = moveAside(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	db, err := (&opening{Options: d.options, path: d.path}).openToWrite()
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.db = db
	return aside, nil
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
