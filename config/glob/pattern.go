// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package glob

import (
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// wellFormed reports whether a path is a well-formed pattern for filepath.Glob, which
// itself does not find every error: not the one in a*[b, nor one in the name of a
// file below a folder that does not exist.
func wellFormed(path string) bool {
	for name := range strings.SplitSeq(path, string(filepath.Separator)) {
		for name != "" {
			var ok bool
			if name, ok = cutTerm(name); !ok {
				return false
			}
		}
	}
	return true
}

// cutTerm removes the first term of a pattern of names. It reports whether the term
// is well-formed.
func cutTerm(pattern string) (rest string, ok bool) {
	switch {
	case pattern[0] == '[':
		return cutClass(strings.TrimPrefix(pattern[1:], "^"))
	case isEscape(pattern[0]) && len(pattern) == 1:
		return "", false
	case isEscape(pattern[0]):
		return pattern[2:], true // Outside of a class, Match goes by bytes.
	}
	return pattern[1:], true
}

// cutClass removes a class of characters up to its closing bracket.
func cutClass(class string) (rest string, ok bool) {
	for first := true; first || !strings.HasPrefix(class, "]"); first = false {
		if class, ok = cutBound(class); !ok {
			return "", false
		}
		if after, isRange := strings.CutPrefix(class, "-"); isRange {
			if class, ok = cutBound(after); !ok {
				return "", false
			}
		}
	}
	return class[1:], true
}

// cutBound removes one character of a class, or one bound of a range.
func cutBound(class string) (rest string, ok bool) {
	switch {
	case class == "", class[0] == '-', class[0] == ']':
		return "", false
	case isEscape(class[0]):
		return cutRune(class[1:])
	}
	return cutRune(class)
}

func cutRune(text string) (rest string, ok bool) {
	r, size := utf8.DecodeRuneInString(text)
	return text[size:], size > 1 || size == 1 && r != utf8.RuneError
}

// isEscape reports whether the character after c stands for itself. On Windows, a
// backslash divides names.
func isEscape(c byte) bool { return c == '\\' && filepath.Separator != '\\' }
