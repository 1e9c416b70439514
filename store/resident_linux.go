// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import "syscall"

// releaseMapped drops the pages of a mapped file from the resident memory of the process. They
// stay in the cache of the system, and come back when they are read.
func releaseMapped(address uintptr, size int64) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, address, uintptr(size), syscall.MADV_DONTNEED); errno != 0 {
		return errno
	}
	return nil
}
