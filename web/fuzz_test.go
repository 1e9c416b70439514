// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query/querytest"
)

// Whatever is asked of a page, the answer is 200 or 400. A query that is refused makes no
// list, and nothing of it becomes HTML.
func FuzzPages(f *testing.F) {
	for _, query := range querytest.Seeds() {
		for page := range uint8(6) {
			f.Add(page, query, "zh-CN,zh;q=0.9")
		}
	}
	pages := []string{"/", "/targets", "/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes"}
	f.Fuzz(func(t *testing.T, page uint8, query, language string) {
		a, c := &asked{total: 3}, &askedForChanges{total: 3}
		o := recordingOptions(a)
		o.Changes = c
		path := pages[int(page)%len(pages)]
		get := func(accept string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			NewHandler(o).ServeHTTP(w, &http.Request{
				Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Host: "x",
				Header: http.Header{"Accept-Language": {language}, "Accept": {accept}},
			})
			return w
		}
		w := get("*/*")
		body := w.Body.String()
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("%s?%s: status %d:\n%s", path, query, w.Code, body)
		}
		if w.Code == http.StatusBadRequest && (a.query.Limit != 0 || c.query.Limit != 0) {
			t.Errorf("%s?%s is refused, and a list was made: %+v, %+v", path, query, a.query, c.query)
		}
		isHTML := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
		if isHTML && (w.Code != http.StatusOK || strings.Contains(body, "<script")) {
			t.Errorf("%s?%s: status %d:\n%s", path, query, w.Code, body)
		}
		// A browser gets the same status. A page of an error has nothing of the query as HTML, and both texts
		// of the error have all of their arguments.
		inBrowser := get("text/html")
		isHTML = strings.HasPrefix(inBrowser.Header().Get("Content-Type"), "text/html")
		lacksArguments := !strings.Contains(query, "%") && strings.Contains(inBrowser.Body.String(), "%!")
		if inBrowser.Code != w.Code || isHTML && (lacksArguments || strings.Contains(inBrowser.Body.String(), "<script")) {
			t.Errorf("%s?%s: status %d in a browser, want %d:\n%s", path, query, inBrowser.Code, w.Code, inBrowser.Body)
		}
	})
}
