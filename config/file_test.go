// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadFile loads a configuration file with a secret beside it.
func loadFile(tb testing.TB, content string) (*Config, string, error) {
	tb.Helper()
	dir := writeFiles(tb, map[string]string{"c.yml": content, "secret": "the secret"})
	cfg, err := parse(tb, map[string]string{}, "--config.file="+dir+"/c.yml").Load()
	return cfg, dir, err
}

// TestForms loads the same two corps in the forms that YAML has for them.
func TestForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		content string
	}{
		{
			name: "block",
			content: `
poll:
  interval: 1m
corps:
- name: acme
  corp_id: ww0
  api_secret_file: secret
  http_config:
    proxy_url: http://egress.example:3128
  targets:
    userids:
    - lisi
- name: globex
  corp_id: ww0
  api_secret_file: secret
  http_config:
    proxy_url: http://egress.example:3128
  targets:
    userids:
    - lisi
`,
		},
		{
			name: "JSON with tabs",
			content: "{\"poll\": {\"interval\": \"1m\"},\n\t\"corps\": [\n" +
				"\t\t{\"name\": \"acme\", \"corp_id\": \"ww0\", \"api_secret_file\": \"secret\",\n" +
				"\t\t\t\"http_config\": {\"proxy_url\": \"http://egress.example:3128\"}, \"targets\": {\"userids\": [\"lisi\"]}},\n" +
				"\t\t{\"name\": \"globex\", \"corp_id\": \"ww0\", \"api_secret_file\": \"secret\",\n" +
				"\t\t\t\"http_config\": {\"proxy_url\": \"http://egress.example:3128\"}, \"targets\": {\"userids\": [\"lisi\"]}}\n\t]}\n",
		},
		{
			name: "aliases",
			content: `
poll: {interval: &minute 1m}
corps:
- name: acme
  corp_id: &id ww0
  api_secret_file: &file secret
  http_config: &http {proxy_url: "http://egress.example:3128"}
  targets: &targets {userids: [&user lisi, *user]}
- {name: globex, corp_id: *id, api_secret_file: *file, http_config: *http, targets: *targets}
`,
		},
		{
			name: "merged keys",
			content: `
poll: {interval: 1m}
corps:
- &acme
  name: acme
  corp_id: ww0
  api_secret_file: secret
  http_config: &http
    proxy_url: http://egress.example:3128
  targets: &targets {userids: [lisi]}
- name: globex
  http_config: {<<: *http}
  targets:
    <<: [*targets, {userids: [wangwu]}]
  <<: *acme
`,
		},
		{
			name: "tags, nulls, a document marker and a byte order mark",
			content: "\ufeff---\r\n" + `
poll: {interval: !!str 1m, idle_interval: ~, lookback: !!null '', history_interval: }
corps: !!seq
- {name: !!str acme, corp_id: !!binary d3cw, api_secret_file: ! secret, targets: {userids: [lisi], files: null},
   http_config: !!map {proxy_url: "http://egress.example:3128", tls_config: null}}
- {name: "globex", corp_id: 'ww0', api_secret_file: secret, targets: {userids: [lisi], discover: }, api_url: null,
   http_config: {proxy_url: "http://egress.example:3128"}}
...
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg, _, err := loadFile(t, test.content)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range cfg.Corps {
				got = append(got, fmt.Sprint(c.Name, " ", c.CorpID, " ", c.HTTPClientConfig.ProxyURL, " ", c.Targets.UserIDs, c.APIURL))
			}
			want := []string{
				"acme ww0 http://egress.example:3128 [lisi]https://qyapi.weixin.qq.com",
				"globex ww0 http://egress.example:3128 [lisi]https://qyapi.weixin.qq.com",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("corps differ (-want +got):\n%s", diff)
			}
			wantPoll := minimal().Poll
			wantPoll.Interval = 60e9
			if cfg.Poll != wantPoll {
				t.Errorf("got %+v, want %+v", cfg.Poll, wantPoll)
			}
		})
	}
}

func TestRefusedForms(t *testing.T) {
	t.Parallel()

	const (
		corp       = "{name: acme, corp_id: ww0, api_secret_file: secret, targets: {userids: [lisi]}}"
		kind       = "a value of the wrong kind: write "
		unreadable = "a value cannot be read: quote values that begin with !, * or &"
	)
	tests := []struct {
		name    string
		content string
		want    []string
	}{
		{
			name:    "alias inside its anchor",
			content: "corps:\n- &c\n  name: acme\n  targets: *c",
			want:    []string{"line 4: an alias is inside its own anchor: write the value out"},
		},
		{
			name:    "merge inside its anchor",
			content: "corps:\n- &c\n  <<: *c",
			want:    []string{"line 3: an alias is inside its own anchor: write the value out"},
		},
		{
			name:    "merge of a text",
			content: "corps:\n- name: acme\n  <<: [x]",
			want: []string{
				"corps[0] (line 3): a value of the wrong kind after <<: write keys with values",
			},
		},
		{
			name:    "key twice in what is merged",
			content: "corps:\n- <<: {name: a, name: b}",
			want:    []string{"corps[0] (line 2): the key name appears twice: remove one"},
		},
		{
			name:    "key that is a list",
			content: "corps: []\n? [poll]\n: {}",
			want:    []string{"line 2: a key of the wrong kind: write a single text or number"},
		},
		{
			name:    "key with a line end",
			content: "corps: []\n\"a\\nb\": 1",
			want:    []string{`line 2: "a\nb" is not a known key: use one of corps, poll`},
		},
		{
			name:    "key of a header twice, with white space",
			content: "corps:\n- http_config:\n    http_headers:\n      X A: {values: [1], values: [2]}",
			want:    []string{`corps[0].http_config.http_headers."X A" (line 4): the key values appears twice: remove one`},
		},
		{
			name:    "tag that does not fit",
			content: "poll: {concurrency: !!int four, interval: !!null x}\ncorps: [" + corp + "]",
			want: []string{
				"poll.concurrency (line 1): " + unreadable,
				"poll.interval (line 1): " + unreadable,
			},
		},
		{
			name:    "wrong kinds",
			content: "poll: [5m]\ncorps: {name: acme}",
			want: []string{
				"poll (line 1): " + kind + "keys with values",
				"corps (line 2): " + kind + "a list",
			},
		},
		{
			name:    "wrong kinds at every depth",
			content: "corps:\n- acme\n- targets:\n    userids:\n    - lisi\n    - [wangwu]\n  http_config:\n    tls_config: {min_version: 1.2}\n    oauth2: {scopes: a, tls_config: {ca_file: [a]}, claims: {a: {b: 1, b: 2}}}",
			want: []string{
				"corps[0] (line 2): " + kind + "keys with values",
				"corps[1].targets.userids[1] (line 6): " + kind + "a single text or number",
				"corps[1].http_config.tls_config.min_version (line 8): not a TLS version: use TLS12 or TLS13",
				"corps[1].http_config.oauth2.scopes (line 9): " + kind + "a list",
				"corps[1].http_config.oauth2.tls_config.ca_file (line 9): " + kind + "a single text or number",
				"corps[1].http_config.oauth2.claims.a (line 9): " + unreadable,
			},
		},
		{
			name:    "second document that is not YAML",
			content: "corps: []\n---\n{",
			want:    []string{"not YAML: line 3: did not find expected node content"},
		},
		{
			name:    "control character",
			content: "corps: \x01",
			want:    []string{"not YAML: control characters are not allowed"},
		},
		{
			name:    "not UTF-8",
			content: "corps: \xff",
			want:    []string{"not YAML: invalid leading UTF-8 octet"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg, dir, err := loadFile(t, test.content)
			var want []string
			for _, line := range test.want {
				want = append(want, strconv.Quote(dir+"/c.yml")+": "+line)
			}
			wantProblems(t, cfg, err, want)
		})
	}
}

// TestAliasesAreBounded loads files that are small and stand for much.
func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	const refusal = "the aliases expand to too many values: use fewer of them"
	repeat := func(alias string, n int) string {
		return "[" + strings.Join(slices.Repeat([]string{alias}, n), ", ") + "]"
	}

	var doubled strings.Builder
	doubled.WriteString("corps:\n- http_config:\n    oauth2:\n      claims:\n        a0: &a0 [x]\n")
	for i := range 60 {
		fmt.Fprintf(&doubled, "        a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	tests := []struct {
		name    string
		content string
		refused bool
	}{
		{
			name:    "claims that double",
			content: doubled.String(),
			refused: true,
		},
		{
			name: "corps that are all the same",
			content: "corps:\n- &c {name: a, targets: {userids: &u " + repeat("lisi", 1000) + "}}\n" +
				strings.Repeat("- *c\n", 1000),
			refused: true,
		},
		{
			name: "one list of targets for 100 corps",
			content: "corps:\n- {name: a, corp_id: ww0, api_secret_file: secret, targets: &t {userids: " + repeat("lisi", 1000) + "}}\n" +
				strings.Repeat("- {corp_id: ww0, api_secret_file: secret, targets: *t}\n", 100),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := loadFile(t, test.content)
			if err == nil || strings.Contains(err.Error(), refusal) != test.refused {
				t.Errorf("got %.200v, want it refused for its aliases: %t", err, test.refused)
			}
		})
	}
}
