// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestFileIsReadAnew(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "\t first \r\n")
	source := FromFile(path)
	wantSecret(t, source, "first")
	if err := os.WriteFile(path, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, source, "second")
	if err := os.WriteFile(path, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantErr := strconv.Quote(path) + " is empty: write the secret to it"
	if got, err := source.Read(); err == nil || err.Error() != wantErr {
		t.Errorf("got %q, %v; want the error %s", got, err, wantErr)
	}
}

func TestFromValue(t *testing.T) {
	t.Parallel()
	wantSecret(t, FromValue(" value\n"), "value")
	for _, source := range []Source{{}, FromValue(" "), FromFile("")} {
		if got, err := source.Read(); err == nil {
			t.Errorf("got %q, want an error", got)
		}
	}
}

// TestEncodings reads secrets as editors of several systems save them.
func TestEncodings(t *testing.T) {
	t.Parallel()
	const (
		nul       = "contains NUL characters, as UTF-16 text does"
		notUTF8   = "is not UTF-8"
		invisible = "contains a line break, a control character or a zero-width character"
	)
	tests := []struct {
		name    string
		content string
		want    string
		wantErr string
	}{
		{
			name:    "byte order mark",
			content: "\ufeffsecret",
			want:    "secret",
		},
		{
			name:    "byte order mark and line ends of Windows",
			content: "\ufeffsecret\r\n\r\n",
			want:    "secret",
		},
		{
			name:    "byte order mark before white space",
			content: "\ufeff \tsecret \v\f",
			want:    "secret",
		},
		{
			name:    "byte order mark alone",
			content: "\ufeff\r\n",
			wantErr: "is empty",
		},
		{
			name:    "a space inside",
			content: "the secret",
			want:    "the secret",
		},
		{
			name:    "UTF-16, little-endian",
			content: "\xff\xfes\x00e\x00c\x00\r\x00\n\x00",
			wantErr: nul,
		},
		{
			name:    "UTF-16, big-endian, without a mark",
			content: "\x00s\x00e\x00c",
			wantErr: nul,
		},
		{
			name:    "UTF-32",
			content: "s\x00\x00\x00e\x00\x00\x00c\x00\x00\x00",
			wantErr: nul,
		},
		{
			name:    "padded with NUL",
			content: "secret\x00\x00",
			wantErr: nul,
		},
		{
			name:    "two byte order marks",
			content: "\ufeff\ufeffsecret",
			wantErr: invisible,
		},
		{
			name:    "two lines",
			content: "first\nsecond",
			wantErr: invisible,
		},
		{
			name:    "color of a terminal",
			content: "\x1b[1msecret\x1b[0m",
			wantErr: invisible,
		},
		{
			name:    "space without width, from a web page",
			content: "sec\u200bret",
			wantErr: invisible,
		},
		{
			name:    "control characters beyond ASCII",
			content: "sec\u009bret",
			wantErr: invisible,
		},
		{
			name:    "another encoding",
			content: "secr\xe9t",
			wantErr: notUTF8,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, test.content)
			got, err := FromFile(path).Read()
			switch {
			case got != test.want:
				t.Errorf("got %q, want %q", got, test.want)
			case (err != nil) != (test.wantErr != ""):
				t.Errorf("error %v, want %q", err, test.wantErr)
			case err != nil && (!strings.Contains(err.Error(), test.wantErr) || !strings.Contains(err.Error(), strconv.Quote(path))):
				t.Errorf("error %v, want %q and the path", err, test.wantErr)
			}
			if test.wantErr != "is empty" {
				value, valueErr := FromValue(test.content).Read()
				if value != test.want || (valueErr != nil) != (test.wantErr != "") {
					t.Errorf("as a value: %q, %v", value, valueErr)
				}
			}
		})
	}
}

func TestKeyFromFile(t *testing.T) {
	t.Parallel()
	const shortest = "\x00\xff\ufeffbytes......"
	if got, err := KeyFromFile(writeFile(t, "\t"+shortest+"\n")); string(got) != shortest || err != nil {
		t.Errorf("got %q, %v; want %q", string(got), err, shortest)
	}
	path := writeFile(t, shortest[1:]+"\n")
	wantErr := "the key in " + strconv.Quote(path) + " is too short: write at least 16 random bytes to it"
	if got, err := KeyFromFile(path); err == nil || err.Error() != wantErr {
		t.Errorf("got %q, %v; want the error %s", string(got), err, wantErr)
	}
}

func wantSecret(t *testing.T, source Source, want string) {
	t.Helper()
	if got, err := source.Read(); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestPrintingShowsNoSecret prints a secret and a key in every way.
func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry"
	source, key := FromValue(canary), Key(canary)
	for _, v := range []any{source, &source, key, &key} {
		got := fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
		if want := strings.Repeat(" <secret>", 7)[1:]; got != want {
			t.Errorf("printing %T: got %s, want %s", v, got, want)
		}
	}
	encoded, err := json.Marshal(map[string]any{"secret": source, "key": key})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(encoded), `{"key":"\u003csecret\u003e","secret":"\u003csecret\u003e"}`; got != want {
		t.Errorf("got the JSON %s, want %s", got, want)
	}
}

// writeFile writes a file into a new folder, and returns its path.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
