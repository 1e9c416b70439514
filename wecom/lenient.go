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

// The types of this file read the variants that WeCom sends: numbers as strings, booleans
// as numbers, null. They know no errors, since one bad field must not lose the page it is
// on. Whatever the JSON of a value has, they take bounded memory.

// A number is a 64-bit integer.
type number struct {
	value     int64
	malformed bool
}

func (n *number) read(raw []byte) {
	if len(raw) > maxNumberBytes {
		*n = number{malformed: true}
		return
	}
	*n = number{}
	s := unquote(raw)
	switch string(s) {
	case "", "null", "false":
		return
	case "true":
		n.value = 1
		return
	}
	if v, err := strconv.ParseInt(string(s), 10, 64); err == nil {
		n.value = v
		return
	}
	if f, err := strconv.ParseFloat(string(s), 64); err == nil && math.Abs(f) < math.MaxInt64 {
		n.value = int64(f)
		return
	}
	n.malformed = true
}

// A code is an errcode: an integer, or a string of one. Success is 0 or "0" and
// nothing else. What only equals 0, such as 0.0 or -0, is not valid: WeCom documents
// an integer, so something else wrote it, and a success that is none empties a list.
// Of two errcodes, the one that is no success counts.
type code struct {
	value        int64
	given, valid bool // null is not given
}

func (c *code) read(raw []byte) {
	if c.given && (!c.valid || c.value != 0) {
		return
	}
	*c = code{given: string(raw) != "null"}
	if len(raw) > maxNumberBytes {
		return
	}
	s := unquote(raw)
	if v, err := strconv.ParseInt(string(s), 10, 64); err == nil && (v != 0 || string(s) == "0") {
		c.value, c.valid = v, true
	}
}

// A flag is a boolean. Anything neither true nor false is malformed.
type flag struct{ value, malformed bool }

func (f *flag) read(raw []byte) {
	if len(raw) > maxNumberBytes {
		*f = flag{malformed: true}
		return
	}
	*f = flag{}
	switch string(unquote(raw)) {
	case "true", "True", "TRUE", "1":
		f.value = true
	case "", "null", "false", "False", "FALSE", "0":
	default:
		f.malformed = true
	}
}

// A text is a string. A number becomes its digits, any other value "". One that is longer
// than maxTextBytes is cut off, and stays longer than maxIDBytes.
type text string

func (t *text) read(raw []byte) {
	switch raw[0] {
	case '{', '[', 't', 'f', 'n':
		*t = ""
	default:
		*t = text(unquotePrefix(raw))
	}
}

// A presence is whether a value was given. It does not keep the value.
type presence bool

func (p *presence) read(raw []byte) {
	switch string(raw) {
	case "null", `""`, "false", "[]", "{}":
		*p = false
	default:
		*p = true
	}
}

// unquote returns the text of a JSON string, and any other value unchanged. It copies only
// what has to change.
func unquote(raw []byte) []byte {
	if len(raw) == 0 || raw[0] != '"' {
		return raw
	}
	if inner := raw[1 : len(raw)-1]; utf8.Valid(inner) && bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil
	}
	return []byte(s)
}

// unquotePrefix returns what unquote does, but only of the first maxTextBytes.
func unquotePrefix(raw []byte) []byte {
	if len(raw) <= maxTextBytes {
		return unquote(raw)
	}
	if raw[0] != '"' {
		return raw[:maxTextBytes]
	}
	end := 1
	for {
		length := 1 // of the next character, or a byte of it
		if raw[end] == '\\' {
			length = 2
			if raw[end+1] == 'u' {
				length = 6
			}
		}
		if end+length >= maxTextBytes {
			return unquote(append(raw[:end:end], '"'))
		}
		end += length
	}
}
