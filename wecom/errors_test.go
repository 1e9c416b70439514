// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err              error
		english, chinese string
		advice           bool // whether there is a remedy
	}{
		"an errcode": {
			err:     fmt.Errorf("page 1 of the list: %w", &APIError{Endpoint: listEndpoint, Code: 60111}),
			english: "page 1 of the list: meeting/record/list: errcode 60111 (the user ID was not found)",
			chinese: "meeting/record/list：错误码 60111（userid 不存在）",
			advice:  true,
		},

		"an unknown errcode": {
			err:     &APIError{Endpoint: listEndpoint, Code: 999999},
			english: "meeting/record/list: errcode 999999 (an error code that this exporter does not know)",
			chinese: "meeting/record/list：错误码 999999（本程序未收录的错误码）",
			advice:  true,
		},

		"no token": {
			err:     &TokenError{Err: &APIError{Endpoint: tokenEndpoint, Code: 40013}},
			english: "no access token: gettoken: errcode 40013 (the corp ID is wrong)",
			chinese: "gettoken：错误码 40013（企业 ID 不正确）",
			advice:  true,
		},

		"no valid response": {
			err:     transportError(listEndpoint, "calling: broken pipe", remedyNetwork),
			english: "meeting/record/list: calling: broken pipe",
			chinese: "meeting/record/list：没有收到完整的响应（calling: broken pipe）",
			advice:  true,
		},

		"a login page": {
			err:     (&response{request: request{endpoint: listEndpoint}, status: 403}).failure("not an answer from WeCom"),
			english: "meeting/record/list: HTTP status 403: not an answer from WeCom",
			chinese: "meeting/record/list：HTTP 状态码 403，响应不是企业微信返回的（not an answer from WeCom）",
			advice:  true,
		},

		"an answer of another form": {
			err:     (&response{request: request{endpoint: listEndpoint}, status: 200}).failure("broken JSON"),
			english: "meeting/record/list: HTTP status 200: broken JSON",
			chinese: "meeting/record/list：HTTP 状态码 200，响应无法识别（broken JSON）",
			advice:  true,
		},

		"an answer beyond a bound": {
			err:     boundError("more than 1000 recordings on one page").beyond(listEndpoint, 200),
			english: "meeting/record/list: HTTP status 200: more than 1000 recordings on one page",
			chinese: "meeting/record/list：HTTP 状态码 200，响应超出上限（more than 1000 recordings on one page）",
			advice:  true,
		},

		"a pause": {
			err:     errTokenClosed,
			english: "gettoken: not asked again before the time given by Retry-After",
			chinese: "gettoken：被要求暂停调用（not asked again before the time given by Retry-After）",
			advice:  true,
		},

		"a chain that does not end": {
			err:     &ChainError{Anomaly: PageLimit, Pages: 1000},
			english: "the list is incomplete: it could not be continued after page 1000 (page_limit)",
			chinese: "列表不完整：第 1000 页之后无法继续（page_limit）",
			advice:  true,
		},

		"any other error": {
			err:     context.Canceled,
			english: "context canceled",
			chinese: "context canceled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Describe(test.err, English); got != test.english {
				t.Errorf("in English\n got %s\nwant %s", got, test.english)
			}
			if got := Describe(test.err, Chinese); got != test.chinese {
				t.Errorf("in Chinese\n got %s\nwant %s", got, test.chinese)
			}
			for _, l := range []Language{English, Chinese} {
				if got := Remedy(test.err, l); (got != "") != test.advice {
					t.Errorf("remedy %q, want one: %t", got, test.advice)
				}
			}
		})
	}
}

func TestRetryable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  ResponseError
		want bool
	}{
		"no response":       {err: ResponseError{Kind: KindTransport}, want: true},
		"a server error":    {err: ResponseError{Kind: KindHTTP, Status: 502}, want: true},
		"too many requests": {err: ResponseError{Kind: KindHTTP, Status: 429}, want: true},
		"not found":         {err: ResponseError{Kind: KindHTTP, Status: 404}, want: false},
		"another's body":    {err: ResponseError{Kind: KindDecode, Status: 200}, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.err.retryable(); got != test.want {
				t.Errorf("retryable: %t, want %t", got, test.want)
			}
		})
	}
}

func TestTokenErrorUnwraps(t *testing.T) {
	t.Parallel()
	why := errors.New("no such file")
	if err := error(&TokenError{Err: why}); !errors.Is(err, why) {
		t.Errorf("%v does not wrap %v", err, why)
	}
}

func TestCauseAndOrigin(t *testing.T) {
	t.Parallel()
	api := &APIError{Endpoint: "meeting/record/list", Code: 60111}
	unknown := &APIError{Code: -1}
	response := &ResponseError{Kind: KindHTTP, Status: 502}
	chain := &ChainError{Anomaly: PageLimit}
	other := errors.New("no idea")
	for _, test := range []struct {
		name   string
		err    error
		cause  string
		origin error
	}{
		{name: "no error"},
		{name: "an errcode", err: api, cause: "60111", origin: api},
		{name: "an errcode on a page", err: fmt.Errorf("page 2 of the list: %w", api), cause: "60111", origin: api},
		{name: "no token", err: &TokenError{Err: api}, cause: "60111", origin: api},
		{name: "a negative errcode", err: unknown, cause: "-1", origin: unknown},
		{name: "no answer of WeCom", err: fmt.Errorf("page 2 of the list: %w", response), cause: "http", origin: response},
		{name: "half a list", err: chain, cause: "incomplete", origin: chain},
		{name: "anything else", err: other, cause: "other", origin: other},
	} {
		if got := CauseOf(test.err); got != test.cause {
			t.Errorf("%s: cause %q, want %q", test.name, got, test.cause)
		}
		if got := Origin(test.err); fmt.Sprint(got) != fmt.Sprint(test.origin) {
			t.Errorf("%s: origin %v, want %v", test.name, got, test.origin)
		}
		if _, err := strconv.Atoi(test.cause); err != nil && test.cause != "" && !slices.Contains(Causes(), test.cause) {
			t.Errorf("%s: %q is not among the causes", test.name, test.cause)
		}
	}
}
