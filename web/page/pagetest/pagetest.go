// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package pagetest checks what all pages have. It is for tests alone.
package pagetest

import (
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// CheckTexts compares the texts of a page in both languages. Each must be in html, unless
// that is empty.
func CheckTexts(t *testing.T, texts map[wecom.Language]map[string]string, html string) {
	t.Helper()
	english, chinese := texts[wecom.English], texts[wecom.Chinese]
	if len(english) != len(chinese) {
		t.Errorf("%d texts in English, %d in Chinese", len(english), len(chinese))
	}
	for key, text := range english {
		if chinese[key] == "" || chinese[key] == text {
			t.Errorf("%s: %q is not translated", key, text)
		}
		if html != "" && !strings.Contains(html, "."+key+"}") {
			t.Errorf("%s is not on the page", key)
		}
	}
}
