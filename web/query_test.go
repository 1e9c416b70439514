// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// TestQueriesThatCannotBeRead has filters that must not be dropped: the answer
// would show more than was asked for.
func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, query, want string
		// isForTargets is for what the page of targets refuses in the same words.
		isForTargets bool
	}{
		{
			name:         "a semicolon at the end",
			query:        "corp=acme;",
			want:         "write name=value, with & between parameters, and in a value %25 for %",
			isForTargets: true,
		},
		{
			name:         "a semicolon between parameters",
			query:        "corp=acme;lang=en",
			want:         "%3B for ;",
			isForTargets: true,
		},
		{
			name:         "a percent sign at the end",
			query:        "corp=100%",
			want:         "the query cannot be read (invalid URL escape",
			isForTargets: true,
		},
		{
			name:         "a percent sign behind a parameter that can be read",
			query:        "lang=en&corp=100%",
			want:         "the query cannot be read (invalid URL escape",
			isForTargets: true,
		},
		{
			name:         "an escape that is none",
			query:        "corp=%zz",
			want:         "the query cannot be read (invalid URL escape",
			isForTargets: true,
		},
		{
			name:         "a name that cannot be read",
			query:        "co%rp=acme",
			want:         "the query cannot be read (invalid URL escape",
			isForTargets: true,
		},
		{
			name:  "a semicolon behind a flag",
			query: "exposed=true;",
			want:  "the query cannot be read (invalid semicolon separator in query)",
		},
		{
			name:  "an escaped semicolon behind a flag",
			query: "exposed=true%3B",
			want:  `exposed: "true;" is neither true nor false`,
		},
		{
			name:  "a flag without a value",
			query: "exposed&host=li",
			want:  `the parameter "exposed" has no value: write name=value`,
		},
		{
			name:         "a value without a name",
			query:        "=acme",
			want:         `"" is not a parameter: use one of corp, `,
			isForTargets: true,
		},
		{
			name:         "a parameter that is not known",
			query:        "Corp=acme",
			want:         `"Corp" is not a parameter: use one of corp, `,
			isForTargets: true,
		},
		{
			name:         "a parameter twice",
			query:        "corp=acme&corp=other",
			want:         "corp is given 2 times: write it once",
			isForTargets: true,
		},
		{
			name:         "a parameter twice in two spellings",
			query:        "corp=acme&c%6Frp=acme",
			want:         "corp is given 2 times: write it once",
			isForTargets: true,
		},
		{
			name:         "a parameter twice, empty at first",
			query:        "lang=&lang=zh",
			want:         "lang is given 2 times: write it once",
			isForTargets: true,
		},
		{
			name:         "a language that no page has",
			query:        "lang=fr",
			want:         `lang: "fr" is not a language of the pages: use en or zh`,
			isForTargets: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			paths := []string{"/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes"}
			if test.isForTargets {
				paths = append(paths, "/targets")
			}
			for _, path := range paths {
				a, c := &asked{total: 1}, &askedForChanges{total: 1}
				o := recordingOptions(a)
				o.Changes = c
				w := serve(t, o, http.MethodGet, path+"?"+test.query)
				body := w.Body.String()
				if strings.HasPrefix(path, "/api/") {
					var answer struct {
						Error string `json:"error"`
					}
					if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
						t.Errorf("%s: %v", path, err)
					}
					body = answer.Error
				}
				if w.Code != http.StatusBadRequest || !strings.Contains(body, test.want) {
					t.Errorf("%s: status %d, want 400 and %q; body:\n%s", path, w.Code, test.want, w.Body)
				}
				if diff := cmp.Diff(collector.RecordingQuery{}, a.query); diff != "" {
					t.Errorf("%s: a list was made all the same:\n%s", path, diff)
				}
				if diff := cmp.Diff(collector.ChangeQuery{}, c.query); diff != "" {
					t.Errorf("%s: a list was made all the same:\n%s", path, diff)
				}
			}
		})
	}
}

// fakeOfTwo has two corps.
type fakeOfTwo struct{ *fake }

func (f fakeOfTwo) Status() []poll.Status { return []poll.Status{{Name: "acme"}, {Name: "other"}} }

// TestRefusedQueriesInABrowser has every error of a page's own: the reader gets a page in the language that was
// asked for, and a program gets the English text.
func TestRefusedQueriesInABrowser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ target, english, chinese string }{
		{"/?lang2=zh", `"lang2" is not a parameter: use one of lang, refresh`, `没有参数 "lang2"：可用的参数为 lang, refresh`},
		{"/?refresh=30", `refresh: "30" is neither on nor off`, `refresh："30" 既不是 on 也不是 off`},
		{"/changes?change=opened", `change: "opened" is not a change: use one of enabled,`, `change：没有变更 "opened"：可用的值为 enabled,`},
		{"/changes?since=1h&until=2h", "no change is both at or after ", "since、until：没有既不早于 "},
		{"/changes?exposed=maybe", "is neither true nor false", "既不是 true 也不是 false"},
		{"/changes?since=now", "is not a time: use RFC 3339", "不是时间：请写 RFC 3339 时间"},
		{"/recordings?state=gone", `state: "gone" is not a state: use one of unknown,`, `state：没有状态 "gone"：可用的值为 unknown,`},
		{"/recordings?sort=title", `sort: "title" is not a sort order: use one of start,`, `sort：不能按 "title" 排序：可用的值为 start,`},
		{"/recordings?order=up", `order: "up" is neither asc nor desc`, `order："up" 既不是 asc 也不是 desc`},
		{
			"/recordings?page=1001", "page 1001 with 100 recordings per page ends beyond recording 100000: narrow the list with corp,",
			"第 1001 页（每页 100 条）超出了前 100000 条：请用 corp、",
		},
		{"/targets?selector=user", `selector: "user" is not known: use one of userid,`, `selector："user" 无效：可用的值为 userid,`},
		{"/targets?status=bad", `status: "bad" is not a status: use one of failing,`, `status：没有状态 "bad"：可用的值为 failing,`},
		{"/targets?error=x", `error: "x" is not an errcode: use a number, such as 60111, or`, `error："x" 不是错误码：请写数字，例如 60111，或以下之一：`},
		{"/targets?page=2", "page: paging works only within one corp: add corp, one of ", "page：只能对单个企业分页：请加上 corp，可用的值为 "},
	} {
		for lang, want := range map[string]string{"en": test.english, "zh": test.chinese, "": test.english} {
			o := fullOptions()
			o.Targets = fakeOfTwo{&fake{}}
			target := test.target
			header := []string{"Accept", "text/html,*/*;q=0.8"}
			if lang == "" {
				header, lang = nil, "zh" // a script
			}
			w := serve(t, o, http.MethodGet, target+"&lang="+lang, header...)
			body := html.UnescapeString(w.Body.String())
			if w.Code != http.StatusBadRequest || !strings.Contains(body, want) {
				t.Errorf("%s, %s: status %d, want 400 and %q:\n%s", target, lang, w.Code, want, body)
			}
			if isPage := strings.Contains(body, "<h1>"); isPage != (header != nil) {
				t.Errorf("%s, %s: a page: %t", target, lang, isPage)
			}
		}
	}
}

func TestQueriesThatAreIgnored(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		for _, query := range []string{"x=1", "x;", "100%", "a=1&a=2"} {
			if w := serve(t, optionsOf(&fake{ready: true}), http.MethodGet, path+"?"+query); w.Code != http.StatusOK {
				t.Errorf("%s?%s: status %d, want 200", path, query, w.Code)
			}
		}
	}
}
