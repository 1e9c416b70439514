// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reminder"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// blocks is what was logged of endpoints that are closed.
type blocks struct {
	reminders map[string]*reminder.Reminder // by endpoint, of those closed at the last look
	warnings  reminder.Limit                // bounds the lines where endpoints close again and again
}

// checkBlocks warns, at once and hourly, as long as an endpoint is closed, and logs when it no
// longer is. The lock is held.
func (c *corp) checkBlocks(now time.Time) {
	closed := c.settings.limits.Blocks()
	for endpoint := range c.blocks.reminders {
		if !slices.ContainsFunc(closed, func(b wecom.Block) bool { return b.Endpoint == endpoint }) {
			delete(c.blocks.reminders, endpoint)
			level.Info(c.logger).Log("msg", "the endpoint answers again", "endpoint", endpoint)
		}
	}
	for _, b := range closed {
		if !b.Until.After(now) {
			continue // It is about to be called.
		}
		r := c.blocks.reminders[b.Endpoint]
		if r == nil && !c.blocks.warnings.Show(now) {
			continue
		}
		if r == nil {
			r = &reminder.Reminder{}
			c.blocks.reminders[b.Endpoint] = r
		}
		if r.Due(b.Endpoint, now) {
			level.Warn(c.logger).Log("msg", "WeCom, or a gateway in front of it, asks to wait; the last known data is kept",
				"endpoint", b.Endpoint, "err", b.Err, "until", b.Until.UTC().Format(time.RFC3339),
				"remedy", wecom.Remedy(b.Err, wecom.English), "remedy_zh", wecom.Remedy(b.Err, wecom.Chinese))
		}
	}
}
