// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
)

func TestLoadStored(t *testing.T) {
	t.Parallel()
	corpID := []string{"--wecom.corp-id=ww1"}
	for _, test := range []struct {
		name string
		args []string
		file string // the corps of a configuration file
		want func(*Corp)
		err  string
	}{
		{
			name: "a corp ID is enough",
			args: corpID,
			want: func(*Corp) {},
		},
		{
			name: "what only calls need has no effect",
			args: append([]string{
				"--wecom.api-secret-file=missing", "--wecom.agent-id=no", "--wecom.api-url=no", "--wecom.proxy-url=no",
				"--target.userid=li", "--target.file=missing.yml", "--target.discover=members",
			}, corpID...),
			want: func(c *Corp) { c.Targets.DiscoverMembers = true },
		},
		{
			name: "how to show the recordings",
			args: append([]string{"--wecom.corp-name=acme", "--wecom.statistics", "--policy.retention=20d"}, corpID...),
			want: func(c *Corp) {
				c.Name, c.Statistics, c.Policy.Retention = "acme", true, 20*24*time.Hour
			},
		},
		{
			name: "a file of another machine",
			file: "[{name: acme, corp_id: ww1, api_secret_file: /missing, http_config: {tls_config: {ca_file: /missing}}}]",
			want: func(c *Corp) { c.Name = "acme" },
		},
		{
			name: "no corp ID",
			args: []string{"--target.userid=li"},
			err:  "--wecom.corp-id (or WECOM_CORP_ID): no corp ID: ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := test.args
			if test.file != "" {
				args = []string{"--config.file=" + writeFiles(t, map[string]string{"c.yml": "corps: " + test.file}) + "/c.yml"}
			}
			got, err := parse(t, map[string]string{}, args...).LoadStored()
			if err != nil || test.err != "" {
				if err == nil || test.err == "" || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("%v, want %q", err, test.err)
				}
				return
			}
			want := Corp{
				Name: "default", CorpID: "ww1", APIURL: DefaultAPIURL, HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
			}
			test.want(&want)
			if diff := cmp.Diff([]Corp{want}, got.Corps, equal); diff != "" {
				t.Errorf("corps differ (-want +got):\n%s", diff)
			}
		})
	}
}
