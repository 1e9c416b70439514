// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLanguageOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ query, header, want string }{
		{want: "en"},
		{header: "zh-CN,zh;q=0.9,en;q=0.8", want: "zh-CN"},
		{header: "en-US,en;q=0.9,zh;q=0.8", want: "en"},
		{header: "ZH-tw", want: "zh-CN"},
		{header: "ja,zh-CN;q=0.9,en;q=0.8", want: "zh-CN"},
		{header: "en;q=0.5, zh;q=0.9", want: "zh-CN"},
		{header: "zh;q=0, en;q=0.1", want: "en"},
		{header: "zh;q=0", want: "en"},
		{header: "zh;q=x, en;q=0.1", want: "en"},
		{header: "de, *", want: "en"},
		{header: "zha, en", want: "en"},
		{header: ",;=,", want: "en"},
		{query: "?lang=en", header: "zh", want: "en"},
		{query: "?lang=ZH-cn", header: "en", want: "zh-CN"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+test.query, http.NoBody)
		r.Header.Set("Accept-Language", test.header)
		if _, lang := LanguageOf(r); lang != test.want {
			t.Errorf("%q, Accept-Language %q: %s, want %s", test.query, test.header, lang, test.want)
		}
	}
}

func TestCompactCSS(t *testing.T) {
	t.Parallel()
	const (
		css  = "/* Lists */\ntable, td { color: red; margin: 0 0 1rem; }\n@media (max-width: 60rem) {\n  td::before { content: \" · \" \": \"; }\n}\n"
		want = `table,td{color:red;margin:0 0 1rem;}@media (max-width:60rem){td::before{content: " · " ": ";}}`
	)
	if got := compactCSS(css); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
