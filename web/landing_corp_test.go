// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	rules "github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// noon is when the pages of these tests are made.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// atNoon runs a test in virtual time.
func atNoon(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		<-time.After(time.Until(noon))
		test(t)
	})
}

// overview is the state of some corps.
type overview struct {
	status   []poll.Status
	failures map[string][]schedule.ErrorReport
	view     poll.View
	store    poll.StoreStatus
}

func (o *overview) Status() []poll.Status         { return o.status }
func (o *overview) View() *poll.View              { return &o.view }
func (o *overview) StoreStatus() poll.StoreStatus { return o.store }

func (o *overview) Targets(q *collector.TargetQuery) collector.Targets {
	return collector.Targets{Found: schedule.Found{Errors: o.failures[q.Corp]}}
}

// healthy returns a corp of which nothing is wrong.
func healthy(name string) (poll.Status, poll.CorpView) {
	status := poll.Status{
		Name:        name,
		Started:     noon.Add(-24 * time.Hour),
		Called:      true,
		Up:          true,
		UpSince:     noon.Add(-3 * time.Hour),
		UpChanged:   true,
		LastSuccess: noon.Add(-12 * time.Second),
		RoundOver:   true,
		Summary: schedule.Summary{
			Total:    1200,
			Coverage: 0.9999,
			Lag:      4 * time.Second,
			Counts:   map[wecom.Selector]*[schedule.NumStatuses]int{wecom.ByUserID: {schedule.OK: 1200}},
		},
	}
	total := sums.New(noon)
	total.Recordings[wecom.StateCompleted], total.Recordings[wecom.StateRecording] = 1000, 4
	total.Files, total.Bytes = 2008, 68<<30
	view := poll.CorpView{Name: name, QuotaBytes: 100 << 30, View: &inventory.View{Listed: true, Ready: true, Total: total}}
	return status, view
}

// landingOptions has the pages of recordings off.
func landingOptions(o *overview) Options {
	options := optionsOf(&fake{})
	options.Targets, options.Overview = o, o
	return options
}

// one returns the state of one corp that is healthy but for what change does.
func one(change func(o *overview, s *poll.Status, v *poll.CorpView)) *overview {
	status, view := healthy("acme")
	o := &overview{failures: map[string][]schedule.ErrorReport{}}
	change(o, &status, &view)
	o.status, o.view.Corps = append(o.status, status), append(o.view.Corps, view)
	return o
}

var (
	errRefusedIP   = &wecom.APIError{Endpoint: "meeting/record/list", Code: 60020}
	errNoSuchUser  = &wecom.APIError{Endpoint: "meeting/record/list", Code: 60111}
	errTooFrequent = &wecom.APIError{Endpoint: "meeting/record/list", Code: 45009}
	tags           = regexp.MustCompile(`<[^>]*>`)
)

// textOf returns the text of a page, without its markup.
func textOf(body string) string {
	_, body, _ = strings.Cut(body, "<main id=\"content\">")
	body, _, _ = strings.Cut(body, "<footer>")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(body, " "))), " ")
}

// TestLandingPageOfOneCorp compares the whole text of the page.
func TestLandingPageOfOneCorp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		overview         *overview
		english, chinese string
		isBad            bool
	}{
		{
			name:     "healthy",
			overview: one(func(*overview, *poll.Status, *poll.CorpView) {}),
			english: "Overview acme WeCom has accepted calls since 2026-11-26 09:00:00 UTC 3 h ago " +
				"Exposed files 0 Space 68 GiB 68% of 100 GiB Last successful poll 12 s ago lag 4 s " +
				"Coverage 99.9% of 1,200 targets Recordings 1,004 2,008 files",
			chinese: "概览 acme 企业微信接受调用，始于 2026-11-26 09:00:00 UTC 3 小时前 " +
				"暴露文件 0 空间 68 GiB 68%，共 100 GiB 上次成功轮询 12 秒前 滞后 4 秒 " +
				"覆盖率 99.9% 共 1,200 个目标 录制 1,004 2,008 个文件",
		},
		{
			name: "nothing else was seen since the start",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				s.UpChanged, v.QuotaBytes = false, 0
				v.Policy = &rules.Policy{Accepted: map[string]*rules.Acceptance{}, Retention: time.Hour}
				v.Total.Exposed, v.Total.Accepted, v.Total.Overdue = 7, 2, 5
			}),
			english: "Overview acme WeCom has accepted calls since 2026-11-26 09:00:00 UTC 3 h ago (first call after the start) " +
				"Exposed files 7 2 accepted Space 68 GiB no quota configured Last successful poll 12 s ago lag 4 s " +
				"Coverage 99.9% of 1,200 targets Recordings 1,004 2,008 files Files past retention 5",
			chinese: "概览 acme 企业微信接受调用，始于 2026-11-26 09:00:00 UTC 3 小时前 （启动后首次调用） " +
				"暴露文件 7 有意公开 2 个 空间 68 GiB 未配置配额 上次成功轮询 12 秒前 滞后 4 秒 " +
				"覆盖率 99.9% 共 1,200 个目标 录制 1,004 2,008 个文件 超过保留期限的文件 5",
		},
		{
			name: "never called",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				*s = poll.Status{Name: "acme", Started: noon.Add(-time.Minute)}
				v.View = &inventory.View{}
			}),
			english: "Overview acme WeCom has not been called yet. Started 2026-11-26 11:59:00 UTC 1 min ago " +
				"The first round of polling is still running; the numbers are incomplete " +
				"Exposed files – Space – Last successful poll never lag 0 s Coverage – of 0 targets Recordings –",
			chinese: "概览 acme 尚未调用企业微信。启动于 2026-11-26 11:59:00 UTC 1 分钟前 首轮轮询尚未结束，数据尚不完整 " +
				"暴露文件 – 空间 – 上次成功轮询 从未 滞后 0 秒 覆盖率 – 共 0 个目标 录制 –",
		},
		{
			name: "refused, with the remedy and the next try, and no target repeats it",
			overview: one(func(o *overview, s *poll.Status, _ *poll.CorpView) {
				s.Up, s.Outage, s.Retry = false, errRefusedIP, noon.Add(2*time.Minute)
				s.Coverage, s.Lag = 0.5, 16*time.Minute
				s.Counts[wecom.ByUserID] = &[schedule.NumStatuses]int{schedule.OK: 1199, schedule.Failing: 1}
				s.Undiscovered, s.DiscoveryErr = true, errRefusedIP
				o.failures["acme"] = []schedule.ErrorReport{{Err: errRefusedIP, Count: 1}}
			}),
			isBad: true,
			english: "Overview acme WeCom has refused calls since 2026-11-26 09:00:00 UTC 3 h ago " +
				wecom.Describe(errRefusedIP, wecom.English) + " What to do: " + page.Sentence(wecom.Remedy(errRefusedIP, wecom.English), wecom.English) +
				" Next try: 2026-11-26 12:02:00 UTC in 2 min " +
				"Exposed files 0 Space 68 GiB 68% of 100 GiB Last successful poll 12 s ago lag 16 min " +
				"Coverage 50% of 1,200 targets · 1 failing Recordings 1,004 2,008 files",
			chinese: "概览 acme 企业微信拒绝调用，始于 2026-11-26 09:00:00 UTC 3 小时前 " +
				wecom.Describe(errRefusedIP, wecom.Chinese) + " 处理办法：" + page.Sentence(wecom.Remedy(errRefusedIP, wecom.Chinese), wecom.Chinese) +
				" 下次重试： 2026-11-26 12:02:00 UTC 2 分钟后 " +
				"暴露文件 0 空间 68 GiB 68%，共 100 GiB 上次成功轮询 12 秒前 滞后 16 分钟 " +
				"覆盖率 50% 共 1,200 个目标 · 1 个失败 录制 1,004 2,008 个文件",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			atNoon(t, func(t *testing.T) {
				for lang, want := range map[string]string{"en": test.english, "zh": test.chinese} {
					body := serve(t, landingOptions(test.overview), http.MethodGet, "/?lang="+lang).Body.String()
					if diff := cmp.Diff(want, textOf(body)); diff != "" {
						t.Errorf("%s (-want +got):\n%s", lang, diff)
					}
					if isBad := strings.Contains(body, `<section class="corp bad">`); isBad != test.isBad {
						t.Errorf("it is shown as bad: %t, want %t:\n%s", isBad, test.isBad, body)
					}
				}
			})
		})
	}
}

// TestTrouble has what the page says of a corp with one trouble each.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		overview      *overview
		want, without []string
	}{
		{
			name:     "calls that get no answer, before that is an outage",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) { s.Up = false }),
			want:     []string{`<section class="corp bad">`, "<strong>Calls to WeCom have failed since</strong>"},
			without:  []string{"refused", "Next try"},
		},
		{
			name: "an outage without an answer",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Up, s.Outage, s.Retry = false, errors.New("no <answer>"), noon.Add(30*time.Second)
			}),
			want:    []string{"Calls to WeCom have failed since", "no &lt;answer&gt;", "Next try: <time", `<span class="ago">in 30 s</span>`},
			without: []string{"refused", "What to do", "<answer>"},
		},
		{
			name: "an endpoint that is closed",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Blocks = []wecom.Block{{Endpoint: "meeting/record/list", Until: noon.Add(9 * time.Minute), Err: errTooFrequent}}
			}),
			want: []string{
				`<section class="corp warn">`, "asked to wait until</strong> <time", "in 9 min</span><br>meeting/record/list: errcode 45009",
				html.EscapeString(page.Sentence(wecom.Remedy(errTooFrequent, wecom.English), wecom.English)),
			},
		},
		{
			name: "nobody to poll",
			overview: one(func(_ *overview, s *poll.Status, v *poll.CorpView) {
				s.Summary, s.Known = schedule.Summary{}, true
				v.View = &inventory.View{}
			}),
			want: []string{
				`<p class="notice bad"><strong>There are no targets: none is configured or discovered</strong>`,
				"What to do: Add targets, or check that the target file patterns match",
				`>–</a>`, "of 0 targets",
			},
			without: []string{"0%", "The first round of polling is still running"},
		},
		{
			name: "nobody to poll, as far as is known",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Summary = schedule.Summary{}
				s.Undiscovered, s.DiscoveryErr = true, errRefusedIP
			}),
			want:    []string{"Discovering users failed", `>–</a>`},
			without: []string{"There are no targets"},
		},
		{
			name: "a shard without targets",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Summary, s.Known, s.Elsewhere = schedule.Summary{}, true, 3
			}),
			want:    []string{"This shard has no targets; other shards poll 3", `>–</a>`, `<section class="corp fine">`},
			without: []string{"There are no targets", "What to do"},
		},
		{
			name: "no users are discovered",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Undiscovered, s.DiscoveryErr = true, errRefusedIP
			}),
			want: []string{"Discovering users failed; users found earlier are still polled</strong><br>meeting/record/list: errcode 60020"},
		},
		{
			name:     "no views are asked for",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) { s.ViewsErr = errRefusedIP }),
			want:     []string{"Views and downloads are not counted</strong><br>meeting/record/list: errcode 60020"},
		},
		{
			name: "a store that is not written",
			overview: one(func(o *overview, _ *poll.Status, _ *poll.CorpView) {
				o.store = poll.StoreStatus{Configured: true, LastWrite: noon.Add(-time.Hour)}
			}),
			want: []string{
				`<p class="notice bad"><strong>The store has not been writable since</strong> <time datetime="2026-11-26T11:00:00Z">`,
				"What to do: Check the space and the permissions of --storage.path",
			},
		},
		{
			name:     "a store that was never written",
			overview: one(func(o *overview, _ *poll.Status, _ *poll.CorpView) { o.store = poll.StoreStatus{Configured: true} }),
			want:     []string{"<strong>The store has not been written</strong><br>Anything found"},
		},
		{
			name: "a store that is written",
			overview: one(func(o *overview, _ *poll.Status, _ *poll.CorpView) {
				o.store = poll.StoreStatus{Configured: true, Successful: true}
			}),
			want:    []string{`<section class="corp fine">`},
			without: []string{"notice", "The store"},
		},
		{
			name:     "old data",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) { s.LastSuccess = noon.Add(-3 * time.Hour) }),
			want:     []string{`<section class="corp warn">`, `<dd class="value bad">3 h ago</dd>`},
		},
		{
			name:     "targets that are late",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) { s.Lag = 20 * time.Minute }),
			want:     []string{`<dd class="value bad">12 s ago</dd><dd class="notes">lag 20 min</dd>`},
		},
		{
			name:     "holes",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) { s.Coverage = 0.89 }),
			want:     []string{`<dd class="value bad"><a href="./targets?lang=en">89%</a></dd>`},
		},
		{
			name: "targets that were not polled yet are no holes",
			overview: one(func(_ *overview, s *poll.Status, _ *poll.CorpView) {
				s.Coverage = 0.25
				s.Counts[wecom.ByMeetingID] = &[schedule.NumStatuses]int{schedule.Pending: 900}
			}),
			want: []string{`<dd class="value fine"><a href="./targets?lang=en">25%</a></dd><dd class="notes">of 1,200 targets · 900 pending</dd>`},
		},
		{
			name:     "little space",
			overview: one(func(_ *overview, _ *poll.Status, v *poll.CorpView) { v.Total.Bytes = 90 << 30 }),
			want: []string{
				`<section class="corp warn">`, `<dd class="value warn">90 GiB</dd><dd><meter class="warn" value="96636764160" max="107374182400" aria-label="Space">`,
			},
		},
		{
			name:     "no space",
			overview: one(func(_ *overview, _ *poll.Status, v *poll.CorpView) { v.Total.Bytes = 150 << 30 }),
			want:     []string{`<dd class="value bad">150 GiB</dd><dd><meter class="bad" value="107374182400"`, "150% of 100 GiB"},
		},
		{
			name:     "exposed files, whose page is off",
			overview: one(func(_ *overview, _ *poll.Status, v *poll.CorpView) { v.Total.Exposed = 3 }),
			want:     []string{`<section class="corp warn">`, `<dd class="value bad">3</dd>`},
			without:  []string{"recordings?", "changes?"},
		},
		{
			name:     "a corp of which nothing is published",
			overview: one(func(_ *overview, _ *poll.Status, v *poll.CorpView) { v.Name = "another" }),
			want:     []string{"The first round of polling is still running", `<dd class="value plain">–</dd>`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			atNoon(t, func(t *testing.T) {
				wantParts(t, serve(t, landingOptions(test.overview), http.MethodGet, "/?lang=en").Body.String(), test.want, test.without)
			})
		})
	}
}

// wantParts wants parts in the content of a page, and others not in it.
func wantParts(t *testing.T, body string, want, without []string) {
	t.Helper()
	_, content, _ := strings.Cut(body, "<main id=\"content\">")
	for _, part := range want {
		if !strings.Contains(content, part) {
			t.Errorf("the page lacks %q:\n%s", part, content)
		}
	}
	for _, part := range without {
		if strings.Contains(content, part) {
			t.Errorf("the page has %q:\n%s", part, content)
		}
	}
}

// TestNumbersOfThings has one, several and many of each thing that the page counts.
func TestNumbersOfThings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		number           int
		english, chinese string
	}{
		{"files", 1, "1 file", "1 个文件"},
		{"files", 0, "0 files", "0 个文件"},
		{"targetCount", 1, "of 1 target", "共 1 个目标"},
		{"targetCount", 20_000, "of 20,000 targets", "共 20,000 个目标"},
		{"targetsFail", 1, "1 failing target", "1 个目标失败"},
		{"targetsFail", 2, "2 failing targets", "2 个目标失败"},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			words := landingWords{Frame: page.Frame{Text: landingTexts[language]}}
			if got := words.number(test.name, test.number); got != want {
				t.Errorf("%s: %q, want %q", test.name, got, want)
			}
		}
	}
}

// TestFailingTargets has the most frequent errors, each once with its targets and the remedy.
func TestFailingTargets(t *testing.T) {
	t.Parallel()
	failures := []schedule.ErrorReport{
		{Err: fmt.Errorf("page 1 of the list: %w", errNoSuchUser), Count: 40},
		{Err: errors.New("second"), Count: 7},
		{Err: errors.New("third"), Count: 1},
		{Err: errors.New("fourth"), Count: 1},
		{Err: errors.New("fifth"), Count: 2},
	}
	for _, test := range []struct {
		name          string
		failures      []schedule.ErrorReport
		outage        error
		want, without []string
	}{
		{
			name:     "one error",
			failures: failures[:1],
			want: []string{
				"<strong>40 failing targets</strong><br>" + html.EscapeString(wecom.Describe(errNoSuchUser, wecom.English)),
				"What to do: " + html.EscapeString(page.Sentence(wecom.Remedy(errNoSuchUser, wecom.English), wecom.English)),
			},
			without: []string{"more failing"},
		},
		{
			name:     "three errors",
			failures: failures[:3],
			want:     []string{"7 failing targets</strong><br>second</p>", "1 failing target</strong><br>third"},
			without:  []string{"more failing"},
		},
		{
			name:     "more errors",
			failures: failures,
			want:     []string{"third", `<a href="./targets?lang=en&amp;status=failing">and 3 more failing</a>`},
			without:  []string{"fourth", "fifth"},
		},
		{
			name:     "that of the outage is not repeated",
			failures: failures[1:],
			outage:   errors.New("second"),
			want:     []string{"third", "fourth", "fifth"},
			without:  []string{"7 failing targets", "more failing"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := one(func(o *overview, s *poll.Status, _ *poll.CorpView) {
				o.failures["acme"], s.Outage = test.failures, test.outage
			})
			atNoon(t, func(t *testing.T) {
				wantParts(t, serve(t, landingOptions(o), http.MethodGet, "/?lang=en").Body.String(), test.want, test.without)
			})
		})
	}
}

// TestWorstCorpsFirst has corps by trouble, and then by name, with links to their own targets.
func TestWorstCorpsFirst(t *testing.T) {
	t.Parallel()
	o := &overview{}
	for _, name := range []string{"a-fine", "b-exposed", "c-refused", "d-fine", "<e>failing"} {
		status, view := healthy(name)
		switch {
		case strings.HasSuffix(name, "exposed"):
			view.Total.Exposed = 1
		case strings.HasSuffix(name, "refused"):
			status.Up, status.Outage = false, errRefusedIP
		case strings.HasSuffix(name, "failing"):
			status.Counts[wecom.ByUserID] = &[schedule.NumStatuses]int{schedule.Failing: 1}
		}
		o.status, o.view.Corps = append(o.status, status), append(o.view.Corps, view)
	}
	atNoon(t, func(t *testing.T) {
		body := serve(t, landingOptions(o), http.MethodGet, "/?lang=en").Body.String()
		got := regexp.MustCompile(`<h2>([^<]*)</h2>`).FindAllStringSubmatch(body, -1)
		names := make([]string, 0, len(got))
		for _, match := range got {
			names = append(names, html.UnescapeString(match[1]))
		}
		if diff := cmp.Diff([]string{"c-refused", "b-exposed", "<e>failing", "a-fine", "d-fine"}, names); diff != "" {
			t.Errorf("corps (-want +got):\n%s", diff)
		}
		wantParts(t, body, []string{`href="./targets?corp=c-refused&amp;lang=en"`, `href="./targets?corp=%3Ce%3Efailing&amp;lang=en"`}, nil)
		if len(body) > 20_000 {
			t.Errorf("five corps take %d bytes", len(body))
		}
	})
}

// TestLandingHidesWhatIsOptIn has recordings with hosts and titles, and the pages of recordings off.
func TestLandingHidesWhatIsOptIn(t *testing.T) {
	t.Parallel()
	o := one(func(o *overview, _ *poll.Status, v *poll.CorpView) {
		v.Total.Exposed = 1
		v.Hosts.Blocks = []*sorted.Block[*inventory.HostView, *sums.Sums]{{
			Elements: []*inventory.HostView{{Host: "zhangsan", Sums: v.Total}}, Summary: v.Total,
		}}
		o.failures["acme"] = []schedule.ErrorReport{{Err: errNoSuchUser, Count: 1}}
	})
	options := landingOptions(o)
	options.Targets = &fake{targets: []schedule.TargetReport{{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: "zhangsan"}, Status: schedule.Failing, Err: errNoSuchUser,
	}}}
	for _, lang := range []string{"en", "zh"} {
		w := serve(t, options, http.MethodGet, "/?lang="+lang)
		wantParts(t, w.Body.String(), []string{`<dd class="value bad">1</dd>`}, []string{"zhangsan", "exposed=", "changes"})
		if got := w.Header().Get("Cache-Control"); got != "" {
			t.Errorf("Cache-Control %q of a page without recordings", got)
		}
	}
}

// TestLandingOfTheCollector has a company whose failing user, host and title must be on no page
// while the pages of recordings are off, whatever the label of hosts is.
func TestLandingOfTheCollector(t *testing.T) {
	t.Parallel()
	const user, title = "zhangsanfeng", "secret plans"
	for _, label := range []config.HostLabel{config.HostLabelPlain, config.HostLabelHashed, config.HostLabelOff} {
		t.Run(string(label), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				r := rig.Recorded("wrsecret", user, 2*time.Hour, wecomtest.Share{On: true})
				r.Title = title
				server := wecomtest.New(wecomtest.Config{})
				server.Put(r)
				cfg := rig.ConfigOf("another", user)
				cfg.Metrics = config.Metrics{HostLabel: label, HostHashKey: []byte("the key that hashes hosts")}
				running := rig.StartWith(t, cfg, poll.Options{Transport: server, Titles: true})
				running.Wait(10 * time.Second)
				server.Fail(wecomtest.Fault{
					Endpoint: rig.ListEndpoint, Errcode: 60111, Match: func(req wecomtest.Request) bool { return req.Target == user },
				})
				running.Wait(time.Hour)

				options := optionsOf(&fake{})
				options.Targets, options.Overview = running.Collector, running.Collector
				body := serve(t, options, http.MethodGet, "/?lang=en").Body.String()
				wantParts(t, body, []string{
					"WeCom has accepted calls since", "1 failing target", "errcode 60111", `<dd class="value bad">1</dd>`, "of 2 targets · 1 failing",
				}, []string{user, title, "wrsecret"})
				options.Recordings, options.Changes = running.Collector, running.Collector
				body = serve(t, options, http.MethodGet, "/?lang=en").Body.String()
				wantParts(t, body, []string{"new in 1 h"}, []string{title})
			})
		})
	}
}
