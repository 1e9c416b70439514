// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// epoch is the time in a bubble of synctest after a year: what is before 2000 is refused.
var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

func awaitEpoch() { time.Sleep(time.Until(epoch)) }

func instant(d time.Duration) wecom.Instant { return wecom.InstantOf(epoch.Add(d)) }

// kept are the changes that a finder has, the newest first. It remembers the last query.
type kept struct {
	changes []poll.Change
	since   []poll.CorpSince
	query   collector.ChangeQuery
}

func (k *kept) Changes(
	ctx context.Context, q collector.ChangeQuery,
) (part []poll.Change, next uint32, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	k.query = q
	for _, c := range k.changes {
		if q.Before != 0 && c.Number >= q.Before {
			continue
		}
		if len(part) == q.Limit {
			return part, part[len(part)-1].Number, nil
		}
		part = append(part, c)
	}
	return part, 0, nil
}

func (k *kept) ChangesSince() []poll.CorpSince { return k.since }

// few returns changes of every kind.
func few() *kept {
	closed := &ledger.Sharing{Audience: recording.Company, Password: recording.NoPassword}
	open := &ledger.Sharing{Audience: recording.Anyone, Password: recording.NoPassword, Exposed: true}
	change := func(number uint32, c ledger.Change) poll.Change {
		c.At, c.Start = instant(-time.Duration(10-number)*time.Hour), instant(-100*time.Hour)
		c.File, c.Host = "f1", "<b>li"
		return poll.Change{Change: c, Number: number, Corp: "acme", Title: "<script>alert(1)</script>"}
	}
	removal := change(1, ledger.Change{Kind: ledger.Removed, Recording: "r9"})
	removal.File, removal.Host, removal.Title, removal.Start = "", "", "", 0
	return &kept{
		since: []poll.CorpSince{{Corp: "acme", Since: epoch.Add(-72 * time.Hour)}, {Corp: "<i>other", Since: epoch.Add(-time.Minute)}},
		changes: []poll.Change{
			change(9, ledger.Change{Kind: ledger.Widened, Recording: "r1", Before: closed, After: open}),
			change(8, ledger.Change{Kind: ledger.Narrowed, Recording: "r1", Before: open, After: closed}),
			change(7, ledger.Change{Kind: ledger.Disabled, Recording: "r2", Before: closed}),
			change(6, ledger.Change{Kind: ledger.Enabled, Recording: "r2", After: closed}),
			removal,
		},
	}
}

// many returns so many changes.
func many(n int) *kept {
	k := &kept{since: []poll.CorpSince{{Corp: "acme", Since: epoch}}}
	for number := n; number > 0; number-- {
		k.changes = append(k.changes, poll.Change{
			Number: uint32(number), Corp: "acme", Change: ledger.Change{Kind: ledger.Removed, Recording: fmt.Sprintf("r%d", number)},
		})
	}
	return k
}

func serve(t *testing.T, f Finder, target string) *httptest.ResponseRecorder {
	t.Helper()
	h := Handler{Logger: log.NewNopLogger(), Finder: f, Corps: func() []string { return []string{"acme", "<i>other"} }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /changes", h.ServePage)
	mux.HandleFunc("GET /api/v1/changes", h.ServeAPI)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody))
	return w
}

func TestTextsAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, texts, "")
}

func TestChangesPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, target  string
		want, without []string
	}{
		{
			name:   "English",
			target: "/changes?change=widened&since=1h&corp=acme&lang=en",
			want: []string{
				`<html lang="en">`, "<title>Changes –", `<a href="./changes?lang=en" aria-current="page">Changes</a>`,
				// the filters as they were asked for
				"<option selected>acme</option>", `<option value="widened" selected>widened`, `name="since" value="1h"`,
				// when it happened
				`<time datetime="2000-12-31T23:00:00Z">2000-12-31 23:00:00 UTC</time> <span class="ago">1 h ago</span>`,
				// what happened
				`<span class="chip widened">widened</span> <span class="chip exposed">exposed</span>`,
				`<span class="chip">company, <wbr>no password</span> → <span class="chip exposed">anyone, <wbr>no password</span>`,
				`<td><span class="chip narrowed">narrowed</span></td>`,
				`<span class="chip">not shared</span> → <span class="chip">company, <wbr>no password, <wbr>no download, <wbr>never expires</span>`,
				`<span class="chip">company, <wbr>no password, <wbr>no download, <wbr>never expires</span> → <span class="chip">not shared</span>`,
				// of what: a recording that is there leads to it
				`<a href="./recordings?corp=acme&amp;lang=en&amp;recording=r1">&lt;script&gt;alert(1)&lt;/script&gt;</a><div class="id">r1 · <a href="?corp=acme&amp;lang=en&amp;recording=r1">its changes</a><br>file f1<br>started 2000-12-27 20:00:00 UTC</div>`,
				`class="title">r9<div class="id"><a href="?corp=acme&amp;lang=en&amp;recording=r9">its changes</a>`,
				"removed from WeCom", "&lt;b&gt;li", `<td data-label="Host" class="host">unknown</td>`,
				// since when, of the corp that was asked for alone
				`Complete since: acme <time datetime="2000-12-29T00:00:00Z">2000-12-29 00:00:00 UTC</time> <span class="ago">3 d ago</span></p>`,
				// how many, and the filters
				"Shown: 5, newest first", `<a href="?change=widened&amp;corp=acme&amp;lang=en" title="Remove the filter" aria-label="Remove the filter: Since">✕</a>`,
				"<li>Change: widened <a ", "<li>Since: 1 h ago <a ", `<option value="30d">30 d ago</option>`, `<details class="filter" open>`, `<a href="?corp=acme&amp;exposed=true&amp;lang=en">Exposed afterwards</a>`,
				`<td data-label="Corp">acme</td>`, `<th scope="col">Corp</th>`,
				// the same elsewhere
				`href="?change=widened&amp;corp=acme&amp;lang=zh&amp;since=1h" lang="zh">中文`,
				`href="?change=widened&amp;corp=acme&amp;limit=1000&amp;since=1h&amp;format=csv">CSV (5)</a>`,
				`href="./api/v1/changes?change=widened&amp;corp=acme&amp;limit=1000&amp;since=1h">JSON (5)</a>`,
			},
			without: []string{"<script", "<b>li", "<i>other", `rel="next"`, "recordings?corp=acme&amp;lang=en&amp;recording=r9", ">newest<"},
		},
		{
			name:   "Chinese",
			target: "/changes?lang=zh",
			want: []string{
				`<html lang="zh-CN">`, "<title>变更 –", `<span class="chip widened">放宽</span> <span class="chip exposed">暴露</span>`,
				`<span class="chip">本企业成员 · <wbr>无密码</span>`, `<span class="chip exposed">任何人 · <wbr>无密码</span>`, `<span class="chip">未共享</span>`, "本企业成员 · <wbr>无密码 · <wbr>不可下载 · <wbr>永不过期",
				`<span class="ago">1 小时前</span>`, `<option value="1h">1 小时前</option><option value="1d">24 小时前</option>`, "已从企业微信删除", `href="./recordings?corp=acme&amp;lang=zh&amp;recording=r1"`,
				`完整记录起始时间：acme <time`, "· &lt;i&gt;other <time",
			},
			without: []string{"widened</span>", " ago<"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				awaitEpoch()
				body := serve(t, few(), test.target).Body.String()
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
				if t.Failed() {
					t.Log(body)
				}
			})
		})
	}
}

// TestPageIsSmall has a page of as many changes as fit on one, with what WeCom and people make of titles, IDs and sharing.
func TestPageIsSmall(t *testing.T) {
	t.Parallel()
	k := &kept{since: []poll.CorpSince{{Corp: "acme", Since: epoch}}}
	for number := uint32(perPage + 1); number > 0; number-- {
		k.changes = append(k.changes, poll.Change{
			Number: number, Corp: "acme", Title: "第三季度产品与市场部门评审会议", Change: ledger.Change{
				At: instant(0), Start: instant(-time.Hour), Kind: ledger.Widened, Host: "ouyangxiaoming",
				Recording: fmt.Sprintf("wr%016x", number), File: fmt.Sprintf("wf%016x", number),
				Before: &ledger.Sharing{Audience: recording.Company, Expire: instant(time.Hour)},
				After:  &ledger.Sharing{Expire: instant(24 * time.Hour), Exposed: true},
			},
		})
	}
	for _, lang := range []string{"en", "zh"} {
		body := serve(t, k, "/changes?lang="+lang).Body.String()
		if rows := strings.Count(body, "<tr><td"); len(body) > 100_000 || rows != perPage {
			t.Errorf("%s: %d changes take %d bytes, want 100,000 at the most", lang, rows, len(body))
		}
	}
}

// TestChangesOfOneCorp has no need to name it, and nothing to filter by it.
func TestChangesOfOneCorp(t *testing.T) {
	t.Parallel()
	k := many(250)
	h := Handler{Logger: log.NewNopLogger(), Finder: k, Corps: func() []string { return []string{"acme"} }}
	for target, wantCorp := range map[string]bool{"/changes?lang=en&corp=acme": false, "/changes?lang=en&corp=gone": true} {
		w := httptest.NewRecorder()
		h.ServePage(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody))
		body := w.Body.String()
		for _, part := range []string{`>Corp<`, `data-label="Corp"`, `<select name="corp">`, "<li>Corp: gone <a", `class="filter" open`} {
			if got := strings.Contains(body, part); got != wantCorp {
				t.Errorf("%s has %s: %t", target, part, got)
			}
		}
		for _, part := range []string{"Shown: 100, newest first", ">CSV (up to 1,000)</a>", `rel="next">older</a>`} {
			if !strings.Contains(body, part) {
				t.Errorf("%s lacks %s", target, part)
			}
		}
	}
}

// TestNoChanges has a list that has just begun.
func TestNoChanges(t *testing.T) {
	t.Parallel()
	k := &kept{since: []poll.CorpSince{{Corp: "acme", Since: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)}}}
	body := serve(t, k, "/changes?lang=en").Body.String()
	for _, want := range []string{"No changes match.", "Complete since: acme <time datetime=\"2026-11-26T08:00:00Z\">"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
	if got, want := serve(t, k, "/api/v1/changes").Body.String(), `{"changes":[],"next":null}`+"\n"; got != want {
		t.Errorf("API: %s, want %s", got, want)
	}
}

// TestPaging follows next until the end: each change comes once.
func TestPaging(t *testing.T) {
	t.Parallel()
	k := many(250)
	before, want, pages := "", uint32(250), 0
	for {
		var answer struct {
			Changes []struct {
				Number uint32 `json:"number"`
			} `json:"changes"`
			Next *uint32 `json:"next"`
		}
		if err := json.Unmarshal(serve(t, k, "/api/v1/changes?corp=acme"+before).Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		for _, c := range answer.Changes {
			if c.Number != want {
				t.Fatalf("change %d, want %d", c.Number, want)
			}
			want--
		}
		pages++
		page := serve(t, k, "/changes?corp=acme"+before).Body.String()
		if hasNewest := strings.Contains(page, `<a href="?corp=acme">newest</a>`); hasNewest != (before != "") {
			t.Errorf("page %d leads to the newest: %t", pages, hasNewest)
		}
		if answer.Next == nil {
			if strings.Contains(page, `rel="next"`) {
				t.Error("the last page leads to another")
			}
			break
		}
		before = fmt.Sprintf("&before=%d", *answer.Next)
		if link := fmt.Sprintf(`<a href="?before=%d&amp;corp=acme" rel="next">older</a>`, *answer.Next); !strings.Contains(page, link) {
			t.Errorf("page %d lacks %s", pages, link)
		}
	}
	if want != 0 || pages != 3 {
		t.Errorf("%d pages, and change %d did not come", pages, want)
	}
}

func TestChangesAsCSV(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, target string
		rows         int
		link         string
	}{
		{
			name:   "the page",
			target: "/changes?format=csv&corp=acme&limit=1000",
			rows:   1000,
			link:   `<?before=101&corp=acme&format=csv&limit=1000>; rel="next"`,
		},
		{
			name:   "the API",
			target: "/api/v1/changes?format=csv&before=51",
			rows:   50,
		},
	} {
		w := serve(t, many(1100), test.target)
		if got, want := w.Header().Get("Content-Type"), "text/csv; charset=utf-8"; got != want {
			t.Errorf("%s: content type %q, want %q", test.name, got, want)
		}
		if got, want := w.Header().Get("Content-Disposition"), `attachment; filename="changes.csv"`; got != want {
			t.Errorf("%s: disposition %q, want %q", test.name, got, want)
		}
		if got := w.Header().Get("Link"); got != test.link {
			t.Errorf("%s: link %q, want %q", test.name, got, test.link)
		}
		rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
		if err != nil || len(rows) != 1+test.rows || rows[0][0] != "number" {
			t.Errorf("%s: %d rows, want %d: %v", test.name, len(rows), 1+test.rows, err)
		}
	}
}

// failing finds nothing.
type failing struct {
	kept

	err error
}

func (f failing) Changes(ctx context.Context, _ collector.ChangeQuery) (part []poll.Change, next uint32, err error) {
	return nil, 0, cmp.Or(ctx.Err(), f.err)
}

func TestChangesThatAreNotFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		hasGone bool
		err     error
		status  int
		want    string
		logged  string
	}{
		{
			name:    "a client that has gone",
			hasGone: true,
			status:  http.StatusServiceUnavailable,
			want:    "Finding the changes took too long: try again later",
		},
		{
			name:   "a disk that takes too long",
			err:    fmt.Errorf("finding changes: %w", poll.ErrSlow),
			status: http.StatusServiceUnavailable,
			want:   "The changes cannot be read right now because the disk of --storage.path is too slow: try again later.",
		},
		{
			name:   "a store that cannot be read",
			err:    errors.New("the store is damaged"),
			status: http.StatusInternalServerError,
			want:   "The changes cannot be read; the log has the reason.",
			logged: "level=error msg=\"finding changes failed\" err=\"the store is damaged\"\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.hasGone {
				cancel()
			}
			var logged strings.Builder
			h := Handler{Logger: log.NewLogfmtLogger(&logged), Finder: &failing{err: test.err}, Corps: func() []string { return nil }}
			for prefix, handler := range map[string]http.HandlerFunc{"": h.ServePage, `{"error":"`: h.ServeAPI} {
				logged.Reset()
				w := httptest.NewRecorder()
				handler(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
				if w.Code != test.status || !strings.HasPrefix(w.Body.String(), prefix+test.want) {
					t.Errorf("status %d, want %d with %q: %s", w.Code, test.status, prefix+test.want, w.Body)
				}
				if got := logged.String(); got != test.logged {
					t.Errorf("logged %q, want %q", got, test.logged)
				}
			}
		})
	}
}

func TestChangesAPI(t *testing.T) {
	t.Parallel()
	k := few()
	k.changes[0].Title = "周会"
	got := serve(t, k, "/api/v1/changes?limit=1").Body.String()
	const want = `{"changes":[{"number":9,"time":"2000-12-31T23:00:00Z","corp":"acme","change":"widened","recording":"r1","file":"f1",` +
		`"host":"\u003cb\u003eli","start":"2000-12-27T20:00:00Z","title":"周会",` +
		`"before":{"audience":"company","password":"none","expiry":null,"download":"blocked","exposed":false},` +
		`"after":{"audience":"anyone","password":"none","expiry":null,"download":"blocked","exposed":true}}],"next":9}` + "\n"
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}
