// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

func TestCheckVariables(t *testing.T) {
	t.Parallel()
	flags := []string{"poll.interval", "poll.idle-interval", "target.userid", "wecom.corp-id", "web.listen-port", "log.level"}
	const refused = " in the environment matches no flag: correct it or remove it; the closest variable is WECOM_RECORDING_EXPORTER_"
	tests := []struct {
		name    string
		environ []string
		want    []string
	}{
		{
			name: "those of flags",
			environ: []string{
				"WECOM_RECORDING_EXPORTER_POLL_INTERVAL=1m",
				"WECOM_RECORDING_EXPORTER_WECOM_CORP_ID=ww1",
				"WECOM_RECORDING_EXPORTER_WEB_LISTEN_PORT=10168",
			},
		},
		{
			name:    "the secret, which has no flag",
			environ: []string{"WECOM_RECORDING_EXPORTER_WECOM_API_SECRET=x"},
		},
		{
			name:    "others",
			environ: []string{"PATH=/bin", "WECOM_CORPID=ww1", "wecom_recording_exporter_x=1", "WECOM_RECORDING_EXPORTERS=3", "=C:=C:"},
		},
		{
			name: "a Kubernetes Service",
			environ: []string{
				"WECOM_RECORDING_EXPORTER_SERVICE_HOST=10.0.0.1",
				"WECOM_RECORDING_EXPORTER_SERVICE_PORT=10168",
				"WECOM_RECORDING_EXPORTER_SERVICE_PORT_HTTP_METRICS=10168",
				"WECOM_RECORDING_EXPORTER_PORT=tcp://10.0.0.1:10168",
				"WECOM_RECORDING_EXPORTER_PORT_10168_TCP=tcp://10.0.0.1:10168",
				"WECOM_RECORDING_EXPORTER_PORT_10168_TCP_PROTO=tcp",
				"WECOM_RECORDING_EXPORTER_PORT_10168_TCP_PORT=10168",
				"WECOM_RECORDING_EXPORTER_PORT_10168_TCP_ADDR=10.0.0.1",
			},
		},
		{
			name: "a Kubernetes Service with a longer name",
			environ: []string{
				"WECOM_RECORDING_EXPORTER_HEADLESS_SERVICE_HOST=10.0.0.1",
				"WECOM_RECORDING_EXPORTER_HEADLESS_PORT_53_UDP_ADDR=10.0.0.1",
			},
		},
		{
			name:    "a letter too many",
			environ: []string{"WECOM_RECORDING_EXPORTER_POLL_INTERVALL=1m"},
			want:    []string{"WECOM_RECORDING_EXPORTER_POLL_INTERVALL" + refused + "POLL_INTERVAL"},
		},
		{
			name:    "a word left out",
			environ: []string{"WECOM_RECORDING_EXPORTER_INTERVAL=1m"},
			want:    []string{"WECOM_RECORDING_EXPORTER_INTERVAL" + refused + "POLL_INTERVAL"},
		},
		{
			name:    "the prefix twice, lower case and empty",
			environ: []string{"WECOM_RECORDING_EXPORTER_WECOM_CORPID=", "WECOM_RECORDING_EXPORTER_log_level=debug"},
			want: []string{
				"WECOM_RECORDING_EXPORTER_WECOM_CORPID" + refused + "WECOM_CORP_ID",
				"WECOM_RECORDING_EXPORTER_log_level" + refused + "LOG_LEVEL",
			},
		},
		{
			name:    "a secret, which is not shown",
			environ: []string{"WECOM_RECORDING_EXPORTER_API_SECRET=" + canary},
			want:    []string{"WECOM_RECORDING_EXPORTER_API_SECRET" + refused + "WECOM_API_SECRET"},
		},
		{
			name:    "almost a Service's",
			environ: []string{"WECOM_RECORDING_EXPORTER_WEB_LISTEN_PORTS=10168", "WECOM_RECORDING_EXPORTER_REPORT=10168"},
			want: []string{
				"WECOM_RECORDING_EXPORTER_REPORT" + refused + "LOG_LEVEL",
				"WECOM_RECORDING_EXPORTER_WEB_LISTEN_PORTS" + refused + "WEB_LISTEN_PORT",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := CheckVariables(test.environ, flags); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLongNames sets the variables of the credentials under their long names.
func TestLongNames(t *testing.T) {
	t.Parallel()
	const long = "WECOM_RECORDING_EXPORTER_"
	dir := writeFiles(t, map[string]string{"secret": "the secret"})
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want func(*Corp)
	}{
		{
			name: "all but the file",
			env: map[string]string{
				long + "WECOM_CORP_ID":    "ww9",
				long + "WECOM_API_SECRET": "the secret",
				long + "WECOM_AGENT_ID":   "1000002",
				long + "WECOM_API_URL":    "http://127.0.0.1",
			},
			want: func(c *Corp) { c.CorpID, c.AgentID, c.APIURL = "ww9", 1000002, "http://127.0.0.1" },
		},
		{
			name: "the file",
			env:  map[string]string{"WECOM_CORP_ID": "", long + "WECOM_CORP_ID": "ww9", long + "WECOM_API_SECRET_FILE": dir + "/secret"},
			want: func(c *Corp) { c.CorpID, c.Secret = "ww9", secret.FromFile(dir+"/secret") },
		},
		{
			name: "the command line wins",
			env:  map[string]string{long + "WECOM_CORP_ID": "ww9", long + "WECOM_API_URL": "no", long + "WECOM_API_SECRET": "the secret"},
			args: []string{"--wecom.corp-id=ww1", "--wecom.api-url=http://127.0.0.1"},
			want: func(c *Corp) { c.CorpID, c.APIURL = "ww1", "http://127.0.0.1" },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := minimal()
			test.want(&want.Corps[0])
			got, err := parse(t, test.env, append(test.args, goodTarget...)...).Load()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, equal); diff != "" {
				t.Errorf("configurations differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongNamesRefused(t *testing.T) {
	t.Parallel()
	const (
		long = "WECOM_RECORDING_EXPORTER_"
		both = ", which is its long name: remove one of them from the environment"
	)
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want []string
	}{
		{
			name: "both names, even if they hold the same",
			env: map[string]string{
				"WECOM_CORP_ID": "ww1", long + "WECOM_CORP_ID": "ww1",
				"WECOM_API_SECRET": canary, long + "WECOM_API_SECRET": canary,
				"WECOM_AGENT_ID": "1", long + "WECOM_AGENT_ID": "2",
				"WECOM_API_URL": "http://a.test", long + "WECOM_API_URL": "http://b.test",
			},
			args: goodWith(),
			want: []string{
				"WECOM_CORP_ID conflicts with " + long + "WECOM_CORP_ID" + both,
				"WECOM_API_SECRET conflicts with " + long + "WECOM_API_SECRET" + both,
				"WECOM_AGENT_ID conflicts with " + long + "WECOM_AGENT_ID" + both,
				"WECOM_API_URL conflicts with " + long + "WECOM_API_URL" + both,
			},
		},
		{
			name: "a bad value, named as it was set",
			env:  map[string]string{long + "WECOM_AGENT_ID": "app", long + "WECOM_API_SECRET": "a\nb"},
			args: goodWith(),
			want: []string{
				long + "WECOM_API_SECRET in the environment: the secret contains a line break, a control character or a zero-width character: " +
					"write only the secret, on one line, as UTF-8 or ASCII",
				"--wecom.agent-id (or " + long + "WECOM_AGENT_ID): the agent ID is not a number above zero: write the AgentId of the app, such as 1000002",
			},
		},
		{
			name: "beside a secret file",
			env:  map[string]string{long + "WECOM_API_SECRET": canary},
			args: goodWith("--wecom.api-secret-file=testdata/secrets/acme"),
			want: []string{"--wecom.api-secret-file (or WECOM_API_SECRET_FILE) conflicts with " + long +
				"WECOM_API_SECRET in the environment: remove one of them"},
		},
		{
			name: "beside a configuration file",
			env: map[string]string{
				long + "WECOM_CORP_ID":         "ww1",
				long + "WECOM_API_SECRET":      canary,
				long + "WECOM_API_SECRET_FILE": "secret",
			},
			args: []string{"--config.file=testdata/minimal.ok.yml"},
			want: []string{
				long + "WECOM_CORP_ID in the environment conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set it under corps in that file",
				long + "WECOM_API_SECRET_FILE in the environment conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set it under corps in that file",
				long + "WECOM_API_SECRET in the environment conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set api_secret_file under corps in that file",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := parse(t, test.env, test.args...).Load()
			wantProblems(t, cfg, err, test.want)
		})
	}
}

// TestFlagWithoutValueInTheEnvironment sets one that takes no value on the command line.
func TestFlagWithoutValueInTheEnvironment(t *testing.T) {
	const variable = "WECOM_RECORDING_EXPORTER_WECOM_STATISTICS"
	t.Setenv("WECOM_API_SECRET", "the secret")
	for _, test := range []struct {
		text string
		args []string
		want bool
		err  string
	}{
		{text: ""},
		{text: "true", want: true},
		{text: "1", want: true},
		{text: "false"},
		{text: "false", args: []string{"--wecom.statistics"}, want: true},
		{text: "true", args: []string{"--no-wecom.statistics"}},
		{text: "yes", err: `--wecom.statistics (or ` + variable + `): "yes" is not accepted: use true or false`},
	} {
		t.Setenv(variable, test.text)
		cfg, err := parse(t, nil, goodWith(test.args...)...).Load()
		if test.err != "" {
			wantProblems(t, cfg, err, []string{test.err})
		} else if err != nil || cfg.Corps[0].Statistics != test.want {
			t.Errorf("%q and %q: error %v, or not %t", test.text, test.args, err, test.want)
		}
	}
}

// TestMisspelled has variables of which a user may expect that they set a credential, and others.
func TestMisspelled(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"WECOM_CORPID":          variableCorpID,
		"WECOM_CORP":            variableCorpID,
		"WECOM_SECRET":          variableAPI,
		"WECOM_API_SECRETS":     variableAPI,
		"WECOM_APP_SECRET":      variableAPI,
		"WECOM_CORP_SECRET":     variableAPI,
		"WECOM_API_SECRETFILE":  variableAPIFile,
		"WECOM_SECRET_FILE":     variableAPIFile,
		"WECOM_AGENTID":         variableAgentID,
		"WECOM_BASE_URL":        "WECOM_API_URL",
		"WECOM_CORP_ID":         "",
		"WECOM_CORP_NAME":       "",
		"WECOM_PROXY_URL":       "",
		"WECOM_BOT_KEY":         "",
		"WECOM_WEBHOOK_URL":     "",
		"WECOM_TOKEN":           "",
		"WECOM_CORP\x1b[31mID":  "",
		"XWECOM_CORPID":         "",
		"WECOM_RECORDING_CORPS": "",
		VariablePrefix + "X":    "",
	} {
		var meant string
		if found := misspelled([]string{name + "=canary"}); len(found) > 0 {
			meant = found[0].meant
		}
		if meant != want {
			t.Errorf("%q is taken for %q, want %q", name, meant, want)
		}
		if found := misspelled([]string{name + "="}); len(found) > 0 {
			t.Errorf("%q is taken for %q without a value", name, found[0].meant)
		}
	}
}

// TestMissingCredentials names the variables that were likely meant, without their values.
func TestMissingCredentials(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"WECOM_CORPID": "canary", "WECOM_SECRET": "canary", "WECOM_API_SECRETS": "canary", "WECOM_AGENTID": "canary", "WECOM_BOT_KEY": "canary",
	}
	_, err := parse(t, env, "--target.discover=members").Load()
	if err == nil {
		t.Fatal("no error")
	}
	for text, hints := range map[string][]string{
		err.Error(): {
			"such as ww0123456789abcdef; did you mean WECOM_CORP_ID? WECOM_CORPID is set",
			"set WECOM_API_SECRET in the environment; did you mean WECOM_API_SECRET? WECOM_API_SECRETS is set; " +
				"did you mean WECOM_API_SECRET? WECOM_SECRET is set",
			"or leave members out; did you mean WECOM_AGENT_ID? WECOM_AGENTID is set",
		},
		bilingual.Chinese(err): {
			"例如 ww0123456789abcdef；是否应为 WECOM_CORP_ID？环境中设置的是 WECOM_CORPID",
			"；是否应为 WECOM_API_SECRET？环境中设置的是 WECOM_API_SECRETS；是否应为 WECOM_API_SECRET？环境中设置的是 WECOM_SECRET",
			"或去掉 members；是否应为 WECOM_AGENT_ID？环境中设置的是 WECOM_AGENTID",
		},
	} {
		lines := strings.Split(text, "\n")
		if len(lines) != len(hints) || strings.Contains(text, "canary") || strings.Contains(text, "BOT_KEY") {
			t.Fatalf("got %q", lines)
		}
		for i, hint := range hints {
			if !strings.HasSuffix(lines[i], hint) {
				t.Errorf("got %s\nwant the end %s", lines[i], hint)
			}
		}
	}
	if _, err := parse(t, map[string]string{
		"WECOM_API_SECRET": "the secret", "WECOM_CORPID": "another", "WECOM_SECRET": "another",
	}, "--wecom.corp-id=ww0", "--target.userid=a").Load(); err != nil {
		t.Errorf("variables of another program are refused: %v", err)
	}
}
