// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package scalar reads the values of settings that are a single text or number. An error says
// what to write instead. It does not quote what may be a secret that was written to the wrong
// setting.
package scalar

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
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
		return 0, bilingual.Errorf("%q is not a duration: use a Prometheus duration such as 5m, 31d or 90d",
			"%q 不是时长：请采用 Prometheus 的写法，例如 5m、31d 或 90d", text)
	case d == 0:
		return 0, bilingual.Errorf("%q is zero: use a duration above zero such as 5m, 31d or 90d",
			"%q 为零：请填写大于零的时长，例如 5m、31d 或 90d", text)
	}
	return time.Duration(d), nil
}

// WholeNumber returns a function that reads a whole number that is least or more.
func WholeNumber(least int) func(text string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			return n, bilingual.Errorf("%q is not accepted: use a whole number, %d or more",
				"%q 无效：请填写不小于 %d 的整数", text, least)
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
		return false, bilingual.Errorf("%q is not accepted: use true or false", "%q 无效：请填写 true 或 false", text)
	}
	return truth, nil
}

// CorpName reads the value of the label corp.
func CorpName(text string) (string, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return text, bilingual.Errorf("no name: write the value for the label corp", "没有名称：请填写标签 corp 的值")
	case !utf8.ValidString(text):
		return text, bilingual.Errorf("%q is not UTF-8: write a name that is", "%q 不是 UTF-8：请用 UTF-8 填写名称", text)
	}
	return text, nil
}

// CorpID reads the ID of a corp.
func CorpID(text string) (string, error) {
	const example = "ww0123456789abcdef"
	switch {
	case text == "":
		return "", bilingual.Errorf("no corp ID: write the ID of the company, such as %s",
			"没有企业 ID：请填写管理后台“我的企业 > 企业信息”中的企业 ID，例如 %s", example)
	case HasSpaceOrControl(text):
		return text, bilingual.Errorf("the corp ID contains white space or a control character: write only the ID, such "+
			"as %s",
			"企业 ID 含有空白或控制字符：请只填写企业 ID，例如 %s", example)
	}
	return text, nil
}

// HasSpaceOrControl reports whether a text contains white space or a control character.
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
		return n, bilingual.Errorf("the agent ID is not a number above zero: write the AgentId of the app, such as 1000002",
			"AgentId 不是大于零的整数：请填写应用的 AgentId，例如 1000002")
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
		return n, bilingual.Errorf("%q is not a size: use whole bytes, such as 107374182400, or leave the key out",
			"%q 不是大小：请填写整数字节数，例如 107374182400，或去掉该键", text)
	}
	return n, nil
}

// APIURL reads the address of the API, and returns it as scheme://host[:port][/prefix] without
// a last slash and without /cgi-bin. It is DefaultAPIURL for an empty text. The error never
// quotes the URL, because a password may be in it.
func APIURL(text string) (string, error) {
	refused := func(english, chinese string) (string, error) {
		return "", bilingual.Errorf(english+": write it like %s", chinese+"：请按 %s 的形式填写", DefaultAPIURL)
	}
	if text == "" {
		return DefaultAPIURL, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return refused("not a URL", "不是 URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return refused("a URL without http:// or https://", "URL 没有以 http:// 或 https:// 开头")
	case u.Hostname() == "":
		return refused("a URL without a host", "URL 中没有主机名")
	case u.User != nil:
		return refused("a URL with a user name or password", "URL 中含有用户名或密码")
	case strings.ContainsAny(text, "?#"):
		return refused("a URL with a query or a fragment", "URL 中含有查询参数或片段")
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/cgi-bin"), "/")
	return u.Scheme + "://" + u.Host + prefix, nil
}
