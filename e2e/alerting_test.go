// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// firing returns the names of the alerts that fire, sorted.
func (p *prometheus) firing(t *testing.T) ([]string, error) {
	t.Helper()
	a, err := get(t.Context(), newClient(), p.url+"/api/v1/alerts")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string `json:"labels"`
				State  string            `json:"state"`
			} `json:"alerts"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, alert := range answer.Data.Alerts {
		if alert.State == "firing" {
			names[alert.Labels["alertname"]] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// awaitFiring waits until exactly these alerts fire, those to be left out aside.
func (p *prometheus) awaitFiring(t *testing.T, leaveOut []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	eventually(t, 90*time.Second, func() error {
		got, err := p.firing(t)
		if err != nil {
			return err
		}
		got = slices.DeleteFunc(got, func(name string) bool { return slices.Contains(leaveOut, name) })
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			return fmt.Errorf("firing (-want +got):\n%s", diff)
		}
		return nil
	})
}

// quickRules writes the shipped rules with shorter waits and ranges. Everything
// else, the thresholds too, is as shipped.
func quickRules(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(shippedRules)
	if err != nil {
		t.Fatal(err)
	}
	short := map[string]string{
		"15m": "10s", "1h": "15s", "2h": "20s", "1d": "1m", "3d": "5s", "6d": "5s", "7d": "30s", "14d": "15s",
		// What is new stays so for a minute, and has been there for a day after 9 s.
		"8h": "3s", "16h": "6s", "24h": "9s", "23h": "1m",
	}
	text := regexp.MustCompile(`(\[|offset )(\d+[mhd])`).ReplaceAllStringFunc(string(content), func(match string) string {
		at := strings.LastIndexAny(match, "[ ") + 1
		if short[match[at:]] == "" {
			t.Fatalf("the rules have a range or offset of %s, which this test does not shorten", match[at:])
		}
		return match[:at] + short[match[at:]]
	})
	text = regexp.MustCompile(`(for: )\d+[mhd]`).ReplaceAllString(text, "${1}1s")
	return writeFile(t, "quick.rules.yml", text)
}

func alertNames(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(shippedRules)
	if err != nil {
		t.Fatal(err)
	}
	matches := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(content), -1)
	names := make([]string, 0, len(matches))
	for _, match := range matches {
		names = append(names, match[1])
	}
	return names
}

// alertable is an exporter that asks often and far back, with a quota.
func alertable(t *testing.T, s *simulation, quota int64) (x *exporter, configFile string) {
	t.Helper()
	configFile = writeFile(t, "config.yml", fmt.Sprintf(`poll: {interval: 1s, idle_interval: 1s, history_interval: 1s, lookback: 366d}
corps:
  - {name: acme, corp_id: %s, api_secret_file: %s, api_url: %q, quota_bytes: %d, statistics: true, targets: {userids: [zhangsan, lisi]}}
`, wecomtest.DefaultCorpID, writeFile(t, "secret", wecomtest.DefaultSecret), s.url, quota))
	return run(t, nil, "--config.file="+configFile, "--poll.max-requests-per-minute=100000"), configFile
}

// TestAlerts makes the condition of each alert, sees it fire, unmakes it, and sees
// it resolve.
//
//nolint:paralleltest,tparallel // The conditions are made one after the other.
func TestAlerts(t *testing.T) {
	t.Parallel()
	const quota = 1 << 40
	s := simulate(t, wecomtest.Config{}, oneRecording("quiet"))
	x, configFile := alertable(t, s, quota)
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	bystander, _ := alertable(t, s, quota)
	p := startPrometheus(t, scraping(t, quickRules(t), map[string]*exporter{"x": x, "bystander": bystander}))
	p.awaitScrapes(t, "x", 12)
	fired := map[string]bool{}
	fires := func(t *testing.T, leaveOut []string, names ...string) {
		t.Helper()
		for _, name := range names {
			fired[name] = true
		}
		p.awaitFiring(t, leaveOut, names...)
	}
	p.awaitFiring(t, nil)

	now := time.Now().Truncate(time.Second)
	made := func(id string, ago time.Duration, shares ...wecomtest.Share) wecomtest.Recording {
		r := oneRecording(id)
		r.MeetingStart, r.Files[0].Start, r.Files[0].End, r.Files[0].Shares = now.Add(-ago), now.Add(-ago), now.Add(time.Minute-ago), shares
		return r
	}

	t.Run("of many at once", func(t *testing.T) {
		// None is shared before it is known.
		ids := make([]string, 30)
		for i := range ids {
			ids[i] = fmt.Sprintf("many-%d", i)
			s.Put(made(ids[i], time.Hour))
		}
		fires(t, nil, "WecomRecordingBurst")

		stuck := made("stuck", 13*time.Hour)
		stuck.Transcoding, stuck.Completed = now.Add(day), now.Add(2*day)
		old, large := made("old", 200*day), made("large", time.Hour)
		large.Files[0].Size = 2 * quota
		s.Put(stuck, old, large)
		leaveOut := slices.Grow([]string{"WecomRecordingBurst"}, 6) // It has its own time.
		fires(t, leaveOut, "WecomRecordingStuck", "WecomRecordingRetentionExceeded", "WecomRecordingStorageExhaustionPredicted")

		for _, id := range ids[:11] {
			s.Put(made(id, time.Hour, wecomtest.Share{On: true, SameCorp: true, Password: "123456", Expire: now.Add(90 * day)}))
		}
		x.awaitValue(t, 11, "wecom_recording_sharing_changes_total", "change", "enabled")
		for _, id := range ids[:11] {
			s.Put(made(id, time.Hour, wecomtest.Share{On: true, Download: true}))
		}
		s.Put(made(ids[11], time.Hour, wecomtest.Share{On: true, SameCorp: true, Password: "123456", Expire: now.Add(20 * time.Hour)}))
		s.Remove("stuck", "old", "large")
		fires(t, leaveOut, "WecomRecordingOpenShareWithoutPassword", "WecomRecordingNewlyExposed",
			"WecomRecordingOpenShareNeverExpires", "WecomRecordingOpenShareDownloadable", "WecomRecordingShareWidened",
			"WecomRecordingSharesExpiringSoon")

		s.AddViews(ids[0], time.Now(), 101, 0)
		leaveOut = append(leaveOut, "WecomRecordingOpenShareWithoutPassword", "WecomRecordingNewlyExposed",
			"WecomRecordingOpenShareNeverExpires", "WecomRecordingOpenShareDownloadable", "WecomRecordingShareWidened",
			"WecomRecordingSharesExpiringSoon")
		fires(t, leaveOut, "WecomRecordingExposedAndWatched")
		s.Remove(ids...)
		p.awaitFiring(t, nil)
	})

	t.Run("WeCom away", func(t *testing.T) {
		repair := s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 48002})
		fires(t, []string{"WecomRecordingTargetsFailing"}, "WecomAPIFailing", "WecomRecordingPollStale")
		repair()
		// An outage is looked at again after a minute.
		eventually(t, 2*time.Minute, func() error {
			up, err := p.query(t, "job", "wecom_up")
			if err == nil && (up["x"] != 1 || up["bystander"] != 1) {
				err = fmt.Errorf("up: %v", up)
			}
			return err
		})
		p.awaitFiring(t, nil)
	})

	t.Run("a user who left", func(t *testing.T) {
		repair := s.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Errcode: 60111, Match: func(r wecomtest.Request) bool { return r.Target == "lisi" },
		})
		// One of two targets is half of them, and so the coverage falls.
		fires(t, []string{"WecomRecordingPollStale"}, "WecomRecordingTargetsFailing")
		repair()
		p.awaitFiring(t, nil)
	})

	t.Run("a bad configuration, and one without targets", func(t *testing.T) {
		good, err := os.ReadFile(configFile)
		if err != nil {
			t.Fatal(err)
		}
		noTargets := strings.Replace(string(good), "{userids: [zhangsan, lisi]}", "{files: [nothing/*.yml]}", 1)
		for _, step := range []struct {
			content string
			want    []string
		}{
			{"nonsense", []string{"WecomRecordingConfigReloadFailed"}},
			{noTargets, []string{"WecomRecordingNoTargets"}},
			{string(good), nil},
		} {
			if err := os.WriteFile(configFile, []byte(step.content), 0o600); err != nil {
				t.Fatal(err)
			}
			x.signal(t, syscall.SIGHUP)
			fires(t, nil, step.want...)
		}
	})

	t.Run("an exporter that is gone, and one that cannot write", func(t *testing.T) {
		x.signal(t, syscall.SIGTERM)
		x.await(t, patience)
		fires(t, nil, "WecomRecordingExporterDown")
		unwritable := &exporter{
			process: start(t, nil, program, "--config.file="+configFile, "--poll.max-requests-per-minute=100000",
				"--web.listen-address="+x.address, "--storage.path=/proc/nowhere"),
			address: x.address, url: x.url, client: newClient(),
		}
		unwritable.awaitStatus(t, "/-/ready", http.StatusOK)
		fires(t, nil, "WecomRecordingStateNotStored")
		unwritable.signal(t, syscall.SIGTERM)
		unwritable.await(t, patience)
		again := &exporter{
			process: start(t, nil, program, "--config.file="+configFile, "--poll.max-requests-per-minute=100000",
				"--web.listen-address="+x.address, "--storage.path="+t.TempDir()),
			address: x.address, url: x.url, client: newClient(),
		}
		again.awaitStatus(t, "/-/ready", http.StatusOK)
		p.awaitFiring(t, nil)
	})

	for _, name := range alertNames(t) {
		if !fired[name] {
			t.Errorf("%s was not seen to fire", name)
		}
	}
}

// A messenger acts as WeCom for Alertmanager, and keeps the messages.
type messenger struct {
	limit int // of the content of a message, in bytes

	mu       sync.Mutex
	messages []string
	errcode  int // of the answers
}

// ServeHTTP implements http.Handler.
func (m *messenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/gettoken") {
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok","access_token":"token","expires_in":7200}`)
		return
	}
	m.messages = append(m.messages, string(body))
	fmt.Fprintf(w, `{"errcode":%d,"errmsg":"text"}`, m.errcode)
}

// contents returns the texts of the messages, which must be of the documented form
// and not too long.
func (m *messenger) contents(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	contents := make([]string, 0, len(m.messages))
	for _, text := range m.messages {
		var message struct {
			MsgType  string `json:"msgtype"`
			Markdown struct {
				Content string `json:"content"`
			} `json:"markdown"`
		}
		if err := json.Unmarshal([]byte(text), &message); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n := len(message.Markdown.Content); message.MsgType != "markdown" || n == 0 || n > m.limit {
			t.Fatalf("a message of the type %q and %d bytes, %d at the most: %s", message.MsgType, n, m.limit, text)
		}
		contents = append(contents, message.Markdown.Content)
	}
	return contents
}

// await waits for a message that holds all the texts.
func (m *messenger) await(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, 6*patience, func() error {
		contents := m.contents(t)
		for _, content := range contents {
			if holdsAll(content, texts) {
				return nil
			}
		}
		return fmt.Errorf("no message holds %q: %q", texts, contents)
	})
}

// startAlertmanager starts an Alertmanager with a shipped configuration that sends
// to the messenger, at once.
func startAlertmanager(t *testing.T, file string, to *messenger) *exporter {
	t.Helper()
	server := httptest.NewServer(to)
	t.Cleanup(server.Close)
	content, err := os.ReadFile("../alerts/alertmanager/" + file)
	if err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Abs("../alerts/alertmanager/wecom.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(
		"[wecom.tmpl]", "["+templates+"]", "group_wait: 30s", "group_wait: 1s", "group_interval: 5m", "group_interval: 1s",
		"/etc/alertmanager/wecom-robot-url", writeFile(t, "url", server.URL+"/cgi-bin/webhook/send?key=k"),
		"https://qyapi.weixin.qq.com/cgi-bin/", server.URL+"/cgi-bin/",
		"/etc/alertmanager/wecom-api-secret", writeFile(t, "secret", "secret"),
	).Replace(string(content))
	address := freeAddress(t)
	x := &exporter{
		process: start(t, nil, tool(t, "ALERTMANAGER"), "--config.file="+writeFile(t, "alertmanager.yml", config),
			"--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address="+address),
		address: address, url: "http://" + address, client: newClient(),
	}
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	return x
}

// TestTroubledDemo has the demo's company fail now and then. Every expression of the
// rules has data to judge, and what is wrong is told in WeCom's group, once: while
// WeCom accepts no calls, the alerts that follow from it keep quiet.
func TestTroubledDemo(t *testing.T) {
	t.Parallel()
	s := serveSimulation(t, "127.0.0.1:0", wecomtest.DemoServer(wecomtest.Config{}, 1, 20))
	left := s.Fail(wecomtest.Fault{
		Endpoint: listEndpoint, Errcode: 60111, Match: func(r wecomtest.Request) bool { return r.Target == "zhangwei" },
	})
	defer left()
	var calls atomic.Int64
	busy := s.Fail(wecomtest.Fault{
		Endpoint: listEndpoint, Errcode: -1, Match: func(wecomtest.Request) bool { return calls.Add(1)%40 == 0 },
	})
	defer busy()
	x := run(t, nil, "--metrics.departments", "--storage.path="+t.TempDir(), "--config.file="+writeFile(t, "config.yml", fmt.Sprintf(
		`poll: {interval: 2s, idle_interval: 2s, history_interval: 2s, lookback: 31d, max_requests_per_minute: 100000}
corps:
  - {name: acme, corp_id: %s, api_secret_file: %s, agent_id: %d, api_url: %q, quota_bytes: 1000000000, statistics: true, policy: {retention: 30d}, targets: {discover: [members]}}
`, wecomtest.DefaultCorpID, writeFile(t, "secret", wecomtest.DefaultSecret), wecomtest.DefaultAgentID, s.url)))
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	m := &messenger{limit: 4096}
	alertmanager := startAlertmanager(t, "wecom-robot.yml", m)
	p := startPrometheus(t, scraping(t, quickRules(t), map[string]*exporter{"demo": x})+
		fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}\n", alertmanager.address))
	p.awaitScrapes(t, "demo", 5)

	for _, rule := range p.rules(t) {
		eventually(t, 3*patience, func() error {
			return p.answers(t, "/api/v1/query", url.Values{"query": {thresholds.ReplaceAllString(rule.Query, "")}})
		})
		// Where any of several will do, one may hide that another gives nothing.
		for _, selector := range p.parse(t, rule.Query).selectors() {
			eventually(t, patience, func() error {
				return p.answers(t, "/api/v1/query", url.Values{"query": {"last_over_time(" + selector + "[1m])"}})
			})
		}
	}
	m.await(t, "严重", "WecomRecordingOpenShareWithoutPassword", "acme", "任何人凭链接即可观看")
	alertmanager.awaitAlert(t, "WecomRecordingTargetsFailing", "active")

	repair := s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 48002})
	m.await(t, "严重", "WecomAPIFailing", "acme", "48002")
	alertmanager.awaitAlert(t, "WecomRecordingPollStale", "suppressed")
	alertmanager.awaitAlert(t, "WecomRecordingOpenShareWithoutPassword", "active")
	repair()
	m.await(t, "恢复</font> WecomAPIFailing")
	alertmanager.awaitAlert(t, "WecomRecordingTargetsFailing", "active")
}

// thresholds are what the alerts compare with, in the words of Prometheus.
var thresholds = regexp.MustCompile(` (?:[<>]|==) [0-9.]+(?: \* [0-9.]+)*`)

// A loadedRule is one that Prometheus evaluates.
type loadedRule struct {
	Name   string `json:"name"`
	Query  string `json:"query"`
	Health string `json:"health"`
}

// rules returns the rules, all of which must have been evaluated well.
func (p *prometheus) rules(t *testing.T) (rules []loadedRule) {
	t.Helper()
	eventually(t, patience, func() error {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []loadedRule `json:"rules"`
				} `json:"groups"`
			} `json:"data"`
		}
		if err := json.Unmarshal(p.get(t, "/api/v1/rules").body, &answer); err != nil {
			return err
		}
		rules = nil
		for _, group := range answer.Data.Groups {
			rules = append(rules, group.Rules...)
		}
		for _, rule := range rules {
			if rule.Health != "ok" {
				return fmt.Errorf("%s is %s", rule.Name, rule.Health)
			}
		}
		if len(rules) == 0 {
			return errors.New("no rules")
		}
		return nil
	})
	return rules
}

// A node is one of the tree of an expression.
type node struct {
	Matchers []struct {
		Name  string `json:"name"`
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"matchers"` // of a selector
	Expr  *node   `json:"expr"`
	LHS   *node   `json:"lhs"`
	RHS   *node   `json:"rhs"`
	Param *node   `json:"param"`
	Args  []*node `json:"args"`
}

// parse has Prometheus read an expression.
func (p *prometheus) parse(t *testing.T, expression string) *node {
	t.Helper()
	var tree struct {
		Data *node `json:"data"`
	}
	if err := json.Unmarshal(p.get(t, "/api/v1/parse_query?query="+url.QueryEscape(expression)).body, &tree); err != nil {
		t.Fatal(err)
	}
	if len(tree.Data.selectors()) == 0 {
		t.Fatalf("no selectors in %s", expression)
	}
	return tree.Data
}

// selectors returns those below a node, without ranges and offsets.
func (n *node) selectors() (found []string) {
	if n == nil {
		return nil
	}
	matchers := make([]string, 0, len(n.Matchers))
	for _, m := range n.Matchers {
		matchers = append(matchers, m.Name+m.Type+strconv.Quote(m.Value))
	}
	if len(matchers) > 0 {
		found = append(found, "{"+strings.Join(matchers, ",")+"}")
	}
	for _, child := range append([]*node{n.Expr, n.LHS, n.RHS, n.Param}, n.Args...) {
		found = append(found, child.selectors()...)
	}
	return found
}

// awaitAlert waits until all alerts of a name that Alertmanager has are in a state,
// and there is one.
func (x *exporter) awaitAlert(t *testing.T, name, state string) {
	t.Helper()
	eventually(t, 3*patience, func() error {
		var alerts []struct {
			Status struct {
				State string `json:"state"`
			} `json:"status"`
		}
		a := x.get(t, "/api/v2/alerts?filter="+url.QueryEscape("alertname="+name))
		if err := json.Unmarshal(a.body, &alerts); err != nil {
			return fmt.Errorf("%s: %w", a.body, err)
		}
		for _, alert := range alerts {
			if alert.Status.State != state {
				return fmt.Errorf("%s is %s, want %s", name, alert.Status.State, state)
			}
		}
		if len(alerts) == 0 {
			return fmt.Errorf("Alertmanager has no alert %s", name)
		}
		return nil
	})
}

// TestNotifications has the shipped configurations of Alertmanager send messages.
func TestNotifications(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file        string
		limit       int    // of the content, in bytes
		integration string // as Alertmanager's metrics call the receiver
		refusals    bool   // are noticed
	}{
		"robot": {"wecom-robot.yml", 4096, "webhook", false},
		"app":   {"wecom-app.yml", 2048, "wechat", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &messenger{limit: test.limit}
			x := startAlertmanager(t, test.file, m)
			x.alert(t, 40, time.Now().Add(time.Hour))
			m.await(t, "告警 40 条", "WecomRecordingOpenShareWithoutPassword", "很长的说明")
			x.alert(t, 40, time.Now())
			m.await(t, "恢复 40 条")

			// WeCom refuses with HTTP 200 and an errcode: only the app's receiver sees that.
			m.mu.Lock()
			m.errcode = 45009
			m.mu.Unlock()
			x.alert(t, 1, time.Now().Add(time.Hour))
			m.await(t, "告警 1 条")
			x.awaitRequestsTo(t, test.integration, test.refusals)
		})
	}
}

// awaitRequestsTo waits until Alertmanager has counted the third request to a
// receiver or a later one, and compares whether it holds any to have failed.
func (x *exporter) awaitRequestsTo(t *testing.T, integration string, wantFailed bool) {
	t.Helper()
	eventually(t, patience, func() error {
		families := x.scrape(t)
		sent, err := families.value("alertmanager_notification_requests_total", "integration", integration)
		if err != nil {
			return err
		}
		failed, err := families.value("alertmanager_notification_requests_failed_total", "integration", integration)
		if err != nil {
			return err
		}
		if sent < 3 {
			return fmt.Errorf("%v requests to %s are counted, want 3 at least", sent, integration)
		}
		if (failed > 0) != wantFailed {
			return fmt.Errorf("%v of %v requests to %s failed, want any: %t; the README of the alerts tells of it", failed, sent, integration, wantFailed)
		}
		return nil
	})
}

// alert tells an Alertmanager of so many alerts.
func (x *exporter) alert(t *testing.T, n int, until time.Time) {
	t.Helper()
	alerts := make([]map[string]any, 0, n)
	for i := range n {
		alerts = append(alerts, map[string]any{
			"labels": map[string]string{
				"alertname": "WecomRecordingOpenShareWithoutPassword", "severity": "critical", "job": "job", "corp": "acme", "n": strconv.Itoa(i),
			},
			"annotations": map[string]string{
				"summary_zh": "有录制文件任何人凭链接即可观看。", "description_zh": strings.Repeat("很长的说明😀", 1000),
				"runbook_url": "https://github.com/wecom-recording-exporter/wecom_recording_exporter/blob/main/alerts/runbooks.md#x",
			},
			"endsAt": until,
		})
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.url+"/api/v2/alerts", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers with %s", resp.Status)
	}
}
