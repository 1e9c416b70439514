// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/httpclient"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
)

// DefaultAPIURL is the address of WeCom's API.
const DefaultAPIURL = scalar.DefaultAPIURL

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
		p.addf("%s: no secret: %s", "%s：没有 Secret：%s", from.where(keyAPIFile), from.secretRemedy())
	}
	if !hasTarget(from) {
		p.addf("%s: neither targets nor discovery: configure at least one",
			"%s：没有目标，也没有启用自动发现：请至少指定一项", from.where(keyTargets))
	}
	if agentID, _ := from.value(&problems{}, settingOf(keyAgentID)); c.Targets.DiscoverMembers && agentID.text == "" {
		p.addf("%s: members needs the agent ID of the app: set %s, or leave members out%s",
			"%s：members 需要应用的 AgentId：请填写 %s，或去掉 members%s",
			from.where(keyDiscover), from.name(keyAgentID), agentID.hint)
	}
	return c
}

// storedCorp reads what says whose data are stored, and how to show them.
func (p *problems) storedCorp(from source) Corp {
	return p.partOfCorp(from, func(s setting) bool { return s.env == variableCorpID || s.key == keyDiscover })
}

// partOfCorp reads the name, the departments and the policy of a corp, whether to ask for views,
// and more settings. The way to WeCom is the default one.
func (p *problems) partOfCorp(from source, more func(setting) bool) Corp {
	c := Corp{APIURL: DefaultAPIURL, HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
	for _, s := range settings() {
		if s.key == keyName || s.key == keyStatistics || s.key == keyDepartments || s.isPolicy() ||
			s.setCorp != nil && more(s) {
			if v, ok := from.value(p, s); ok {
				s.setCorp(&c, v)
			}
		}
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

func (v value) corpName() string { return parsed(v, scalar.CorpName) }

func (v value) corpID() string {
	id, err := scalar.CorpID(v.text)
	if err != nil {
		v.addf("%w%s", "%w%s", err, v.hint)
	}
	return id
}

func (v value) secretFile() secret.Source { return v.checkSecret(secret.FromFile(v.path())) }

// secretOr reads the secret itself, unless another setting has named its file.
func (v value) secretOr(file secret.Source) secret.Source {
	if file == (secret.Source{}) {
		return v.checkSecret(secret.FromValue(v.text))
	}
	if v.text != "" {
		v.problems.addf("%s conflicts with %s: remove one of them", "不能同时使用 %[2]s 和 %[1]s：请去掉其中之一",
			settingOf(keyAPIFile), v.where)
	}
	return file
}

// checkSecret returns a secret. It adds a problem if one is given and cannot be read.
func (v value) checkSecret(s secret.Source) secret.Source {
	if _, err := s.Read(); err != nil && s != (secret.Source{}) {
		v.add(err)
	}
	return s
}

func (v value) agentID() int64 { return parsed(v, scalar.AgentID) }

func (v value) quota() int64 { return parsed(v, scalar.Bytes) }

func (v value) apiURL() string { return parsed(v, scalar.APIURL) }

func (v value) proxy() promconfig.HTTPClientConfig { return v.checkHTTP(httpclient.ByProxy(v.text)) }

func (v value) httpConfig() promconfig.HTTPClientConfig {
	return v.checkHTTP(httpclient.Read(v.decode, v.base))
}

func (v value) checkHTTP(c promconfig.HTTPClientConfig, problems []error) promconfig.HTTPClientConfig {
	v.problems.addAll(v.where, problems)
	return c
}
