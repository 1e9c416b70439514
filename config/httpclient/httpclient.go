// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package httpclient reads how a client calls WeCom: the keys of http_config, or the URL of
// a proxy alone. No error holds a URL, because a password may be in it.
package httpclient

import (
	"net/url"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

const (
	page = "https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config"

	proxyExample = "http://proxy.example:3128"
)

// proxySchemes are the kinds of proxy that net/http speaks to.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// names are the keys of promconfig.HTTPClientConfig by their kinds. They
// are listed because the errors of that type quote values and name no path; a
// test compares them with its fields.
var names = map[yamldoc.Kind]string{
	yamldoc.Text: `
		basic_auth.username basic_auth.username_file basic_auth.username_ref
		basic_auth.password basic_auth.password_file basic_auth.password_ref
		authorization.type authorization.credentials authorization.credentials_file authorization.credentials_ref
		oauth2.client_id oauth2.client_secret oauth2.client_secret_file oauth2.client_secret_ref
		oauth2.client_certificate_key_id oauth2.client_certificate_key
		oauth2.client_certificate_key_file oauth2.client_certificate_key_ref
		oauth2.grant_type oauth2.signature_algorithm oauth2.iss oauth2.audience oauth2.token_url
		oauth2.endpoint_params.*
		oauth2.tls_config.ca oauth2.tls_config.cert oauth2.tls_config.key
		oauth2.tls_config.ca_file oauth2.tls_config.cert_file oauth2.tls_config.key_file
		oauth2.tls_config.ca_ref oauth2.tls_config.cert_ref oauth2.tls_config.key_ref
		oauth2.tls_config.server_name oauth2.tls_config.min_version oauth2.tls_config.max_version
		oauth2.proxy_url oauth2.no_proxy
		bearer_token bearer_token_file
		tls_config.ca tls_config.cert tls_config.key
		tls_config.ca_file tls_config.cert_file tls_config.key_file
		tls_config.ca_ref tls_config.cert_ref tls_config.key_ref
		tls_config.server_name tls_config.min_version tls_config.max_version
		proxy_url no_proxy`,
	yamldoc.Truth: `
		follow_redirects enable_http2 proxy_from_environment tls_config.insecure_skip_verify
		oauth2.proxy_from_environment oauth2.tls_config.insecure_skip_verify`,
	yamldoc.List: `
		oauth2.scopes oauth2.proxy_connect_header.* proxy_connect_header.*
		http_headers.*.values http_headers.*.secrets http_headers.*.files`,
	yamldoc.Anything: `oauth2.claims.*`,
}

// Keys returns the key of an http_config at a path, and those below it.
func Keys(path string) []yamldoc.Key {
	keys := []yamldoc.Key{{Path: path, Kind: yamldoc.Mapping, See: page}}
	for _, kind := range []yamldoc.Kind{yamldoc.Text, yamldoc.Truth, yamldoc.List, yamldoc.Anything} {
		for name := range strings.FieldsSeq(names[kind]) {
			key := yamldoc.Key{Path: path + "." + name, Kind: kind}
			switch {
			case strings.HasSuffix(name, "proxy_url"):
				key.Check = checkURL
			case strings.HasSuffix(name, "_version"):
				key.Check = checkTLSVersion
			}
			keys = append(keys, key)
		}
	}
	return keys
}

// checkURL and checkTLSVersion refuse what HTTPClientConfig would quote in an error.
func checkURL(text string) error {
	if _, err := url.Parse(text); err != nil {
		return bilingual.Errorf("not a URL: write it like %s", "不是 URL：请按 %s 的形式填写", proxyExample)
	}
	return nil
}

func checkTLSVersion(text string) error {
	if _, ok := promconfig.TLSVersions[text]; !ok {
		return bilingual.Errorf("not a TLS version: use TLS12 or TLS13", "不是 TLS 版本：请填写 TLS12 或 TLS13")
	}
	return nil
}

// ByProxy returns the configuration of a client that calls by a proxy, or by that of the
// environment if the URL is empty. It returns an error for each problem.
func ByProxy(proxyURL string) (c promconfig.HTTPClientConfig, problems []error) {
	c = promconfig.DefaultHTTPClientConfig
	if proxyURL == "" {
		c.ProxyFromEnvironment = true
		return finish(c)
	}
	if err := checkURL(proxyURL); err != nil {
		return c, []error{err}
	}
	c.ProxyURL.URL, _ = url.Parse(proxyURL)
	return finish(c)
}

// Read returns the configuration that decode decodes from an http_config with known keys.
// Paths begin at the directory base. Without a proxy_url, the proxy is that of the
// environment unless proxy_from_environment is false. It returns an error for each problem.
func Read(decode func(into any) error, base string) (c promconfig.HTTPClientConfig, problems []error) {
	c = promconfig.DefaultHTTPClientConfig
	if err := decode(&c); err != nil {
		// The keys and kinds are right, and URLs and versions are checked, so that
		// this is an error of Validate, which quotes no value.
		return c, []error{err}
	}
	var given struct {
		ProxyFromEnvironment *bool  `yaml:"proxy_from_environment"`
		BearerTokenFile      string `yaml:"bearer_token_file"`
	}
	if err := decode(&given); err != nil {
		return c, []error{err} // Not so: the same keys were decoded without an error.
	}
	if given.ProxyFromEnvironment == nil && !hasProxyURL(&c) {
		c.ProxyFromEnvironment = true
	}
	if given.BearerTokenFile != "" {
		// Decoding has turned it into the authorization. It is turned back, so that errors name its key.
		c.BearerTokenFile, c.Authorization = given.BearerTokenFile, nil
	}
	base = fileerr.Absolute(base) // Errors of the client show its paths as they are.
	c.SetDirectory(base)
	if c.OAuth2 != nil { // SetDirectory leaves this one out.
		c.OAuth2.ClientCertificateKeyFile = promconfig.JoinDir(base, c.OAuth2.ClientCertificateKeyFile)
	}
	return finish(c)
}

func hasProxyURL(c *promconfig.HTTPClientConfig) bool {
	return c.ProxyURL.URL != nil && c.ProxyURL.String() != ""
}

// finish validates the configuration of a client and sets what is the same for all.
func finish(c promconfig.HTTPClientConfig) (finished promconfig.HTTPClientConfig, problems []error) {
	if u := c.ProxyURL.URL; hasProxyURL(&c) && (!slices.Contains(proxySchemes, u.Scheme) || u.Host == "") {
		problems = append(problems, bilingual.Errorf(
			"not the URL of a proxy: write it like %s (or https, socks5, socks5h)",
			"不是代理的 URL：请按 %s 的形式填写（也可以是 https、socks5 或 socks5h）", proxyExample))
	}
	// A redirect would carry the access token, which is part of the URL, to
	// another host.
	c.FollowRedirects = false
	// Validate turns some keys into others, so that files are checked under their keys before.
	unreadable := checkFiles(&c)
	problems = append(problems, unreadable...)
	if err := c.Validate(); err != nil {
		return c, append(problems, err)
	}
	if len(unreadable) > 0 {
		return c, problems
	}
	if err := checkTLS("tls_config", &c.TLSConfig); err != nil {
		problems = append(problems, err)
	}
	if c.OAuth2 != nil {
		if err := checkTLS("oauth2.tls_config", &c.OAuth2.TLSConfig); err != nil {
			problems = append(problems, err)
		}
	}
	return c, problems
}
