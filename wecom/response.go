// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// A result is what the body of a response is decoded into.
type result interface {
	header() *envelope
	// holdsPayload reports whether the body held what was asked for.
	holdsPayload() bool
}

// A strict result is wrong if anything in it is of another kind than documented.
type strict interface {
	// check decodes what was asked for. Its error holds nothing of the body.
	check() error
}

// An envelope is the part that all bodies of WeCom have; see
// https://developer.work.weixin.qq.com/document/path/90455. Only errcode counts:
// the HTTP status is 200 on errors too, and errmsg may change.
type envelope struct {
	Errcode code `json:"errcode"`
	Errmsg  text `json:"errmsg"`
}

func (e *envelope) header() *envelope { return e }

// A response is what came back for a request.
type response struct {
	request     request
	status      int
	contentType string    // "" if there is none
	date        time.Time // by the clock of who sent it; zero if it has none
	middle      time.Time // of the exchange, by the local clock
	body        []byte
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")

	errNotJSON   = errors.New("not JSON")
	errNotObject = errors.New("not a JSON object")
	errBroken    = errors.New("broken JSON")
	errNotAList  = errors.New("its list is not a list")
	errNoErrcode = errors.New("it has no errcode")
)

// decode decodes the body. The error is an [*APIError] or a [*ResponseError]. A
// value of the wrong kind counts as absent; only a list of the wrong kind is an
// error, since an empty list would mean something else.
func (r response) decode(into result, o Observer) error {
	r.body = bytes.TrimSpace(bytes.TrimPrefix(r.body, byteOrderMark))
	err := json.Unmarshal(r.body, into)
	typeErr, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case mistyped && typeErr.Field == "":
		return r.invalid(errNotObject)
	case mistyped || err == nil:
	case bytes.HasPrefix(r.body, []byte("{")):
		return r.invalid(errBroken)
	default:
		return r.invalid(errNotJSON)
	}
	code := into.header().Errcode
	switch {
	case !code.valid && !into.holdsPayload():
		return r.invalid(errNoErrcode)
	case code.valid && code.value != 0:
		return &APIError{
			Endpoint: r.request.endpoint,
			Code:     code.value,
			IP:       callerIP(string(into.header().Errmsg)),
		}
	case mistyped && typeErr.Type.Kind() == reflect.Slice && !strings.Contains(typeErr.Field, "."):
		return r.invalid(errNotAList)
	case mistyped:
		o.Anomalous(MalformedValue)
	}
	if s, ok := into.(strict); ok {
		if err := s.check(); err != nil {
			return r.invalid(err)
		}
	}
	return nil
}

// invalid returns the error for a body that is not WeCom's. Of the body it has the
// size and, if it is an HTML page, the title.
func (r response) invalid(why error) *ResponseError {
	title := ""
	if t := r.title(); t != "" {
		title = fmt.Sprintf(", titled %q", t)
	}
	return r.failure(fmt.Sprintf("not an answer of WeCom but %d bytes %s%s: %s", len(r.body), r.kind(), title, why))
}

// failure returns the error for a response that is not WeCom's.
func (r response) failure(detail string) *ResponseError {
	e := &ResponseError{
		Endpoint: r.request.endpoint,
		Kind:     KindDecode,
		Status:   r.status,
		Detail:   detail,
		remedy:   remedyAPIURL,
	}
	if r.status < 200 || r.status > 299 {
		e.Kind = KindHTTP
	}
	if r.status == http.StatusProxyAuthRequired {
		e.remedy = remedyProxyLogin
	}
	return e
}

// kind returns the content type for an error, such as "of text/html".
func (r response) kind() string {
	mediaType, _, _ := mime.ParseMediaType(r.contentType)
	if !strings.Contains(mediaType, "/") {
		return "without a content type"
	}
	return "of " + excerpt(mediaType, r.request.query)
}

var fromIP = regexp.MustCompile(`from ip:\s*([0-9a-fA-F.:]+)`)

// callerIP returns the address that WeCom saw the call come from, which is the one
// to add to the trusted IPs, or the zero Addr. WeCom gives it in errmsg:
// "..., from ip: 203.0.113.7, more info at ...".
func callerIP(errmsg string) netip.Addr {
	m := fromIP.FindStringSubmatch(errmsg)
	if m == nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(m[1])
	if err != nil {
		return netip.Addr{}
	}
	return addr
}
