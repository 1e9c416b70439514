// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A verdict is whose an error is that a target met.
type verdict struct {
	class wecom.Class
	// own is the error of the whole corp, by its errcode, that is this target's alone by
	// experience; see [schedule.Attempt].
	own error
	// accepted means that WeCom accepted the calls: there was no error, or one about the
	// target.
	accepted bool
}

// judge decides whose an error is that a target met; nil is no error. An errcode of the
// whole corp that the target met before, while others were accepted, is its own, unless it
// is the reason of an outage. accepted is the time at which the last accepted poll began.
func judge(err error, last *schedule.Attempt, outage error, accepted time.Time) verdict {
	v := verdict{class: wecom.ClassOf(err), own: last.Own}
	metBefore := sameErrcode(err, last.Own) || sameErrcode(err, last.Err) && accepted.After(last.At)
	switch {
	case err == nil:
		v.own, v.accepted = nil, true
	case v.class == wecom.ClassTarget:
		v.own, v.accepted = nil, true
	case v.class.CorpWide() && metBefore && !sameErrcode(err, outage):
		v.class, v.own, v.accepted = wecom.ClassTarget, err, true
	}
	return v
}

// sameErrcode reports whether WeCom answered two calls for data alike.
func sameErrcode(a, b error) bool {
	if hasNoToken(a) || hasNoToken(b) {
		return false
	}
	first, isCode := errors.AsType[*wecom.APIError](a)
	second, isCodeToo := errors.AsType[*wecom.APIError](b)
	return isCode && isCodeToo && first.Code == second.Code
}

func hasNoToken(err error) bool {
	_, ok := errors.AsType[*wecom.TokenError](err)
	return ok
}
