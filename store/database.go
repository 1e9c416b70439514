// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// ErrLost means that the file was cut off, replaced, overwritten or deleted while it was
// open. Nothing can be written to it any more.
var ErrLost = errors.New("the store file was changed by something else")

var errOtherWriter = errors.New("something else wrote it")

// A database is the file of a store, open to be written by this process alone. Something
// else may change the file all the same. That is noticed before a write and during it.
type database struct {
	*bbolt.DB

	path        string
	file        *os.File  // of the DB
	size        int64     // of the file after the last write; it never shrinks
	modified    time.Time // when the last write was, by the file system
	transaction int       // the last one

	mu   sync.Mutex
	lost error // why nothing can be read or written any more; nil: it can
}

// whyLost returns why nothing can be read or written any more; nil if it can.
func (db *database) whyLost() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.lost
}

// lose notes why nothing can be read or written any more, and returns it as ErrLost.
func (db *database) lose(why error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.lost == nil {
		db.lost = fmt.Errorf("%w: %w", ErrLost, why)
	}
	return db.lost
}

// noteDamage makes an error ErrLost if it came of a panic.
func (db *database) noteDamage(err error) error {
	if damage, ok := errors.AsType[damageError](err); ok {
		return db.lose(damage)
	}
	return err
}

// view is bbolt's View.
func (db *database) view(do func(*bbolt.Tx) error) error {
	if err := db.whyLost(); err != nil {
		return err
	}
	return db.noteDamage(damageOnPanic(func() error { return db.View(do) }))
}

// openDatabase opens the database at a path, or creates it.
func openDatabase(path string) (*database, error) {
	db := &database{path: path}
	var err error
	db.DB, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout,
		// A damaged list of free pages would have pages overwritten that are in use.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode fs.FileMode) (*os.File, error) {
			db.file, err = os.OpenFile(name, flag, mode)
			return db.file, err
		},
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, ErrInUse
	case err != nil:
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	if err = db.noteAll(); err == nil {
		err = db.check()
	}
	if err != nil {
		db.Close()
		if errors.Is(err, ErrLost) {
			// Another process put a file in its place while this one waited for the lock.
			return nil, ErrInUse
		}
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return db, nil
}

// release drops the mapped file from the resident memory of the process.
func (db *database) release() error {
	return db.view(func(tx *bbolt.Tx) error {
		// The transaction keeps bbolt from mapping the file elsewhere. All of its pages are mapped.
		if err := releaseMapped(db.Info().Data, tx.Size()); err != nil {
			return fmt.Errorf("releasing the memory of the store: %w", err)
		}
		return nil
	})
}

// update is bbolt's Update. It returns ErrLost if the file is not as the last write left it.
// After a panic it does not roll back: bbolt would read the damaged file again for that, and
// panic in a goroutine of its own, which would end the process.
func (db *database) update(do func(*bbolt.Tx) error) error {
	if err := db.check(); err != nil {
		return err
	}
	// What is overwritten while bbolt writes does not show in the time. bbolt itself goes on
	// with one of the two first pages.
	if err := checkMetaPages(db.file, db.Info().PageSize); err != nil {
		return db.lose(err)
	}
	err := damageOnPanic(func() error {
		tx, err := db.Begin(true)
		if err != nil {
			return err
		}
		if tx.ID() != db.transaction+1 {
			return damageError{errOtherWriter} // No other write will ever begin.
		}
		if err := do(tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	})
	if err != nil {
		return db.noteDamage(err)
	}
	db.transaction++
	return db.noteFile()
}

// check returns ErrLost if the path no longer leads to the file, or if that was cut off. The
// file is mapped into memory, so reading it then would fault. A file that was written since
// the last write is read whole: some damages would have bbolt loop.
func (db *database) check() error {
	if err := db.whyLost(); err != nil {
		return err
	}
	file, err := db.file.Stat()
	if err != nil {
		return fmt.Errorf("reading the state of the file: %w", err)
	}
	named, err := os.Stat(db.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return db.lose(errors.New("it was deleted"))
	case err != nil:
		return fmt.Errorf("reading the state of the file: %w", err)
	case !os.SameFile(file, named):
		return db.lose(errors.New("another file is in its place"))
	case file.Size() < db.size:
		return db.lose(fmt.Errorf("it has %d bytes and not %d", file.Size(), db.size))
	case !file.ModTime().Equal(db.modified):
		if err := db.verify(); err != nil {
			return err
		}
		db.modified = file.ModTime() // Not everything that changes the time changes the file.
	}
	return nil
}

// repairMetaPages writes both of the two first pages again if one of them is damaged, and
// reports whether it was. bbolt goes on with the other one, which may be that of the write
// before.
func (db *database) repairMetaPages() (damaged bool, err error) {
	if checkMetaPages(db.file, db.Info().PageSize) == nil {
		return false, nil
	}
	for range metaPages { // Each write writes the one that the write before has not.
		if err := damageOnPanic(func() error { return db.Update(func(*bbolt.Tx) error { return nil }) }); err != nil {
			return true, db.noteDamage(err)
		}
	}
	return true, db.noteAll()
}

// verify reads the whole file, and returns ErrLost if it is damaged.
func (db *database) verify() error {
	err := db.view(func(tx *bbolt.Tx) error {
		if tx.ID() != db.transaction {
			return errOtherWriter
		}
		if err := checkPages(db.path, tx); err != nil {
			return err
		}
		return checkValues(tx)
	})
	if err != nil {
		return db.lose(err)
	}
	return nil
}

// noteAll notes how something other than update left the file.
func (db *database) noteAll() error {
	err := db.View(func(tx *bbolt.Tx) error {
		db.transaction = tx.ID()
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return db.noteFile()
}

func (db *database) noteFile() error {
	info, err := db.file.Stat()
	if err != nil {
		return fmt.Errorf("reading the state of the file: %w", err)
	}
	if info.Size() < db.size {
		return db.lose(fmt.Errorf("it has %d bytes and not %d", info.Size(), db.size))
	}
	db.size, db.modified = info.Size(), info.ModTime()
	return nil
}

// close ends the use of the database. A damaged one is left as it is: a panic may have left a
// lock of bbolt held, on which closing would wait forever.
func (db *database) close() error {
	if _, isDamaged := errors.AsType[damageError](db.whyLost()); isDamaged {
		return nil
	}
	if err := damageOnPanic(db.Close); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}
