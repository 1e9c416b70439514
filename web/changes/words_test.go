// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestInWords(t *testing.T) {
	t.Parallel()
	at := wecom.InstantOf(time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC))
	before, after := at-1, at+3_600_000
	for _, test := range []struct {
		name             string
		sharing, other   *ledger.Sharing
		english, chinese string
	}{
		{
			name:    "not shared",
			other:   &ledger.Sharing{},
			english: "not shared",
			chinese: "未共享",
		},
		{
			name:    "the other side is not shared",
			sharing: &ledger.Sharing{Audience: recording.Attendees, Password: recording.PasswordSet, Download: recording.DownloadAllowed},
			english: "attendees, password, download, never expires",
			chinese: "参会成员 · 有密码 · 可下载 · 永不过期",
		},
		{
			name:    "another audience",
			sharing: &ledger.Sharing{Expire: after},
			other:   &ledger.Sharing{Audience: recording.Company, Expire: after},
			english: "anyone, no password",
			chinese: "任何人 · 无密码",
		},
		{
			name:    "download",
			sharing: &ledger.Sharing{Audience: recording.Company},
			other:   &ledger.Sharing{Audience: recording.Company, Download: recording.DownloadAllowed},
			english: "company, no password, no download",
			chinese: "本企业成员 · 无密码 · 不可下载",
		},
		{
			name:    "another expiry",
			sharing: &ledger.Sharing{Expire: after},
			other:   &ledger.Sharing{},
			english: "anyone, no password, expires 2026-11-26 09:00:00 UTC",
			chinese: "任何人 · 无密码 · 有效期至 2026-11-26 09:00:00 UTC",
		},
		{
			name:    "both had expired",
			sharing: &ledger.Sharing{Expire: before},
			other:   &ledger.Sharing{Expire: before},
			english: "anyone, no password, expired 2026-11-26 07:59:59 UTC",
			chinese: "任何人 · 无密码 · 已过期：2026-11-26 07:59:59 UTC",
		},
		{
			name:    "it expired at that instant",
			sharing: &ledger.Sharing{Expire: at},
			other:   &ledger.Sharing{Expire: at},
			english: "anyone, no password, expired 2026-11-26 08:00:00 UTC",
			chinese: "任何人 · 无密码 · 已过期：2026-11-26 08:00:00 UTC",
		},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := inWords(test.sharing, test.other, at, language); got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		}
	}
}

func TestAgoWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct{ text, english, chinese string }{
		{"", "", ""},
		{"90m", "1 h ago", "1 小时前"},
		{"1w", "7 d ago", "7 天前"},
		{"2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z"},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := agoWords(test.text, now, language); got != want {
				t.Errorf("%q: %q, want %q", test.text, got, want)
			}
		}
	}
}
