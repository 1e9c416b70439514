// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
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
			want:         `"" is no parameter: write one of corp, `,
			isForTargets: true,
		},
		{
			name:         "a parameter that is not known",
			query:        "Corp=acme",
			want:         `"Corp" is no parameter: write one of corp, `,
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
			want:         `lang: "fr" is no language of the pages: write en or zh`,
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
