// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/go-kit/log/level"
)

// remind logs what has to be said now and then.
func (c *corp) remind(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if more := c.warnings.Summary(now); more > 0 {
		level.Warn(c.logger).Log("msg", "more targets are failing than shown in the log; their last known data is kept",
			"more", more, "remedy", "see the /targets page", "remedy_zh", "请查看 /targets 页面")
	}
	c.checkBlocks(now)
	err := c.client.CheckSecret()
	switch {
	case err != nil && c.secretReminder.Due(err.Error(), now):
		level.Error(c.logger).Log("msg", "the app secret cannot be read; the last one is used until the process exits",
			"err", err, "remedy", "put the file back, and make sure the exporter can read it",
			"remedy_zh", "请恢复 Secret 文件，并确认本程序有读取权限")
	case err == nil && c.secretReminder.Reset():
		level.Info(c.logger).Log("msg", "the app secret can be read again")
	}
}
