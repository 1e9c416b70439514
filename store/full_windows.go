// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"syscall"
)

// The errors of Windows for a disk or a quota that is full. Package syscall has no
// names for them.
//
// https://learn.microsoft.com/windows/win32/debug/system-error-codes
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
	errorDiskQuota      = syscall.Errno(1295)
)

// isFull reports whether an error of writing means that the disk, or the quota of
// the user, is full.
func isFull(err error) bool {
	return errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskFull) || errors.Is(err, errorDiskQuota)
}
