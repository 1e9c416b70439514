// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// The types of this file decode the variants that WeCom sends: numbers as strings,
// booleans as numbers, null. They never return an error, since one bad field must
// not lose the page it is on.

// A number is a 64-bit integer.
type number struct {
	value     int64
	malformed bool
}

func (n *number) UnmarshalJSON(raw []byte) error {
	*n = number{}
	s := unquote(raw)
	switch s {
	case "", "null", "false":
		return nil
	case "true":
		n.value = 1
		return nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		n.value = v
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < math.MaxInt64 {
		n.value = int64(f)
		return nil
	}
	n.malformed = true
	return nil
}

// A code is an errcode: an integer, or a string of one. Success is 0 or "0" and
// nothing else. What only equals 0, such as 0.0 or -0, is not valid: WeCom documents
// an integer, so something else wrote it, and a success that is none empties a list.
type code struct {
	value int64
	valid bool
}

func (c *code) UnmarshalJSON(raw []byte) error {
	s := unquote(raw)
	v, err := strconv.ParseInt(s, 10, 64)
	*c = code{value: v, valid: err == nil && (v != 0 || s == "0")}
	return nil
}

// A flag is a boolean. Anything neither true nor false is malformed.
type flag struct{ value, malformed bool }

func (f *flag) UnmarshalJSON(raw []byte) error {
	*f = flag{}
	switch unquote(raw) {
	case "true", "True", "TRUE", "1":
		f.value = true
	case "", "null", "false", "False", "FALSE", "0":
	default:
		f.malformed = true
	}
	return nil
}

// A text is a string. A number becomes its digits, any other value "".
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '{', '[', 't', 'f', 'n':
		*t = ""
	default:
		*t = text(unquote(raw))
	}
	return nil
}

// A presence is whether a value was given. It does not keep the value.
type presence bool

func (p *presence) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "null", `""`, "false", "[]", "{}":
		*p = false
	default:
		*p = true
	}
	return nil
}

// unquote returns the text of a JSON string, and any other value unchanged.
func unquote(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' {
		return string(raw)
	}
	if inner := raw[1 : len(raw)-1]; utf8.Valid(inner) && !bytes.ContainsRune(inner, '\\') {
		return string(inner)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}
