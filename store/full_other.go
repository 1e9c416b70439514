// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package store

import (
	"errors"
	"syscall"
)

// isFull reports whether an error of writing means that the disk, or the quota of
// the user, is full.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
