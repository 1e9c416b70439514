// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestPhrase has places where a line may break between the parts of a phrase, and nowhere else.
func TestPhrase(t *testing.T) {
	t.Parallel()
	expire := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	template := New(`{{template "phrase" .}}`)
	for _, test := range []struct {
		name     string
		language wecom.Language
		parts    func(w *SharingWords) []string
		want     string
	}{
		{
			name:     "English",
			language: wecom.English,
			parts: func(w *SharingWords) []string {
				return []string{w.Audience[0], w.Password[0], w.Expiry(expire, expire)}
			},
			want: "anyone, <wbr>no password, <wbr>expired 2026-11-26 08:00:00 UTC",
		},
		{
			name:     "Chinese",
			language: wecom.Chinese,
			parts: func(w *SharingWords) []string {
				return []string{w.Audience[0], w.Password[0], w.Expiry(expire, expire.Add(-1))}
			},
			want: "任何人 · <wbr>无密码 · <wbr>有效期至 2026-11-26 08:00:00 UTC",
		},
		{
			name:     "a single part",
			language: wecom.English,
			parts:    func(w *SharingWords) []string { return []string{w.NotShared} },
			want:     "not shared",
		},
	} {
		words := WordsOf(test.language)
		var html strings.Builder
		if err := template.Execute(&html, words.Join(test.parts(words)...)); err != nil {
			t.Fatal(err)
		}
		if html.String() != test.want {
			t.Errorf("%s: %q, want %q", test.name, &html, test.want)
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		language   wecom.Language
		text, want string
	}{
		{wecom.English, "", ""},
		{wecom.English, "correct or remove this target", "Correct or remove this target."},
		{wecom.English, "It is over.", "It is over."},
		{wecom.English, "--policy.retention", "--policy.retention."},
		{wecom.Chinese, "请更正或移除该目标", "请更正或移除该目标。"},
		{wecom.Chinese, "已结束。", "已结束。"},
	} {
		if got := Sentence(test.text, test.language); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}
