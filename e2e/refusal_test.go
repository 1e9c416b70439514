// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// refusalLimit is how long it may take to refuse a configuration.
const refusalLimit = time.Second

// TestRefusesConfiguration starts the program with configurations that are wrong
// in one way each.
func TestRefusesConfiguration(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	good := s.credentials()
	without := func(variable string) []string {
		return slices.DeleteFunc(slices.Clone(good), func(v string) bool { return strings.HasPrefix(v, variable+"=") })
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	taken := listener.Addr().String()

	const corp = "{name: acme, corp_id: ww1, api_secret_file: secret, targets: {userids: [zhangsan]}}"
	tests := []struct {
		name  string
		env   []string          // nil: good
		files map[string]string // in the folder $DIR
		args  []string
		want  []string // what standard error names
	}{
		{name: "unknown flag", args: []string{target, "--poll.speed=1"}, want: []string{"--poll.speed"}},
		{name: "unknown command", args: []string{"observe", target}, want: []string{"observe"}},
		{name: "flag without value", args: []string{target, "--poll.interval"}, want: []string{"--poll.interval"}},
		{name: "unknown log level", args: []string{target, "--log.level=loud"}, want: []string{"--log.level", "loud"}},
		{name: "unknown log format", args: []string{target, "--log.format=xml"}, want: []string{"--log.format", "xml"}},

		{name: "nothing at all", env: []string{}, want: []string{"WECOM_CORP_ID", "WECOM_API_SECRET", "--wecom.corp-id", "--wecom.api-secret-file", "--target.userid"}},
		{name: "no target", want: []string{"--target.userid", "--target.discover"}},
		{name: "no corp ID", env: without("WECOM_CORP_ID"), args: []string{target}, want: []string{"--wecom.corp-id", "WECOM_CORP_ID"}},
		{name: "no secret", env: without("WECOM_API_SECRET"), args: []string{target}, want: []string{"--wecom.api-secret-file", "WECOM_API_SECRET_FILE", "WECOM_API_SECRET "}},
		{
			name:  "both secrets",
			files: map[string]string{"secret": "s"},
			args:  []string{target, "--wecom.api-secret-file=$DIR/secret"},
			want:  []string{"--wecom.api-secret-file", "WECOM_API_SECRET "},
		},
		{name: "secret file missing", env: without("WECOM_API_SECRET"), args: []string{target, "--wecom.api-secret-file=$DIR/none"}, want: []string{"--wecom.api-secret-file", "$DIR/none"}},
		{name: "agent ID no number", args: []string{target, "--wecom.agent-id=app"}, want: []string{"--wecom.agent-id", "WECOM_AGENT_ID"}},
		{name: "members without agent ID", args: []string{"--target.discover=members"}, want: []string{"--target.discover", "--wecom.agent-id"}},
		{name: "unknown discovery", args: []string{"--target.discover=everyone"}, want: []string{"--target.discover", "everyone"}},

		{name: "API URL without scheme", env: append(without("WECOM_API_URL"), "WECOM_API_URL=qyapi.weixin.qq.com"), args: []string{target}, want: []string{"--wecom.api-url", "WECOM_API_URL"}},
		{name: "API URL broken", env: without("WECOM_API_URL"), args: []string{target, "--wecom.api-url=http://[::1"}, want: []string{"--wecom.api-url", "WECOM_API_URL"}},
		{name: "proxy URL without scheme", args: []string{target, "--wecom.proxy-url=egress:3128"}, want: []string{"--wecom.proxy-url", "WECOM_RECORDING_EXPORTER_WECOM_PROXY_URL"}},

		{name: "empty user ID", args: []string{"--target.userid=a,,b"}, want: []string{"--target.userid", "WECOM_RECORDING_EXPORTER_TARGET_USERID"}},
		{name: "target file missing", args: []string{"--target.file=$DIR/none.yml"}, want: []string{"--target.file", "$DIR/none.yml"}},
		{name: "target file broken", files: map[string]string{"targets.yml": "users: [a]"}, args: []string{"--target.file=$DIR/targets.yml"}, want: []string{"--target.file", "$DIR/targets.yml", "users"}},
		{name: "glob broken", args: []string{"--target.file=$DIR/[.yml"}, want: []string{"--target.file", "$DIR/[.yml"}},

		{name: "interval zero", args: []string{target, "--poll.interval=0s"}, want: []string{"--poll.interval", "WECOM_RECORDING_EXPORTER_POLL_INTERVAL"}},
		{name: "idle interval zero", args: []string{target, "--poll.idle-interval=0"}, want: []string{"--poll.idle-interval"}},
		{name: "history interval zero", args: []string{target, "--poll.history-interval=0d"}, want: []string{"--poll.history-interval"}},
		{name: "interval no duration, in the environment", env: append(without(""), "WECOM_RECORDING_EXPORTER_POLL_INTERVAL=soon"), args: []string{target}, want: []string{"--poll.interval", "WECOM_RECORDING_EXPORTER_POLL_INTERVAL", "soon"}},
		{name: "negative interval", args: []string{target, "--poll.interval=-5m"}, want: []string{"--poll.interval"}},
		{name: "lookback over the limit", args: []string{target, "--poll.lookback=367d"}, want: []string{"--poll.lookback", "367d", "366d"}},
		{name: "concurrency zero", args: []string{target, "--poll.concurrency=0"}, want: []string{"--poll.concurrency"}},
		{name: "budget no number", args: []string{target, "--poll.max-requests-per-minute=many"}, want: []string{"--poll.max-requests-per-minute", "many"}},

		{name: "hashed hosts without key", args: []string{target, "--metrics.host-label=hashed"}, want: []string{"--metrics.host-hash-key-file"}},
		{name: "hash key missing", args: []string{target, "--metrics.host-label=hashed", "--metrics.host-hash-key-file=$DIR/none"}, want: []string{"--metrics.host-hash-key-file", "$DIR/none"}},
		{name: "unknown host label", args: []string{target, "--metrics.host-label=some"}, want: []string{"--metrics.host-label", "some"}},
		{name: "negative number of hosts", args: []string{target, "--metrics.max-hosts=-1"}, want: []string{"--metrics.max-hosts"}},
		{name: "shard past the last", args: []string{target, "--shard.ordinal=2", "--shard.total=2"}, want: []string{"--shard.ordinal"}},
		{name: "no shard", args: []string{target, "--shard.total=0"}, want: []string{"--shard.total"}},

		{name: "telemetry path without slash", args: []string{target, "--web.telemetry-path=metrics"}, want: []string{"--web.telemetry-path", "WECOM_RECORDING_EXPORTER_WEB_TELEMETRY_PATH"}},
		{name: "telemetry path of another page", args: []string{target, "--web.telemetry-path=/-/healthy"}, want: []string{"--web.telemetry-path"}},
		{name: "requests no number", args: []string{target, "--web.max-requests=x"}, want: []string{"--web.max-requests", "WECOM_RECORDING_EXPORTER_WEB_MAX_REQUESTS"}},
		{name: "negative number of requests", args: []string{target, "--web.max-requests=-1"}, want: []string{"--web.max-requests"}},
		{name: "web configuration missing", args: []string{target, "--web.config.file=$DIR/none.yml"}, want: []string{"--web.config.file", "$DIR/none.yml"}},
		{name: "web configuration broken", files: map[string]string{"web.yml": "tls: {}"}, args: []string{target, "--web.config.file=$DIR/web.yml"}, want: []string{"--web.config.file", "$DIR/web.yml"}},
		{name: "listen address taken", args: []string{target, "--web.listen-address=" + taken}, want: []string{"--web.listen-address", taken}},
		{name: "listen address without port", args: []string{target, "--web.listen-address=127.0.0.1"}, want: []string{"--web.listen-address", "127.0.0.1"}},

		{name: "configuration file missing", env: []string{}, args: []string{"--config.file=$DIR/none.yml"}, want: []string{"$DIR/none.yml"}},
		{name: "configuration file without corps", env: []string{}, files: map[string]string{"c.yml": "corps: []"}, args: []string{"--config.file=$DIR/c.yml"}, want: []string{"$DIR/c.yml", "corps"}},
		{
			name:  "configuration file with an unknown key",
			env:   []string{},
			files: map[string]string{"secret": "s", "c.yml": "corps: [" + corp + "]\nspeed: 1"},
			args:  []string{"--config.file=$DIR/c.yml"},
			want:  []string{"$DIR/c.yml", "speed", "line 2"},
		},
		{
			name:  "configuration file with two of a name",
			env:   []string{},
			files: map[string]string{"secret": "s", "c.yml": "corps: [" + corp + ", " + corp + "]"},
			args:  []string{"--config.file=$DIR/c.yml"},
			want:  []string{"$DIR/c.yml", "corps[1].name", "acme"},
		},
		{
			name:  "configuration file without its secret",
			env:   []string{},
			files: map[string]string{"c.yml": "corps: [" + corp + "]"},
			args:  []string{"--config.file=$DIR/c.yml"},
			want:  []string{"$DIR/c.yml", "corps[0].api_secret_file", "$DIR/secret"},
		},
		{
			name:  "configuration file and flag",
			env:   []string{},
			files: map[string]string{"secret": "s", "c.yml": "corps: [" + corp + "]"},
			args:  []string{"--config.file=$DIR/c.yml", target},
			want:  []string{"--config.file", "--target.userid"},
		},
		{
			name:  "configuration file and environment",
			files: map[string]string{"secret": "s", "c.yml": "corps: [" + corp + "]"},
			args:  []string{"--config.file=$DIR/c.yml"},
			want:  []string{"--config.file", "WECOM_CORP_ID", "WECOM_API_SECRET", "WECOM_API_URL"},
		},
		{name: "demo with an empty configuration file", env: []string{}, files: map[string]string{"c.yml": ""}, args: []string{"demo", "--config.file=$DIR/c.yml"}, want: []string{"c.yml", "no corp"}},
		{name: "demo with an interval of zero", env: []string{}, args: []string{"demo", "--poll.interval=0s"}, want: []string{"--poll.interval"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range test.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			inDir := func(texts []string) []string {
				replaced := make([]string, 0, len(texts))
				for _, text := range texts {
					replaced = append(replaced, strings.ReplaceAll(text, "$DIR", dir))
				}
				return replaced
			}
			env := test.env
			if env == nil {
				env = good
			}
			// The address comes first, so that one of the test's is the second.
			address := freeAddress(t)
			args := append([]string{"--web.listen-address=" + address}, inDir(test.args)...)
			begin := time.Now()
			p := start(t, env, program, args...)
			state := p.await(t, 5*refusalLimit)
			if took := time.Since(begin); took > refusalLimit {
				t.Errorf("it took %s", took)
			}
			if state.ExitCode() != 1 {
				t.Errorf("%s, want status 1", state)
			}
			text := p.stderr.String()
			for _, want := range inDir(test.want) {
				if !strings.Contains(text, want) {
					t.Errorf("the message does not hold %q:\n%s", want, text)
				}
			}
			if strings.Contains(text, "goroutine ") {
				t.Errorf("it crashed:\n%s", text)
			}
			wantNobody(t, address)
		})
	}
	t.Cleanup(func() {
		if n := s.calls(); n > 0 {
			t.Errorf("WeCom was called %d times", n)
		}
	})
}

// TestRefusalIsComplete makes sure that all that is wrong is told at once.
func TestRefusalIsComplete(t *testing.T) {
	t.Parallel()
	p := start(t, nil, program, "--poll.interval=0s", "--poll.lookback=367d", "--shard.total=0", "--target.userid=")
	if code := p.await(t, patience).ExitCode(); code != 1 {
		t.Errorf("status %d, want 1", code)
	}
	for _, want := range []string{
		"--poll.interval", "--poll.lookback", "--shard.total", "--target.userid", "--wecom.corp-id", "--wecom.api-secret-file",
	} {
		if !slices.ContainsFunc(p.stderr.lines(), func(line string) bool {
			return strings.HasPrefix(line, "level=error ") && strings.Contains(line, `err="`+want+" ")
		}) {
			t.Errorf("no line begins its error with %s:\n%s", want, &p.stderr)
		}
	}
}
