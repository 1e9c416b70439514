// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asked remembers the last query, and answers with so many recordings.
type asked struct {
	query collector.RecordingQuery
	total int
	more  []inventory.File // overdue ones of each recording
	views *int64           // and downloads
}

func (a *asked) Recordings(
	ctx context.Context, q collector.RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	if err := ctx.Err(); err != nil {
		return nil, totals, err
	}
	a.query = q
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for i := q.Offset; i < min(q.Offset+q.Limit, a.total); i++ {
		part = append(part, poll.Recording{Corp: "acme", Recording: inventory.Recording{
			ID: fmt.Sprintf("r%d", i), Host: "<b>li", Title: "<script>alert(1)</script>", Start: start,
			State: wecom.StateCompleted, Bytes: 5 << 30, Duration: 90 * time.Second, Shared: 1, Exposed: 1,
			Files: []inventory.File{
				{
					ID: "f", Start: start, End: start.Add(90 * time.Second), Bytes: 5 << 30, Shared: true,
					Class:  recording.Class{Expiry: recording.ExpiresIn1Day, Download: recording.DownloadAllowed},
					Expiry: start.Add(time.Hour),
				},
				{ID: "not shared"},
			},
		}})
	}
	for i := range part {
		part[i].Files = append(part[i].Files, a.more...)
		part[i].Overdue = len(a.more)
		part[i].Views, part[i].Downloads = a.views, a.views
	}
	return part, inventory.Totals{
		Recordings: a.total, Files: 2 * a.total, Bytes: int64(a.total) << 30, Milliseconds: int64(a.total) * 90_000, Shared: a.total, Exposed: a.total,
	}, nil
}

func handler(f Finder) Handler {
	return Handler{Logger: log.NewNopLogger(), Finder: f, Corps: func() []string { return []string{"acme", "other"} }}
}

func serve(t *testing.T, h Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /recordings", h.ServePage)
	mux.HandleFunc("GET /api/v1/recordings", h.ServeAPI)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody))
	return w
}

func TestRecordingsPage(t *testing.T) {
	t.Parallel()
	a := &asked{total: 250, more: []inventory.File{
		{
			Shared:   true,
			Class:    recording.Class{Audience: recording.Company, Password: recording.PasswordSet, Expiry: recording.NeverExpires},
			Accepted: &policy.Acceptance{Reason: "town <hall>", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
		},
		{
			Shared: true, Class: recording.Class{Expiry: recording.NeverExpires}, // exposed but for being accepted
			Accepted: &policy.Acceptance{Reason: "x"},
		},
	}}
	for target, test := range map[string]struct{ want, without []string }{
		"/recordings?host=li&exposed=true&lang=en&sort=start": {
			want: []string{
				`<html lang="en">`, "<title>Recordings –", "&lt;script&gt;", "&lt;b&gt;li", "1–100 / 250", "r0 · ", "r99 · ", "5 GiB",
				"1 min 30 s", `<time datetime="2026-03-02T01:00:00Z">2026-03-02 01:00:00 UTC</time> <span class="ago">`,
				`<div><span class="chip exposed">exposed: anyone, <wbr>no password, <wbr>download</span> <span class="ago">expired <span class="time">2026-03-02 02:00:00 UTC</span> (`,
				`<div><span class="chip accepted">accepted: company, <wbr>password, <wbr>no download, <wbr>never expires</span> <span class="ago">town &lt;hall&gt; (until <span class="time">2026-12-31</span>)</span></div>`,
				"x (no end date)", `<span class="chip overdue">overdue</span>`,
				`<td class="time">completed</td>`, `value="li"`, `<option value="true" selected>yes`,
				// the order, and others
				`<th scope="col" class="" aria-sort="descending"><a href="?exposed=true&amp;host=li&amp;lang=en&amp;order=asc&amp;sort=start">Start</a> ▼</th>`,
				`<a href="?exposed=true&amp;host=li&amp;lang=en&amp;order=desc&amp;sort=exposed">Exposed</a> · <a href="?exposed=true&amp;host=li&amp;lang=en&amp;order=desc&amp;sort=shared">Shared</a></th>`,
				`<a href="?exposed=true&amp;host=li&amp;lang=en&amp;order=asc&amp;sort=host">Host</a></th>`,
				`<input type="hidden" name="sort" value="start"><input type="hidden" name="lang" value="en">`,
				// the filters
				`<a href="?host=li&amp;lang=en&amp;sort=start">all</a>`, `<a href="?exposed=true&amp;host=li&amp;lang=en&amp;sort=start" aria-current="true">exposed</a>`,
				`<a href="?host=li&amp;lang=en&amp;sort=start&amp;state=recording">recording now</a>`, `<details class="filter" open>`,
				`<li>Host: li <a href="?exposed=true&amp;lang=en&amp;sort=start" `, `<li>exposed: yes <a href="?host=li&amp;lang=en&amp;sort=start" `,
				// what all of them amount to
				`<dt>Recordings</dt><dd>250</dd>`, `<div class="red"><dt>Exposed files</dt><dd>250</dd>`, `<dt>Files</dt><dd>500</dd>`,
				`<dd title="268435456000 B">250 GiB</dd>`, `<dt>Length</dt><dd>6 h 15 min</dd>`,
				// the same elsewhere
				`href="?exposed=true&amp;host=li&amp;lang=en&amp;page=2&amp;sort=start" rel="next"`,
				`href="?exposed=true&amp;host=li&amp;lang=zh&amp;sort=start"`, "<label>", "<caption>",
				`href="./changes?corp=acme&amp;lang=en&amp;recording=r0">changes</a>`, `href="?exposed=true&amp;host=li&amp;limit=1000&amp;order=desc&amp;sort=start&amp;format=csv">CSV (250)</a>`,
				`href="./api/v1/recordings?exposed=true&amp;host=li&amp;limit=1000&amp;order=desc&amp;sort=start">JSON (250)</a>`, `<a href="./targets?lang=en">Targets</a>`,
				`<a href="./recordings?lang=en" aria-current="page">`,
			},
			without: []string{"<script", "<b>li", "r100 ·", "not shared", "<hall>"},
		},
		"/recordings?shared=false&lang=en": {
			want:    []string{`<option value="false" selected>no`},
			without: []string{`value="true" selected`},
		},
		"/recordings?corp=gone&recording=r1&lang=en": {
			want: []string{"<option selected>gone</option>", `name="recording" value="r1"`, "<li>Corp: gone <a", "<li>Recording ID: r1 <a"},
		},
		"/recordings?page=3&lang=zh": {
			want: []string{
				`<html lang="zh-CN">`, "<title>录制 –", "201–250 / 250", "page=2", "暴露文件", ">暴露：任何人 · <wbr>无密码 · <wbr>可下载</span>", `已过期：<span class="time">2026-03-02 02:00:00 UTC</span>（`, `town &lt;hall&gt;（至 <span class="time">2026-12-31</span>）`,
				">已完成</td>", "6 小时 15 分钟", "1 分钟 30 秒", `aria-sort="descending"><a href="?lang=zh&amp;order=asc&amp;sort=exposed">暴露</a> ▼`,
				"CSV（250 条）", `<details class="filter"><summary>筛选</summary>`, `<a href="./changes?lang=zh">变更</a>`,
			},
			without: []string{"page=4"},
		},
	} {
		w := serve(t, handler(a), target)
		for _, want := range test.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s lacks %q", target, want)
			}
		}
		for _, without := range test.without {
			if strings.Contains(w.Body.String(), without) {
				t.Errorf("%s has %q", target, without)
			}
		}
	}
	if t.Failed() {
		t.Logf("%s", serve(t, handler(&asked{total: 1}), "/recordings").Body)
	}
}

// TestPageIsSmall has a page of as many recordings as fit on one, with titles, IDs and files as WeCom has them.
func TestPageIsSmall(t *testing.T) {
	t.Parallel()
	part := make([]poll.Recording, 0, perPage)
	for i := range perPage {
		start := time.Date(2026, 11, 1+i%28, 9, 0, 0, 0, time.UTC)
		part = append(part, poll.Recording{Corp: "acme", Recording: inventory.Recording{
			ID: fmt.Sprintf("wr%016x", i), Host: "ouyangxiaoming", Title: "第三季度产品与市场部门评审会议", Start: start, State: wecom.StateCompleted,
			Bytes: 700 << 20, Duration: 95 * time.Minute, Shared: 1, Exposed: 1, Views: new(int64(1234)), Downloads: new(int64(56)),
			Files: []inventory.File{
				{
					Shared: true, Class: recording.Class{Expiry: recording.ExpiresIn30Days, Download: recording.DownloadAllowed},
					Expiry: start.AddDate(0, 1, 0),
				},
			},
		}})
	}
	for _, lang := range []string{"en", "zh"} {
		w := serve(t, handler(fixed(part)), "/recordings?shared=true&lang="+lang)
		if n := w.Body.Len(); n > 100_000 || strings.Count(w.Body.String(), "<tr>") != 1+perPage {
			t.Errorf("%s: %d recordings take %d bytes, want 100,000 at the most", lang, strings.Count(w.Body.String(), "<tr>")-1, n)
		}
	}
}

// fixed are recordings that every query finds.
type fixed []poll.Recording

func (f fixed) Recordings(
	context.Context, collector.RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	return f, inventory.Totals{Recordings: len(f)}, nil
}

// TestViewsOfRecordings has statistics that are off, or not known yet, and some that are known.
func TestViewsOfRecordings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		views, downloads *int64
		english, chinese string
	}{
		{
			name:      "known",
			views:     new(int64(1234)),
			downloads: new(int64(0)),
			english:   "last 31 days: views 1,234, downloads 0",
			chinese:   "最近 31 天：观看 1,234 次，下载 0 次",
		},
		{
			name: "not known",
		},
	} {
		r := poll.Recording{Recording: inventory.Recording{Views: test.views, Downloads: test.downloads}}
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := newRow(&r, url.Values{}, time.Now(), language).Watched; got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		}
	}
	seen := asked{total: 1, views: new(int64(3))}
	if body := serve(t, handler(&seen), "/recordings?lang=en").Body.String(); !strings.Contains(body, "last 31 days: views 3, downloads 3") {
		t.Errorf("the page lacks the views:\n%s", body)
	}
}

func TestNoRecordings(t *testing.T) {
	t.Parallel()
	const changes = `href="./changes?corp=acme&amp;lang=en&amp;recording=r1"`
	for query, leads := range map[string]bool{"?lang=en": false, "?recording=r1&corp=acme&lang=en": true} {
		w := serve(t, handler(&asked{}), "/recordings"+query)
		if got := strings.Contains(w.Body.String(), changes); !strings.Contains(w.Body.String(), "No recordings match.") || !strings.Contains(w.Body.String(), "<dt>Size</dt><dd>–</dd>") || got != leads {
			t.Errorf("%s: it leads to the changes of the recording: %t, want %t:\n%s", query, got, leads, w.Body)
		}
	}
}

// TestDeepestPage has the last page that is not refused: it leads to no other.
func TestDeepestPage(t *testing.T) {
	t.Parallel()
	for page, hasNext := range map[int]bool{999: true, 1000: false} {
		w := serve(t, handler(&asked{total: 2 * deepest}), fmt.Sprintf("/recordings?page=%d", page))
		if got := strings.Contains(w.Body.String(), `rel="next"`); w.Code != http.StatusOK || got != hasNext {
			t.Errorf("page %d: status %d; it leads to another: %t, want %t", page, w.Code, got, hasNext)
		}
	}
}

// failing finds nothing.
type failing struct{ err error }

func (f failing) Recordings(
	context.Context, collector.RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	return nil, totals, f.err
}

func TestRecordingsThatAreNotFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{
			name:   "a client that has gone",
			err:    fmt.Errorf("finding recordings: %w", context.Canceled),
			status: http.StatusServiceUnavailable,
			want:   "Finding the recordings took too long: try again later, or ask for fewer",
		},
		{
			name:   "recordings of many files",
			err:    poll.ErrTooManyFiles,
			status: http.StatusBadRequest,
			want:   "limit: the recordings have more than 20000 files: use a smaller number",
		},
	} {
		for _, path := range []string{"/recordings", "/api/v1/recordings"} {
			w := serve(t, handler(failing{test.err}), path)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%s, %s: status %d, want %d: %s", test.name, path, w.Code, test.status, w.Body)
			}
		}
	}
}
