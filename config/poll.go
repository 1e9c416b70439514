// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// checkSettledInterval refuses a settled interval under the poll interval: targets of which
// little can change would be polled more often than the others.
func (p *problems) checkSettledInterval(where bilingual.Text, poll *Poll) {
	if poll.SettledInterval <= 0 || poll.SettledInterval >= poll.Interval {
		return
	}
	p.addf("%s: %s is shorter than %s, which is %s: use %[4]s or more, or leave it out",
		"%s：%s 短于 %s 的 %s：请填写 %[4]s 或更长，或不作设置",
		where, model.Duration(poll.SettledInterval), keyInterval, model.Duration(poll.Interval))
}

// warnOfUnknownActivity warns of a corp to which the settled interval does not apply: who
// starts a meeting is not known, and a new recording would be noticed late.
func (p *problems) warnOfUnknownActivity(from source, c *Corp, poll *Poll) {
	if c.Targets.DiscoverActivity || poll.SettledInterval <= poll.Interval {
		return
	}
	p.warnings = append(p.warnings, bilingual.Textf(
		"%s: activity discovery is off, so %s has no effect here, and every target with recordings is polled every %s: "+
			"add activity, or leave the settled interval out",
		"%s：未启用 activity，%s在此不生效，有录制的目标仍每隔 %s 轮询一次：请加上 activity，或不设置稳定间隔",
		from.where(keyDiscover), settingOf(keySettledInterval), model.Duration(poll.Interval)))
}
