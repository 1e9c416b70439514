// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// What is not known yet is no zero.
func TestSizeAndLength(t *testing.T) {
	t.Parallel()
	file := []inventory.File{{}}
	for _, test := range []struct {
		name         string
		recording    inventory.Recording
		size, length string
	}{
		{
			name:      "it goes on",
			recording: inventory.Recording{State: wecom.StateRecording},
			size:      "–",
			length:    "–",
		},
		{
			name:      "a file that is not complete",
			recording: inventory.Recording{State: wecom.StateTranscoding, Files: file, Duration: time.Hour},
			size:      "–",
			length:    "1 h",
		},
		{
			name:      "completed",
			recording: inventory.Recording{State: wecom.StateCompleted, Files: file, Bytes: 3 << 20, Duration: 65 * time.Minute},
			size:      "3 MiB",
			length:    "1 h 5 min",
		},
		{
			name:      "an empty file",
			recording: inventory.Recording{State: wecom.StateCompleted, Files: file},
			size:      "0 B",
			length:    "0 s",
		},
		{
			name:      "completed without a file",
			recording: inventory.Recording{State: wecom.StateCompleted},
			size:      "–",
			length:    "–",
		},
	} {
		row := newRow(&poll.Recording{Recording: test.recording}, url.Values{}, time.Now(), wecom.English)
		if row.Size != test.size || row.Length != test.length || row.Start != nil {
			t.Errorf("%s: %s, %s, start %v; want %s, %s and no start", test.name, row.Size, row.Length, row.Start, test.size, test.length)
		}
	}
}

func TestSharedFiles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	limited := inventory.File{Shared: true, Class: recording.Class{
		Audience: recording.Company, Expiry: recording.ExpiresIn7Days,
	}, Expiry: now.Add(72 * time.Hour)}
	expired := inventory.File{Shared: true, Class: recording.Class{
		Password: recording.PasswordSet, Expiry: recording.Expired,
	}, Expiry: now.Add(-time.Hour)}
	exposed := inventory.File{Shared: true, Class: recording.Class{
		Expiry: recording.NeverExpires, Download: recording.DownloadAllowed,
	}}
	accepted := exposed
	accepted.Accepted = &policy.Acceptance{Reason: "training", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}
	expiring := exposed
	expiring.Expiry = now.Add(2 * time.Hour)
	expiring.Accepted = &policy.Acceptance{Reason: "town hall"}
	files := []inventory.File{{}, expired, limited, accepted, exposed, limited, expiring, exposed, exposed}
	for language, want := range map[wecom.Language][]sharedFiles{
		wecom.English: {
			{sharing{exposedFile, "exposed: anyone, no password, download, never expires", ""}, 3},
			{sharing{acceptedFile, "accepted: anyone, no password, download, never expires", "training (until 2026-12-31)"}, 1},
			{sharing{
				acceptedFile, "accepted: anyone, no password, download", "town hall (no end date) · expires 2026-11-26 10:00:00 UTC (in 2 h)",
			}, 1},
			{sharing{limitedFile, "shared: company, no password, no download", "expires 2026-11-29 08:00:00 UTC (in 3 d)"}, 2},
			{sharing{expiredFile, "expired: anyone, password, no download", "expired 2026-11-26 07:00:00 UTC (1 h ago)"}, 1},
		},
		wecom.Chinese: {
			{sharing{exposedFile, "暴露：任何人 · 无密码 · 可下载 · 永不过期", ""}, 3},
			{sharing{acceptedFile, "有意公开：任何人 · 无密码 · 可下载 · 永不过期", "training（至 2026-12-31）"}, 1},
			{sharing{
				acceptedFile, "有意公开：任何人 · 无密码 · 可下载", "town hall（长期） · 有效期至 2026-11-26 10:00:00 UTC（2 小时后）",
			}, 1},
			{sharing{limitedFile, "已共享：本企业成员 · 无密码 · 不可下载", "有效期至 2026-11-29 08:00:00 UTC（3 天后）"}, 2},
			{sharing{expiredFile, "已过期：任何人 · 有密码 · 不可下载", "已过期：2026-11-26 07:00:00 UTC（1 小时前）"}, 1},
		},
	} {
		got := sharedFilesOf(files, now, language)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sharedFiles{})); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}
