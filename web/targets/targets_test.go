// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake answers each query with what is found, and remembers the last one.
type fake struct {
	reports []poll.Status
	found   collector.Targets
	query   *collector.TargetQuery
}

func (f *fake) Status() []poll.Status { return f.reports }

func (f *fake) Targets(q *collector.TargetQuery) collector.Targets {
	f.query = q
	found := f.found
	offset := min(q.Offset, len(found.Part))
	found.Total = max(found.Total, len(found.Part))
	found.Part = found.Part[offset:min(offset+q.Limit, len(found.Part))]
	return found
}

// acme is a corp without trouble.
func acme() poll.Status {
	return poll.Status{
		Name: "acme", Called: true, Up: true, Used: 7, Budget: 1200, LastSuccess: time.Now().Add(-3 * time.Minute),
		Summary: schedule.Summary{
			Total: 19, Coverage: 0.5, Lag: 90 * time.Second,
			Counts: map[wecom.Selector]*[schedule.NumStatuses]int{
				wecom.ByUserID:    {schedule.OK: 11, schedule.Failing: 4},
				wecom.ByMeetingID: {schedule.Pending: 4},
			},
		},
	}
}

func failingUser(id string, err error) schedule.TargetReport {
	return schedule.TargetReport{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: id}, Status: schedule.Failing, Err: err, Cause: wecom.CauseOf(err),
		Polled: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), Due: time.Now().Add(time.Hour + time.Minute),
	}
}

func onList(err error) error { return fmt.Errorf("page 1 of the list: %w", err) }

func errcode(code int64) error {
	return onList(&wecom.APIError{Endpoint: "meeting/record/list", Code: code})
}

func users(n int) []schedule.TargetReport {
	list := make([]schedule.TargetReport, 0, n)
	for i := range n {
		list = append(list, schedule.TargetReport{
			Target: wecom.Target{Selector: wecom.ByUserID, ID: fmt.Sprintf("user%04d", i)}, Recordings: i,
			Polled: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), Due: time.Date(2026, 3, 2, 1, 5, 0, 0, time.UTC),
		})
	}
	return list
}

func handlerOf(f *fake, hasRecordings bool) Handler {
	return Handler{Logger: log.NewNopLogger(), Reporter: f, HasRecordings: hasRecordings}
}

func serve(t *testing.T, h Handler, query string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServePage(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/targets?"+query, http.NoBody))
	return w
}

// check checks what a page has, and has not.
func check(t *testing.T, name string, w *httptest.ResponseRecorder, want, without []string) {
	t.Helper()
	body := w.Body.String()
	for _, part := range want {
		if !strings.Contains(body, part) {
			t.Errorf("%s: the page lacks %q", name, part)
		}
	}
	for _, part := range without {
		if strings.Contains(body, part) {
			t.Errorf("%s: the page has %q", name, part)
		}
	}
	if t.Failed() {
		_, body, _ = strings.Cut(body, "<main id=\"content\">")
		t.Logf("%s: status %d:\n%s", name, w.Code, body)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		change        func(*poll.Status)
		query         string
		want, without []string
	}{
		{
			name:  "a corp without trouble",
			query: "lang=en",
			want: []string{
				`<h2>Corp acme</h2>`, `<span class="chip ok">WeCom accepts calls</span>`, "<dt>Targets</dt><dd>19</dd>", "<dt>Coverage</dt><dd>50.0%</dd>",
				">3 min ago</time>", "<dt>Most overdue by</dt><dd>1 min</dd>", "<dt>Budget used, last 60 s</dt><dd>7 of 1,200 calls</dd>",
				`userid: <a class="chip failing" href="./targets?corp=acme&amp;lang=en&amp;selector=userid&amp;status=failing">failing 4</a>`,
				`<a class="chip ok" href="./targets?corp=acme&amp;lang=en&amp;selector=userid&amp;status=ok">ok 11</a>`,
				`meetingid: <a class="chip pending" href="./targets?corp=acme&amp;lang=en&amp;selector=meetingid&amp;status=pending">pending 4</a>`,
			},
			without: []string{
				`class="outage"`, "meeting_code: ", ">pending 0<", "remove all filters", "aria-current=\"true\"", `name="corp"`,
			},
		},
		{
			name: "nobody to poll",
			change: func(s *poll.Status) {
				s.Summary, s.Known = schedule.Summary{}, true
			},
			query: "lang=en",
			want: []string{
				"<dt>Targets</dt><dd>0</dd>", "<dt>Coverage</dt><dd>–</dd>",
				`<p class="outage"><strong>There are no targets: none is configured or discovered</strong><br>`,
				"What to do: Add targets, or check that the target file patterns match",
			},
			without: []string{"0.0%", "No targets match."},
		},
		{
			name: "nobody to poll, in Chinese",
			change: func(s *poll.Status) {
				s.Summary, s.Known = schedule.Summary{}, true
			},
			query: "lang=zh",
			want:  []string{"<dt>覆盖率</dt><dd>–</dd>", "<strong>没有任何目标：未配置，也未发现</strong>", "处理办法：请指定目标，或检查目标文件的路径模式"},
		},
		{
			name: "nobody to poll, because discovering users failed",
			change: func(s *poll.Status) {
				s.Summary, s.DiscoveryErr = schedule.Summary{}, errcode(60011)
			},
			query: "lang=en",
			want: []string{
				"<dt>Coverage</dt><dd>–</dd>", "Discovering users failed", "meeting/record/list: errcode 60011",
				html.EscapeString(page.Sentence(wecom.Remedy(errcode(60011), wecom.English), wecom.English)),
			},
			without: []string{"There are no targets"},
		},
		{
			name: "discovering users failed, as everything does",
			change: func(s *poll.Status) {
				s.Outage, s.DiscoveryErr = errcode(60020), errcode(60020)
			},
			query:   "lang=en",
			want:    []string{"No target can be polled"},
			without: []string{"Discovering users failed"},
		},
		{
			name: "a shard without targets",
			change: func(s *poll.Status) {
				s.Summary, s.Known, s.Elsewhere = schedule.Summary{}, true, 3
			},
			query:   "lang=en",
			want:    []string{"<dt>Coverage</dt><dd>–</dd>", "<p><strong>This shard has no targets; other shards poll 3</strong></p>"},
			without: []string{"There are no targets", "What to do", "No targets match."},
		},
		{
			name:  "in Chinese",
			query: "lang=zh",
			want:  []string{`<h2>企业 acme</h2>`, "企业微信接受调用", "成员账号：", ">失败 4</a>", ">正常 11</a>", ">待轮询 4</a>", "<dt>最大滞后</dt><dd>1 分钟</dd>", "<dt>预算用量（最近 60 秒）</dt><dd>7 / 1,200 次</dd>", ">3 分钟前</time>"},
		},
		{
			name:   "before the first call",
			change: func(s *poll.Status) { s.Called, s.Up, s.LastSuccess = false, false, time.Time{} },
			query:  "lang=en",
			want:   []string{"WeCom has not been called yet", "<dt>Last success</dt><dd>never</dd>"},
		},
		{
			name: "an endpoint that is closed",
			change: func(s *poll.Status) {
				s.Blocks = []wecom.Block{{Endpoint: "meeting/record/list", Until: time.Date(2026, 3, 2, 1, 9, 0, 0, time.UTC), Err: errcode(45009)}}
			},
			query: "lang=en",
			want: []string{
				`asked to wait until <time datetime="2026-03-02T01:09:00Z">2026-03-02 01:09:00 UTC</time>`, "</strong>: meeting/record/list: errcode 45009",
				"lower --poll.max-requests-per-minute",
			},
		},
		{
			name:  "the filter of a chip",
			query: "lang=en&corp=acme&selector=userid&status=failing",
			want:  []string{`aria-current="true">failing 4</a>`, `<a href="./targets?lang=en">remove all filters</a>`, `<option value="failing" selected>`, `<option value="userid" selected>`},
		},
		{
			name:  "what was searched for",
			query: "lang=en&search=%3Cb%3EU&error=60111",
			want:  []string{`value="&lt;b&gt;U"`, `name="error" value="60111"`, "No targets match."},
		},
		{
			name:    "a corp that does not exist",
			query:   "lang=en&corp=gone",
			want:    []string{"No corp matches.", "<option selected>gone</option>"},
			without: []string{"<h2>"},
		},
	} {
		report := acme()
		if test.change != nil {
			test.change(&report)
		}
		check(t, test.name, serve(t, handlerOf(&fake{reports: []poll.Status{report}}, false), test.query), test.want, test.without)
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(30 * time.Second)
	user := wecom.Target{Selector: wecom.ByUserID, ID: "<script>a&b"}
	const polled = `<time datetime="2026-03-02T01:00:00Z">2026-03-02 01:00:00 UTC</time> <span class="ago">`
	for _, test := range []struct {
		name          string
		target        schedule.TargetReport
		off           bool // there are no pages of recordings
		query         string
		want, without []string
	}{
		{
			name:    "ok",
			target:  schedule.TargetReport{Target: user, Recordings: 3, Polled: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), Due: soon},
			want:    []string{"&lt;script&gt;a&amp;b</td>", `<span class="chip ok">ok</span></td>`, polled, ">in 29 s</time>", `<a href="./recordings?corp=acme&amp;host=%3Cscript%3Ea%26b&amp;lang=en">3</a>`},
			without: []string{"<script", ">Selector</th>"},
		},
		{
			name:   "in Chinese",
			target: schedule.TargetReport{Target: user, Recordings: 3, Due: soon},
			query:  "lang=zh",
			want:   []string{`<span class="chip ok">正常</span>`, ">29 秒后</time>", "从未", "host=%3Cscript%3Ea%26b&amp;lang=zh"},
		},
		{
			name:    "no pages of recordings",
			target:  schedule.TargetReport{Target: user, Recordings: 3},
			off:     true,
			want:    []string{`class="number">3</td>`},
			without: []string{"./recordings"},
		},
		{
			name:    "a meeting, whose recordings cannot be listed by it",
			target:  schedule.TargetReport{Target: wecom.Target{Selector: wecom.ByMeetingID, ID: "m1"}, Recordings: 3},
			want:    []string{`class="number">3</td>`},
			without: []string{"./recordings?corp"},
		},
		{
			name:    "no recordings",
			target:  schedule.TargetReport{Target: user},
			want:    []string{`class="number">0</td>`},
			without: []string{"./recordings?corp"},
		},
		{
			name:   "overdue",
			target: schedule.TargetReport{Target: user, Due: time.Now().Add(-2*time.Minute - time.Second)},
			want:   []string{">overdue by 2 min</time>"},
		},
		{
			name:   "about to be polled",
			target: schedule.TargetReport{Target: user, Due: time.Now().Add(-50 * time.Second)},
			want:   []string{">now</time>"},
		},
		{
			name:   "never polled",
			target: schedule.TargetReport{Target: user, Status: schedule.Pending, Due: soon},
			want:   []string{`<span class="chip pending">pending</span>`, ">never</td>", `<span title="not known yet">–</span>`},
		},
		{
			name:   "an ID that is hidden",
			target: schedule.TargetReport{Target: wecom.Target{Selector: wecom.ByUserID}},
			off:    true,
			want:   []string{`<td class="target"><span class="ago">hidden</span></td>`},
		},
		{
			name:   "failing for a reason that is not above",
			target: failingUser("li", errcode(60111)),
			want:   []string{`<div class="error">meeting/record/list: errcode 60111 (the user ID was not found)</div><div class="remedy">Remove the user ID`, `title="not known yet">–`},
		},
	} {
		query := test.query
		if query == "" {
			query = "lang=en"
		}
		f := &fake{reports: []poll.Status{{Name: "acme", Budget: 60}}, found: collector.Targets{Found: schedule.Found{Part: []schedule.TargetReport{test.target}}}}
		check(t, test.name, serve(t, handlerOf(f, !test.off), query), test.want, test.without)
		if f.query.ShowUsers == test.off {
			t.Errorf("%s: users are shown: %t", test.name, f.query.ShowUsers)
		}
	}
}

// TestErrorsAreSaidOnce has targets that fail, whose errors stand above them.
func TestErrorsAreSaidOnce(t *testing.T) {
	t.Parallel()
	const notFound, notVisible, untrusted = "errcode 60111 (", "errcode 50002 (", "errcode 60020 ("
	gone := []schedule.TargetReport{failingUser("li", errcode(60111)), failingUser("wang", errcode(60111))}
	gone[1].Recordings = 5
	groupOf := func(n int, targets ...schedule.TargetReport) schedule.ErrorReport {
		return schedule.ErrorReport{Cause: targets[0].Cause, Err: targets[0].Err, Count: n, Targets: targets}
	}
	hidden := failingUser("", errcode(60111))
	odd := failingUser("odd", onList(&wecom.ResponseError{Endpoint: "x", Kind: wecom.KindHTTP, Status: 404, Detail: "odd"}))
	usual := failingUser("usual", onList(&wecom.ResponseError{Endpoint: "x", Kind: wecom.KindHTTP, Status: 502, Detail: "usual"}))
	for _, test := range []struct {
		name, query   string
		outage        error
		found         schedule.Found
		once          []string // is there once
		want, without []string
	}{
		{
			name:  "two targets, one of whose recordings are known",
			query: "lang=en",
			found: schedule.Found{Part: gone, Errors: []schedule.ErrorReport{groupOf(2, gone...)}},
			once:  []string{notFound, "Remove the user ID", "<h3>"},
			want: []string{
				`<h3>Failing</h3>`, `<a class="chip failing" href="./targets?corp=acme&amp;error=60111&amp;lang=en">2 targets</a>`,
				"<details><summary>which targets</summary>", `<span class="target">li</span>`, `host=wang&amp;lang=en">Recordings: 5</a>`,
				`<option value="60111">meeting/record/list: errcode 60111`,
			},
			without: []string{"page 1 of the list", "list them"},
		},
		{
			name:  "more targets than are folded",
			query: "lang=zh",
			found: schedule.Found{Errors: []schedule.ErrorReport{groupOf(50, gone...)}},
			want:  []string{"<summary>前 2 个，共 50 个目标</summary>", `<a href="./targets?corp=acme&amp;error=60111&amp;lang=zh">列出这些目标</a>`, ">50 个目标</a> meeting/record/list：错误码 60111"},
		},
		{
			name:    "a filter, whose targets are not folded",
			query:   "lang=en&error=60111",
			found:   schedule.Found{Part: gone, Errors: []schedule.ErrorReport{groupOf(2, gone...)}},
			once:    []string{notFound, `<td class="target">li</td>`},
			without: []string{"<details>"},
		},
		{
			name:    "an outage, whose targets fail too",
			query:   "lang=en",
			outage:  errcode(60020),
			found:   schedule.Found{Part: []schedule.TargetReport{failingUser("li", errcode(60020))}, Errors: []schedule.ErrorReport{groupOf(1, failingUser("li", errcode(60020)))}},
			once:    []string{untrusted, "企业可信IP"},
			want:    []string{`<p class="outage"><strong>No target can be polled:`, `<td class="target">li</td>`},
			without: []string{"<details>", "<h3>"},
		},
		{
			name:   "an outage, and a target with an error of its own",
			query:  "lang=en",
			outage: errcode(60020),
			found:  schedule.Found{Part: gone[:1], Errors: []schedule.ErrorReport{groupOf(1, gone[0])}},
			once:   []string{untrusted, notFound},
			want:   []string{">1 target</a>"},
		},
		{
			name:    "IDs that are hidden",
			query:   "lang=en",
			found:   schedule.Found{Part: []schedule.TargetReport{hidden}, Errors: []schedule.ErrorReport{groupOf(1, hidden)}},
			once:    []string{notFound},
			without: []string{"<details>"},
		},
		{
			name:  "another text for the same cause, and the same to be done",
			query: "lang=en",
			found: schedule.Found{Part: []schedule.TargetReport{usual, odd}, Errors: []schedule.ErrorReport{groupOf(2, usual, odd)}},
			once:  []string{"status 502: usual", "status 404: odd"},
			want:  []string{"error=http&amp;"},
		},
		{
			name:  "more errors than are shown",
			query: "lang=en",
			found: schedule.Found{
				Part:   []schedule.TargetReport{gone[0], failingUser("zhao", errcode(50002))},
				Errors: []schedule.ErrorReport{groupOf(1, gone[0])}, OtherErrors: 1,
			},
			once: []string{notFound, notVisible},
			want: []string{`1 more failing for other reasons: <a href="./targets?corp=acme&amp;lang=en&amp;status=failing">list them</a>`},
		},
	} {
		report := acme()
		report.Outage = test.outage
		w := serve(t, handlerOf(&fake{reports: []poll.Status{report}, found: collector.Targets{Found: test.found}}, true), test.query)
		body := regexp.MustCompile(`(?s)<datalist.*?</datalist>`).ReplaceAllString(w.Body.String(), "")
		for _, part := range test.once {
			if n := strings.Count(body, part); n != 1 {
				t.Errorf("%s: %q is there %d times", test.name, part, n)
			}
		}
		check(t, test.name, w, test.want, test.without)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, query   string
		want, without []string
	}{
		{
			name: "the first", query: "lang=en&search=user&refresh=on",
			want:    []string{"user0000", "user0099", "1–100 / 201", `href="?corp=acme&amp;lang=en&amp;page=2&amp;refresh=on&amp;search=user" rel="next"`, `href="?corp=acme&amp;format=csv&amp;lang=en&amp;search=user">CSV`},
			without: []string{"user0100", `rel="prev"`},
		},
		{
			name: "the second", query: "lang=en&page=2",
			want:    []string{"user0100", "user0199", "101–200 / 201", "page=1", "page=3"},
			without: []string{"user0099", "user0200"},
		},
		{
			name: "the last", query: "lang=en&corp=acme&page=3",
			want:    []string{"user0200", "201–201 / 201", `rel="prev"`},
			without: []string{`rel="next"`},
		},
		{
			name: "one behind the last", query: "lang=en&page=4",
			want: []string{"No targets match."},
		},
	} {
		f := &fake{reports: []poll.Status{acme()}, found: collector.Targets{Found: schedule.Found{Part: users(201)}}}
		check(t, test.name, serve(t, handlerOf(f, false), test.query), test.want, test.without)
	}
}

// TestSeveralCorps has three corps, which share the rows of the page.
func TestSeveralCorps(t *testing.T) {
	t.Parallel()
	reports := []poll.Status{acme(), {Name: "<b>other"}, {Name: "new"}}
	f := &fake{reports: reports, found: collector.Targets{Found: schedule.Found{Part: users(40)}}}
	w := serve(t, handlerOf(f, false), "lang=en&search=user")
	check(t, "all", w, []string{
		"<h2>Corp acme</h2>", "<h2>Corp &lt;b&gt;other</h2>", "<h2>Corp new</h2>", "user0032", "1–33 / 40", `<select name="corp">`,
		`<a href="?corp=acme&amp;lang=en&amp;search=user">all</a>`,
	}, []string{"user0033", "<b>other", `rel="next"`})
	check(t, "one", serve(t, handlerOf(f, false), "lang=en&corp=new"), []string{"<h2>Corp new</h2>", "user0039", "remove all filters"}, []string{"Corp acme</h2>"})
	for name, query := range map[string]string{"nothing found": "lang=en&search=x", "nothing of one corp": "lang=en&search=x&corp=new"} {
		empty := &fake{reports: reports}
		check(t, name, serve(t, handlerOf(empty, false), query), []string{"No targets match."}, []string{"Corp acme</h2>"})
	}
	for range 60 {
		f.reports = append(f.reports, poll.Status{Name: "more"})
	}
	if serve(t, handlerOf(f, false), "lang=en"); f.query.Limit != fewest {
		t.Errorf("%d rows of each of %d corps, want %d", f.query.Limit, len(f.reports), fewest)
	}
}

func TestHiddenUsers(t *testing.T) {
	t.Parallel()
	const remedy = "start the exporter with --web.enable-recordings"
	for _, isHidden := range []bool{true, false} {
		f := &fake{reports: []poll.Status{acme()}, found: collector.Targets{UsersHidden: isHidden}}
		body := serve(t, handlerOf(f, false), "lang=en").Body.String()
		if got := strings.Contains(body, remedy); got != isHidden {
			t.Errorf("users are hidden: %t; the page says so: %t", isHidden, got)
		}
	}
}

// TestLargestPage has a page of 100 failing targets, with as many errors and folded targets as there
// may be.
func TestLargestPage(t *testing.T) {
	t.Parallel()
	var found schedule.Found
	for code := range int64(8) {
		targets := make([]schedule.TargetReport, 0, 20)
		for i := range 20 {
			target := failingUser(fmt.Sprintf("zhangsan%08d", i), errcode(60100+code))
			target.Recordings = 10_000
			targets = append(targets, target)
		}
		found.Part = append(found.Part, targets[:12]...)
		found.Errors = append(found.Errors, schedule.ErrorReport{Cause: targets[0].Cause, Err: targets[0].Err, Count: 100, Targets: targets})
	}
	for _, test := range []struct {
		name  string
		found schedule.Found
		most  int // bytes
	}{
		{name: "100 rows", found: schedule.Found{Part: users(100)}, most: 100_000},
		{name: "96 rows, 8 errors and their targets", found: found, most: 100_000},
	} {
		for _, lang := range []string{"en", "zh"} {
			f := &fake{reports: []poll.Status{acme()}, found: collector.Targets{Found: test.found}}
			if n := serve(t, handlerOf(f, true), "lang="+lang).Body.Len(); n > test.most {
				t.Errorf("%s, %s: %d bytes, want %d at the most", test.name, lang, n, test.most)
			} else {
				t.Logf("%s, %s: %d bytes", test.name, lang, n)
			}
		}
	}
}

// TestQueries has queries, and what is searched for.
func TestQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]collector.TargetQuery{
		"":                {Corp: "acme", Limit: 100},
		"search=+Li%20":   {Corp: "acme", Limit: 100, Search: "Li"},
		"status=pending":  {Corp: "acme", Limit: 100, Status: new(schedule.Pending)},
		"error=60111":     {Corp: "acme", Limit: 100, Cause: "60111"},
		"error=%2B060111": {Corp: "acme", Limit: 100, Cause: "60111"},
		"error=-1":        {Corp: "acme", Limit: 100, Cause: "-1"},
		"error=transport": {Corp: "acme", Limit: 100, Cause: "transport"},
		"selector=meetingid&status=ok&corp=acme&page=3": {
			Corp: "acme", Limit: 100, Offset: 200, Selector: wecom.ByMeetingID, Status: new(schedule.OK),
		},
		"selector=&status=&error=&search=&format=html": {Corp: "acme", Limit: 100},
		"format=csv&page=2&status=failing":             {Corp: "acme", Limit: 1000, Offset: 1000, Status: new(schedule.Failing)},
	} {
		f := &fake{reports: []poll.Status{acme()}}
		if w := serve(t, handlerOf(f, false), query); w.Code != http.StatusOK {
			t.Errorf("%s: status %d: %s", query, w.Code, w.Body)
			continue
		}
		if diff := cmp.Diff(&want, f.query); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"id=li":               `"id" is not a parameter: use one of corp, search, selector, status, error, page,`,
		"status=OK":           `status: "OK" is not a status: use one of failing, pending, ok`,
		"selector=user":       `selector: "user" is not known: use one of userid, meetingid, meeting_code`,
		"error=none":          `error: "none" is not an errcode: use a number, such as 60111, or one of transport, http, decode, incomplete, other`,
		"error=60111x":        `error: "60111x" is not an errcode`,
		"search=a&search=b":   "search is given 2 times: write it once",
		"search":              `the parameter "search" has no value`,
		"format=json":         `format: "json" is not known: use one of html, csv`,
		"page=0":              `page: "0" is not accepted`,
		"page=2":              "page: paging works only within one corp: add corp, one of acme, other",
		"corp=acme&page=two":  `page: "two" is not accepted`,
		"refresh=30&corp=new": `refresh: "30" is neither on nor off`,
	} {
		f := &fake{reports: []poll.Status{acme(), {Name: "other"}}}
		w := serve(t, handlerOf(f, false), query)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: status %d, want 400 and %q: %s", query, w.Code, want, w.Body)
		}
		if f.query != nil {
			t.Errorf("%s is refused, and targets were searched: %+v", query, f.query)
		}
	}
}

func TestTextsAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, texts, pageHTML)
	for selector, text := range englishWords.selectors {
		if chinese := chineseWords.selectors[selector]; chinese == "" || chinese == text {
			t.Errorf("%s: %q is not translated", selector, text)
		}
	}
	for status, text := range englishWords.statuses {
		if chinese := chineseWords.statuses[status]; chinese == "" || chinese == text || text != schedule.Status(status).String() {
			t.Errorf("%s: %q is not translated", text, chinese)
		}
	}
}
