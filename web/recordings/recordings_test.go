// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asked remembers the last query, and answers with so many recordings.
type asked struct {
	query collector.RecordingQuery
	total int
}

func (a *asked) Recordings(
	ctx context.Context, q collector.RecordingQuery,
) (part []poll.Recording, total int, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
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
	return part, a.total, nil
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
	a := &asked{total: 250}
	for target, test := range map[string]struct{ want, without []string }{
		"/recordings?host=li&exposed=true&lang=en": {[]string{
			`<html lang="en">`, "<title>Recordings –", "&lt;script&gt;", "&lt;b&gt;li", "1–100 / 250", "r0<", "r99<", "5 GiB", `title="5368709120 B"`, "1m30s", "2026-03-02T01:00:00Z",
			`audience anyone, password none, expires <span class="time">2026-03-02T02:00:00Z</span>, download allowed`, `value="li"`, `<option value="true" selected>yes`, `aria-sort="descending"`,
			`href="?exposed=true&amp;host=li&amp;lang=en&amp;page=2"`, `href="?exposed=true&amp;host=li&amp;lang=en&amp;order=asc&amp;sort=start"`,
			`href="?exposed=true&amp;host=li&amp;lang=zh"`, "<label>", `<th scope="col"`, "<caption>",
		}, []string{"<script", "<b>li", "r100<", "not shared"}},
		"/recordings?shared=false&lang=en": {[]string{`<option value="false" selected>no`}, []string{`value="true" selected`}},
		"/recordings?page=3&lang=zh":       {[]string{`<html lang="zh-CN">`, "<title>录制 –", "201–250 / 250", "page=2", "暴露的文件"}, []string{"page=4"}},
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
	if w := serve(t, handler(&asked{}), "/recordings?lang=en"); !strings.Contains(w.Body.String(), "No recordings match.") {
		t.Errorf("a page of none:\n%s", w.Body)
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
) (part []poll.Recording, total int, err error) {
	return nil, 0, f.err
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
