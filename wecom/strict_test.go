// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/json"
	"testing"
)

func TestInteger(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]integer{
		`7`: 7, `"7"`: 7, `-7`: -7, `0`: 0, `7.0`: 7, `7e2`: 700, `9223372036854775807`: 9223372036854775807,
	} {
		var got integer
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %d, error %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{`null`, `""`, `"x"`, `7.5`, `"7.5"`, `1e300`, `true`, `[7]`, `{"id":7}`, `9223372036854775808`} {
		var got []integer
		if err := json.Unmarshal([]byte("["+text+"]"), &got); err == nil {
			t.Errorf("%s: %d, want an error", text, got)
		}
	}
}

func TestUserID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]userID{`"li"`: "li", `7`: "7", `""`: "", `"\u674e"`: "李"} {
		var got userID
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %q, error %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`null`, `true`, `["li"]`, `{"userid":"li"}`} {
		var got []userID
		if err := json.Unmarshal([]byte("["+text+"]"), &got); err == nil {
			t.Errorf("%s: %q, want an error", text, got)
		}
	}
}
