// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const changesMetric = "wecom_recording_sharing_changes_total"

// opened starts the program, which stores in dir, with a recording of a title, and has its link opened up: from the
// company to anyone, with marks in what must never be shown.
func opened(t *testing.T, dir string, flags ...string) (x *exporter, s *simulation) {
	t.Helper()
	r := oneRecording("opened")
	r.Title = markTitle
	share := wecomtest.Share{On: true, SameCorp: true, Password: markPassword, URL: "https://meeting.example.com/" + markURL}
	r.Files[0].Shares = []wecomtest.Share{share}
	s = simulate(t, wecomtest.Config{}, r)
	x = run(t, s.credentials(), append(flags, "--target.userid=zhangsan", "--poll.interval=1s", "--storage.path="+dir)...)
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	share.SameCorp, share.Password = false, ""
	r.Files = []wecomtest.File{r.Files[0]}
	r.Files[0].Shares = []wecomtest.Share{share}
	s.Put(r)
	x.awaitValue(t, 1, changesMetric, "change", "widened")
	return x, s
}

// TestChanges compares what the API says with what the counters count, and looks for what it
// must not show.
func TestChanges(t *testing.T) {
	t.Parallel()
	x, s := opened(t, t.TempDir(), "--web.enable-recordings")
	s.Remove("opened")
	x.awaitValue(t, 1, "wecom_recordings_removed_total")

	type sharing struct {
		Audience string  `json:"audience"`
		Password string  `json:"password"`
		Download string  `json:"download"`
		Expiry   *string `json:"expiry"`
		Exposed  bool    `json:"exposed"`
	}
	var answer struct {
		Changes []struct {
			Number    uint32   `json:"number"`
			Corp      string   `json:"corp"`
			Change    string   `json:"change"`
			Recording string   `json:"recording"`
			File      *string  `json:"file"`
			Host      string   `json:"host"`
			Before    *sharing `json:"before"`
			After     *sharing `json:"after"`
		} `json:"changes"`
		Next *uint32 `json:"next"`
	}
	ask := func(query string) {
		t.Helper()
		answer.Changes = nil
		if err := json.Unmarshal(x.get(t, "/api/v1/changes"+query).body, &answer); err != nil {
			t.Fatal(err)
		}
	}
	ask("?limit=1")
	if len(answer.Changes) != 1 || answer.Next == nil || *answer.Next != answer.Changes[0].Number {
		t.Fatalf("the first of two pages: %+v", answer)
	}
	if c := answer.Changes[0]; c.Change != "removed" || c.File != nil || c.Before != nil || c.After != nil {
		t.Errorf("the removal: %+v", c)
	}
	ask("")
	if len(answer.Changes) != 2 || answer.Next != nil {
		t.Fatalf("all: %+v", answer)
	}
	c := answer.Changes[1]
	if c.Change != "widened" || c.Corp != "default" || c.Recording != "opened" || *c.File != "wf-opened" || c.Host != "zhangsan" ||
		c.Before == nil || *c.Before != (sharing{Audience: "company", Password: "set", Download: "blocked"}) ||
		c.After == nil || *c.After != (sharing{Audience: "anyone", Password: "none", Download: "blocked", Exposed: true}) {
		t.Errorf("the link that was opened up: %+v", c)
	}
	for query, want := range map[string]int{
		"?corp=default": 2, "?corp=other": 0, "?host=zhangsan": 2, "?host=li": 0, "?change=widened": 1, "?change=narrowed": 0,
		"?recording=opened": 2, "?recording=other": 0, "?exposed=true": 1, "?since=1h": 2, "?until=1h": 0,
	} {
		if ask(query); len(answer.Changes) != want {
			t.Errorf("%s: %d changes, want %d", query, len(answer.Changes), want)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(string(x.get(t, "/changes?format=csv").body))).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][3] != "widened" {
		t.Errorf("CSV: %q, %v", rows, err)
	}
}

// TestChangesShowNeitherLinksNorPasswords looks at every page, with the flag and without it, at the
// log of changes, and at what is stored.
func TestChangesShowNeitherLinksNorPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	with, _ := opened(t, dir, "--web.enable-recordings", "--log.changes")
	without, _ := opened(t, t.TempDir(), "--log.changes")
	pages := []string{
		"/", "/?lang=zh", "/targets", "/metrics", "/recordings", "/recordings?format=csv", "/api/v1/recordings", "/api/v1/recordings?format=csv",
		"/changes", "/changes?lang=zh", "/changes?format=csv", "/api/v1/changes", "/api/v1/changes?format=csv", "/targets?format=csv",
	}
	for _, page := range pages {
		isOptIn := strings.Contains(page, "recordings") || strings.Contains(page, "changes")
		body := string(with.get(t, page).body)
		if got := strings.Contains(body, markTitle); got != isOptIn {
			t.Errorf("%s shows the title: %t, want %t:\n%s", page, got, isOptIn, body)
		}
		wantNoMark(t, page, body, []string{markPassword, markURL, markSecret})

		answer := without.get(t, page)
		if isOptIn != (answer.status == http.StatusNotFound) {
			t.Errorf("%s: status %d without --web.enable-recordings", page, answer.status)
		}
		wantNoMark(t, page+" without --web.enable-recordings", string(answer.body), []string{markTitle, markPassword, markURL, markSecret})
	}
	stored, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil || !strings.Contains(string(stored), "wf-opened") {
		t.Errorf("the store lacks the file: %v", err)
	}
	wantNoMark(t, "the store", string(stored), []string{markTitle, markPassword, markURL, markSecret})
	for _, x := range []*exporter{with, without} {
		if !strings.Contains(x.stderr.String(), "msg=change number=1 ") {
			t.Error("the change was not logged")
		}
		wantNoMark(t, "the log", x.stderr.String(), []string{markTitle, markPassword, markURL, markSecret})
	}
}

// widenedPage is the link of the alert about sharing that was widened, after the address of the
// exporter.
var widenedPage = regexp.MustCompile(`(?s)alert: WecomRecordingShareWidened\n.*?page_url: >-\n[^\n]*{{ end }}(/changes\?[^\n]*)`)

// pageOfWidened returns that link for the corp of these tests.
func pageOfWidened(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../alerts/wecom-recording.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	found := widenedPage.FindSubmatch(rules)
	if found == nil {
		t.Fatal("the alert has no link to the changes")
	}
	return strings.Replace(string(found[1]), "{{ $labels.corp | urlquery }}", "default", 1)
}

// TestFromAlertToRecording has somebody with a phone follow the link of an alert: to the change,
// and from there to the recording.
func TestFromAlertToRecording(t *testing.T) {
	t.Parallel()
	x, _ := opened(t, t.TempDir(), "--web.enable-recordings")
	page := pageOfWidened(t)
	for _, test := range []struct {
		name, scheme, lang string
		change, recording  []string
	}{
		{
			name:      "English",
			scheme:    "light",
			lang:      "en",
			change:    []string{"widened", "exposed", "company, password → anyone, no password", "zhangsan", markTitle},
			recording: []string{"1–1 / 1", "exposed", "anyone, no password, no download, never expires", "zhangsan", markTitle},
		},
		{
			name:      "Chinese",
			scheme:    "dark",
			lang:      "zh",
			change:    []string{"放宽", "暴露", "本企业成员 · 有密码 → 任何人 · 无密码", "zhangsan", markTitle},
			recording: []string{"1–1 / 1", "暴露", "任何人 · 无密码 · 不可下载 · 永不过期", "zhangsan", markTitle},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, 400, test.scheme)
			wantTexts := func(page string, texts []string) {
				t.Helper()
				p.wantFit(t, page)
				p.screenshot(t, page+"-"+test.name)
				shown := p.text(t)
				for _, text := range texts {
					if !strings.Contains(shown, text) {
						t.Errorf("%s lacks %q:\n%s", page, text, shown)
					}
				}
			}
			p.open(t, x.url+page+"&lang="+test.lang)
			wantTexts("changes", test.change)
			p.tap(t, "tbody td.title > a")
			wantTexts("recordings", test.recording)
			p.tap(t, "tbody .id a")
			wantTexts("changes of the recording", test.change)
			p.open(t, x.url+"/?lang="+test.lang)
			wantTexts("start", []string{"opened", "zhangsan"})
			p.open(t, x.url+"/targets?lang="+test.lang)
			wantTexts("targets", []string{"zhangsan"})
		})
	}
}
