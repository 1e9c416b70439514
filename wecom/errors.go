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
	return ""
}

// Describe returns the text of an error that a [Client] returned, in a language. It
// holds no secret.
func Describe(err error, l Language) string {
	if apiErr, ok := errors.AsType[*APIError](err); ok && l == Chinese {
		return apiErr.chinese()
	}
	return err.Error()
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
}

// Remedies of a ResponseError.
var (
	remedyAPIURL = bilingual{
		"check that --wecom.api-url and the proxy lead to the WeCom API itself",
		"请检查 --wecom.api-url 与代理设置，确认请求直达企业微信 API",
	}
	remedyEncoding = bilingual{
		"have the proxy or gateway before WeCom send answers as they are, or packed with gzip or deflate",
		"请让企业微信之前的代理或网关原样返回应答，或仅用 gzip、deflate 压缩",
	}
)

// Error implements error.
func (e *ResponseError) Error() string {
	if e.Status == 0 {
		return e.Endpoint + ": " + e.Detail
	}
	return e.Endpoint + ": HTTP status " + strconv.Itoa(e.Status) + ": " + e.Detail
}

// retryable reports whether the same call may succeed soon.
func (e *ResponseError) retryable() bool {
	return e.Kind == KindTransport || e.Kind == KindHTTP && (e.Status >= 500 || e.Status == 429)
}

// A ChainError means that the pages of a list did not end properly.
type ChainError struct {
	Anomaly Anomaly
	Pages   int // read before
}

// Error implements error.
func (e *ChainError) Error() string {
	return fmt.Sprintf("list given up after %d pages: %s", e.Pages, e.Anomaly)
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
