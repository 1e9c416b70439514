// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"html"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestProxyPrefix puts the exporter below a prefix of a real nginx, and follows the
// links of its pages.
func TestProxyPrefix(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	address := freeAddress(t)
	config := writeFile(t, "nginx.conf", fmt.Sprintf(`
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen %s;
		location /wecom/ { proxy_pass http://%s/; }
	}
}
`, address, x.address))
	start(t, nil, tool(t, "NGINX"), "-e", "stderr", "-p", filepath.Dir(config), "-c", config)
	proxy := &exporter{process: x.process, address: address, url: "http://" + address, client: x.client}
	proxy.awaitStatus(t, "/wecom/", 200)

	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	reached := map[string]bool{}
	for _, page := range []string{"/wecom/", "/wecom/?lang=zh", "/wecom/targets", "/wecom/recordings", "/wecom/changes"} {
		base, err := url.Parse(proxy.url + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range links.FindAllStringSubmatch(string(proxy.get(t, page).body), -1) {
			link, err := base.Parse(html.UnescapeString(match[1]))
			if err != nil {
				t.Fatal(err)
			}
			if link.Host != address || !strings.HasPrefix(link.Path, "/wecom/") {
				t.Errorf("%s leads to %s", page, match[1])
				continue
			}
			reached[link.Path] = true
			proxy.wantStatus(t, link.RequestURI(), 200)
		}
	}
	for _, path := range []string{"/wecom/metrics", "/wecom/targets", "/wecom/recordings", "/wecom/changes", "/wecom/-/ready"} {
		if !reached[path] {
			t.Errorf("no link leads to %s; reached %v", path, reached)
		}
	}
}
