// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
)

var simulation = Simulation{
	CorpID:       "ww1",
	Secret:       "the secret",
	AgentID:      1000002,
	QuotaBytes:   100,
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
				Secret:           SecretFromValue("the secret"),
				AgentID:          1000002,
				APIURL:           DefaultAPIURL,
				HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
				QuotaBytes:       100,
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
	cfg, err := parse(t, map[string]string{}, "--config.file=c.yml", "--poll.interval=0", "--target.userid=").LoadSimulated(simulation)
	wantProblems(t, cfg, err, []string{
		"--config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): a demo simulates its corp: leave the file out",
		`--poll.interval (or WECOM_RECORDING_EXPORTER_POLL_INTERVAL): "0" is zero: write a duration above zero such as 5m, 31d or 90d`,
		"--target.userid (or WECOM_RECORDING_EXPORTER_TARGET_USERID): an empty entry: write an ID or remove the entry",
	})
}
