// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// equal compares configurations: the proxy function of an HTTPClientConfig is
// derived from its other fields.
var equal = cmp.Options{
	cmp.AllowUnexported(secret.Source{}),
	cmp.Comparer(func(a, b url.URL) bool { return a.String() == b.String() }),
	cmpopts.IgnoreUnexported(promconfig.ProxyConfig{}),
	cmp.Comparer(func(a, b bilingual.Text) bool { return a.English == b.English }),
}

// httpDefaults is what every corp has unless it says otherwise.
func httpDefaults() promconfig.HTTPClientConfig {
	return promconfig.HTTPClientConfig{
		EnableHTTP2: true,
		ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true},
	}
}

// minimal is the configuration of goodCorp, goodTarget and goodEnv.
func minimal() *Config {
	return &Config{
		Corps: []Corp{{
			Name:             "default",
			CorpID:           "ww0123456789abcdef",
			Secret:           secret.FromValue("the secret"),
			APIURL:           "https://qyapi.weixin.qq.com",
			HTTPClientConfig: httpDefaults(),
			Targets:          Targets{UserIDs: []string{"zhangsan"}},
		}},
		Poll: Poll{
			Interval:             5 * time.Minute,
			IdleInterval:         time.Hour,
			HistoryInterval:      6 * time.Hour,
			Lookback:             31 * 24 * time.Hour,
			Concurrency:          4,
			MaxRequestsPerMinute: 1200,
		},
		Metrics: Metrics{HostLabel: HostLabelPlain, MaxHosts: 10000},
		Shard:   Shard{Ordinal: 0, Total: 1},

		ChangesRetention: 180 * 24 * time.Hour,
	}
}

// matchesNothing ends a warning.
const matchesNothing = " matches no file and adds no targets: correct the pattern, or create a file"

func TestLoadFlags(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name  string
		files map[string]string
		env   map[string]string // nil: goodEnv
		args  []string
		want  func(c *Config, dir string)
	}{
		{
			name: "defaults",
			args: goodWith(),
			want: func(*Config, string) {},
		},
		{
			name: "a flag without a value",
			args: goodWith("--wecom.statistics"),
			want: func(c *Config, _ string) { c.Corps[0].Statistics = true },
		},
		{
			name:  "everything",
			env:   map[string]string{},
			files: map[string]string{"secret": " the secret\n", "key": "sixteen bytes...\n", "a.yml": "userids: [lisi]", "accepted": ""},
			args: []string{
				"--wecom.corp-name=acme",
				"--wecom.corp-id=ww0123456789abcdef",
				"--wecom.api-secret-file=$DIR/secret",
				"--wecom.agent-id=1000002",
				"--wecom.api-url=http://127.0.0.1:8080",
				"--wecom.proxy-url=socks5://me:word@egress.example",
				"--target.userid=zhangsan, lisi", "--target.userid=wangwu\nZHANGSAN",
				"--target.meetingid=hyA,hya,hyA",
				"--target.meeting-code=123456789",
				"--target.file=$DIR/*.yml", "--target.file=$DIR/a.yml",
				"--target.discover=members, activity",
				"--policy.accepted-file=$DIR/accepted",
				"--policy.retention=365d",
				"--poll.interval=1m",
				"--poll.settled-interval=15m",
				"--poll.idle-interval=1h30m",
				"--poll.history-interval=1d",
				"--poll.lookback=366d",
				"--poll.concurrency=1",
				"--poll.max-requests-per-minute=60",
				"--metrics.host-label=hashed",
				"--metrics.host-hash-key-file=$DIR/key",
				"--metrics.max-hosts=0",
				"--metrics.departments",
				"--storage.changes-retention=2y",
				"--shard.ordinal=2",
				"--shard.total=3",
			},
			want: func(c *Config, dir string) {
				httpConfig := httpDefaults()
				httpConfig.ProxyFromEnvironment = false
				httpConfig.ProxyURL.URL = &url.URL{Scheme: "socks5", User: url.UserPassword("me", "word"), Host: "egress.example"}
				*c = Config{
					Corps: []Corp{{
						Name:             "acme",
						CorpID:           "ww0123456789abcdef",
						Secret:           secret.FromFile(dir + "/secret"),
						AgentID:          1000002,
						APIURL:           "http://127.0.0.1:8080",
						HTTPClientConfig: httpConfig,
						Policy:           Policy{Retention: 365 * 24 * time.Hour, AcceptedFile: dir + "/accepted", Accepted: []accepted.Entry{}},
						Targets: Targets{
							UserIDs:          []string{"zhangsan", "lisi", "wangwu"},
							MeetingIDs:       []string{"hyA", "hya"},
							MeetingCodes:     []string{"123456789"},
							Files:            []string{dir + "/*.yml", dir + "/a.yml"},
							DiscoverMembers:  true,
							DiscoverActivity: true,
						},
					}},
					Poll: Poll{
						Interval:             time.Minute,
						SettledInterval:      15 * time.Minute,
						IdleInterval:         90 * time.Minute,
						HistoryInterval:      24 * time.Hour,
						Lookback:             366 * 24 * time.Hour,
						Concurrency:          1,
						MaxRequestsPerMinute: 60,
					},
					Metrics: Metrics{HostLabel: HostLabelHashed, HostHashKey: secret.Key("sixteen bytes..."), MaxHosts: 0, Departments: true},
					Shard:   Shard{Ordinal: 2, Total: 3},

					ChangesRetention: 2 * 365 * 24 * time.Hour,
				}
			},
		},
		{
			name: "activity without agent ID",
			args: append([]string{"--target.discover=activity"}, goodCorp...),
			want: func(c *Config, _ string) { c.Corps[0].Targets = Targets{DiscoverActivity: true} },
		},
		{
			name: "pattern without matches",
			args: append([]string{"--target.file=$DIR/*.yml"}, goodCorp...),
			want: func(c *Config, dir string) {
				c.Corps[0].Targets = Targets{Files: []string{dir + "/*.yml"}}
				c.Warnings = []bilingual.Text{{English: "--target.file (or WECOM_RECORDING_EXPORTER_TARGET_FILE): \"" + dir + "/*.yml\"" + matchesNothing}}
			},
		},
		{
			name: "host off",
			args: goodWith("--metrics.host-label=off"),
			want: func(c *Config, _ string) { c.Metrics.HostLabel = HostLabelOff },
		},
		{
			name: "IDs as long as they may be",
			args: append([]string{"--target.userid=" + strings.Repeat("u", 64), "--target.meetingid=" + strings.Repeat("m", 128)}, goodCorp...),
			want: func(c *Config, _ string) {
				c.Corps[0].Targets = Targets{
					UserIDs:    []string{strings.Repeat("u", 64)},
					MeetingIDs: []string{strings.Repeat("m", 128)},
				}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.env == nil {
				test.env = goodEnv
			}
			dir := writeFiles(t, test.files)
			want := minimal()
			test.want(want, dir)
			got, err := parse(t, test.env, inDir(dir, test.args)...).Load()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, equal); diff != "" {
				t.Errorf("configurations differ (-want +got):\n%s", diff)
			}
		})
	}
}

// It is not parallel because kingpin reads the real environment.
func TestLoadEnvironment(t *testing.T) {
	for key, value := range map[string]string{
		"WECOM_CORP_ID":    "ww0123456789abcdef",
		"WECOM_API_SECRET": "the secret",
		"WECOM_AGENT_ID":   "1000002",
		"WECOM_API_URL":    "http://127.0.0.1/cgi-bin/",
		"WECOM_RECORDING_EXPORTER_WECOM_CORP_NAME":              "acme",
		"WECOM_RECORDING_EXPORTER_WECOM_PROXY_URL":              "http://egress.example:3128",
		"WECOM_RECORDING_EXPORTER_TARGET_USERID":                "zhangsan,lisi\nwangwu\n",
		"WECOM_RECORDING_EXPORTER_TARGET_DISCOVER":              "members,activity",
		"WECOM_RECORDING_EXPORTER_POLL_MAX_REQUESTS_PER_MINUTE": "600",
		"WECOM_RECORDING_EXPORTER_METRICS_MAX_HOSTS":            "5",
		"WECOM_RECORDING_EXPORTER_SHARD_TOTAL":                  "2",
		"WECOM_RECORDING_EXPORTER_POLL_INTERVAL":                "1m",
		"WECOM_RECORDING_EXPORTER_TARGET_MEETING_CODE":          "123456789",
		"WECOM_RECORDING_EXPORTER_METRICS_HOST_LABEL":           "off",
		"WECOM_RECORDING_EXPORTER_METRICS_HOST_HASH_KEY_FILE":   "",
	} {
		t.Setenv(key, value)
	}
	want := minimal()
	want.Corps[0] = Corp{
		Name:             "acme",
		CorpID:           "ww0123456789abcdef",
		Secret:           secret.FromValue("the secret"),
		AgentID:          1000002,
		APIURL:           "http://127.0.0.1",
		HTTPClientConfig: httpDefaults(),
		Targets: Targets{
			UserIDs:          []string{"zhangsan", "lisi", "wangwu"},
			MeetingCodes:     []string{"123456789"},
			DiscoverMembers:  true,
			DiscoverActivity: true,
		},
	}
	want.Corps[0].HTTPClientConfig.ProxyFromEnvironment = false
	want.Corps[0].HTTPClientConfig.ProxyURL.URL = &url.URL{Scheme: "http", Host: "egress.example:3128"}
	want.Poll.Interval = 10 * time.Second // The command line wins.
	want.Poll.MaxRequestsPerMinute = 600
	want.Metrics = Metrics{HostLabel: HostLabelOff, MaxHosts: 5}
	want.Shard.Total = 2

	flags := parse(t, nil, "--poll.interval=10s")
	got, err := flags.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("configurations differ (-want +got):\n%s", diff)
	}

	t.Setenv("WECOM_API_SECRET", "")
	_, err = flags.Load()
	const wantErr = "--wecom.api-secret-file (or WECOM_API_SECRET_FILE): no secret: write the path of a file that holds the secret of the app, or set WECOM_API_SECRET in the environment"
	if err == nil || err.Error() != wantErr {
		t.Errorf("after the secret was unset: got %v, want %s", err, wantErr)
	}

	// A secret in the environment conflicts with a file from the environment.
	t.Setenv("WECOM_RECORDING_EXPORTER_CONFIG_FILE", "testdata/minimal.ok.yml")
	_, err = parse(t, nil).Load()
	if err == nil || !strings.Contains(err.Error(), "WECOM_CORP_ID in the environment conflicts with --config.file") {
		t.Errorf("with a configuration file: got %v, want a conflict", err)
	}
}

// acceptedEntries are those of testdata/accepted.yml.
var acceptedEntries = []accepted.Entry{
	{ID: "wr0d53101e1ad30426", Reason: "public training", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
	{ID: "wf77", Reason: "town hall"},
}

func TestLoadFile(t *testing.T) {
	t.Parallel()

	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	full := minimal()
	full.Poll = Poll{
		Interval:             2 * time.Minute,
		SettledInterval:      20 * time.Minute,
		IdleInterval:         30 * time.Minute,
		HistoryInterval:      12 * time.Hour,
		Lookback:             366 * 24 * time.Hour,
		Concurrency:          8,
		MaxRequestsPerMinute: 600,
	}
	full.Corps = []Corp{
		{
			Name:    "acme",
			CorpID:  "ww0123456789abcdef",
			Secret:  secret.FromFile("testdata/secrets/acme"),
			AgentID: 1000002,
			APIURL:  "https://wecom.example:8443/proxy",
			HTTPClientConfig: promconfig.HTTPClientConfig{
				BasicAuth:   &promconfig.BasicAuth{Username: "exporter", PasswordFile: dir + "/testdata/secrets/acme"},
				TLSConfig:   promconfig.TLSConfig{ServerName: "wecom.internal"},
				EnableHTTP2: true,
				ProxyConfig: promconfig.ProxyConfig{ProxyURL: promconfig.URL{URL: &url.URL{Scheme: "http", Host: "egress.example:3128"}}},
			},
			QuotaBytes: 100 << 30, Departments: map[int64]string{2: "销售部", 3: "007", 21: "销售部"},
			Statistics: true, Policy: Policy{Retention: 90 * 24 * time.Hour, AcceptedFile: "testdata/accepted.yml", Accepted: acceptedEntries},
			Targets: Targets{
				UserIDs:          []string{"zhangsan", "007", "null-ish", "true"},
				MeetingIDs:       []string{"hyAAAA", "hyaaaa"},
				MeetingCodes:     []string{"123456789"},
				Files:            []string{"testdata/targets/*.yml", "testdata/targets/sales.yml", "testdata/none/*.yml"},
				DiscoverMembers:  true,
				DiscoverActivity: true,
			},
		},
		{
			Name:             "acme-events",
			CorpID:           "ww0123456789abcdef",
			Secret:           secret.FromFile("testdata/secrets/globex"),
			APIURL:           "https://qyapi.weixin.qq.com",
			HTTPClientConfig: httpDefaults(),
			Targets:          Targets{UserIDs: []string{"lisi"}},
		},
	}
	full.Warnings = []bilingual.Text{{
		English: strconv.Quote(dir+"/testdata/full.ok.yml") + ": corps[0].targets.files[2] (line 28): \"" + dir + "/testdata/none/*.yml\"" + matchesNothing,
	}, {
		English: strconv.Quote(dir+"/testdata/full.ok.yml") + ": corps[1].targets.discover (line 36): " + withoutActivity("2m"),
	}}
	small := minimal()
	small.Poll.Interval = time.Minute
	small.Shard.Total = 2
	small.Corps = []Corp{{
		Name:             "acme",
		CorpID:           "ww0123456789abcdef",
		Secret:           secret.FromFile("testdata/secrets/acme"),
		APIURL:           "https://qyapi.weixin.qq.com",
		HTTPClientConfig: httpDefaults(),
		Targets:          Targets{DiscoverActivity: true},
	}}
	tests := []struct {
		name string
		args []string
		want *Config
	}{
		{
			name: "full",
			args: []string{"--config.file=testdata/full.ok.yml", "--poll.interval=1m"},
			want: full,
		},
		{
			name: "minimal",
			args: []string{"--config.file=testdata/minimal.ok.yml", "--poll.interval=1m", "--shard.total=2"},
			want: small,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(t, map[string]string{}, test.args...).Load()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, equal); diff != "" {
				t.Errorf("configurations differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadReadsFilesAnew(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"c.yml":  "corps: [{name: acme, corp_id: ww0, api_secret_file: secret, targets: {userids: [zhangsan]}}]",
		"secret": "the secret",
	})
	flags := parse(t, map[string]string{}, "--config.file="+dir+"/c.yml")
	if _, err := flags.Load(); err != nil {
		t.Fatal(err)
	}
	changed := "corps: [{name: globex, corp_id: ww0, api_secret_file: secret, targets: {userids: [zhangsan]}}]"
	if err := os.WriteFile(filepath.Join(dir, "c.yml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := flags.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Corps[0].Name, "globex"; got != want {
		t.Errorf("got the corp %s, want %s", got, want)
	}
}

func TestAPIURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{text: "", want: "https://qyapi.weixin.qq.com"},
		{text: "https://qyapi.weixin.qq.com", want: "https://qyapi.weixin.qq.com"},
		{text: "https://qyapi.weixin.qq.com/", want: "https://qyapi.weixin.qq.com"},
		{text: "https://qyapi.weixin.qq.com/cgi-bin", want: "https://qyapi.weixin.qq.com"},
		{text: "https://qyapi.weixin.qq.com/cgi-bin//", want: "https://qyapi.weixin.qq.com"},
		{text: "HTTP://127.0.0.1:80/a/cgi-bin", want: "http://127.0.0.1:80/a"},
		{text: "http://[::1]:80/a%2Fb/", want: "http://[::1]:80/a%2Fb"},
		{text: "http://wecom.example/my-cgi-bin", want: "http://wecom.example/my-cgi-bin"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			var p problems
			if got := (value{problems: &p, where: bilingual.Text{English: "url"}, text: test.text}).apiURL(); got != test.want || p.err() != nil {
				t.Errorf("got %q, %v; want %q", got, p.err(), test.want)
			}
		})
	}
}
