// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package scalar reads the values of settings that are a single text or number. An error says
// what to write instead. It does not quote what may be a secret that was written to the wrong
// setting.
package scalar

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// DefaultAPIURL is the address of WeCom's API.
//
// https://developer.work.weixin.qq.com/document/path/91039
const DefaultAPIURL = "https://qyapi.weixin.qq.com"

// Duration reads a Prometheus duration above zero.
func Duration(text string) (time.Duration, error) {
	d, err := model.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration: write a Prometheus duration such as 5m, 31d or 90d", text)
	case d == 0:
		return 0, fmt.Errorf("%q is zero: write a duration above zero such as 5m, 31d or 90d", text)
	}
	return time.Duration(d), nil
}

// WholeNumber returns a function that reads a whole number that is least or more.
func WholeNumber(least int) func(text string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			return n, fmt.Errorf("%q is not accepted: write a whole number, %d or more", text, least)
		}
		return n, nil
	}
}

// Truth reads true or false. An empty text is false.
func Truth(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	truth, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%q is not accepted: write true or false", text)
	}
	return truth, nil
}

// CorpName reads the value of the label corp.
func CorpName(text string) (string, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return text, errors.New("no name: write the value for the label corp")
	case !utf8.ValidString(text):
		return text, fmt.Errorf("%q is not UTF-8: write a name that is", text)
	}
	return text, nil
}

// CorpID reads the ID of a corp.
func CorpID(text string) (string, error) {
	const remedy = "such as ww0123456789abcdef"
	switch {
	case text == "":
		return "", errors.New("no corp ID: write the ID of the company, " + remedy)
	case HasSpaceOrControl(text):
		return text, errors.New("the corp ID holds white space or a control character: write only the ID, " + remedy)
	}
	return text, nil
}

// HasSpaceOrControl reports whether a text holds white space or a control character.
func HasSpaceOrControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// AgentID reads the number of an app. It is 0 for an empty text.
func AgentID(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return n, errors.New("the agent ID is not a number above zero: write the AgentId of the app, such as 1000002")
	}
	return n, nil
}

// Bytes reads a size in bytes. It is 0 for an empty text.
func Bytes(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return n, fmt.Errorf("%q is not a size: write whole bytes, such as 107374182400, or leave the key out", text)
	}
	return n, nil
}

// APIURL reads the address of the API, and returns it as scheme://host[:port][/prefix] without
// a last slash and without /cgi-bin. It is DefaultAPIURL for an empty text. The error never
// quotes the URL, because a password may be in it.
func APIURL(text string) (string, error) {
	const remedy = ": write it like " + DefaultAPIURL
	if text == "" {
		return DefaultAPIURL, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", errors.New("not a URL" + remedy)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("a URL without http:// or https://" + remedy)
	case u.Hostname() == "":
		return "", errors.New("a URL without a host" + remedy)
	case u.User != nil:
		return "", errors.New("a URL with a user name or password" + remedy)
	case strings.ContainsAny(text, "?#"):
		return "", errors.New("a URL with a query or a fragment" + remedy)
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/cgi-bin"), "/")
	return u.Scheme + "://" + u.Host + prefix, nil
}
