// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps checked bytes on disk: groups of tables of keyed values. A commit
// is written whole or not at all, and a value that was damaged is never returned. What
// the bytes mean is not known here.
package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-kit/log"
)

// A Store keeps groups of values over restarts. Its methods may be called from several
// goroutines, but for Close.
type Store interface {
	// Keeps reports whether anything that is committed is kept. If not, there is no
	// need to collect batches.
	Keeps() bool
	// Due reports whether a commit may be tried now. After one that failed, the next
	// one has to wait.
	Due(now time.Time) bool
	// Commit writes all of the batches, or none; but for those of a RefusedError, which cost
	// the others nothing. After ErrLost, everything must be written with Rebuild.
	Commit(now time.Time, batches []Batch) error
	// Rebuild makes the store again, of batches that hold everything, with the errors of
	// Commit. What is in its place is moved aside.
	Rebuild(now time.Time, batches []Batch) error
	// Read calls load with a group, and reports whether there is one of that name.
	Read(name string, load func(*Group) error) (found bool, err error)
	// Delete deletes groups.
	Delete(names []string) error
	// Snapshot writes a copy of what was committed, without damage, into the directory "snapshots"
	// beside the file, and returns its name there. One may be written at a time. The error is
	// ErrNotConfigured if there is no store. If the context ends, so does the copy.
	Snapshot(ctx context.Context, now time.Time) (name string, err error)
	// Verify returns ErrLost if the file was changed by something else.
	Verify() error
	Status() Status
	// Close ends the use of the store. No other method may be called after it.
	Close() error
}

// A Status is how the last write of a store went.
type Status struct {
	Configured bool // whether a store was asked for
	Successful bool // whether the last write succeeded, or none was needed yet
	// LastWrite is when it was last written; zero: never, as far as is known.
	LastWrite time.Time
	SizeBytes int64 // of the file; 0: it could not be opened
}

// A Batch is what changes in one group.
type Batch struct {
	Group  string
	Head   []byte
	Tables []Table
}

// A RefusedError means that some batches cannot be written, for what they hold. The others
// are written.
type RefusedError struct {
	Groups map[string]error // why, by group
}

// Error implements error.
func (e *RefusedError) Error() string {
	names := slices.Sorted(maps.Keys(e.Groups))
	return fmt.Sprintf("%d groups cannot be written: the first: %v", len(names), e.Groups[names[0]])
}

// A Table is what changes in one table of a group.
type Table struct {
	Name    string
	Entries []Entry
}

// An Entry sets the value of a key, or deletes it if the value is nil.
type Entry struct{ Key, Value []byte }

// A Migration turns a group of a store of one schema into one of the next.
type Migration func(group *Group) error

// Options describe how to open a store.
type Options struct {
	Logger log.Logger
	// Migrations holds, at index i, the migration from schema i+1. The schema of this
	// program is the last one that they lead to.
	Migrations []Migration
	// Load is called with all groups, to load them and to check what they hold. If it
	// returns an error the store counts as damaged. It may be called again, for the
	// store that takes the place of a damaged one, and must then start over.
	Load func(groups []*Group) error
}

// InMemory returns a store that keeps nothing.
func InMemory() Store { return memory{} }

// memory is a store that keeps nothing: because none was asked for, or because the one
// that was cannot be written.
type memory struct{ status Status }

// Keeps implements Store.
func (memory) Keeps() bool { return false }

// Due implements Store.
func (memory) Due(time.Time) bool { return false }

// Commit implements Store.
func (memory) Commit(time.Time, []Batch) error { return nil }

// Rebuild implements Store.
func (memory) Rebuild(time.Time, []Batch) error { return nil }

// Read implements Store.
func (memory) Read(string, func(*Group) error) (bool, error) { return false, nil }

// Delete implements Store.
func (memory) Delete([]string) error { return nil }

// Snapshot implements Store.
func (m memory) Snapshot(context.Context, time.Time) (string, error) {
	if !m.status.Configured {
		return "", ErrNotConfigured
	}
	return "", errors.New("the store could not be written at the start, so the state is only in memory: " +
		"see the log for the reason, and start the exporter again")
}

// Verify implements Store.
func (memory) Verify() error { return nil }

// Status implements Store.
func (m memory) Status() Status { return m.status }

// Close implements Store.
func (memory) Close() error { return nil }
