// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import (
	"errors"
	"strings"
	"testing"
)

// TestSyntaxError passes on what the YAML package says of its own, and nothing
// that it quotes from a file.
func TestSyntaxError(t *testing.T) {
	t.Parallel()
	const unreadable = "not YAML: a value cannot be read: quote values that begin with !, * or &"
	tests := []struct{ text, want string }{
		{text: "yaml: line 3: did not find expected ',' or ']'", want: "not YAML: line 3: did not find expected ',' or ']'"},
		{text: "yaml: line 3: did not find expected '-' indicator", want: "not YAML: line 3: did not find expected '-' indicator"},
		{text: "yaml: found unexpected end of stream", want: "not YAML: found unexpected end of stream"},
		{text: "yaml: unknown anchor 'hunter2' referenced", want: unreadable},
		{text: "yaml: line 7: unknown anchor '-x' referenced", want: unreadable},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			if got := syntaxError(errors.New(test.text)).Error(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzRead makes sure that no content crashes the walk, and that no error of it
// takes more than a line.
func FuzzRead(f *testing.F) {
	f.Add([]byte("name: &a x\nshops: [{on: yes, goods: {names: [*a]}}, {<<: {on: no}}]\nextra: {claims: {a: *a}}"))
	f.Add([]byte("shops:\n- &c {<<: [{on: y}], prices: {\"a\\nb\": !!binary YQ==}}\n- *c\n"))
	f.Add([]byte("{\"name\": \"x\", \"even\": 12}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, errs := Read("f.yml", content, known)
		for _, err := range errs {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of two lines: %q", err)
			}
		}
		if len(errs) > 0 {
			return
		}
		for path := range d.lines {
			at := d.At(path)
			if !strings.HasPrefix(at.Where().English, "f.yml") || at.Text() != "" && !at.Given() {
				t.Errorf("%s: text %q at %s", path, at.Text(), at.Where())
			}
			if items := at.Items(); len(items) > 0 && at.WhereItem(len(items)-1).English == "" {
				t.Errorf("%s: an item is nowhere", path)
			}
		}
	})
}
