// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

var simulation = Simulation{
	CorpID:      "ww1",
	Secret:      "the secret",
	AgentID:     1000002,
	QuotaBytes:  100,
	Departments: map[int64]string{3: "产品"},
	Policy: Policy{
		Retention: 30 * 24 * time.Hour,
		Accepted:  []accepted.Entry{{ID: "wr1", Reason: "training"}},
	},
	Interval:     "10s",
	IdleInterval: "1m",
}

func TestLoadSimulated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want func(*Config)
	}{
		{
			name: "nothing set",
			want: func(*Config) {},
		},
		{
			name: "intervals and targets set",
			args: []string{"--poll.interval=5m", "--target.userid=lisi", "--wecom.corp-name=acme"},
			want: func(c *Config) {
				c.Poll.Interval = 5 * time.Minute
				c.Corps[0].Name = "acme"
				c.Corps[0].Targets = Targets{UserIDs: []string{"lisi"}}
			},
		},
		{
			name: "policy set",
			args: []string{"--policy.retention=20d", "--policy.accepted-file=testdata/accepted.yml"},
			want: func(c *Config) {
				c.Corps[0].Policy = Policy{
					Retention: 20 * 24 * time.Hour, AcceptedFile: "testdata/accepted.yml", Accepted: acceptedEntries,
				}
			},
		},
		{
			name: "a lookback that is too short for the retention",
			args: []string{"--poll.lookback=30d"},
			want: func(c *Config) {
				c.Poll.Lookback = 30 * 24 * time.Hour
				c.Corps[0].Policy.Retention = 0
			},
		},
		{
			name: "credentials and address have no effect",
			env:  map[string]string{"WECOM_API_SECRET": "another", "WECOM_CORP_ID": "ww2"},
			args: []string{"--wecom.api-url=no", "--wecom.agent-id=no", "--wecom.api-secret-file=missing", "--wecom.proxy-url=no"},
			want: func(*Config) {},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := minimal()
			want.Poll.Interval = 10 * time.Second
			want.Poll.IdleInterval = time.Minute
			want.Corps[0] = Corp{
				Name:             "default",
				CorpID:           "ww1",
				Secret:           secret.FromValue("the secret"),
				AgentID:          1000002,
				APIURL:           DefaultAPIURL,
				HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
				QuotaBytes:       100,
				Departments:      map[int64]string{3: "产品"},
				Policy:           simulation.Policy,
				Targets:          Targets{DiscoverMembers: true, DiscoverActivity: true},
			}
			test.want(want)
			if test.env == nil {
				test.env = map[string]string{}
			}
			got, err := parse(t, test.env, test.args...).LoadSimulated(simulation)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, equal); diff != "" {
				t.Errorf("configurations differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadSimulatedRefuses(t *testing.T) {
	t.Parallel()
	cfg, err := parse(t, map[string]string{}, "--poll.interval=0", "--target.userid=").LoadSimulated(simulation)
	wantProblems(t, cfg, err, []string{
		`--poll.interval (or WECOM_RECORDING_EXPORTER_POLL_INTERVAL): "0" is zero: use a duration above zero such as 5m, 31d or 90d`,
		"--target.userid (or WECOM_RECORDING_EXPORTER_TARGET_USERID): an empty entry: write an ID or remove the entry",
	})
}

// TestLoadSimulatedFile loads corps without credentials from a file.
func TestLoadSimulatedFile(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"c.yml": `
poll: {idle_interval: 5m, lookback: 60d}
corps:
- name: acme
  corp_id: ww2
  api_secret_file: missing
  api_url: not even a URL
  http_config: {tls_config: {ca_file: missing}}
  quota_bytes: 7
  departments: {41: Sales East}
  statistics: true
  targets: {userids: [lisi], files: ['*.yaml']}
- name: globex
`,
	})
	want := minimal()
	want.Poll.Interval = 10 * time.Second
	want.Poll.IdleInterval = 5 * time.Minute
	want.Poll.Lookback = 60 * 24 * time.Hour
	want.Shard.Total = 2
	acme := Corp{
		Name:             "acme",
		CorpID:           "ww1",
		Secret:           secret.FromValue("the secret"),
		AgentID:          1000002,
		APIURL:           DefaultAPIURL,
		HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
		QuotaBytes:       7,
		Departments:      map[int64]string{41: "Sales East"},
		Statistics:       true,
		Targets:          Targets{UserIDs: []string{"lisi"}, Files: []string{dir + "/*.yaml"}},
	}
	globex := acme
	globex.Name, globex.QuotaBytes, globex.Statistics, globex.Departments = "globex", 0, false, nil
	globex.Targets = Targets{DiscoverMembers: true, DiscoverActivity: true}
	want.Corps = []Corp{acme, globex}
	want.Warnings = []bilingual.Text{{
		English: strconv.Quote(dir+"/c.yml") + ": corps[0].targets.files[0] (line 12): \"" + dir + "/*.yaml\"" + matchesNothing,
	}}
	got, err := parse(t, map[string]string{}, "--config.file="+dir+"/c.yml", "--shard.total=2").LoadSimulated(simulation)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("configurations differ (-want +got):\n%s", diff)
	}
}

// TestLoadSimulatedFileRefuses has in a file what is wrong for serve too.
func TestLoadSimulatedFileRefuses(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"c.yml":    "poll: {interval: 0}\ncorps: [{name: a, targets: {discover: [all]}}, {name: a, quota_bytes: x}]",
		"keys.yml": "corps: [{name: a, secret: x}]",
	})
	args := []string{"--config.file=" + dir + "/c.yml", "--target.userid=li"}
	cfg, err := parse(t, map[string]string{"WECOM_CORP_ID": "ww1"}, args...).LoadSimulated(simulation)
	file := strconv.Quote(dir + "/c.yml")
	const conflict = " conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set it under corps in that file"
	wantProblems(t, cfg, err, []string{
		"WECOM_CORP_ID in the environment" + conflict,
		"--target.userid" + conflict,
		file + `: poll.interval (line 1): "0" is zero: use a duration above zero such as 5m, 31d or 90d`,
		file + `: corps[0].targets.discover[0] (line 2): "all" is not known: use members or activity`,
		file + `: corps[1].quota_bytes (line 2): "x" is not a size: use whole bytes, such as 107374182400, or leave the key out`,
		file + `: corps[1].name (line 2): "a" is also the name of corps[0]: choose another`,
	})
	_, err = parse(t, map[string]string{}, "--config.file="+dir+"/keys.yml").LoadSimulated(simulation)
	if err == nil || !strings.Contains(err.Error(), `"secret" is not a known key`) {
		t.Errorf("an unknown key: %v", err)
	}
}
