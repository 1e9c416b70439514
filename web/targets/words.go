// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// words are those of a language that depend on values.
type words struct {
	statuses  [schedule.NumStatuses]string
	selectors map[wecom.Selector]string
	// dueNow, overdue and dueIn are when a target is due; the last two take a distance.
	dueNow, overdue, dueIn string
	// one and many take a number of targets; firstOf takes how many of them are shown, too.
	one, many, firstOf string
	which              string // targets an error has
	calls              string // takes the calls, and the budget
}

// soon is how long a target may be overdue before the page says so: it is polled in its turn.
const soon = time.Minute

// due returns when a target is due.
func (w *words) due(due, now time.Time, language wecom.Language) string {
	switch left := due.Sub(now); {
	case left <= -soon:
		return fmt.Sprintf(w.overdue, page.Span(-left, language))
	case left <= 0:
		return w.dueNow
	default:
		return fmt.Sprintf(w.dueIn, page.Span(left, language))
	}
}

// count returns a number of targets.
func (w *words) count(n int) string {
	if n == 1 {
		return fmt.Sprintf(w.one, n)
	}
	return fmt.Sprintf(w.many, n)
}

func wordsOf(language wecom.Language) *words {
	if language == wecom.Chinese {
		return &chineseWords
	}
	return &englishWords
}

var englishWords = words{
	statuses: [...]string{
		schedule.OK:      "ok",
		schedule.Failing: "failing",
		schedule.Pending: "pending",
	},
	selectors: map[wecom.Selector]string{
		wecom.ByUserID:      "userid",
		wecom.ByMeetingID:   "meetingid",
		wecom.ByMeetingCode: "meeting_code",
	},
	dueNow:  "now",
	overdue: "overdue by %s",
	dueIn:   "in %s",
	one:     "%d target",
	many:    "%d targets",
	firstOf: "the first %d of %d targets",
	which:   "which targets",
	calls:   "%s of %s calls",
}

var chineseWords = words{
	statuses: [...]string{
		schedule.OK:      "正常",
		schedule.Failing: "失败",
		schedule.Pending: "待轮询",
	},
	selectors: map[wecom.Selector]string{
		wecom.ByUserID:      "成员账号",
		wecom.ByMeetingID:   "会议 ID",
		wecom.ByMeetingCode: "会议号",
	},
	dueNow:  "即将轮询",
	overdue: "已滞后 %s",
	dueIn:   "%s后",
	one:     "%d 个目标",
	many:    "%d 个目标",
	firstOf: "前 %d 个，共 %d 个目标",
	which:   "哪些目标",
	calls:   "%s / %s 次",
}
