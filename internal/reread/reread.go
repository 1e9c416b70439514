// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package reread keeps what a file held when it could last be used, and reads the file again
// when it changes.
package reread

import (
	"io/fs"
	"os"
)

// A File is a file that is read again when it changes. One that cannot be used keeps what it
// last held. It is not safe for concurrent use.
type File[T any] struct {
	// Content is what the file held when it could last be used.
	Content T

	path string
	read func(path string) (T, error)
	info fs.FileInfo // when it was last read
	seen fs.FileInfo // at the last check; nil: missing
	err  error       // of the last reading
}

// New returns a file that was not checked yet. Read reads it; an error means that it cannot be
// used.
func New[T any](path string, read func(path string) (T, error)) *File[T] {
	return &File[T]{path: path, read: read}
}

// A Result is what a check of a file found.
type Result struct {
	Read      bool  // it was read, and Content is what it holds
	Err       error // why it cannot be used, unless an earlier check has returned the same
	Recovered bool  // it can be used again
}

// Check reads the file if it has changed. A file is read once it was the same for two checks,
// since it may be half written; at once means that it is read now, whether it has changed or not.
func (f *File[T]) Check(atOnce bool) (r Result) {
	info, err := os.Stat(f.path)
	var content T
	if err == nil {
		settled := isSame(info, f.seen)
		f.seen = info
		if !atOnce && (!settled || f.err == nil && isSame(info, f.info)) {
			return r
		}
		content, err = f.read(f.path)
	}
	switch {
	case err != nil && (f.err == nil || f.err.Error() != err.Error()):
		r.Err = err
	case err == nil && f.err != nil:
		r.Recovered = true
	}
	f.err = err
	if err != nil {
		return r
	}
	f.Content, f.info, r.Read = content, info, true
	return r
}

// CheckMissing is a check that finds no file. It reports whether the file is gone: it was missing
// for two checks, or at once.
func (f *File[T]) CheckMissing(atOnce bool) (gone bool) {
	if !atOnce && f.seen != nil {
		f.seen = nil
		return false
	}
	return true
}

// isSame reports whether a file is that of an earlier check, which may be nil, and has not
// changed since.
func isSame(now, before fs.FileInfo) bool {
	return before != nil && os.SameFile(now, before) &&
		now.ModTime().Equal(before.ModTime()) && now.Size() == before.Size()
}
