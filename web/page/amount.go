// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Count returns a number with its digits in groups of three, such as 300,000.
func Count[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Length returns a length of time in its two largest units, such as 1 h 5 min, rounded down.
func Length(d time.Duration, language wecom.Language) string {
	h, m, s := "h", "min", "s"
	if language == wecom.Chinese {
		h, m, s = "小时", "分钟", "秒"
	}
	hours, minutes, seconds := int64(d/time.Hour), d/time.Minute%60, d/time.Second%60
	switch {
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%s %s %d %s", Count(hours), h, minutes, m)
	case hours > 0:
		return fmt.Sprintf("%s %s", Count(hours), h)
	case minutes > 0 && seconds > 0:
		return fmt.Sprintf("%d %s %d %s", minutes, m, seconds, s)
	case minutes > 0:
		return fmt.Sprintf("%d %s", minutes, m)
	default:
		return fmt.Sprintf("%d %s", seconds, s)
	}
}
