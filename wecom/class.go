// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import "errors"

// A Class is what an error requires of the caller.
type Class int

// The classes of errors.
const (
	// ClassTarget errors concern one target: mark it and go on with the others. The
	// requests for two targets differ in the ID alone, so an argument error is of this
	// class, as is an errcode that is not known.
	ClassTarget Class = iota
	// ClassToken errors mean that the access token was refused, and a new one too.
	ClassToken
	// ClassRetryable errors may go away by themselves. They were retried already.
	ClassRetryable
	// ClassBlocked errors mean that a frequency limit was exceeded. The API stays
	// closed until its window is over.
	ClassBlocked
	// ClassConcurrency errors mean that too many calls were in flight.
	ClassConcurrency
	// ClassCorp errors concern every call of the app: stop, and report to an operator
	// what to do.
	ClassCorp
)

// String returns the name of the class, such as "target".
func (c Class) String() string {
	switch c {
	case ClassTarget:
		return "target"
	case ClassToken:
		return "token"
	case ClassRetryable:
		return "retryable"
	case ClassBlocked:
		return "blocked"
	case ClassConcurrency:
		return "concurrency"
	case ClassCorp:
		return "corp"
	default:
		return "unknown"
	}
}

// CorpWide reports whether errors of the class concern every target of the corp.
func (c Class) CorpWide() bool { return c == ClassCorp || c == ClassToken }

// ClassOf returns the class of an error that a [Client] returned. An error of
// any other origin is of [ClassRetryable].
func ClassOf(err error) Class {
	if _, ok := errors.AsType[*TokenError](err); ok {
		return ClassCorp
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return apiErr.Class()
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.Class()
	}
	if _, ok := errors.AsType[*ChainError](err); ok {
		return ClassTarget
	}
	return ClassRetryable
}
