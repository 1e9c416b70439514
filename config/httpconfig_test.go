// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/http"
	"net/url"
	"testing"
)

// TestProxyOfFile asks the transport of a corp which proxy it uses for a call, with
// a proxy in the environment. It is not parallel because of the environment.
func TestProxyOfFile(t *testing.T) {
	const environment, configured = "http://environment.test:3128", "http://configured.test:3128"
	t.Setenv("HTTP_PROXY", environment)
	t.Setenv("HTTPS_PROXY", environment)
	t.Setenv("NO_PROXY", "")
	tests := []struct {
		name       string
		httpConfig string
		want       string // empty: no proxy
	}{
		{
			name:       "no http_config",
			httpConfig: "null",
			want:       environment,
		},
		{
			name:       "nothing about proxies",
			httpConfig: "{enable_http2: false}",
			want:       environment,
		},
		{
			name:       "null",
			httpConfig: "{proxy_from_environment: null}",
			want:       environment,
		},
		{
			name:       "true",
			httpConfig: "{proxy_from_environment: true}",
			want:       environment,
		},
		{
			name:       "false",
			httpConfig: "{proxy_from_environment: false}",
		},
		{
			name:       "False, in the spelling of YAML 1.1",
			httpConfig: "{proxy_from_environment: False}",
		},
		{
			name:       "false with an empty URL",
			httpConfig: "{proxy_from_environment: false, proxy_url: ''}",
		},
		{
			name:       "false that is merged",
			httpConfig: "{<<: {proxy_from_environment: false}}",
		},
		{
			name:       "empty URL alone",
			httpConfig: "{proxy_url: ''}",
			want:       environment,
		},
		{
			name:       "URL",
			httpConfig: "{proxy_url: '" + configured + "'}",
			want:       configured,
		},
		{
			name:       "URL and false",
			httpConfig: "{proxy_url: '" + configured + "', proxy_from_environment: false}",
			want:       configured,
		},
	}
	u, err := url.Parse(DefaultAPIURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		cfg, _, err := loadFile(t, "corps: [{name: a, corp_id: ww0, api_secret_file: secret, targets: {userids: [li]}, "+
			"http_config: "+test.httpConfig+"}]")
		if err != nil {
			t.Fatal(err)
		}
		got := &url.URL{}
		if proxyOf := cfg.Corps[0].HTTPClientConfig.Proxy(); proxyOf != nil {
			proxy, err := proxyOf(&http.Request{URL: u})
			if err != nil {
				t.Fatal(err)
			}
			if proxy != nil {
				got = proxy
			}
		}
		if got.String() != test.want {
			t.Errorf("%s: the proxy is %q, want %q", test.name, got, test.want)
		}
	}
}
