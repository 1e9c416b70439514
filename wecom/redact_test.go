// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret, token = "canary secret+/=", "canary-token"
	faults := map[string]wecomtest.Fault{
		"wrong secret echoed":  {EchoSecrets: true},
		"token echoed":         {Endpoint: listEndpoint, EchoSecrets: true},
		"reset":                {Drop: true},
		"reset list":           {Endpoint: listEndpoint, Drop: true},
		"hang":                 {Hang: true},
		"hanging list":         {Endpoint: listEndpoint, Hang: true},
		"redirect":             {Redirect: "https://canary-secret.test/?access_token=canary-token"},
		"errmsg":               {Errcode: 60020, Errmsg: "canary-secret canary-token canary-title from ip: canary"},
		"errmsg of a list":     {Endpoint: listEndpoint, Errcode: 60111, Errmsg: "canary-token, from ip: 203.0.113.9"},
		"half a list":          {Endpoint: listEndpoint, Body: []byte(`{"errcode":0,"record_list":[{"title":"canary-title","password":"canary`)},
		"a list without JSON":  {Endpoint: listEndpoint, Body: []byte(`"canary-title`)},
		"a list in a function": {Endpoint: listEndpoint, Body: []byte(`callback({"title":"canary-title"})`)},
		"percent-encoded":      {Status: 403, Body: []byte("denied: " + url.PathEscape(secret) + " " + strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"))},
		"a token in XML":       {Endpoint: tokenEndpoint, Body: []byte(`<xml><access_token>canary-token</access_token></xml>`)},
		"a token in plain":     {Endpoint: tokenEndpoint, Body: []byte("canary-token")},
		"cut":                  {Endpoint: listEndpoint, CutAfter: 30},
		"oversize":             {Endpoint: listEndpoint, Oversize: 20 << 20},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{Secret: secret})
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", Title: "canary-title", MeetingStart: time.Now().Add(-time.Hour)})
				server.Fail(fault)
				client, _ := clientOf(t, server, func(c *Config) { c.Secret = func() (string, error) { return secret, nil } })
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if err == nil {
					t.Fatal("no error")
				}
				token := client.settings.Load().tokens.current.text
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), Remedy(err, English), Remedy(err, Chinese)} {
					if strings.Contains(text, "canary") || token != "" && strings.Contains(text, token) {
						t.Errorf("a secret is in: %s", text)
					}
				}
			})
		})
	}
}
