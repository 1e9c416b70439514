// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// The types of this file return an error for a value of another kind than documented,
// unlike those that read recordings. A number may still be a string, as it is in older
// versions of the API, and a user ID of digits a number.

var (
	errKind    = errors.New("another kind than documented")
	errNoScope = errors.New("it has no visible scope")
)

// missing is the error for a response without the list that was asked for.
func missing(name string) error { return fmt.Errorf("it has no %s", name) }

// undocumented is the error for a list that is of another kind, or has something in it
// that is.
func undocumented(name string) error { return fmt.Errorf("its %s is not as documented", name) }

func isGiven(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// strictly decodes a value of a response, unless it is absent or null.
func strictly(name string, raw json.RawMessage, into any) error {
	if !isGiven(raw) {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return undocumented(name)
	}
	return nil
}

// An integer is the ID of a department or tag, or a time.
type integer int64

func (i *integer) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' && !isNumber(raw) {
		return errKind
	}
	s := unquote(raw)
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*i = integer(v)
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return errKind
	}
	*i = integer(f)
	return nil
}

func int64s(list []integer) []int64 {
	values := make([]int64, len(list))
	for i, v := range list {
		values[i] = int64(v)
	}
	return values
}

// A userID is the ID of a user.
type userID string

func (u *userID) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' && !isNumber(raw) {
		return errKind
	}
	*u = userID(unquote(raw))
	return nil
}

func isNumber(raw []byte) bool { return raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' }
