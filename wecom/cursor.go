// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import "strings"

// A cursor walks once through JSON that is valid, and copies nothing. What encoding/json
// makes of a body is bounded by its bytes alone: two bytes are a whole recording. With a
// cursor, the reader decides about each element before it takes memory.
type cursor struct {
	data []byte
	at   int
}

// kind returns the first byte of the next value: '{', '[', '"', 't', 'f', 'n', or that of
// a number. At the end of an object or a list it returns the bracket.
func (c *cursor) kind() byte {
	for {
		switch b := c.data[c.at]; b {
		case ' ', '\t', '\n', '\r', ',', ':':
			c.at++
		default:
			return b
		}
	}
}

// value skips the next value, and returns its text.
func (c *cursor) value() []byte {
	kind := c.kind()
	start := c.at
	switch kind {
	case '"':
		c.skipString()
	case '{', '[':
		c.skipNested()
	default:
		for c.at < len(c.data) && !endsLiteral(c.data[c.at]) {
			c.at++
		}
	}
	return c.data[start:c.at]
}

// endsLiteral reports whether a byte follows a number, true, false or null.
func endsLiteral(b byte) bool {
	switch b {
	case ' ', '\t', '\n', '\r', ',', ']', '}':
		return true
	default:
		return false
	}
}

// skipString skips a string.
func (c *cursor) skipString() {
	for c.at++; c.data[c.at] != '"'; c.at++ {
		if c.data[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
}

// skipNested skips an object or a list.
func (c *cursor) skipNested() {
	for depth := 0; ; {
		switch c.data[c.at] {
		case '"':
			c.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		c.at++
		if depth == 0 {
			return
		}
	}
}

// members calls read for each member of the object that is next. The value of the member
// is next then, and read must take it, with value or otherwise.
func (c *cursor) members(read func(name []byte)) {
	c.kind()
	c.at++
	for c.kind() != '}' {
		read(nameOf(c.value()))
	}
	c.at++
}

// elements calls read for each element of the list that is next. The element is next
// then, and read must take it, with value or otherwise.
func (c *cursor) elements(read func()) {
	c.kind()
	c.at++
	for c.kind() != ']' {
		read()
	}
	c.at++
}

// nameOf returns the name of a member, or nil if no name that is read is as long. Case makes
// no difference, as in encoding/json.
func nameOf(raw []byte) []byte {
	name := raw[1 : len(raw)-1]
	if len(name) > maxNameBytes {
		return nil
	}
	for _, b := range name {
		if b != '_' && (b < 'a' || b > 'z') {
			// Some letters have three cases.
			return []byte(strings.ToLower(strings.ToUpper(string(unquote(raw)))))
		}
	}
	return name
}
