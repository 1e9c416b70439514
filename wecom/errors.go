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

// A Class says what an error asks of whoever called.
type Class int

// The classes of errors.
const (
	// ClassTarget errors concern one target: mark it and go on with the others.
	ClassTarget Class = iota
	// ClassToken errors mean that the access token was refused, a fresh one included.
	ClassToken
	// ClassRetryable errors may go away by themselves. They were retried already.
	ClassRetryable
	// ClassBlocked errors mean that a frequency limit was exceeded and that the
	// API stays closed until its window is over.
	ClassBlocked
	// ClassConcurrency errors mean that too many calls were in flight.
	ClassConcurrency
	// ClassCorp errors concern every call of the app: stop, and let an operator
	// know what to do.
	ClassCorp
)

// ClassOf returns the class of an error that a [Client] returned. An error of
// any other origin is of [ClassRetryable].
func ClassOf(err error) Class {
	if _, ok := errors.AsType[*TokenError](err); ok {
		return ClassCorp
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return apiErr.Class()
	}
	if _, ok := errors.AsType[*ChainError](err); ok {
		return ClassTarget
	}
	return ClassRetryable
}

// ClassOf returns the class of an error that listing the target's recordings met. It
// is that of the function [ClassOf], but what WeCom says of a meeting concerns the
// target that names it, and no other.
func (t Target) ClassOf(err error) Class {
	if apiErr, ok := errors.AsType[*APIError](err); ok && t.Selector != ByUserID {
		switch apiErr.Code {
		case 730005, 730010, 730011: // The meeting is not one that the app may see.
			return ClassTarget
		}
	}
	return ClassOf(err)
}

// Remedy returns what an operator can do about an error that a [Client]
// returned, or "" where there is no advice.
func Remedy(err error, l Language) string {
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return lookup(apiErr.Code).remedy.in(l)
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.remedy.in(l)
	}
	return ""
}

// Describe returns what an error that a [Client] returned says, in a language.
// The text holds no secret.
func Describe(err error, l Language) string {
	if apiErr, ok := errors.AsType[*APIError](err); ok && l == Chinese {
		return apiErr.chinese()
	}
	return err.Error()
}

// An APIError is an answer of WeCom whose errcode is not 0. It never carries
// the errmsg, whose text may change and may hold anything.
type APIError struct {
	Endpoint string // path below /cgi-bin
	Code     int64
	// IP is the address that WeCom saw the call come from, where errmsg names
	// it; the zero Addr otherwise.
	IP netip.Addr
}

// Class returns what the errcode asks of the caller.
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
	remedyNetwork = bilingual{
		"check the network, DNS, the proxy and --wecom.api-url",
		"请检查网络、DNS、代理以及 --wecom.api-url",
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

// A ChainError means that the pages of a list did not come to a proper end.
type ChainError struct {
	Anomaly Anomaly
	Pages   int // pages read until then
}

// Error implements error.
func (e *ChainError) Error() string {
	return fmt.Sprintf("list given up after %d pages: %s", e.Pages, e.Anomaly)
}

// A TokenError means that there is no access token to call with.
type TokenError struct {
	RetryAt time.Time // when gettoken is asked again, unless the secret changes before
	Err     error
}

// Error implements error.
func (e *TokenError) Error() string { return "no access token: " + e.Err.Error() }

// Unwrap returns why there is no token.
func (e *TokenError) Unwrap() error { return e.Err }
