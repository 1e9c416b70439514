// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// readQuery reads a query in the simplest way, or returns false: each parameter is one of
// known, has a value, and stands there once.
func readQuery(raw string, known []string) (values map[string]string, ok bool) {
	values = map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, hasValue := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		_, isRepeated := values[name]
		if !hasValue || nameErr != nil || valueErr != nil || isRepeated || strings.Contains(pair, ";") || !slices.Contains(known, name) {
			return nil, false
		}
		values[name] = value
	}
	lang := strings.ToLower(values["lang"])
	return values, lang == "" || strings.HasPrefix(lang, "en") || strings.HasPrefix(lang, "zh")
}

// readNumber reads a number from 1 to most, or byDefault of an empty text.
func readNumber(text string, byDefault, most int) (n int, ok bool) {
	if text == "" {
		return byDefault, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= most
}

func readBool(text string) (value *bool, ok bool) {
	if text == "" {
		return nil, true
	}
	b, err := strconv.ParseBool(text)
	return &b, err == nil
}

// modelOfRecordings returns what a query of recordings asks for, or false if it is to be
// refused.
func modelOfRecordings(raw string) (want collector.RecordingQuery, ok bool) {
	values, ok := readQuery(raw, []string{"corp", "host", "state", "exposed", "shared", "sort", "order", "page", "limit", "lang"})
	if !ok {
		return want, false
	}
	want.Corp, want.Host = values["corp"], values["host"]
	states := map[string]wecom.State{
		"unknown": wecom.StateUnknown, "recording": wecom.StateRecording, "transcoding": wecom.StateTranscoding, "completed": wecom.StateCompleted,
	}
	if state, isState := states[values["state"]]; isState {
		want.State = &state
	} else if values["state"] != "" {
		return want, false
	}
	var isExposed, isShared, isPage, isLimit bool
	want.Exposed, isExposed = readBool(values["exposed"])
	want.Shared, isShared = readBool(values["shared"])
	want.Order = inventory.Order(cmp.Or(values["sort"], "start"))
	isOrder := slices.Contains(inventory.Orders(), want.Order)
	switch values["order"] {
	case "":
		want.Descending = want.Order != inventory.ByHost
	case "desc":
		want.Descending = true
	case "asc":
	default:
		return want, false
	}
	page, isPage := readNumber(values["page"], 1, 1_000_000)
	want.Limit, isLimit = readNumber(values["limit"], 100, 1000)
	want.Offset = (page - 1) * want.Limit
	return want, isExposed && isShared && isOrder && isPage && isLimit
}

func addQueries(f *testing.F, add func(query string)) {
	f.Helper()
	for _, query := range []string{
		"", "corp=acme&host=li&state=recording&exposed=true&shared=0&sort=host&order=asc&page=3&limit=20&lang=zh",
		"state=completed", "state=transcoding&sort=bytes&order=desc", "sort=shared", "sort=duration", "sort=exposed",
		"corp=acme;", "corp=100%", "corp=%zz", "c%6Frp=acme&corp=b", "exposed", "page=+1", "page=0&limit=1001", "lang=FR", "&&", "=",
		"host=%3Cscript%3Ealert(1)%3C/script%3E", "order=up&exposed=maybe",
	} {
		add(query)
	}
}

// A query of recordings is refused, or asks for just what a simple model makes of it.
func FuzzRecordingsQuery(f *testing.F) {
	addQueries(f, func(query string) { f.Add(query) })
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, err := parseRecordingsQuery(raw)
		want, ok := modelOfRecordings(raw)
		if ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if ok {
			if diff := gocmp.Diff(want, q.RecordingQuery); diff != "" {
				t.Errorf("%q (-want +got):\n%s", raw, diff)
			}
		}
	})
}

// A query of targets is refused, or asks for just what a simple model makes of it.
func FuzzTargetsQuery(f *testing.F) {
	addQueries(f, func(query string) { f.Add(query) })
	f.Fuzz(func(t *testing.T, raw string) {
		corp, page, err := parseTargetsQuery(raw)
		values, ok := readQuery(raw, []string{"corp", "page", "lang"})
		wantPage, isPage := readNumber(values["page"], 1, 1_000_000)
		if ok = ok && isPage; ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if ok && (corp != values["corp"] || page != wantPage) {
			t.Errorf("%q asks for page %d of %q", raw, page, corp)
		}
	})
}

// Whatever is asked of a page, the answer is 200 or 400. A query that is refused makes no
// list, and nothing of it becomes HTML.
func FuzzPages(f *testing.F) {
	addQueries(f, func(query string) {
		for page := range uint8(4) {
			f.Add(page, query, "zh-CN,zh;q=0.9")
		}
	})
	pages := []string{"/", "/targets", "/recordings", "/api/v1/recordings"}
	f.Fuzz(func(t *testing.T, page uint8, query, language string) {
		a := &asked{total: 3}
		path := pages[int(page)%len(pages)]
		w := httptest.NewRecorder()
		NewHandler(recordingOptions(a)).ServeHTTP(w, &http.Request{
			Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{"Accept-Language": {language}}, Host: "x",
		})
		body := w.Body.String()
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("%s?%s: status %d:\n%s", path, query, w.Code, body)
		}
		if w.Code == http.StatusBadRequest && a.query.Limit != 0 {
			t.Errorf("%s?%s is refused, and a list was made: %+v", path, query, a.query)
		}
		isHTML := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
		if isHTML && (w.Code != http.StatusOK || strings.Contains(body, "<script")) {
			t.Errorf("%s?%s: status %d:\n%s", path, query, w.Code, body)
		}
	})
}
