// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"go.etcd.io/bbolt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
)

// retryRange is how soon a write that failed is tried again.
var retryRange = backoff.Range{First: 2 * time.Second, Max: time.Minute}

// A disk is a store in a file of bbolt.
type disk struct {
	path    string
	logger  log.Logger
	options Options

	mu        sync.Mutex
	db        *database // only Rebuild changes it
	retry     backoff.Backoff
	lastWrite time.Time
	size      int64 // of the file in bytes, after the last write
}

func (d *disk) database() *database {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.db
}

// Keeps implements Store.
func (*disk) Keeps() bool { return true }

// Due implements Store.
func (d *disk) Due(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !now.Before(d.retry.Until())
}

// Commit implements Store. An error was logged already, unless it is ErrLost or a RefusedError.
func (d *disk) Commit(now time.Time, batches []Batch) error {
	if len(batches) == 0 {
		return nil
	}
	err := d.database().write(batches)
	if errors.Is(err, ErrLost) {
		return err // Rebuild is next, and logs it.
	}
	return d.noteWrite(now, err)
}

// write writes batches in one transaction, without those that cannot be written.
func (db *database) write(batches []Batch) error {
	refused := RefusedError{Groups: map[string]error{}}
	for {
		failing := ""
		err := db.update(func(tx *bbolt.Tx) error {
			for i := range batches {
				failing = batches[i].Group
				if refused.Groups[failing] != nil {
					continue
				}
				if err := batches[i].write(tx.Bucket(bucketGroups)); err != nil {
					return err
				}
			}
			failing = ""
			return countGroups(tx)
		})
		switch {
		case err != nil && failing != "" && !errors.Is(err, ErrLost):
			refused.Groups[failing] = err // Nothing of the transaction has reached the disk.
		case err != nil:
			return err
		case len(refused.Groups) > 0:
			return &refused
		default:
			return nil
		}
	}
}

// noteWrite notes how a write went, and returns its error.
func (d *disk) noteWrite(now time.Time, err error) error {
	refused, isRefused := errors.AsType[*RefusedError](err)
	if isRefused {
		err = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	failedBefore := d.retry.Failing()
	if err != nil {
		d.retry.Fail(now, retryRange)
		if !failedBefore {
			level.Error(d.logger).Log("msg", "the store cannot be written; continuing in memory and trying again",
				"err", err, "remedy", remedyOf(err).english, "remedy_zh", remedyOf(err).chinese)
		}
		return fmt.Errorf("writing the store: %w", err)
	}
	d.lastWrite, d.size = now, d.db.size
	d.retry.Reset()
	if failedBefore {
		level.Info(d.logger).Log("msg", "the store can be written again")
	}
	if isRefused {
		return refused
	}
	return nil
}

// Read implements Store.
func (d *disk) Read(name string, load func(*Group) error) (found bool, err error) {
	err = d.database().view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketGroups).Bucket([]byte(name))
		if b == nil {
			return nil
		}
		found = true
		return load(&Group{name: []byte(name), bucket: b})
	})
	if errors.Is(err, ErrLost) {
		return found, fmt.Errorf("%s: reading group %q: %w: it is rebuilt from memory: "+
			"try again in a minute", d.path, name, err)
	}
	if err != nil {
		return found, fmt.Errorf("%s: reading group %q: %w: "+
			"stop the exporter, then replace the file with a backup or move it away", d.path, name, err)
	}
	return found, nil
}

// Delete implements Store.
func (d *disk) Delete(names []string) error {
	if len(names) == 0 {
		return nil
	}
	err := d.database().update(func(tx *bbolt.Tx) error {
		for _, name := range names {
			if err := tx.Bucket(bucketGroups).DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return countGroups(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: deleting groups: %w", d.path, err)
	}
	return nil
}

// Verify implements Store.
func (d *disk) Verify() error {
	db := d.database()
	if err := db.check(); err != nil {
		return err
	}
	return db.verify()
}

// Status implements Store.
func (d *disk) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Status{Configured: true, Successful: !d.retry.Failing(), LastWrite: d.lastWrite, SizeBytes: d.size}
}

// Close implements Store.
func (d *disk) Close() error { return d.database().close() }

// A remedy is what to do about an error, in the two languages of the log.
type remedy struct{ english, chinese string }

func remedyOf(err error) remedy {
	switch {
	case errors.Is(err, ErrInUse):
		return remedy{
			"stop the other process, or name another directory with --storage.path",
			"请停止另一个进程，或用 --storage.path 指定其他目录",
		}
	case isFull(err):
		return remedy{
			"free up space on the disk, or name a directory on another disk with --storage.path",
			"请腾出磁盘空间，或用 --storage.path 指定其他磁盘上的目录",
		}
	case errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission):
		return remedy{
			"give the exporter's user write access to the directory, or name another directory with --storage.path",
			"请为运行本程序的用户授予该目录的写入权限，或用 --storage.path 指定其他目录",
		}
	}
	return remedy{
		"check whether the disk is healthy, or name a directory on another disk with --storage.path",
		"请检查磁盘是否正常，或用 --storage.path 指定其他磁盘上的目录",
	}
}
