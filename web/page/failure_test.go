// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
)

// browser is what Chromium accepts of a page.
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

func failing(t *testing.T, f *Failure, rawQuery, accept, acceptLanguage string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/targets?"+rawQuery, http.NoBody)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	r.Header.Set("Accept-Language", acceptLanguage)
	w := httptest.NewRecorder()
	ServeFailure(w, r, log.NewNopLogger(), f)
	return w
}

func TestFailureAsPage(t *testing.T) {
	t.Parallel()
	refused := &Failure{
		Here:          Targets,
		HasRecordings: true,
		Status:        http.StatusBadRequest,
		Err:           bilingual.Errorf(`status: "<i>" is not a status`, `status：没有状态 "<i>"`),
	}
	for _, test := range []struct {
		name            string
		failure         *Failure
		query, language string
		want, without   []string
	}{
		{
			name:    "English",
			failure: refused,
			query:   "status=%3Ci%3E&lang=en",
			want: []string{
				`<html lang="en">`, "<title>This query cannot be answered – ", "<h1>This query cannot be answered</h1>",
				"status: &#34;&lt;i&gt;&#34; is not a status</p>", `<a href="./targets?lang=en">Show the page without the query</a>`,
				`<a href="./targets?lang=en" aria-current="page">Targets</a>`, `<a href="./changes?lang=en">Changes</a>`,
				`href="?lang=zh&amp;status=%3Ci%3E" lang="zh"`,
			},
			without: []string{"<i>", "refresh"},
		},
		{
			name:     "Chinese, as the browser prefers",
			failure:  refused,
			query:    "status=%3Ci%3E&refresh=on",
			language: "zh-CN,zh;q=0.9",
			want: []string{
				`<html lang="zh-CN">`, "<h1>无法处理此查询</h1>", "status：没有状态 &#34;&lt;i&gt;&#34;</p>",
				`<a href="./targets">打开不带参数的页面</a>`, `<a href="./recordings">录制</a>`,
			},
			without: []string{"<i>", "is not a status", `http-equiv="refresh"`, "刷新"},
		},
		{
			name:     "a language that no page has, which no link keeps",
			failure:  refused,
			query:    "lang=fr",
			language: "zh",
			want:     []string{"<h1>无法处理此查询</h1>", `<a href="./">概览</a>`, `href="?lang=en" lang="en"`},
			without:  []string{"lang=fr"},
		},
		{
			name: "without recordings, later, and without a translation",
			failure: &Failure{
				Here:   Start,
				Status: http.StatusServiceUnavailable,
				Err:    errors.New("the disk is slow"),
			},
			query: "corp=a%26b&lang=zh",
			want: []string{
				"<h1>暂时无法显示此页</h1>", "the disk is slow</p>", `<a href="?corp=a%26b&amp;lang=zh">重试</a>`,
			},
			without: []string{"./recordings", `http-equiv="refresh"`},
		},
	} {
		w := failing(t, test.failure, test.query, browser, test.language)
		body := w.Body.String()
		if got := w.Header().Get("Content-Type"); w.Code != test.failure.Status || got != "text/html; charset=utf-8" {
			t.Errorf("%s: status %d, %s", test.name, w.Code, got)
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %s", test.name, want)
			}
		}
		for _, without := range test.without {
			if strings.Contains(body, without) {
				t.Errorf("%s: the page has %s", test.name, without)
			}
		}
		if t.Failed() {
			t.Fatal(body)
		}
	}
}

// TestFailureAsText has clients that read no page, each of which gets the error in English whatever its language.
func TestFailureAsText(t *testing.T) {
	t.Parallel()
	f := &Failure{Here: Targets, Status: http.StatusBadRequest, Err: bilingual.Errorf("no", "不")}
	for _, test := range []struct {
		name, query, accept string
		isPage              bool
	}{
		{name: "no header"},
		{name: "curl", accept: "*/*"},
		{name: "a script that wants JSON", accept: "application/json"},
		{name: "a browser", accept: browser, isPage: true},
		{name: "a browser that asks for no format that there is", query: "format=xml", accept: browser, isPage: true},
		{name: "a browser that asks for HTML", query: "format=html", accept: browser, isPage: true},
		{name: "a browser that asks for CSV", query: "format=csv", accept: browser},
		{name: "a browser that asks for JSON", query: "format=json", accept: browser},
		{name: "HTML at the end", accept: "application/json, Text/HTML;q=0.1", isPage: true},
		{name: "HTML is refused", accept: "text/html;q=0, */*"},
		{name: "another type", accept: "text/html5, */*"},
		{name: "a header that cannot be parsed", accept: "text/html;;, ,"},
	} {
		w := failing(t, f, test.query, test.accept, "zh")
		if got := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"); got != test.isPage || w.Code != f.Status {
			t.Errorf("%s: status %d, a page: %t, want %t", test.name, w.Code, got, test.isPage)
		}
		if !test.isPage && w.Body.String() != "no\n" {
			t.Errorf("%s: %q", test.name, w.Body)
		}
		if vary := strings.Join(w.Header()["Vary"], ", "); !strings.HasPrefix(vary, "Accept") {
			t.Errorf("%s: Vary %q", test.name, vary)
		}
	}
}

func TestTextsOfFailuresAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, refusedTexts, failureHTML)
	pagetest.CheckTexts(t, failedTexts, failureHTML)
}
