// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// checkClock warns, at once and hourly, as long as the local clock is so wrong that WeCom's
// decides. The lock is held.
func (c *corp) checkClock(now time.Time) {
	correction := c.client.Correction()
	if correction == 0 || !c.clockReminder.Due("the clock", now) {
		return
	}
	level.Warn(c.logger).Log("msg", "the local clock is wrong; using WeCom's clock", "ahead", correction,
		"limit", wecom.MaxSkew, "remedy", "correct the clock of this machine, for example with NTP",
		"remedy_zh", "请校准本机时钟，例如启用 NTP")
}
