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
		"/recordings?host=li&exposed=true&lang=en": {
			want: []string{
				`<html lang="en">`, "<title>Recordings –", "&lt;script&gt;", "&lt;b&gt;li", "1–100 / 250", "r0 · ", "r99 · ", "5 GiB", `title="5368709120 B"`,
				"1m30s", `<time datetime="2026-03-02T01:00:00Z">2026-03-02 01:00:00 UTC</time> <span class="ago">`,
				`<span class="chip exposed">exposed</span> anyone, no password, download, expired 2026-03-02 02:00:00 UTC</li>`,
				`<span class="chip accepted">accepted</span> company, password, no download, never expires<div class="id">town &lt;hall&gt; (accepted until 2026-12-31)</div>`,
				"(accepted without an end)", `<span class="chip overdue">overdue</span>`,
				`<td data-label="State" class="time">completed</td>`, `value="li"`, `<option value="true" selected>yes`, `aria-sort="descending"`,
				`href="?exposed=true&amp;host=li&amp;lang=en&amp;page=2"`, `href="?exposed=true&amp;host=li&amp;lang=en&amp;order=asc&amp;sort=start"`,
				`href="?exposed=true&amp;host=li&amp;lang=zh"`, "<label>", `<th scope="col"`, "<caption>",
				`href="./changes?corp=acme&amp;lang=en&amp;recording=r0">changes</a>`, `href="?exposed=true&amp;host=li&amp;limit=1000&amp;format=csv">CSV`,
				`href="./api/v1/recordings?exposed=true&amp;host=li&amp;limit=1000">JSON`, `<a href="./targets?lang=en">Targets</a>`,
				`<a href="./recordings?lang=en" aria-current="page">`,
			},
			without: []string{"<script", "<b>li", "r100 ·", "not shared", "<hall>", `exposed</span> <span class="chip accepted">`},
		},
		"/recordings?shared=false&lang=en": {
			want:    []string{`<option value="false" selected>no`},
			without: []string{`value="true" selected`},
		},
		"/recordings?corp=gone&recording=r1&lang=en": {
			want: []string{"<option selected>gone</option>", `name="recording" value="r1"`},
		},
		"/recordings?page=3&lang=zh": {
			want: []string{
				`<html lang="zh-CN">`, "<title>录制 –", "201–250 / 250", "page=2", "暴露文件", ">暴露</span> 任何人 · 无密码 · 可下载 · 已过期：2026-03-02 02:00:00 UTC",
				"接受至 2026-12-31", ">已完成</td>", `<a href="./changes?lang=zh">变更</a>`,
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
			views:     new(int64(12)),
			downloads: new(int64(0)),
			english:   "last 31 days: views 12, downloads 0",
			chinese:   "最近 31 天：观看 12 次，下载 0 次",
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
		if got := strings.Contains(w.Body.String(), changes); !strings.Contains(w.Body.String(), "No recordings match.") || got != leads {
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
			want:   "limit: the recordings have more than 20000 files: write a smaller number",
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
