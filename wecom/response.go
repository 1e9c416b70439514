// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A result is what the body of a response is decoded into.
type result interface {
	header() *envelope
	// read reads a member of the body that is not one of the envelope. It takes the value
	// from the cursor.
	read(name []byte, c *cursor)
	// holdsPayload reports whether the body held what was asked for.
	holdsPayload() bool
	// check returns what is wrong with what was read, if that is no answer of WeCom's. Its
	// error holds nothing of the body. It is a boundError if there is too much of it.
	check() error
}

// An envelope is the part that all bodies of WeCom have; see
// https://developer.work.weixin.qq.com/document/path/90455. Only errcode counts:
// the HTTP status is 200 on errors too, and errmsg may change.
type envelope struct {
	Errcode code // errcode
	Errmsg  text // errmsg

	size     listSize
	mistyped bool // a value is of a type other than documented, and counts as absent
}

func (e *envelope) header() *envelope { return e }

func (e *envelope) check() error { return nil }

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
	errErrcode   = errors.New("its errcode is not a number")
)

// decode decodes the body. The error is an [*APIError] or a [*ResponseError]. A
// value of the wrong kind counts as absent; only a list of the wrong kind is an
// error, since an empty list would mean something else.
func (r response) decode(into result, o Observer) error {
	r.body = bytes.TrimSpace(bytes.TrimPrefix(r.body, byteOrderMark))
	if err := r.walk(into); err != nil {
		return r.invalid(err)
	}
	header := into.header()
	switch {
	case header.Errcode.given && !header.Errcode.valid:
		return r.invalid(errErrcode)
	case !header.Errcode.given && !into.holdsPayload():
		return r.invalid(errNoErrcode)
	case header.Errcode.valid && header.Errcode.value != 0:
		return &APIError{
			Endpoint: r.request.endpoint,
			Code:     header.Errcode.value,
			IP:       callerIP(string(header.Errmsg)),
		}
	}
	err := into.check()
	if bound, ok := errors.AsType[boundError](err); ok {
		return bound.beyond(r.request.endpoint, r.status)
	}
	if err != nil {
		return r.invalid(err)
	}
	if header.mistyped {
		o.Anomalous(MalformedValue)
	}
	return nil
}

// walk reads the members of the body.
func (r response) walk(into result) error {
	isObject := bytes.HasPrefix(r.body, []byte("{"))
	if !isJSON(r.body) {
		if isObject {
			return errBroken
		}
		return errNotJSON
	}
	if !isObject {
		if string(r.body) == "null" {
			return nil
		}
		return errNotObject
	}
	header := into.header()
	header.size.bytes = len(r.body)
	c := cursor{data: r.body}
	c.members(func(name []byte) {
		switch string(name) {
		case "errcode":
			header.Errcode.read(c.value())
		case "errmsg":
			header.Errmsg.read(c.value())
		default:
			into.read(name, &c)
		}
	})
	return nil
}

// isJSON reports what json.Valid does, in a quarter of the time. From Go 1.27 on, jsontext is
// part of the standard library.
func isJSON(body []byte) bool {
	return jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// invalid returns the error for a body that is not WeCom's. Of the body it has the
// size and, if it is an HTML page, the title.
func (r response) invalid(why error) *ResponseError {
	title := ""
	if t := r.title(); t != "" {
		title = fmt.Sprintf(", titled %q", t)
	}
	return r.failure(fmt.Sprintf("not an answer from WeCom but %d bytes %s%s: %s", len(r.body), r.kind(), title, why))
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
	return "of " + excerpt(mediaType, r.request.secrets())
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
