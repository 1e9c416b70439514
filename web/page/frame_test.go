// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	texts := map[wecom.Language]map[string]string{wecom.English: {}}
	for _, test := range []struct {
		name, page, query string
		wantSeconds       int
		wantAddress       string
	}{
		{name: "the overview is refreshed", page: Start, wantSeconds: 30, wantAddress: "?refresh=off"},
		{name: "until its reader stops that", page: Start, query: "lang=zh&refresh=off", wantAddress: "?lang=zh&refresh=on"},
		{name: "a list is not", page: Targets, query: "corp=acme", wantAddress: "?corp=acme&refresh=on"},
		{name: "unless its reader wants it", page: Targets, query: "refresh=on", wantSeconds: 30, wantAddress: "?refresh=off"},
	} {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+test.query, http.NoBody)
		f := NewFrame(r, test.page, values, time.Now(), texts, true)
		if f.RefreshSeconds != test.wantSeconds || f.RefreshAddress != test.wantAddress {
			t.Errorf("%s: every %d s, %s; want %d, %s", test.name, f.RefreshSeconds, f.RefreshAddress, test.wantSeconds, test.wantAddress)
		}
	}
}

func TestFrame(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	texts := map[wecom.Language]map[string]string{wecom.English: {"title": "Thing", "heading": "Things"}, wecom.Chinese: {"title": "事物"}}
	template := New(`{{template "head" .}}<body>{{template "top" .}}</body>`)
	for _, test := range []struct {
		name, query   string
		hasRecordings bool
		want, without []string
	}{
		{
			name:          "English",
			query:         "lang=en&page=2",
			hasRecordings: true,
			want: []string{
				`<html lang="en">`, "<title>Things – WeCom", `As of <time datetime="2026-11-26T08:00:00Z">2026-11-26 08:00:00 UTC</time>`,
				`<a class="lang" href="?lang=zh&amp;page=2" lang="zh">中文</a>`, `<a href="?lang=en&amp;page=2&amp;refresh=on">refresh every 30 s</a>`,
				`<nav><a href="./?lang=en">Overview</a><a href="./targets?lang=en" aria-current="page">Targets</a>` +
					`<a href="./recordings?lang=en">Recordings</a><a href="./changes?lang=en">Changes</a></nav>`, "--back:#15181c;",
			},
			without: []string{"http-equiv"},
		},
		{
			name:  "Chinese, refreshed, without recordings",
			query: "lang=zh&refresh=on",
			want: []string{
				`<html lang="zh-CN">`, "<title>事物 – WeCom", "截至 <time", `<meta http-equiv="refresh" content="30">`,
				`每 30 秒刷新 · <a href="?lang=zh&amp;refresh=off">停止</a>`, `<a class="lang" href="?lang=en&amp;refresh=on" lang="en">English</a>`,
				`<nav><a href="./?lang=zh">概览</a><a href="./targets?lang=zh" aria-current="page">目标</a></nav>`,
			},
		},
	} {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+test.query, http.NoBody)
		var body strings.Builder
		if err := template.Execute(&body, NewFrame(r, Targets, values, now, texts, test.hasRecordings)); err != nil {
			t.Fatal(err)
		}
		for _, part := range test.want {
			if !strings.Contains(body.String(), part) {
				t.Errorf("%s: the page lacks %s:\n%s", test.name, part, body.String())
			}
		}
		for _, part := range test.without {
			if strings.Contains(body.String(), part) {
				t.Errorf("%s: the page has %s:\n%s", test.name, part, body.String())
			}
		}
	}
}

func TestCheckParams(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                   "",
		"lang=ZH-cn":         "",
		"lang=en&refresh=on": "",
		"refresh=off":        "",
		"lang=es":            `lang: "es" is not a language of the pages: use en or zh`,
		"lang=de":            `lang: "de" is not a language of the pages: use en or zh`,
		"refresh=30":         `refresh: "30" is neither on nor off`,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := CheckParams(values); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}
