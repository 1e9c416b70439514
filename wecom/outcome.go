// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"strconv"
)

// An Outcome is how one HTTP exchange with the API ended. The zero value is a
// success.
type Outcome struct {
	Errcode int64             // 0 is success
	Kind    ResponseErrorKind // not 0 if no valid response came back; Errcode is 0 then
}

func outcomeOf(err error) Outcome {
	if err == nil {
		return Outcome{}
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return Outcome{Errcode: apiErr.Code}
	}
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return Outcome{Kind: respErr.Kind}
	}
	return Outcome{Kind: KindTransport}
}

// String returns the outcome in one of few forms: the errcode in decimal if it is
// [Known], "other" if it is not, or the kind of the [ResponseError].
func (o Outcome) String() string {
	switch {
	case o.Kind != 0:
		return o.Kind.String()
	case Known(o.Errcode):
		return strconv.FormatInt(o.Errcode, 10)
	default:
		return "other"
	}
}
