// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package bilingual holds texts and errors in English and Chinese. The log and programs get the
// English one; check and the pages show the one of their reader.
package bilingual

import (
	"fmt"
	"strings"
)

// A Text is the same text in two languages.
type Text struct{ English, Chinese string }

// Textf formats the same arguments in both languages, as Errorf does.
func Textf(english, chinese string, args ...any) Text {
	return Text{fmt.Sprintf(english, args...), fmt.Sprintf(chinese, inChinese(args)...)}
}

// String returns the text in English.
func (t Text) String() string { return t.English }

// InChinese returns the text in Chinese.
func (t Text) InChinese() string { return t.Chinese }

// An Error is an error with a text in two languages.
type Error struct {
	err     error // its text is in English
	chinese string
}

// Errorf formats the same arguments in both languages, as fmt.Errorf does. Arguments that have
// a text in Chinese themselves appear in the language of the format. Others do not change, such
// as errors of the operating system.
func Errorf(english, chinese string, args ...any) error {
	return &Error{fmt.Errorf(english, args...), fmt.Errorf(chinese, inChinese(args)...).Error()}
}

// At returns an error about something that is named before it.
func At(where Text, err error) error {
	return &Error{fmt.Errorf("%s: %w", where, err), where.Chinese + "：" + Chinese(err)}
}

// Error implements error: it returns the text in English.
func (e *Error) Error() string { return e.err.Error() }

// InChinese returns the text in Chinese.
func (e *Error) InChinese() string { return e.chinese }

// Unwrap returns what Errorf wraps.
func (e *Error) Unwrap() error { return e.err }

// Chinese returns the text of an error in Chinese. If it has none, the text in
// English follows in brackets. Errors that were joined have a line each, as in English.
func Chinese(err error) string {
	// An error around one with a text in Chinese has more to say than that text.
	if e, ok := err.(interface{ InChinese() string }); ok {
		return e.InChinese()
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		lines := make([]string, 0, len(joined.Unwrap()))
		for _, err := range joined.Unwrap() {
			lines = append(lines, Chinese(err))
		}
		return strings.Join(lines, "\n")
	}
	return "有误（" + err.Error() + "）"
}

// inChinese returns arguments for a format in Chinese.
func inChinese(args []any) []any {
	chinese := make([]any, len(args))
	for i, arg := range args {
		chinese[i] = arg
		if a, ok := arg.(interface{ InChinese() string }); ok {
			chinese[i] = text(a.InChinese())
		}
	}
	return chinese
}

// A text is an argument of both %s and %w.
type text string

// Error implements error.
func (t text) Error() string { return string(t) }
