// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// Remedy returns what an operator can do about an error that a [Client] returned, or
// "" if there is no advice.
func Remedy(err error, l Language) string {
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return lookup(apiErr.Code).remedy.in(l)
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.remedy.in(l)
	}
	if _, ok := errors.AsType[*ChainError](err); ok {
		return remedyChain.in(l)
	}
	return ""
}

// Describe returns the text of an error that a [Client] returned, in a language. It
// holds no secret. In Chinese, details in English follow in brackets.
func Describe(err error, l Language) string {
	if apiErr, ok := errors.AsType[*APIError](err); ok && l == Chinese {
		return apiErr.chinese()
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok && l == Chinese {
		return respErr.chinese()
	}
	if chainErr, ok := errors.AsType[*ChainError](err); ok && l == Chinese {
		return chainErr.chinese()
	}
	return err.Error()
}

// The causes of errors without an errcode; see [CauseOf]. The others are kinds of a [ResponseError].
const (
	causeIncomplete = "incomplete" // of a ChainError
	causeOther      = "other"
)

// CauseOf returns what errors of one cause that a [Client] returned have in common, whatever
// their details: the errcode in decimal, or one of [Causes]. It is "" for nil.
func CauseOf(err error) string {
	if err == nil {
		return ""
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return strconv.FormatInt(apiErr.Code, 10)
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.Kind.String()
	}
	if _, ok := errors.AsType[*ChainError](err); ok {
		return causeIncomplete
	}
	return causeOther
}

// Origin returns an error that a [Client] returned without what was being done, such as reading
// a page of a list.
func Origin(err error) error {
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return apiErr
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr
	}
	return err
}

// Causes returns the values of [CauseOf] that are no errcodes.
func Causes() []string {
	return []string{
		KindTransport.String(), KindHTTP.String(), KindDecode.String(), causeIncomplete, causeOther,
	}
}

// An APIError is an answer of WeCom whose errcode is not 0. It does not carry the
// errmsg, whose text may change and may hold anything.
type APIError struct {
	Endpoint string // path below /cgi-bin
	Code     int64
	// IP is the address that WeCom saw the call come from, if errmsg names it; the
	// zero Addr otherwise.
	IP netip.Addr
}

// Class returns what the errcode requires of the caller.
func (e *APIError) Class() Class { return lookup(e.Code).class }

// Error implements error.
func (e *APIError) Error() string {
	from := ""
	if e.IP.IsValid() {
		from = ", calling from " + e.IP.String()
	}
	return fmt.Sprintf("%s: errcode %d (%s%s)", e.Endpoint, e.Code, lookup(e.Code).meaning.in(English), from)
}

func (e *APIError) chinese() string {
	from := ""
	if e.IP.IsValid() {
		from = "，调用方 IP 为 " + e.IP.String()
	}
	return fmt.Sprintf("%s：错误码 %d（%s%s）", e.Endpoint, e.Code, lookup(e.Code).meaning.in(Chinese), from)
}

// A ResponseErrorKind is the step at which a [ResponseError] occurred.
type ResponseErrorKind int

// The kinds. The zero value is none of them.
const (
	KindTransport ResponseErrorKind = iota + 1 // no complete HTTP response
	KindHTTP                                   // a status other than 2xx, and no body of WeCom
	KindDecode                                 // a 2xx response, and no body of WeCom
)

// String returns "transport", "http" or "decode".
func (k ResponseErrorKind) String() string {
	switch k {
	case KindTransport:
		return "transport"
	case KindHTTP:
		return "http"
	case KindDecode:
		return "decode"
	default:
		return "none"
	}
}

// A ResponseError means that no valid response came back: the call failed on its
// way, or something other than WeCom answered. Its text holds no secret.
type ResponseError struct {
	Endpoint string // path below /cgi-bin
	Kind     ResponseErrorKind
	Status   int // HTTP status; 0 for KindTransport
	Detail   string

	remedy bilingual
	own    bool // it is the target's own; see Class
}

// Class returns what the error requires of the caller. It is the target's own if only the
// size of what came back is wrong.
func (e *ResponseError) Class() Class {
	if e.own {
		return ClassTarget
	}
	return ClassRetryable
}

// Remedies of a ResponseError.
var (
	remedyAPIURL = bilingual{
		"check that --wecom.api-url and the proxy lead to the WeCom API itself",
		"请检查 --wecom.api-url 与代理设置，确认请求直达企业微信 API",
	}
	remedyPause = bilingual{
		"none needed: the exporter does not call this endpoint before then; if it happens again, lower " +
			"--poll.max-requests-per-minute, or check the limits of the gateway in front of WeCom",
		"无需处理：恢复之前不会调用该接口；如果反复出现，请调低 --poll.max-requests-per-minute，或检查中间网关的限流设置",
	}
	remedyEncoding = bilingual{
		"configure the proxy or gateway in front of WeCom to send answers unchanged, or compressed with gzip or deflate",
		"请让中间的代理或网关原样返回响应，或只用 gzip、deflate 压缩",
	}
	remedyBound = bilingual{
		"this list is ignored, and the last known data is kept; check whether a gateway answers instead of WeCom; if not, " +
			"contact WeCom support",
		"这份列表不采用，已有数据保持不变；请检查是否有网关代替企业微信响应；如果确实是企业微信返回的，请联系企业微信客服",
	}
)

// Error implements error.
func (e *ResponseError) Error() string {
	if e.Status == 0 {
		return e.Endpoint + ": " + e.Detail
	}
	return e.Endpoint + ": HTTP status " + strconv.Itoa(e.Status) + ": " + e.Detail
}

// chinese returns what the call met in Chinese. The detail is in English: most of it comes from
// the network or from whatever answered.
func (e *ResponseError) chinese() string {
	var met string
	switch {
	case e.own:
		met = "响应超出上限"
	case e.remedy == remedyPause || e.remedy == remedyWait:
		met = "被要求暂停调用"
	case e.Kind == KindTransport:
		met = "没有收到完整的响应"
	case e.Kind == KindHTTP:
		met = "响应不是企业微信返回的"
	default:
		met = "响应无法识别"
	}
	if e.Status != 0 {
		met = fmt.Sprintf("HTTP 状态码 %d，%s", e.Status, met)
	}
	return fmt.Sprintf("%s：%s（%s）", e.Endpoint, met, e.Detail)
}

// retryable reports whether the same call may succeed soon.
func (e *ResponseError) retryable() bool {
	return e.Kind == KindTransport || e.Kind == KindHTTP && (e.Status >= 500 || e.Status == 429)
}

// A ChainError means that a list is incomplete: each page of it came as it should, but
// the last one led nowhere. What the pages list may be added and updated. What they
// lack may still be there, so nothing may be removed.
type ChainError struct {
	Anomaly Anomaly // RepeatedCursor, PageLimit or MissingCursor
	Pages   int     // that were listed before, all of them
}

// Error implements error.
func (e *ChainError) Error() string {
	return fmt.Sprintf("the list is incomplete: it could not be continued after page %d (%s)", e.Pages, e.Anomaly)
}

func (e *ChainError) chinese() string {
	return fmt.Sprintf("列表不完整：第 %d 页之后无法继续（%s）", e.Pages, e.Anomaly)
}

var remedyChain = bilingual{
	"none needed: listed recordings are counted, and none are counted as removed; if it persists, check whether a " +
		"gateway changes answers, and contact WeCom support",
	"无需处理：已读到的录制照常计入，没读到的不会当作已删除；如果持续出现，请检查是否有网关改动了响应，并联系企业微信客服",
}

// A TokenError means that there is no access token to call with.
type TokenError struct {
	RetryAt time.Time // when gettoken is asked again, if the secret does not change before
	Err     error
}

// Error implements error.
func (e *TokenError) Error() string { return "no access token: " + e.Err.Error() }

// Unwrap returns why there is no token.
func (e *TokenError) Unwrap() error { return e.Err }
