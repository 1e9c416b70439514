// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	promconfig "github.com/prometheus/common/config"
)

// DefaultAPIURL is the address of WeCom's API.
//
// https://developer.work.weixin.qq.com/document/path/91039
const DefaultAPIURL = "https://qyapi.weixin.qq.com"

// proxySchemes are the kinds of proxy that net/http speaks to.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// corpText is a corp as the user wrote it, in a file or in flags.
type corpText struct {
	Name          string      `yaml:"name"`
	CorpID        string      `yaml:"corp_id"`
	APISecretFile string      `yaml:"api_secret_file"`
	AgentID       string      `yaml:"agent_id"`
	APIURL        string      `yaml:"api_url"`
	HTTPConfig    *httpConfig `yaml:"http_config"`
	QuotaBytes    string      `yaml:"quota_bytes"`
	Targets       targetsText `yaml:"targets"`
}

type targetsText struct {
	targetFileText `yaml:",inline"`

	Files    []string `yaml:"files"`
	Discover []string `yaml:"discover"`
}

// place tells the user where the value of a corp's key stands.
type place func(key string) string

// corp validates what is common to flags and files. The secret is given apart,
// because only flags have two ways to it.
func (p *problems) corp(at place, text corpText, secret Secret) Corp {
	c := Corp{
		Name:             text.Name,
		CorpID:           text.CorpID,
		Secret:           secret,
		APIURL:           p.apiURL(at("api_url"), text.APIURL),
		HTTPClientConfig: p.httpClientConfig(at("http_config"), text.HTTPConfig),
		Targets:          p.targets(at, text.Targets),
	}
	switch {
	case strings.TrimSpace(c.Name) == "":
		p.addf("%s: no name: write the value that the label corp shall have", at("name"))
	case !utf8.ValidString(c.Name):
		p.addf("%s: %q is not UTF-8: write a name that is", at("name"), c.Name)
	}
	switch {
	case c.CorpID == "":
		p.addf("%s: no corp ID: write the ID of the company, such as ww0123456789abcdef", at("corp_id"))
	case strings.ContainsFunc(c.CorpID, isSpaceOrControl):
		// Not quoted: it may be a secret in the wrong place.
		p.addf("%s: the corp ID holds white space or a control character: write the ID alone, such as ww0123456789abcdef", at("corp_id"))
	}
	if secret != (Secret{}) {
		if _, err := secret.Read(); err != nil {
			p.addf("%s: %w", at("api_secret_file"), err)
		}
	}
	if text.AgentID != "" {
		n, err := strconv.ParseInt(text.AgentID, 10, 64)
		if err != nil || n < 1 {
			// Not quoted: it may be a secret in the wrong place.
			p.addf("%s: the agent ID is not a number above zero: write the AgentId of the app, such as 1000002", at("agent_id"))
		}
		c.AgentID = n
	}
	if text.QuotaBytes != "" {
		n, err := strconv.ParseInt(text.QuotaBytes, 10, 64)
		if err != nil || n < 0 {
			p.addf("%s: %q is not a size: write whole bytes, such as 107374182400, or leave the key out", at("quota_bytes"), text.QuotaBytes)
		}
		c.QuotaBytes = n
	}
	if c.Targets.DiscoverMembers && text.AgentID == "" {
		p.addf("%s: members needs the agent ID of the app: write %s, or leave members out", at("targets.discover"), at("agent_id"))
	}
	return c
}

func isSpaceOrControl(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// apiURL never quotes the URL: someone may have written a password into it.
func (p *problems) apiURL(where, text string) string {
	const remedy = "write it like " + DefaultAPIURL
	if text == "" {
		text = DefaultAPIURL
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		p.addf("%s: not a URL: %s", where, remedy)
		return ""
	case u.Scheme != "http" && u.Scheme != "https":
		p.addf("%s: a URL without http:// or https://: %s", where, remedy)
	case u.Hostname() == "":
		p.addf("%s: a URL without a host: %s", where, remedy)
	case u.User != nil:
		p.addf("%s: a URL with a user name or password: %s", where, remedy)
	case strings.ContainsAny(text, "?#"):
		p.addf("%s: a URL with a query or a fragment: %s", where, remedy)
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/cgi-bin"), "/")
	return u.Scheme + "://" + u.Host + prefix
}

// httpConfig keeps its own error, so that the key can be named with it.
type httpConfig struct {
	promconfig.HTTPClientConfig

	err error
}

func (c *httpConfig) UnmarshalYAML(unmarshal func(any) error) error {
	err := unmarshal(&c.HTTPClientConfig)
	if lines := typeErrors(err); lines != nil {
		return err
	}
	c.err = err
	return nil
}

func (p *problems) httpClientConfig(where string, text *httpConfig) promconfig.HTTPClientConfig {
	if text == nil {
		text = &httpConfig{HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
	}
	c := text.HTTPClientConfig
	_, isURL := errors.AsType[*url.Error](text.err)
	switch {
	case isURL:
		// Not wrapped: it quotes the URL, and with it the password.
		p.addf("%s: proxy_url is not a URL: write it like http://proxy.example:3128", where)
		return c
	case text.err != nil:
		p.addf("%s: %s", where, withoutValue(text.err))
		return c
	}
	if c.ProxyURL.URL == nil || c.ProxyURL.String() == "" {
		c.ProxyFromEnvironment = true
	} else {
		p.proxyURL(where, c.ProxyURL.URL)
	}
	// A redirect would carry the access token, which is part of the URL, to
	// another host.
	c.FollowRedirects = false
	if err := c.Validate(); err != nil {
		p.addf("%s: %w", where, err)
		return c
	}
	if _, err := promconfig.NewTLSConfig(&c.TLSConfig); err != nil {
		p.addf("%s: tls_config: %w", where, err)
	}
	return c
}

// proxyURL never quotes the URL, because of the password in it.
func (p *problems) proxyURL(where string, u *url.URL) {
	if !slices.Contains(proxySchemes, u.Scheme) || u.Host == "" {
		p.addf("%s: not the URL of a proxy: write it like http://proxy.example:3128 (or https, socks5, socks5h)", where)
	}
}
