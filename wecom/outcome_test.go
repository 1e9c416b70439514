// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"fmt"
	"testing"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"success":             {err: nil, want: "0"},
		"a known errcode":     {err: &APIError{Code: 60020}, want: "60020"},
		"a negative errcode":  {err: &APIError{Code: -1}, want: "-1"},
		"an unknown errcode":  {err: &APIError{Code: 999999}, want: "other"},
		"a wrapped errcode":   {err: fmt.Errorf("listing: %w", &APIError{Code: 60111}), want: "60111"},
		"no response":         {err: &ResponseError{Kind: KindTransport}, want: "transport"},
		"an HTTP status":      {err: &ResponseError{Kind: KindHTTP, Status: 502}, want: "http"},
		"a body of another":   {err: &ResponseError{Kind: KindDecode, Status: 200}, want: "decode"},
		"any other error":     {err: context.DeadlineExceeded, want: "transport"},
		"success, as errcode": {err: &APIError{Code: 0}, want: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := outcomeOf(test.err).String(); got != test.want {
				t.Errorf("outcome %q, want %q", got, test.want)
			}
		})
	}
	if got := ResponseErrorKind(0).String(); got != "none" {
		t.Errorf("the zero kind is %q, want none", got)
	}
}
