// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A secret is read from a file as one printable word or is refused, and is never printed.
func FuzzSecretFile(f *testing.F) {
	f.Add([]byte("canary-secret\n"))
	f.Add([]byte("\ufeffcanary-secret\r\n"))
	f.Add([]byte("\xff\xfec\x00a\x00n\x00a\x00r\x00y\x00"))
	f.Add([]byte("canary\nsecret"))
	f.Add([]byte(" \t\n"))
	path := f.TempDir() + "/secret"
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		source := FromFile(path)
		value, err := source.Read()
		if err != nil {
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes the file: %v", err)
			}
			return
		}
		unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
		if value == "" || !utf8.ValidString(value) || strings.ContainsFunc(value, unprintable) || strings.TrimSpace(value) != value {
			t.Errorf("accepted %q", value)
		}
		if !strings.Contains(string(content), value) {
			t.Errorf("%q is read as %q", content, value)
		}
		again := FromValue(value)
		if same, err := again.Read(); err != nil || same != value {
			t.Errorf("%q is read again as %q, %v", value, same, err)
		}
		encoded, err := json.Marshal(again)
		if printed := fmt.Sprintf("%v %+v %#v %s %q %x", again, again, again, again, again, again); err != nil ||
			string(encoded) != `"\u003csecret\u003e"` || printed != strings.TrimSuffix(strings.Repeat("<secret> ", 6), " ") {
			t.Errorf("printed as %s and %s: %v", printed, encoded, err)
		}
	})
}
