// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package fileerr names files in errors, and their causes without the path.
package fileerr

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
)

// Quote returns a path as messages show it: absolute, because the user may not
// know the working directory, and quoted, because a path may hold white space.
func Quote(path string) string {
	return strconv.Quote(Absolute(path))
}

// Absolute returns a path that does not depend on the working directory, or the path
// itself if that directory is not known.
func Absolute(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

// Cause removes the path from an error about a file: the message names it already.
func Cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
