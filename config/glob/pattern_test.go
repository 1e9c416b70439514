// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package glob

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzWellFormed compares with what filepath.Match finds wrong, which is less.
func FuzzWellFormed(f *testing.F) {
	for pattern, want := range map[string]bool{
		"":              true,
		"*.yml":         true,
		"a/*/[a-z]?":    true,
		"[]":            false,
		"[]a]":          false,
		"[^]":           false,
		"[^^]":          true,
		"[[]":           true,
		"[a-]":          false,
		"[a-b-c]":       false,
		"[-a]":          false,
		`[\]]`:          true,
		`[\`:            false,
		`\[`:            true,
		`a\`:            false,
		"a*[b":          false,
		"a*/[b":         false,
		"[a/b]":         false,
		"部门/[销-售]*.yml": true,
		"[\xff]":        false,
		"\\\xff":        true,
		"a]-":           true,
	} {
		if got := wellFormed(pattern); got != want {
			f.Errorf("%q: %t, want %t", pattern, got, want)
		}
		f.Add(pattern, "name")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		matches, err := filepath.Match(pattern, name)
		if ok := wellFormed(pattern); ok && errors.Is(err, filepath.ErrBadPattern) {
			t.Errorf("%q is accepted, and is bad for %q", pattern, name)
		} else if !ok && matches && !strings.Contains(pattern, "/") { // Glob divides [a/b] too.
			t.Errorf("%q is refused, and matches %q", pattern, name)
		}
	})
}
