// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"math"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 12_345_678: "12,345,678", -999: "-999", -1000: "-1,000", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Count(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestLength(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		length           time.Duration
		english, chinese string
	}{
		{0, "0 s", "0 秒"},
		{59*time.Second + 999*time.Millisecond, "59 s", "59 秒"},
		{time.Minute, "1 min", "1 分钟"},
		{90 * time.Second, "1 min 30 s", "1 分钟 30 秒"},
		{time.Hour, "1 h", "1 小时"},
		{time.Hour + 59*time.Second, "1 h", "1 小时"},
		{time.Hour + 5*time.Minute + time.Second, "1 h 5 min", "1 小时 5 分钟"},
		{1234*time.Hour + time.Minute, "1,234 h 1 min", "1,234 小时 1 分钟"},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := Length(test.length, language); got != want {
				t.Errorf("%s: %q, want %q", test.length, got, want)
			}
		}
	}
}
