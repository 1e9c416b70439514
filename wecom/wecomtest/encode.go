// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"encoding/json"
	"strconv"
)

// encoder writes the JSON of a response. It replaces encoding/json because the names of fields and the
// types of numbers depend on the configuration.
type encoder struct {
	buf              []byte
	numbersAsStrings bool
}

// open begins an object or an array; name is empty inside an array.
func (e *encoder) open(name string, bracket byte) {
	e.name(name)
	e.buf = append(e.buf, bracket)
}

func (e *encoder) close(bracket byte) {
	e.buf = append(e.buf, bracket)
}

func (e *encoder) name(name string) {
	if n := len(e.buf); n > 0 && e.buf[n-1] != '{' && e.buf[n-1] != '[' {
		e.buf = append(e.buf, ',')
	}
	if name != "" {
		e.buf = append(e.buf, '"')
		e.buf = append(e.buf, name...)
		e.buf = append(e.buf, '"', ':')
	}
}

func (e *encoder) string(name, value string) {
	e.name(name)
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(value)
			if err != nil { // Cannot happen: every string encodes.
				quoted = []byte(`""`)
			}
			e.buf = append(e.buf, quoted...)

			return
		}
	}
	e.buf = append(e.buf, '"') // Nearly all strings are plain; json.Marshal is slow in benchmarks.
	e.buf = append(e.buf, value...)
	e.buf = append(e.buf, '"')
}

func (e *encoder) int(name string, value int64) {
	e.name(name)
	if !e.numbersAsStrings {
		e.buf = strconv.AppendInt(e.buf, value, 10)

		return
	}
	e.buf = append(e.buf, '"')
	e.buf = strconv.AppendInt(e.buf, value, 10)
	e.buf = append(e.buf, '"')
}

func (e *encoder) ints(name string, values []int) {
	e.open(name, '[')
	for _, v := range values {
		e.int("", int64(v))
	}
	e.close(']')
}

func (e *encoder) bool(name string, value bool) {
	e.name(name)
	switch {
	case !e.numbersAsStrings:
		e.buf = strconv.AppendBool(e.buf, value)
	case value:
		e.buf = append(e.buf, '1')
	default:
		e.buf = append(e.buf, '0')
	}
}

// end closes the object and returns it.
func (e *encoder) end() []byte {
	return append(e.buf, '}')
}
