// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// fullOptions has every page, each with several parts.
func fullOptions() Options {
	f := &fake{ready: true}
	for i := range 401 {
		f.targets = append(f.targets, schedule.TargetReport{
			Target: wecom.Target{Selector: wecom.ByUserID, ID: fmt.Sprintf("user%03d", i)},
		})
	}
	o := optionsOf(f)
	o.Recordings, o.Changes = &asked{total: 250}, &askedForChanges{total: 250}
	return o
}

var linkAttributes = regexp.MustCompile(`(?:href|src|action)=["']([^"']*)["']`)

// crawl follows every link from a page and returns the paths that it reached. Each
// must lead to an answer below the prefix.
func crawl(t *testing.T, handler http.Handler, prefix string) map[string]bool {
	t.Helper()
	reached, seen := map[string]bool{}, map[string]bool{}
	waiting := []string{prefix}
	for len(waiting) > 0 {
		at := waiting[0]
		waiting = waiting[1:]
		base, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		// Pages whose queries have the same parameters have the same links.
		kind := fmt.Sprint(base.Path, slices.Sorted(maps.Keys(base.Query())))
		if seen[kind] {
			continue
		}
		seen[kind] = true
		reached[strings.TrimPrefix(base.Path, prefix)] = true
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", at, w.Code)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			continue
		}
		for _, match := range linkAttributes.FindAllStringSubmatch(w.Body.String(), -1) {
			link, err := base.Parse(html.UnescapeString(match[1]))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(link.Path, prefix) || link.Host != "" {
				t.Errorf("%s leads to %s, which is not below %s", at, match[1], prefix)
				continue
			}
			waiting = append(waiting, link.String())
		}
	}
	return reached
}

func TestLinksHoldBelowAnyPrefix(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"/", "/wecom/", "/a/b/"} {
		for _, telemetryPath := range []string{"/metrics", "/custom/metrics/", "/a:b"} {
			t.Run(prefix+" "+telemetryPath, func(t *testing.T) {
				t.Parallel()
				o := fullOptions()
				o.TelemetryPath = telemetryPath
				reached := crawl(t, http.StripPrefix(strings.TrimSuffix(prefix, "/"), NewHandler(o)), prefix)
				for _, path := range []string{telemetryPath, "/targets", "/recordings", "/changes", "/api/v1/changes", "/-/ready", "/-/healthy"} {
					if !reached[strings.TrimPrefix(path, "/")] {
						t.Errorf("no link leads to %s; reached %v", path, reached)
					}
				}
			})
		}
	}
}

func TestQueriesOfTheLandingPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query string
		want  string // in the answer, which refuses the query; "": it does not
	}{
		{query: ""},
		{query: "lang=zh"},
		{query: "lang="},
		{query: "x=1", want: `"x" is not a parameter: use one of lang`},
		{query: "lang=en&lang=zh", want: "lang is given 2 times: write it once"},
		{query: "lang=%", want: "the query cannot be read (invalid URL escape"},
		{query: "lang=en;x=1", want: "%3B for ;"},
		{query: "lang", want: `the parameter "lang" has no value`},
		{query: "lang=fr", want: `"fr" is not a language of the pages: use en or zh`},
		{query: "corp=acme", want: `"corp" is not a parameter`},
	} {
		w := serve(t, fullOptions(), http.MethodGet, "/?"+test.query)
		status := http.StatusOK
		if test.want != "" {
			status = http.StatusBadRequest
		}
		if w.Code != status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%q: status %d, want %d with %q:\n%s", test.query, w.Code, status, test.want, w.Body)
		}
	}
}

func TestBuildWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, version, revision, english, chinese string }{
		{
			name:     "a release",
			version:  "1.2.0",
			revision: "0a1b2c3",
			english:  "Version 1.2.0 (revision 0a1b2c3)",
			chinese:  "版本 1.2.0（修订 0a1b2c3）",
		},
		{
			name:     "a build from an archive",
			version:  "1.2.0",
			revision: "unknown",
			english:  "Version 1.2.0",
			chinese:  "版本 1.2.0",
		},
		{
			name:     "go build in a clone",
			version:  "unknown",
			revision: "0a1b2c3-modified",
			english:  "development build (revision 0a1b2c3-modified)",
			chinese:  "开发构建（修订 0a1b2c3-modified）",
		},
		{
			name:     "nothing is known",
			version:  "unknown",
			revision: "unknown",
			english:  "development build",
			chinese:  "开发构建",
		},
		{
			name:    "a test",
			english: "development build",
			chinese: "开发构建",
		},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := buildWords(landingTexts[language], test.version, test.revision); got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		}
	}
}

func TestLandingPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, target, acceptLanguage string
		want                         []string
	}{
		{
			name:   "English",
			target: "/",
			want: []string{
				`<html lang="en">`, "<h1>Overview</h1>", "Prometheus exporter for the cloud recordings",
				"development build</p></footer>", `<meta http-equiv="refresh" content="30">`,
				`<a href="./metrics">Metrics</a>`, `<a href="./-/ready">Ready</a>`, `<a class="lang" href="?lang=zh" lang="zh">中文</a>`,
			},
		},
		{
			name:           "Chinese by the browser",
			target:         "/",
			acceptLanguage: "zh-CN,zh;q=0.9",
			want: []string{
				`<html lang="zh-CN">`, "<h1>概览</h1>", "企业微信会议云录制", `<a href="./targets">目标</a>`, `<a class="lang" href="?lang=en" lang="en">English</a>`,
			},
		},
		{
			name:   "Chinese by the query",
			target: "/?lang=zh",
			want:   []string{`<html lang="zh-CN">`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := serve(t, fullOptions(), http.MethodGet, test.target, "Accept-Language", test.acceptLanguage).Body.String()
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %q:\n%s", want, body)
				}
			}
		})
	}
}
