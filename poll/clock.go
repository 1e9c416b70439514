// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// checkClock warns once when the local clock is so wrong that WeCom's decides, and says when
// it is right again. The lock is held.
func (c *corp) checkClock() {
	correction := c.client.Correction()
	if isWrong := correction != 0; isWrong == c.clockIsWrong {
		return
	}
	c.clockIsWrong = correction != 0
	if !c.clockIsWrong {
		level.Info(c.logger).Log("msg", "the local clock agrees with WeCom's again")
		return
	}
	level.Warn(c.logger).Log("msg", "the local clock is wrong, so WeCom's decides what is new", "ahead", correction,
		"limit", wecom.MaxSkew, "remedy", "correct the clock of this machine, by NTP for instance",
		"remedy_zh", "请校正本机时钟，例如启用 NTP")
}
