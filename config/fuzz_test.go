// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
)

func addTestdata(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		f.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
}

// writeFuzzed writes a file. One in a new folder would take longer than reading it.
func writeFuzzed(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzLoadFile(f *testing.F) {
	addTestdata(f, "testdata/*.yml")
	f.Add([]byte("corps: [{name: a, corp_id: b, api_secret_file: secret, targets: {userids: [c], files: ['*']}, policy: {retention: 1d, accepted_file: a.yml}}]"))
	dir := writeFiles(f, map[string]string{"secret": canary, "a.yml": "[]"})
	flags := parse(f, map[string]string{}, "--config.file="+dir+"/c.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		writeFuzzed(t, dir+"/c.yml", content)
		cfg, err := flags.Load()
		if err != nil {
			wantNoCanary(t, "the error", err.Error())
			return
		}
		if len(cfg.Corps) == 0 {
			t.Error("no corp")
		}
		names := make(map[string]bool)
		for _, corp := range cfg.Corps {
			if corp.Name == "" || names[corp.Name] || corp.CorpID == "" || corp.AgentID < 0 || corp.QuotaBytes < 0 || corp.HTTPClientConfig.FollowRedirects {
				t.Errorf("accepted %+v of ID %q, agent %d, quota %d", corp, corp.CorpID, corp.AgentID, corp.QuotaBytes)
			}
			names[corp.Name] = true
			for id, name := range corp.Departments {
				if id < 1 || name == "" || !utf8.ValidString(name) {
					t.Errorf("accepted the name %q for department %d", name, id)
				}
			}
			var p problems
			if again := (value{problems: &p, text: corp.APIURL}).apiURL(); p.err() != nil || again != corp.APIURL && !strings.HasSuffix(corp.APIURL, "/cgi-bin") {
				t.Errorf("the API URL %q is not normal: %q, %v", corp.APIURL, again, p.err())
			}
			if r := corp.Policy.Retention; r < 0 || r >= cfg.Poll.Lookback {
				t.Errorf("accepted a retention of %s, with a lookback of %s", r, cfg.Poll.Lookback)
			}
			if _, err := corp.Targets.ExpandFiles(); err != nil {
				t.Error(err)
			}
			if _, err := corp.Secret.Read(); err != nil {
				t.Error(err)
			}
		}
		if p := cfg.Poll; p.Interval <= 0 || p.IdleInterval <= 0 || p.HistoryInterval <= 0 || p.Lookback <= 0 || p.Lookback > MaxLookback || p.Concurrency < 1 || p.MaxRequestsPerMinute < 1 {
			t.Errorf("accepted %+v", p)
		}
		if p := cfg.Poll; p.SettledInterval < 0 || p.SettledInterval > 0 && p.SettledInterval < p.Interval {
			t.Errorf("accepted a settled interval of %s, with an interval of %s", p.SettledInterval, p.Interval)
		}
	})
}

func FuzzReadTargetFile(f *testing.F) {
	addTestdata(f, "testdata/targets/*.yml")
	f.Add([]byte(`{"userids": ["lisi", 7], "meetingids": [], "meeting_codes": null}`))
	f.Add([]byte("userids: [~, 'a b', *a]"))
	path := filepath.Join(f.TempDir(), "targets.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		writeFuzzed(t, path, content)
		targets, err := ReadTargetFile(path)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, id := range targets.UserIDs {
			if seen[strings.ToLower(id)] || len(id) > maxUserIDBytes {
				t.Errorf("accepted the user ID %q", id)
			}
			seen[strings.ToLower(id)] = true
		}
		for _, ids := range [][]string{targets.UserIDs, targets.MeetingIDs, targets.MeetingCodes} {
			for _, id := range ids {
				if id == "" || len(id) > maxMeetingIDBytes || !utf8.ValidString(id) || scalar.HasSpaceOrControl(id) {
					t.Errorf("accepted the ID %q", id)
				}
			}
		}
	})
}
