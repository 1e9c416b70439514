// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package query

import "fmt"

// An Error is why a query is not answered, and what to write instead.
type Error struct{ english, chinese string }

// Errorf returns an Error. Both formats take the same arguments.
func Errorf(english, chinese string, args ...any) error {
	return &Error{english: fmt.Sprintf(english, args...), chinese: fmt.Sprintf(chinese, args...)}
}

// Error returns the error in English, as programs read it.
func (e *Error) Error() string { return e.english }

// Chinese returns the error in Chinese, for a page.
func (e *Error) Chinese() string { return e.chinese }
