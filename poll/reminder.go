// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"time"

	"github.com/go-kit/log/level"
)

const (
	// reminderInterval is how often a line is repeated about what goes on.
	reminderInterval = time.Hour
	// After so many warnings about single targets in an hour, one a minute counts those that
	// are not shown.
	shownWarnings   = 20
	summaryInterval = time.Minute
)

// A reminder has a line logged at once, and hourly as long as it is about the same.
type reminder struct {
	about string
	last  time.Time
}

// due reports whether the line is to be logged now.
func (r *reminder) due(about string, now time.Time) bool {
	if about == r.about && now.Before(r.last.Add(reminderInterval)) {
		return false
	}
	*r = reminder{about: about, last: now}
	return true
}

// warnings limits how many lines there are about single targets.
type warnings struct {
	began time.Time // the hour
	shown int       // in the hour
	more  int       // not shown since the last summary
	told  time.Time // the last summary
}

// show reports whether a warning is shown, and counts it.
func (w *warnings) show(now time.Time) bool {
	if !now.Before(w.began.Add(reminderInterval)) {
		w.began, w.shown = now, 0
	}
	if w.shown < shownWarnings {
		w.shown++
		return true
	}
	if w.more == 0 {
		w.told = now
	}
	w.more++
	return false
}

// summary returns how many warnings were not shown, if it is time to tell; or else 0.
func (w *warnings) summary(now time.Time) int {
	if w.more == 0 || now.Before(w.told.Add(summaryInterval)) {
		return 0
	}
	more := w.more
	w.more = 0
	return more
}

// remind logs what has to be said now and then.
func (c *corp) remind(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if more := c.warnings.summary(now); more > 0 {
		level.Warn(c.logger).Log("msg", "more targets are failing than are shown here; what is known of them stays",
			"more", more, "remedy", "see the page /targets", "remedy_zh", "请查看 /targets 页面")
	}
	c.checkBlocks(now)
	err := c.client.CheckSecret()
	switch {
	case err != nil && c.secretReminder.due(err.Error(), now):
		level.Error(c.logger).Log("msg", "the app secret cannot be read; the last one is used as long as the process lives",
			"err", err, "remedy", "put the file back, and let the exporter read it",
			"remedy_zh", "请恢复密钥文件，并确认导出器有读取权限")
	case err == nil && c.secretReminder != reminder{}:
		c.secretReminder = reminder{}
		level.Info(c.logger).Log("msg", "the app secret can be read again")
	}
}
