// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func errcode(code int64) error { return &wecom.APIError{Endpoint: "meeting/record/list", Code: code} }

func noToken(code int64) error { return &wecom.TokenError{Err: errcode(code)} }

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		before   error // of the poll before
		own      error // from before
		outage   error
		accepted bool // another target was, since this one was last polled
		want     wecom.Class
		wantOwn  error
	}{
		"no error": {
			own: errcode(48001), accepted: true,
		},
		"the first time": {
			err: errcode(48001), accepted: true,
			want: wecom.ClassCorp,
		},
		"again, and others were accepted": {
			err: errcode(48001), before: errcode(48001), accepted: true,
			want: wecom.ClassTarget, wantOwn: errcode(48001),
		},
		"again, and nobody was accepted": {
			err: errcode(48001), before: errcode(48001),
			want: wecom.ClassCorp,
		},
		"another errcode than before": {
			err: errcode(60020), before: errcode(48001), accepted: true,
			want: wecom.ClassCorp,
		},
		"its own, after an outage": {
			err: errcode(48001), before: errcode(60020), own: errcode(48001),
			want: wecom.ClassTarget, wantOwn: errcode(48001),
		},
		"its own, to end an outage": {
			err: errcode(48001), own: errcode(48001), outage: errcode(60020),
			want: wecom.ClassTarget, wantOwn: errcode(48001),
		},
		"that of the outage": {
			err: errcode(60020), before: errcode(60020), outage: errcode(60020), accepted: true,
			want: wecom.ClassCorp,
		},
		"its own stays during an outage": {
			err: errcode(60020), own: errcode(48001), outage: errcode(60020),
			want: wecom.ClassCorp, wantOwn: errcode(48001),
		},
		"no token": {
			err: noToken(40001), before: noToken(40001), accepted: true,
			want: wecom.ClassCorp,
		},
		"busy again, and others were accepted": {
			err: errcode(-1), before: errcode(-1), accepted: true,
			want: wecom.ClassRetryable,
		},
		"of a target's kind": {
			err: errcode(60111), own: errcode(48001), outage: errcode(60020),
			want: wecom.ClassTarget,
		},
		"of an argument": {
			err: errcode(40058), accepted: true,
			want: wecom.ClassTarget,
		},
		"of a meeting": {
			err:  errcode(730005),
			want: wecom.ClassTarget,
		},
		"unknown": {
			err:  errcode(999999),
			want: wecom.ClassTarget,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accepted := noon
			if test.accepted {
				accepted = noon.Add(time.Minute)
			}
			last := &schedule.Attempt{At: noon, Err: test.before, Own: test.own}
			v := judge(test.err, last, test.outage, accepted)
			if test.err != nil && v.class != test.want {
				t.Errorf("class %s, want %s", v.class, test.want)
			}
			if (v.own == nil) != (test.wantOwn == nil) || v.own != nil && v.own.Error() != test.wantOwn.Error() {
				t.Errorf("own %v, want %v", v.own, test.wantOwn)
			}
			if want := test.err == nil || test.want == wecom.ClassTarget; v.accepted != want {
				t.Errorf("accepted: %t, want %t", v.accepted, want)
			}
		})
	}
}
