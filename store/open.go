// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

const (
	fileName = "state.db"
	// lockTimeout is how long to wait for another process to let go of the store.
	lockTimeout = time.Second
)

var (
	// ErrInUse means that another process has the store open.
	ErrInUse = errors.New("another process is using this store")
	// ErrNewerSchema means that a later version of the program wrote the store.
	ErrNewerSchema = errors.New("it was written by a newer version of this program")
)

// A damageError means that a store cannot be used as it is.
type damageError struct{ cause any }

// Error implements error.
func (d damageError) Error() string { return fmt.Sprintf("it is damaged: %v", d.cause) }

// Open opens the store in a directory, and creates both if they do not exist. The error
// is ErrInUse or ErrNewerSchema. A damaged store is moved out of the way. If nothing can
// be written, what can be read is loaded, and the store keeps nothing from then on.
func Open(dir string, o Options) (Store, error) {
	path := filepath.Join(dir, fileName)
	op := &opening{Options: o, path: path}
	shown := path
	if absolute, err := filepath.Abs(path); err == nil {
		shown = absolute // The user may not know the working directory.
	}
	op.Logger = log.With(o.Logger, "file", shown)
	err := os.MkdirAll(dir, 0o700)
	var db *database
	if err == nil {
		db, err = op.run()
	}
	if damage, ok := errors.AsType[damageError](err); ok {
		if err = op.setAside(damage); err == nil {
			db, err = op.run()
		}
	}
	switch {
	case errors.Is(err, ErrInUse):
		return nil, fmt.Errorf("%s: %w: stop that process, or name another directory with --storage.path", path, ErrInUse)
	case errors.Is(err, ErrNewerSchema):
		return nil, fmt.Errorf("%s: %w: "+
			"run that version, or name another directory with --storage.path to start over", path, err)
	case err != nil:
		level.Error(op.Logger).Log("msg", "the store cannot be written; continuing in memory, "+
			"and what is counted from now on is lost when the process exits",
			"err", err, "remedy", remedyOf(err).english+", then start the exporter again",
			"remedy_zh", remedyOf(err).chinese+"，然后重启 exporter")
		return memory{Status{Configured: true, LastWrite: op.found.lastWrite}}, nil
	}
	return &disk{
		path: path, logger: op.Logger, options: op.Options, db: db, lastWrite: op.found.lastWrite, size: db.size,
	}, nil
}

// An opening is one attempt to open a store, and a second one if the first finds it
// damaged.
type opening struct {
	Options

	path  string
	found contents
}

// contents is what a store held when it was read.
type contents struct {
	schema      int // 0: there was no store
	transaction int // the last one
	lastWrite   time.Time
}

// current is the schema of this program.
func (o *opening) current() int { return len(o.Migrations) + 1 }

func (o *opening) run() (db *database, err error) {
	o.found = contents{}
	err = damageOnPanic(func() error {
		// It is read before it is opened for writing, so that a damaged store is
		// found while nothing can make it worse.
		o.found, err = o.read()
		if err == nil {
			db, err = o.openToWrite()
		}
		return err
	})
	return db, err
}

// damageOnPanic returns a panic as an error, since bbolt panics on many kinds of damage.
// It maps the file into memory, so reading one that is cut off faults.
func damageOnPanic(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = damageError{cause}
		}
	}()
	return do()
}

// setAside moves a damaged store out of the way.
func (o *opening) setAside(damage damageError) error {
	aside, err := moveAside(o.path)
	if err != nil {
		return err
	}
	level.Error(o.Logger).Log("msg", "the damaged store was set aside, and counting starts over", "err", damage,
		"moved_to", aside, "remedy", "replace the file with a backup while the exporter is stopped; "+
			"or delete the file that was set aside, if nobody needs it",
		"remedy_zh", "请停止 exporter，用备份替换该文件后再启动；无需恢复的，删除已改名隔离的文件")
	return nil
}

func asideName(path string) string {
	return path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000Z")
}

// moveAside renames the file at a path, and returns what it is called then.
func moveAside(path string) (aside string, err error) {
	aside = asideName(path)
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("moving a damaged store out of the way: %w", err)
	}
	return aside, nil
}

// read loads the store without changing it, and so checks it.
func (o *opening) read() (found contents, err error) {
	if err := o.Load(nil); err != nil {
		return found, err
	}
	info, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found, nil
	case err != nil:
		return found, fmt.Errorf("looking for the store: %w", err)
	case info.Size() == 0:
		level.Warn(o.Logger).Log("msg", "the store is empty, and counting starts over")
		return found, nil
	}
	db, err := bbolt.Open(o.path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return found, openError(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() {
			return damageError{fmt.Sprintf("it has %d bytes, and should have %d", info.Size(), tx.Size())}
		}
		// The size overflows if the number of pages is nonsense, and bbolt would visit them all.
		if page, err := tx.Page(int(info.Size() / int64(db.Info().PageSize))); page != nil || err != nil {
			return damageError{errPage}
		}
		if err := checkPages(o.path, tx); err != nil {
			return damageError{err}
		}
		found.transaction, found.lastWrite = tx.ID(), info.ModTime()
		if first, _ := tx.Cursor().First(); first == nil {
			return nil // The process that created it was ended before it wrote anything.
		}
		if found.schema, err = o.readSchema(tx); err != nil || found.schema < o.current() {
			return err // One of an earlier schema is loaded once it was migrated.
		}
		return o.load(tx)
	})
	return found, err
}

// openError returns whether it is the system that refused to open the file, or what the
// file holds.
func openError(err error) error {
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return ErrInUse
	}
	_, isPath := errors.AsType[*fs.PathError](err)
	_, isErrno := errors.AsType[syscall.Errno](err)
	if isPath || isErrno {
		return fmt.Errorf("opening the store: %w", err)
	}
	return damageError{err}
}

func (o *opening) readSchema(tx *bbolt.Tx) (int, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil || tx.Bucket(bucketGroups) == nil {
		return 0, damageError{"it is not a store of this program"}
	}
	schema, err := readNumber(meta, keySchema)
	switch {
	case err != nil:
		return 0, damageError{fmt.Errorf("schema: %w", err)}
	case schema < 1:
		return 0, damageError{"it has no schema"}
	case schema > o.current():
		return 0, fmt.Errorf("%w: schema %d, and this version knows schemas up to %d",
			ErrNewerSchema, schema, o.current())
	}
	return schema, nil
}

func (o *opening) load(tx *bbolt.Tx) error {
	groups, err := groupsOf(tx)
	if err == nil {
		err = o.Load(groups)
	}
	if err != nil {
		return damageError{err}
	}
	return nil
}

// openToWrite opens the store for good, and brings it to the schema of this program.
func (o *opening) openToWrite() (*database, error) {
	db, err := openDatabase(o.path)
	if err != nil {
		if o.found.schema == 0 && !errors.Is(err, ErrInUse) {
			os.Remove(o.path) // We created this file, and nothing was written to it yet.
		}
		return nil, err
	}
	if err = o.prepare(db); err != nil {
		db.Close()
		return nil, err
	}
	db = o.compact(db)
	// bbolt has read the whole file for its list of free pages. Writes read few of them again.
	if err := db.release(); err != nil {
		level.Debug(o.Logger).Log("msg", "the store file stays in memory", "err", err)
	}
	return db, nil
}

func (o *opening) prepare(db *database) error {
	err := db.View(func(tx *bbolt.Tx) error {
		isNew := o.found.schema == 0 && tx.Bucket(bucketMeta) == nil
		if isNew || o.found.schema != 0 && tx.ID() == o.found.transaction {
			return nil
		}
		return ErrInUse // Another process wrote it since it was read.
	})
	if err != nil {
		return err
	}
	damaged, err := db.repairMetaPages()
	if damaged {
		level.Warn(o.Logger).Log("msg", "one of the first two pages of the store was damaged and is being rewritten; the "+
			"last write may be missing", "last_write", o.found.lastWrite.UTC().Format(time.RFC3339))
	}
	if err != nil || o.found.schema == o.current() {
		return err
	}
	if err := db.update(o.migrate); err != nil {
		return fmt.Errorf("preparing the store for schema %d: %w", o.current(), err)
	}
	if o.found.schema == 0 {
		return nil
	}
	if err := db.View(o.load); err != nil {
		return fmt.Errorf("reading the store after its migration from schema %d to %d: %w",
			o.found.schema, o.current(), err)
	}
	level.Info(o.Logger).Log("msg", "the store was migrated", "from_schema", o.found.schema, "to_schema", o.current())
	return nil
}

// migrate brings the store to the schema of this program.
func (o *opening) migrate(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucketIfNotExists(bucketGroups); err != nil {
		return err
	}
	if o.found.schema > 0 {
		if err := o.migrateGroups(tx); err != nil {
			return err
		}
	}
	if err := writeNumber(meta, keySchema, o.current()); err != nil {
		return err
	}
	return countGroups(tx)
}

func (o *opening) migrateGroups(tx *bbolt.Tx) error {
	groups, err := groupsOf(tx)
	if err != nil {
		return damageError{err}
	}
	for _, step := range o.Migrations[o.found.schema-1:] {
		for _, group := range groups {
			err := step(group)
			if errors.Is(err, errValue) {
				return damageError{err}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
