// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	listEndpoint = "meeting/record/list"
	lookback     = 31 * 24 * time.Hour
)

// company returns a company of four members, of whom one has a recording.
func company() *wecomtest.Server {
	s := wecomtest.New(wecomtest.Config{})
	s.SetDirectory(wecomtest.Directory{
		Members: []wecomtest.Member{
			{UserID: "zhangsan", Departments: []int{1}},
			{UserID: "lisi", Departments: []int{2}},
			{UserID: "wangwu", Departments: []int{2}},
			{UserID: "zhaoliu", Departments: []int{2}},
		},
		Departments: []wecomtest.Department{{ID: 1}, {ID: 2, ParentID: 1}},
		Scope:       wecomtest.Scope{Departments: []int{1}},
	})
	s.Put(wecomtest.Recording{
		ID:           "r1",
		MeetingID:    "hy1",
		MeetingCode:  "123",
		Creator:      "lisi",
		Host:         "lisi",
		Title:        "canary title",
		MeetingStart: time.Now().Add(-time.Hour),
	})
	return s
}

// configOf returns a configuration of one corp at a URL, with targets of every kind.
func configOf(url string) *config.Config {
	return &config.Config{
		Corps: []config.Corp{{
			Name:             "acme",
			CorpID:           wecomtest.DefaultCorpID,
			Secret:           secret.FromValue(wecomtest.DefaultSecret),
			AgentID:          wecomtest.DefaultAgentID,
			APIURL:           url,
			HTTPClientConfig: promconfig.HTTPClientConfig{},
			Targets: config.Targets{
				MeetingIDs:       []string{"hy1"},
				MeetingCodes:     []string{"123"},
				DiscoverMembers:  true,
				DiscoverActivity: true,
			},
		}},
		Poll: config.Poll{
			Interval:             5 * time.Minute,
			IdleInterval:         time.Hour,
			HistoryInterval:      6 * time.Hour,
			Lookback:             lookback,
			Concurrency:          4,
			MaxRequestsPerMinute: 1200,
		},
		Metrics: config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 10000},
		Shard:   config.Shard{Total: 1},
	}
}

// serve serves a company over loopback.
func serve(tb testing.TB, s *wecomtest.Server) string {
	tb.Helper()
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	return server.URL
}

// run returns the steps of a check. None holds a secret.
func run(tb testing.TB, cfg *config.Config, o Options) []Step {
	tb.Helper()
	var steps []Step
	o.Report = func(s Step) { steps = append(steps, s) }
	Run(tb.Context(), cfg, o)
	for _, s := range steps {
		for _, canary := range []string{wecomtest.DefaultSecret, "canary", "access_token=", "corpsecret"} {
			if said := s.Seen + s.Remedy; strings.Contains(said, canary) {
				tb.Errorf("step %s has %q: %s", s.Name, canary, said)
			}
		}
	}
	return steps
}

// lines returns what is seen by the steps.
func lines(steps []Step) []string {
	all := make([]string, 0, len(steps))
	for _, s := range steps {
		all = append(all, fmt.Sprintf("%s %s: %s", s.Status, s.Name, s.Seen))
	}
	return all
}

// failures returns the steps that failed.
func failures(steps []Step) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return s.Status != Failed })
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	url := serve(t, company())
	address := strings.TrimPrefix(url, "http://")
	want := []string{
		"ok configuration: valid, corps: 1",
		"ok dns: 127.0.0.1 is an address",
		"ok tcp: connected to " + address,
		"ok token: WeCom accepts the corp ID and the secret",
		"ok scope: members visible to the app: 4",
		"ok activity: meetings started in the last 30 days: 1, by 1 members",
		"ok list: by userid: tried 4 of 4 targets, listed 4, with recordings 1",
		"ok list: by meetingid: tried 1 of 1 targets, listed 1, with recordings 1",
		"ok list: by meeting_code: tried 1 of 1 targets, listed 1, with recordings 1",
		"ok recordings: this app's recordings: 1 seen on the first pages of 6 of 6 targets; the exporter has something to show",
		"ok clock: less than 1m0s from WeCom's",
		"ok plan: targets: 6; calls: 6 in the first round, then 6 to 72 an hour, at most 0.1% of the budget and below 0.1% of " +
			"WeCom's limit; expected: hosts 3, series 329, memory 30 MiB; this app's recordings: 1 seen",
	}
	steps := run(t, configOf(url), Options{})
	if diff := cmp.Diff(want, lines(steps)); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
	plan := steps[len(steps)-1].Plan
	if want := (&Plan{
		Targets:           6,
		FirstRoundCalls:   6,
		LeastCallsPerHour: 6,
		MostCallsPerHour:  72,
		BudgetPerHour:     72000,
		BudgetShare:       0.001,
		WeComLimitShare:   0.00048,
		Hosts:             3,
		Series:            329,
		MemoryBytes:       30<<20 + 3*6<<10 + 3*230,
		RecordingsSeen:    new(1),
	}); !cmp.Equal(want, plan) {
		t.Errorf("plan differs (-want +got):\n%s", cmp.Diff(want, plan))
	}
}

// TestPlanOfStatistics has a recording that is shared in the lists of three targets of six.
func TestPlanOfStatistics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		off, offline bool
		budget       int
		interval     time.Duration
		want         int // calls an hour at the most
	}{
		"off":                   {off: true, budget: 1200, interval: time.Hour, want: 72},
		"once an hour":          {budget: 1200, interval: time.Hour, want: 75},
		"a tenth of the budget": {budget: 20, interval: time.Minute, want: 72 + 120},
		"nothing is known":      {offline: true, budget: 5, interval: time.Hour, want: 24 + 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := company()
			s.Put(wecomtest.Recording{
				ID:           "r1",
				MeetingID:    "hy1",
				MeetingCode:  "123",
				Creator:      "lisi",
				Host:         "lisi",
				MeetingStart: time.Now().Add(-time.Hour),
				Files:        []wecomtest.File{{ID: "f1", Shares: []wecomtest.Share{{On: true}}}},
			})
			cfg := configOf(serve(t, s))
			cfg.Corps[0].Statistics = !test.off
			cfg.Poll.MaxRequestsPerMinute, cfg.Poll.HistoryInterval = test.budget, test.interval
			steps := run(t, cfg, Options{Offline: test.offline})
			plan := steps[len(steps)-1].Plan
			if plan.MostCallsPerHour != test.want {
				t.Errorf("%d calls an hour at the most, want %d", plan.MostCallsPerHour, test.want)
			}
			if got, want := plan.BudgetShare, float64(test.want)/float64(60*test.budget); got != want {
				t.Errorf("%v of the budget, want %v", got, want)
			}
		})
	}
}

func TestChinese(t *testing.T) {
	t.Parallel()
	small := configOf(serve(t, company()))
	small.Poll.IdleInterval, small.Poll.MaxRequestsPerMinute = 10*time.Second, 20
	steps := run(t, small, Options{Language: wecom.Chinese})
	if plan := steps[len(steps)-1]; plan.Status != Failed ||
		!strings.Contains(plan.Seen, "：按现在的轮询间隔") || !strings.HasPrefix(plan.Remedy, "请调高 --poll.max-requests-per-minute") {
		t.Errorf("the plan is %+v, want a budget that is too small", plan)
	}
	steps = run(t, configOf(serve(t, company())), Options{Language: wecom.Chinese})
	if got := failures(steps); len(got) > 0 {
		t.Errorf("failed: %+v", got)
	}
	for _, s := range steps {
		if !strings.ContainsFunc(s.Seen, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }) {
			t.Errorf("step %s is not in Chinese: %s", s.Name, s.Seen)
		}
	}
}

// TestErrcodes has WeCom refuse calls with every errcode that is about the app or the corp.
// Each fails one step, with a remedy that names the place to act at.
func TestErrcodes(t *testing.T) {
	t.Parallel()
	tokenCodes := []int64{40001, 40013, 40091, 41002, 41004}
	for _, code := range wecom.Errcodes() {
		endpoint, step := listEndpoint, StepList
		err := &wecom.APIError{Code: code}
		switch {
		case slices.Contains(tokenCodes, code):
			endpoint, step = "gettoken", StepToken
		case !err.Class().CorpWide() && err.Class() != wecom.ClassBlocked:
			continue
		}
		for language, places := range map[wecom.Language][]string{
			wecom.English: {"in the admin console", "--poll.", "WeCom administrator", "report a bug"},
			wecom.Chinese: {"管理后台", "--poll.", "企业管理员", "请反馈"},
		} {
			t.Run(fmt.Sprintf("%d %d", code, language), func(t *testing.T) {
				t.Parallel()
				s := company()
				s.Fail(wecomtest.Fault{Endpoint: endpoint, Errcode: int(code)})
				got := failures(run(t, configOf(serve(t, s)), Options{Language: language}))
				if len(got) == 0 || got[0].Name != step {
					t.Fatalf("failed: %+v, want %s", got, step)
				}
				if !strings.Contains(got[0].Seen, strconv.FormatInt(code, 10)) {
					t.Errorf("seen: %s, want the errcode", got[0].Seen)
				}
				if !slices.ContainsFunc(places, func(p string) bool { return strings.Contains(got[0].Remedy, p) }) {
					t.Errorf("remedy: %s, want a place to act at", got[0].Remedy)
				}
			})
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*wecomtest.Server, *config.Config)
		want   []string // lines that must be there
		remedy string   // of the first failure; "" if none may fail
	}{
		{
			name: "untrusted IP",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020, Errmsg: "not allow, from ip: 203.0.113.7, more"})
			},
			want: []string{
				"ok token: ",
				"fail list: userid=lisi: page 1 of the list: meeting/record/list: errcode 60020 (the calling IP is not trusted " +
					"by the app, calling from 203.0.113.7)",
				"skipped recordings: not tried: list must succeed first",
				"ok plan: ",
			},
			remedy: "企业可信IP",
		},
		{
			name: "no recording anywhere",
			change: func(s *wecomtest.Server, cfg *config.Config) {
				s.Remove("r1")
				cfg.Corps[0].Targets.MeetingIDs, cfg.Corps[0].Targets.MeetingCodes = nil, nil
			},
			want: []string{"ok recordings: this app's recordings: none seen in the lists of 4 of 4 targets over the last 31d", "ok plan: "},
		},
		{
			name: "an empty scope",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.SetDirectory(wecomtest.Directory{Departments: []wecomtest.Department{{ID: 1}}})
			},
			want:   []string{"fail scope: no member is visible to the app"},
			remedy: "可见范围",
		},
		{
			name: "another app's agent ID",
			change: func(_ *wecomtest.Server, cfg *config.Config) {
				cfg.Corps[0].AgentID++
			},
			want:   []string{"fail scope: querying the visible scope: agent/get: errcode 301002"},
			remedy: "the same app",
		},
		{
			name: "no agent ID",
			change: func(_ *wecomtest.Server, cfg *config.Config) {
				cfg.Corps[0].AgentID, cfg.Corps[0].Targets.DiscoverMembers = 0, false
			},
			want: []string{
				"skipped scope: no agent ID is configured",
				"ok list: by userid: tried 1 of 1 targets, listed 1, with recordings 1",
			},
		},
		{
			name: "one user has left",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.Fail(wecomtest.Fault{
					Endpoint: listEndpoint, Errcode: 60111, Match: func(r wecomtest.Request) bool { return r.Target == "wangwu" },
				})
			},
			want: []string{"ok list: by userid: tried 4 of 4 targets, listed 3, with recordings 1"},
		},
		{
			name: "all users are outside the scope",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.Fail(wecomtest.Fault{
					Endpoint: listEndpoint, Errcode: 50002, Match: func(r wecomtest.Request) bool { return r.Selector == "userid" },
				})
			},
			want:   []string{"fail list: userid=", "ok list: by meetingid: "},
			remedy: "可见范围",
		},
		{
			name: "a clock ten minutes behind",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.SetClockSkew(10 * time.Minute)
			},
			want:   []string{"fail clock: the local clock is 10m0s behind WeCom's"},
			remedy: "NTP",
		},
		{
			name: "a wrong secret",
			change: func(_ *wecomtest.Server, cfg *config.Config) {
				cfg.Corps[0].Secret = secret.FromValue("another canary")
			},
			want: []string{
				"fail token: no access token: gettoken: errcode 40001",
				"skipped scope: not tried: token must succeed first",
				"skipped list: not tried: token must succeed first",
			},
			remedy: "应用管理 > 自建 > the app > Secret",
		},
		{
			name: "an answer that is not WeCom's",
			change: func(s *wecomtest.Server, _ *config.Config) {
				s.Fail(wecomtest.Fault{Endpoint: "gettoken", Status: 403})
			},
			want:   []string{"fail token: no access token: gettoken: HTTP status 403"},
			remedy: "--wecom.api-url",
		},
		{
			name: "a budget that is too small",
			change: func(_ *wecomtest.Server, cfg *config.Config) {
				cfg.Poll.IdleInterval, cfg.Poll.MaxRequestsPerMinute = 10*time.Second, 20
			},
			want:   []string{"fail plan: targets: 6; calls: "},
			remedy: "--poll.max-requests-per-minute",
		},
		{
			name: "no target at all",
			change: func(_ *wecomtest.Server, cfg *config.Config) {
				cfg.Corps[0].Targets = config.Targets{DiscoverActivity: true}
				cfg.Poll.Lookback = time.Minute
			},
			want:   []string{"skipped list: there are no targets", "skipped recordings: there are no targets"},
			remedy: "there are no targets until somebody starts a meeting",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := company()
			cfg := configOf(serve(t, s))
			test.change(s, cfg)
			steps := run(t, cfg, Options{})
			got := lines(steps)
			for _, want := range test.want {
				if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("no line begins with %q:\n%s", want, strings.Join(got, "\n"))
				}
			}
			switch failed := failures(steps); {
			case test.remedy == "" && len(failed) > 0:
				t.Errorf("failed: %+v", failed)
			case test.remedy != "" && (len(failed) == 0 || !strings.Contains(failed[0].Remedy, test.remedy)):
				t.Errorf("failed: %+v, want a remedy with %q", failed, test.remedy)
			}
		})
	}
}

// TestNothingToShow has a company whose recordings the app cannot see, if there are any. That
// is no failure, but the line and the last line say what it means.
func TestNothingToShow(t *testing.T) {
	t.Parallel()
	for language, want := range map[wecom.Language]struct{ recordings, why, plan, note string }{
		wecom.English: {
			recordings: "this app's recordings: none seen in the lists of 4 of 4 targets over the last 31d",
			why:        "only meetings that this app itself created",
			plan:       "; this app's recordings: 0 seen",
			note:       "there is nothing to show",
		},
		wecom.Chinese: {
			recordings: "最近 31d 内未查到本应用的录制（抽查 4 个目标，共 4 个）",
			why:        "只返回由本应用通过接口创建的会议",
			plan:       "；查到本应用的录制：0 条",
			note:       "目前不会有数据",
		},
	} {
		s := company()
		s.Remove("r1")
		cfg := configOf(serve(t, s))
		cfg.Corps[0].Targets.MeetingIDs, cfg.Corps[0].Targets.MeetingCodes = nil, nil
		steps := run(t, cfg, Options{Language: language})
		if got := failures(steps); len(got) > 0 {
			t.Errorf("failed: %+v", got)
		}
		i := slices.IndexFunc(steps, func(s Step) bool { return s.Name == StepRecordings })
		if line := steps[i]; line.Status != OK || line.Seen != want.recordings || !strings.Contains(line.Remedy, want.why) {
			t.Errorf("the line is %+v\nwant %q and a remedy with %q", line, want.recordings, want.why)
		}
		last := steps[len(steps)-1]
		if last.Name != StepPlan || !strings.HasSuffix(last.Seen, want.plan) || !strings.Contains(last.Remedy, want.note) {
			t.Errorf("the last line is %+v\nwant %q and a remedy with %q", last, want.plan, want.note)
		}
		if seen := last.Plan.RecordingsSeen; seen == nil || *seen != 0 {
			t.Errorf("the plan has %v recordings, want 0", seen)
		}
	}
}

// TestNotListed has lists fail, so that it is not known whether there are recordings.
func TestNotListed(t *testing.T) {
	t.Parallel()
	s := company()
	s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
	steps := run(t, configOf(serve(t, s)), Options{})
	last := steps[len(steps)-1]
	if last.Plan.RecordingsSeen != nil || strings.Contains(last.Seen+last.Remedy, "seen") {
		t.Errorf("the last line is %+v, want nothing about recordings", last)
	}
}

// TestNoTargets has checks that find nobody whose recordings could be listed.
func TestNoTargets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		targets config.Targets
		shard   config.Shard
		failed  []Name
		list    string
	}{
		{
			name:    "nobody has started a meeting",
			targets: config.Targets{DiscoverActivity: true},
			failed:  []Name{StepActivity},
			list:    "there are no targets",
		},
		{
			name:    "nobody has started a meeting, but a user is named",
			targets: config.Targets{DiscoverActivity: true, UserIDs: []string{"zhangsan"}},
			list:    "by userid: tried 1 of 1 targets, listed 1, with recordings 0",
		},
		{
			name:    "nobody has started a meeting, but there are members",
			targets: config.Targets{DiscoverActivity: true, DiscoverMembers: true},
			list:    "by userid: tried 1 of 1 targets, listed 1, with recordings 0",
		},
		{
			name:    "a pattern that matches no file",
			targets: config.Targets{Files: []string{filepath.Join(t.TempDir(), "*.yml")}},
			failed:  []Name{StepTargetFiles},
			list:    "there are no targets",
		},
		{
			name:    "an empty shard",
			targets: config.Targets{UserIDs: []string{"li"}},
			shard:   config.Shard{Ordinal: 1, Total: 2},
			list:    "no targets belong to this shard",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := wecomtest.New(wecomtest.Config{})
			s.SetDirectory(wecomtest.Directory{
				Members:     []wecomtest.Member{{UserID: "zhangsan", Departments: []int{1}}},
				Departments: []wecomtest.Department{{ID: 1}},
				Scope:       wecomtest.Scope{Departments: []int{1}},
			})
			cfg := configOf(serve(t, s))
			cfg.Corps[0].Targets, cfg.Shard = test.targets, test.shard
			steps := run(t, cfg, Options{})
			failed := make([]Name, 0, len(steps))
			for _, step := range failures(steps) {
				failed = append(failed, step.Name)
			}
			if !slices.Equal(failed, test.failed) {
				t.Errorf("failed steps %q, want %q", failed, test.failed)
			}
			for _, step := range steps {
				if step.Name == StepList && step.Seen != test.list {
					t.Errorf("list: %q, want %q", step.Seen, test.list)
				}
			}
		})
	}
}

// TestDoubts has credentials that are accepted, although WeCom gives no such ones.
func TestDoubts(t *testing.T) {
	t.Parallel()
	const (
		shortID    = "acme: the corp ID does not begin with ww or wx: compare it with 我的企业 > 企业信息 in the admin console"
		shortIDZH  = "acme：企业 ID 不以 ww 或 wx 开头：请与管理后台“我的企业 > 企业信息”核对"
		shortKey   = "acme: the secret has fewer than 16 characters, and WeCom's have 43: check that all of it was copied"
		shortKeyZH = "acme：Secret 不足 16 个字符，而企业微信的 Secret 为 43 个字符：请确认复制完整"
	)
	for name, test := range map[string]struct {
		corpID, secret string
		want           text
	}{
		"of WeCom":       {corpID: "ww0123456789abcdef", secret: "canary-0123456789-0123456789-0123456789-012"},
		"of WeChat":      {corpID: "wx0123456789abcdef", secret: "canary-012345678"},
		"a short secret": {corpID: "ww0123456789abcdef", secret: "canary-01234567", want: text{shortKey, shortKeyZH}},
		"another ID":     {corpID: "0123456789", secret: "canary-012345678", want: text{shortID, shortIDZH}},
		"both":           {corpID: "x", secret: "a", want: text{shortID + "; " + shortKey, shortIDZH + "；" + shortKeyZH}},
	} {
		for _, language := range []wecom.Language{wecom.English, wecom.Chinese} {
			cfg := configOf("http://127.0.0.1:1")
			cfg.Corps[0].CorpID, cfg.Corps[0].Secret = test.corpID, secret.FromValue(test.secret)
			step := run(t, cfg, Options{Language: language, Offline: true})[0]
			if step.Status != OK || step.Remedy != test.want.in(language) {
				t.Errorf("%s: %s with the warning %q, want ok with %q", name, step.Status, step.Remedy, test.want.in(language))
			}
		}
	}
}

// TestOffline asks nobody.
func TestOffline(t *testing.T) {
	t.Parallel()
	s := company()
	steps := run(t, configOf(serve(t, s)), Options{Offline: true})
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d calls", n)
	}
	last := steps[len(steps)-1]
	if last.Name != StepPlan || last.Status != OK || last.Plan.Targets != 2 {
		t.Errorf("the last step is %+v, want a plan of the named targets", last)
	}
	for _, step := range steps[1 : len(steps)-1] {
		if step.Status != Skipped {
			t.Errorf("step %s is %s", step.Name, step.Status)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	var steps []Step
	Refuse([]error{errors.New("one"), errors.New("two")}, Options{Report: func(s Step) { steps = append(steps, s) }})
	if got := failures(steps); len(got) != 2 || got[0].Seen != "one" || got[1].Seen != "two" {
		t.Errorf("failed: %+v", got)
	}
	for _, s := range steps[2:] {
		if s.Status != Skipped || s.After != StepConfiguration {
			t.Errorf("%+v, want a step that comes after the configuration", s)
		}
	}
}

// TestSample has 200 named users.
func TestSample(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hosts  []int // users with a recording
		budget int
		fails  bool
		want   string
	}{
		"one of the first few has recordings": {
			hosts: []int{4},
			want:  "ok list: by userid: tried 5 of 200 targets, listed 5, with recordings 1",
		},
		"one in the middle has": {
			hosts: []int{5 + 20*195/45},
			want:  "ok list: by userid: tried 26 of 200 targets, listed 26, with recordings 1",
		},
		"none has": {
			want: "ok list: by userid: tried 50 of 200 targets, listed 50, with recordings 0",
		},
		"none has, and the budget is small": {
			budget: 40,
			want:   "ok list: by userid: tried 10 of 200 targets, listed 10, with recordings 0",
		},
		"none can be listed": {
			fails: true,
			want: "fail list: userid=user004: page 1 of the list: meeting/record/list: " +
				"errcode 60111 (the user ID was not found, calling from 203.0.113.7)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.New(wecomtest.Config{})
			cfg := configOf(serve(t, server))
			cfg.Corps[0].AgentID, cfg.Corps[0].Targets = 0, config.Targets{}
			if test.budget > 0 {
				cfg.Poll.MaxRequestsPerMinute = test.budget
			}
			members := make([]wecomtest.Member, 0, 200)
			for i := range 200 {
				user := fmt.Sprintf("user%03d", i)
				cfg.Corps[0].Targets.UserIDs = append(cfg.Corps[0].Targets.UserIDs, user)
				members = append(members, wecomtest.Member{UserID: user, Departments: []int{1}})
				if slices.Contains(test.hosts, i) {
					server.Put(wecomtest.Recording{
						ID: user, Creator: user, Host: user, MeetingStart: time.Now().Add(-time.Hour),
					})
				}
			}
			server.SetDirectory(wecomtest.Directory{
				Members:     members,
				Departments: []wecomtest.Department{{ID: 1}},
				Scope:       wecomtest.Scope{Departments: []int{1}},
			})
			if test.fails {
				server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60111})
			}
			if got := lines(run(t, cfg, Options{})); !slices.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
