// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// Marks of what must never be seen. They hold nothing that an encoding of URLs,
// HTML or JSON would change.
const (
	markSecret   = "MARKsecretMARK"
	markTitle    = "MARKtitleMARK"
	markPassword = "MARKpasswordMARK"
	markURL      = "MARKurlMARK"
	markProxy    = "MARKproxyMARK"
	markErrmsg   = "MARKerrmsgMARK"
)

// markedRecording is shared with a password, and has marks wherever there can be
// any. Its IDs hold the last ones: they may stand in a log, but in no label.
func markedRecording() wecomtest.Recording {
	r := oneRecording("MARKidMARK")
	r.Title = markTitle
	r.Files[0].Shares = []wecomtest.Share{{On: true, Password: markPassword, URL: "https://meeting.example.com/" + markURL}}
	return r
}

// A brokenList is an answer that breaks off behind what must not be seen.
var brokenList = `{"errcode":0,"errmsg":"ok","record_meetings":[{"title":"` + markTitle + `","record_files":[{"password":"` + markPassword +
	`","sharing_url":"https://meeting.example.com/` + markURL + `"`

type secretsTest struct {
	name    string
	fault   wecomtest.Fault // of which endpoint, is for the test to say
	echoes  bool            // see simulation
	outcome string          // the value of the label errcode
	quiet   bool            // the call is good in the end, so that nobody is told
	lists   bool            // the fault makes sense for lists only
}

func secretsTests() []secretsTest {
	return []secretsTest{
		{name: "healthy", outcome: "0", quiet: true},
		{name: "slow", fault: wecomtest.Fault{Delay: 100 * time.Millisecond}, outcome: "0", quiet: true},
		{name: "errcode-of-all", fault: wecomtest.Fault{Errcode: 48002}, outcome: "48002"},
		{name: "errcode-of-one", fault: wecomtest.Fault{Errcode: 60111}, outcome: "60111"},
		{name: "errcode-of-token", fault: wecomtest.Fault{Errcode: 40014}, outcome: "40014"},
		{name: "errcode-of-secret", fault: wecomtest.Fault{Errcode: 40001}, outcome: "40001"},
		{name: "errcode-of-limit", fault: wecomtest.Fault{Errcode: 45009}, outcome: "45009"},
		{name: "errcode-of-concurrency", fault: wecomtest.Fault{Errcode: 45033}, outcome: "45033"},
		{name: "errcode-of-moment", fault: wecomtest.Fault{Errcode: -1}, outcome: "-1"},
		{name: "errcode-unknown", fault: wecomtest.Fault{Errcode: 999999}, outcome: "other"},
		{name: "errmsg", fault: wecomtest.Fault{Errcode: 60020, Errmsg: markErrmsg + " access_token=" + markSecret}, outcome: "60020"},
		{name: "status-404", fault: wecomtest.Fault{Status: 404}, outcome: "http"},
		{name: "status-500", fault: wecomtest.Fault{Status: 500}, outcome: "http"},
		{name: "html", fault: wecomtest.Fault{Status: 200}, outcome: "decode"},
		{name: "rubbish", fault: wecomtest.Fault{Body: []byte("rubbish")}, outcome: "decode"},
		{name: "broken", fault: wecomtest.Fault{Body: []byte(brokenList)}, outcome: "decode"},
		{name: "broken-with-prefix", fault: wecomtest.Fault{Body: []byte(")]}',\n" + brokenList)}, outcome: "decode"},
		{name: "broken-status", fault: wecomtest.Fault{Status: 502, Body: []byte(brokenList)}, outcome: "http"},
		{name: "echo", fault: wecomtest.Fault{EchoSecrets: true}, outcome: "http"},
		{name: "echo-at-once", echoes: true, outcome: "http"},
		{name: "cut", fault: wecomtest.Fault{CutAfter: 60}, outcome: "transport"},
		{name: "cut-late", fault: wecomtest.Fault{CutAfter: 400}, outcome: "transport", lists: true},
		{name: "drop", fault: wecomtest.Fault{Drop: true}, outcome: "transport"},
		{name: "hang", fault: wecomtest.Fault{Hang: true}, outcome: "transport"},
		{name: "redirect", fault: wecomtest.Fault{Redirect: "https://elsewhere.example.com/?access_token=" + markSecret + "&x=" + markURL}, outcome: "http"},
		{name: "redirect-broken", fault: wecomtest.Fault{Redirect: "https://%zz" + markURL}, outcome: "http"},
		{name: "oversize", fault: wecomtest.Fault{Oversize: 17 << 20}, outcome: "decode"},
		{name: "repeated-cursor", fault: wecomtest.Fault{RepeatCursor: true}, outcome: "0", lists: true},
		{name: "endless-pages", fault: wecomtest.Fault{EndlessPages: true}, outcome: "0", lists: true},
		{name: "clock-skew", fault: wecomtest.Fault{ClockSkew: 3 * time.Hour}, outcome: "42001", lists: true},
	}
}

// TestSecrets has one corp for each fault of each endpoint, in one exporter that
// logs all it can.
func TestSecrets(t *testing.T) {
	t.Parallel()
	type faultyCorp struct {
		secretsTest
		*simulation

		name, endpoint string
	}
	var corps []faultyCorp
	text := &strings.Builder{}
	fmt.Fprint(text, "poll: {interval: 10m, max_requests_per_minute: 5000}\ncorps:\n")
	for _, endpoint := range []string{"gettoken", listEndpoint} {
		for _, test := range secretsTests() {
			if test.lists && endpoint != listEndpoint {
				continue
			}
			s := simulate(t, wecomtest.Config{Secret: markSecret}, markedRecording())
			test.fault.Endpoint = endpoint
			switch {
			case test.echoes:
				s.echoes = endpoint
			case test.name != "healthy":
				s.Fail(test.fault)
			}
			c := faultyCorp{test, s, endpoint + "-" + test.name, endpoint}
			corps = append(corps, c)
			fmt.Fprintf(text, "- {name: %s, corp_id: %s, api_secret_file: secret, api_url: %q, targets: {userids: [zhangsan]}}\n",
				c.name, wecomtest.DefaultCorpID, s.url)
		}
	}
	// Nobody listens at these addresses.
	fmt.Fprintf(text, "- {name: nobody, corp_id: ww1, api_secret_file: secret, api_url: 'http://%s', targets: {userids: [zhangsan]}}\n", freeAddress(t))
	fmt.Fprintf(text, "- {name: proxy, corp_id: ww2, api_secret_file: secret, api_url: 'http://qyapi.example.com', "+
		"http_config: {proxy_url: 'http://me:%s@%s'}, targets: {userids: [zhangsan]}}\n", markProxy, freeAddress(t))
	path := writeFile(t, "exporter.yml", text.String())
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "secret"), []byte(markSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	x := run(t, nil, "--config.file="+path, "--log.level=debug", "--web.enable-recordings")

	x.awaitStatus(t, "/-/healthy", 200)
	for _, c := range corps {
		if !c.quiet {
			// A call that hangs is given up four times after 10 s each.
			eventually(t, time.Minute, func() error { return x.logged("corp="+c.name+" ", " err=", c.endpoint) })
		}
	}
	for _, name := range []string{"nobody", "proxy"} {
		eventually(t, time.Minute, func() error { return x.logged("corp="+name+" ", " err=", "gettoken") })
	}
	for _, c := range corps {
		x.awaitCall(t, c.outcome, "corp", c.name, "endpoint", c.endpoint)
	}
	x.awaitValue(t, 1000, "wecom_recording_bytes", "corp", listEndpoint+"-healthy")

	seen := map[string][]byte{}
	pages := []string{
		"/", "/-/ready", "/-/healthy", "/metrics", "/targets", "/recordings", "/api/v1/recordings", "/recordings?format=csv",
		"/changes", "/api/v1/changes", "/changes?format=csv", "/nowhere",
	}
	for _, page := range pages {
		seen["GET "+page] = x.get(t, page).body
	}
	for _, accept := range []string{acceptOpenMetrics, acceptProtobuf} {
		seen[accept] = x.get(t, "/metrics", "Accept", accept).body
	}
	var err error
	if seen["command line"], err = os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", x.cmd.Process.Pid)); err != nil || len(seen["command line"]) == 0 {
		t.Fatalf("the command line: %q, %v", seen["command line"], err)
	}
	x.signal(t, os.Interrupt)
	x.wantStop(t)
	seen["standard output"], seen["standard error"] = []byte(x.stdout.String()), []byte(x.stderr.String())

	marks := []string{markSecret, markTitle, markPassword, markURL, markProxy, markErrmsg}
	tokens := 0
	for _, c := range corps {
		for _, token := range c.seenTokens() {
			marks = append(marks, token[:12]) // The beginning of one is too much already.
			tokens++
		}
	}
	if tokens < len(corps)/3 {
		t.Errorf("%d tokens were seen, so that it is not known what to look for", tokens)
	}
	for where, content := range seen {
		if strings.Contains(where, "/recordings") {
			// Nowhere else are titles shown, but with changes, of which there are none.
			if !strings.Contains(string(content), markTitle) {
				t.Errorf("%s shows no title:\n%s", where, content)
			}
			content = bytes.ReplaceAll(content, []byte(markTitle), nil)
		}
		wantNoMark(t, where, string(content), marks)
		if strings.Contains(where, "metrics") || where == acceptProtobuf {
			wantNoMark(t, where, string(content), []string{"MARK"})
		}
	}
}

// wantNoMark tells where a mark stands.
func wantNoMark(t *testing.T, where, content string, marks []string) {
	t.Helper()
	for _, mark := range marks {
		if i := strings.Index(content, mark); i >= 0 {
			t.Errorf("%s holds the mark %s: ...%s...", where, mark, content[max(0, i-200):min(len(content), i+len(mark)+50)])
		}
	}
}

// awaitCall waits until calls with an outcome were counted.
func (x *exporter) awaitCall(t *testing.T, outcome string, labels ...string) {
	t.Helper()
	labels = append(labels, "errcode", outcome)
	eventually(t, time.Minute, func() error {
		calls, err := x.scrape(t).value("wecom_api_requests_total", labels...)
		if err == nil && calls == 0 {
			err = fmt.Errorf("no call with %q", labels)
		}
		return err
	})
}

// TestSecretFromEnvironment looks at what the other way to a secret leaves.
func TestSecretFromEnvironment(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{Secret: "another"}, markedRecording())
	x := run(t, append(s.credentials(), "WECOM_API_SECRET="+markSecret), target, "--log.level=debug", "--log.format=json")
	x.awaitStatus(t, "/-/healthy", 200)
	x.awaitCall(t, "40001", "endpoint", "gettoken")
	x.awaitLog(t, "40001", `"level":"error"`)
	for _, page := range []string{"/", "/-/ready", "/metrics", "/targets"} {
		wantNoMark(t, page, string(x.get(t, page).body), []string{markSecret})
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", x.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	x.signal(t, os.Interrupt)
	x.wantStop(t)
	wantNoMark(t, "command line", string(cmdline), []string{markSecret})
	wantNoMark(t, "standard output", x.stdout.String(), []string{markSecret})
	wantNoMark(t, "standard error", x.stderr.String(), []string{markSecret})
}

// TestSecretsInRefusals has secrets in the wrong places.
func TestSecretsInRefusals(t *testing.T) {
	t.Parallel()
	env := []string{"WECOM_CORP_ID=ww1", "WECOM_API_SECRET=" + markSecret}
	for _, test := range []struct {
		name string
		env  []string
		args []string
	}{
		{"both secrets", env, []string{target, "--wecom.api-secret-file=/dev/null"}},
		{"API URL with password", env, []string{target, "--wecom.api-url=https://me:" + markPassword + "@qyapi.example.com"}},
		{"API URL with token", env, []string{target, "--wecom.api-url=https://qyapi.example.com?access_token=" + markSecret}},
		{"API URL broken", env, []string{target, "--wecom.api-url=https://me:" + markPassword + "@qyapi.example.com:x"}},
		{"proxy URL broken", env, []string{target, "--wecom.proxy-url=http://me:" + markProxy + "@egress:x"}},
		{"proxy URL of another scheme", env, []string{target, "--wecom.proxy-url=ftp://me:" + markProxy + "@egress"}},
		{"agent ID", env, []string{target, "--wecom.agent-id=" + markSecret}},
		{"corp ID", []string{"WECOM_CORP_ID=ww1 " + markSecret}, []string{target}},
		{"configuration file", env, []string{"--config.file=" + writeFile(t, "c.yml", "corps: [{name: a, api_secret: "+markSecret+"}]")}},
		{"configuration file broken", nil, []string{"--config.file=" + writeFile(t, "c.yml", "corps: [{name: a, api_secret: \""+markSecret+"]")}},
		{"configuration file a secret", nil, []string{"--config.file=" + writeFile(t, "c.yml", markSecret)}},
		{"target file a secret", env, []string{"--target.file=" + writeFile(t, "targets.yml", markSecret)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, test.env, program, append(test.args, "--web.listen-address="+freeAddress(t))...)
			if code := p.await(t, 5*refusalLimit).ExitCode(); code != 1 {
				t.Errorf("status %d, want 1", code)
			}
			wantNoMark(t, "standard output", p.stdout.String(), []string{"MARK"})
			wantNoMark(t, "standard error", p.stderr.String(), []string{"MARK"})
		})
	}
}
