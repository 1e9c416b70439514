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

// The types of this file return an error for a value of a type other than documented,
// unlike those that read recordings. A number may still be a string, as it is in older
// versions of the API, and a user ID of digits a number.

var (
	errKind    = errors.New("a type other than documented")
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
	err := json.Unmarshal(raw, into)
	if bound, ok := errors.AsType[boundError](err); ok {
		return "its " + boundError(name) + ": " + bound
	}
	if err != nil {
		return undocumented(name)
	}
	return nil
}

// A listOf is a list of maxDirectoryItems at the most. More are an error before any of them
// takes memory.
type listOf[T any] []T

func (l *listOf[T]) UnmarshalJSON(raw []byte) error {
	return unmarshalList(raw, (*[]T)(l), maxDirectoryItems)
}

// A pageOf is a list of maxPageItems at the most.
type pageOf[T any] []T

func (p *pageOf[T]) UnmarshalJSON(raw []byte) error {
	return unmarshalList(raw, (*[]T)(p), maxPageItems)
}

func unmarshalList[T any](raw []byte, into *[]T, most int) error {
	c := cursor{data: raw}
	if c.kind() == '[' {
		n := 0
		c.elements(func() { c.value(); n++ })
		if n > most {
			return tooMany("entries", most, "in one answer")
		}
	}
	return json.Unmarshal(raw, into)
}

// An integer is the ID of a department or tag, or a time.
type integer int64

func (i *integer) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' && !isNumber(raw) || len(raw) > maxNumberBytes {
		return errKind
	}
	s := string(unquote(raw))
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

// A userID is the ID of a user. One that is longer than maxTextBytes is cut off, and is
// oversized still.
type userID string

func (u userID) oversized() bool { return len(u) > MaxUserIDBytes }

func (u *userID) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' && !isNumber(raw) {
		return errKind
	}
	*u = userID(unquotePrefix(raw))
	return nil
}

func isNumber(raw []byte) bool { return raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' }
