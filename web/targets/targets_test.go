// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake has three corps, of which acme has targets.
type fake struct{ targets []schedule.TargetReport }

func (f *fake) Status() []poll.Status {
	return []poll.Status{
		{
			Name: "acme", Called: true, Up: true, Used: 7, Budget: 1200,
			Summary: schedule.Summary{
				Total: len(f.targets), Coverage: 0.5, Lag: 90 * time.Second,
				Counts: map[wecom.Selector]*[schedule.NumStatuses]int{wecom.ByUserID: {schedule.OK: len(f.targets)}},
			},
			Blocks: []wecom.Block{{
				Endpoint: "meeting/record/list", Until: time.Date(2026, 3, 2, 1, 9, 0, 0, time.UTC),
				Err: &wecom.APIError{Endpoint: "meeting/record/list", Code: 45009},
			}},
		},
		{
			Name: "<b>other", Budget: 60, Retry: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
			Called: true, Outage: &wecom.APIError{Endpoint: "meeting/record/list", Code: 60020},
		},
		{Name: "new"},
	}
}

func (f *fake) Targets(corp string, offset, limit int) ([]schedule.TargetReport, int) {
	if corp != "acme" {
		return nil, 0
	}
	offset = min(offset, len(f.targets))
	return f.targets[offset:min(offset+limit, len(f.targets))], len(f.targets)
}

func serve(t *testing.T, f *fake, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler{Logger: log.NewNopLogger(), Reporter: f}.ServePage(w, r)
	return w
}

func TestTargetsPage(t *testing.T) {
	t.Parallel()
	f := &fake{}
	for i := range 2*perPage + 1 {
		f.targets = append(f.targets, schedule.TargetReport{
			Target: wecom.Target{Selector: wecom.ByUserID, ID: fmt.Sprintf("user%03d", i)},
			Status: schedule.OK, Recordings: i, Due: time.Now().Add(time.Hour),
		})
	}
	f.targets[0] = schedule.TargetReport{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: "<script>alert(1)</script>"},
		Status: schedule.Failing, Polled: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC),
		Err: &wecom.APIError{Endpoint: "meeting/record/list", Code: 60111}, Due: time.Now().Add(time.Hour),
	}
	for name, test := range map[string]struct {
		target, acceptLanguage string
		want, without          []string
	}{
		"first page": {"/targets", "en", []string{
			"&lt;script&gt;", "errcode 60111 (the user ID was not found)", "remove the user ID", "user199", "1–200 / 401", "page=2",
			"2026-03-02T01:00:00Z", "never", "50.0%", "1m30s", "calls in the last 60 seconds, and the budget: 7 / 1200",
			`asked to wait until <time datetime="2026-03-02T01:09:00Z">2026-03-02 01:09:00 UTC</time>`, "</strong> meeting/record/list: errcode 45009",
			"lower --poll.max-requests-per-minute",
			"&lt;b&gt;other", "errcode 60020", "企业可信IP", "no targets",
			"WeCom accepts calls", "The last call to WeCom failed", "WeCom has not been called yet",
		}, []string{"<script>", "<b>other", "user200", "page=0"}},
		"second page": {"/targets?corp=acme&page=2", "en", []string{"user200", "user399", "201–400 / 401", "page=1", "page=3"}, []string{"user199", "user400"}},
		"last page":   {"/targets?corp=acme&page=3", "en", []string{"user400", "401–401 / 401", "page=2"}, []string{"page=4"}},
		"other corp":  {"/targets?corp=else&page=2", "en", []string{"user199"}, []string{"user200"}},
		"Chinese":     {"/targets", "zh-CN,zh;q=0.9,en;q=0.8", []string{"错误码 60111（userid 不存在）", `暂停调用至 <time datetime="2026-03-02T01:09:00Z">`, "若成员已离职", `lang="zh-CN"`}, []string{"remove the user ID"}},
		"by query":    {"/targets?lang=zh", "en", []string{"目标"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, f, test.target, "Accept-Language", test.acceptLanguage)
			body := w.Body.String()
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			for _, without := range test.without {
				if strings.Contains(body, without) {
					t.Errorf("the page has %q", without)
				}
			}
		})
	}
}

func TestTextsAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, texts, pageHTML)
}
