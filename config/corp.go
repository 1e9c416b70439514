// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/httpclient"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
)

// DefaultAPIURL is the address of WeCom's API.
//
// https://developer.work.weixin.qq.com/document/path/91039
const DefaultAPIURL = "https://qyapi.weixin.qq.com"

// corp reads the settings of a corp, and what they need from each other.
func (p *problems) corp(from source) Corp {
	var c Corp
	for _, s := range settings() {
		if s.setCorp != nil {
			if v, ok := from.value(p, s); ok {
				s.setCorp(&c, v)
			}
		}
	}
	if c.Secret == (secret.Source{}) {
		p.addf("%s: no secret: %s", from.where(keyAPIFile), from.secretRemedy())
	}
	if !hasTarget(from) {
		p.addf("%s: no target and no discovery: give at least one", from.where(keyTargets))
	}
	if agentID, _ := from.value(&problems{}, settingOf(keyAgentID)); c.Targets.DiscoverMembers && agentID.text == "" {
		p.addf("%s: members needs the agent ID of the app: write %s, or leave members out",
			from.where(keyDiscover), from.name(keyAgentID))
	}
	return c
}

// hasTarget reports whether there is a target or a way to find some, good or bad.
func hasTarget(from source) bool {
	for _, s := range settings() {
		if s.isTarget() {
			if v, _ := from.value(&problems{}, s); len(v.items) > 0 {
				return true
			}
		}
	}
	return false
}

func (v value) corpName() string {
	switch {
	case strings.TrimSpace(v.text) == "":
		v.addf("no name: write the value that the label corp shall have")
	case !utf8.ValidString(v.text):
		v.addf("%q is not UTF-8: write a name that is", v.text)
	}
	return v.text
}

func (v value) corpID() string {
	switch {
	case v.text == "":
		v.addf("no corp ID: write the ID of the company, such as ww0123456789abcdef")
	case strings.ContainsFunc(v.text, isSpaceOrControl):
		// Not quoted: it may be a secret that was written to the wrong setting.
		v.addf("the corp ID holds white space or a control character: write the ID alone, such as ww0123456789abcdef")
	}
	return v.text
}

func isSpaceOrControl(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

func (v value) secretFile() secret.Source { return v.checkSecret(secret.FromFile(v.path())) }

// secretOr reads the secret itself, unless another setting has named its file.
func (v value) secretOr(file secret.Source) secret.Source {
	if file == (secret.Source{}) {
		return v.checkSecret(secret.FromValue(v.text))
	}
	if v.text != "" {
		v.problems.addf("%s conflicts with %s: remove one of them", settingOf(keyAPIFile), v.where)
	}
	return file
}

// checkSecret returns a secret. It adds a problem if one is given and cannot be read.
func (v value) checkSecret(s secret.Source) secret.Source {
	if _, err := s.Read(); err != nil && s != (secret.Source{}) {
		v.addf("%w", err)
	}
	return s
}

func (v value) agentID() int64 {
	if v.text == "" {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || n < 1 {
		// Not quoted: it may be a secret that was written to the wrong setting.
		v.addf("the agent ID is not a number above zero: write the AgentId of the app, such as 1000002")
	}
	return n
}

func (v value) quota() int64 {
	if v.text == "" {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || n < 0 {
		v.addf("%q is not a size: write whole bytes, such as 107374182400, or leave the key out", v.text)
	}
	return n
}

// apiURL never quotes the URL, because a password may be in it.
func (v value) apiURL() string {
	const remedy = "write it like " + DefaultAPIURL
	if v.text == "" {
		return DefaultAPIURL
	}
	u, err := url.Parse(v.text)
	switch {
	case err != nil:
		v.addf("not a URL: %s", remedy)
		return ""
	case u.Scheme != "http" && u.Scheme != "https":
		v.addf("a URL without http:// or https://: %s", remedy)
	case u.Hostname() == "":
		v.addf("a URL without a host: %s", remedy)
	case u.User != nil:
		v.addf("a URL with a user name or password: %s", remedy)
	case strings.ContainsAny(v.text, "?#"):
		v.addf("a URL with a query or a fragment: %s", remedy)
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/cgi-bin"), "/")
	return u.Scheme + "://" + u.Host + prefix
}

func (v value) proxy() promconfig.HTTPClientConfig { return v.checkHTTP(httpclient.ByProxy(v.text)) }

func (v value) httpConfig() promconfig.HTTPClientConfig {
	return v.checkHTTP(httpclient.Read(v.decode, v.base))
}

func (v value) checkHTTP(c promconfig.HTTPClientConfig, problems []error) promconfig.HTTPClientConfig {
	for _, err := range problems {
		v.addf("%w", err)
	}
	return c
}
