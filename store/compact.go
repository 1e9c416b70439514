// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/go-kit/log/level"
	"go.etcd.io/bbolt"
)

const (
	// compactAbove is how many bytes must be free before a store is compacted. bbolt lets a
	// file grow by 16 MiB at once, so less would be won for a moment only.
	compactAbove = 16 << 20
	// compactBatch bounds the memory that compaction takes.
	compactBatch = 8 << 20
)

// compact returns the database in a new file if more than half of its own is free. Free pages
// are used again, but the file never shrinks by itself. If that fails, the old file goes on.
func (o *opening) compact(db *database) *database {
	os.Remove(o.path + newSuffix) // A process may have been ended while it wrote it.
	free, size := db.free()
	if free < compactAbove || free <= size/2 || runtime.GOOS == "windows" { // which cannot rename open files
		return db
	}
	compacted, err := db.compacted(o.path + newSuffix)
	if err != nil {
		level.Warn(o.Logger).Log("msg", "the store could not be compacted; it stays as it is", "err", err,
			"remedy", "free up space for a second file on the disk; the next start tries again",
			"remedy_zh", "请腾出足够再放一个状态文件的空间，下次启动时会重试")
		return db
	}
	level.Info(o.Logger).Log("msg", "the store was compacted because most of it was free",
		"bytes_before", db.size, "bytes_after", compacted.size)
	if err := db.close(); err != nil {
		level.Warn(o.Logger).Log("msg", "the old store file cannot be closed", "err", err)
	}
	return compacted
}

// free returns how many bytes of a database are not in use, and how many are in use or were.
func (db *database) free() (free, size int64) {
	err := db.view(func(tx *bbolt.Tx) error {
		free, size = int64(db.Stats().FreePageN)*int64(db.Info().PageSize), tx.Size()
		return nil
	})
	if err != nil {
		return 0, 0
	}
	return free, size
}

// compacted copies what a database holds into a new file, which then takes the place of its
// own. The lock of the own file is held all the while. A crash leaves one or the other.
func (db *database) compacted(path string) (*database, error) {
	to, err := openDatabase(path)
	if err != nil {
		return nil, err
	}
	to.NoSync = true // moveTo does that, once.
	err = damageOnPanic(func() error { return bbolt.Compact(to.DB, db.DB, compactBatch) })
	to.NoSync = false
	if err == nil {
		err = to.noteAll()
	}
	if err == nil {
		err = to.moveTo(db.path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copying the store: %w", err), to.close(), os.Remove(to.path))
	}
	return to, nil
}
