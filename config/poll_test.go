// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	settledFlag = "--poll.settled-interval (or WECOM_RECORDING_EXPORTER_POLL_SETTLED_INTERVAL)"
)

// withoutActivity is the warning of a settled interval without effect.
func withoutActivity(interval string) string {
	return "activity discovery is off, so " + settledFlag + " has no effect here, and every target with recordings is polled every " +
		interval + ": add activity, or leave the settled interval out"
}

func TestSettledInterval(t *testing.T) {
	t.Parallel()
	const (
		shorter  = "is shorter than poll.interval, which is "
		discover = "--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER): "
		file     = "\"$DIR/c.yml\": "
	)
	activity := []string{"--target.discover=activity"}
	for _, test := range []struct {
		name      string
		args      []string
		file      string // poll in a configuration file with two corps, of which the second has no activity
		want      time.Duration
		wantErr   string
		wantWarns []string
	}{
		{
			name: "left out",
			args: activity,
		},
		{
			name: "left empty",
			args: append([]string{"--poll.settled-interval="}, activity...),
		},
		{
			name: "the flag",
			args: append([]string{"--poll.settled-interval=30m"}, activity...),
			want: 30 * time.Minute,
		},
		{
			name: "as long as the interval",
			args: []string{"--poll.settled-interval=7m", "--poll.interval=7m", "--target.userid=li"},
			want: 7 * time.Minute,
		},
		{
			name:    "no duration",
			args:    append([]string{"--poll.settled-interval=often"}, activity...),
			wantErr: settledFlag + `: "often" is not a duration: use a Prometheus duration such as 5m, 31d or 90d`,
		},
		{
			name:    "zero",
			args:    append([]string{"--poll.settled-interval=0s"}, activity...),
			wantErr: settledFlag + `: "0s" is zero: use a duration above zero such as 5m, 31d or 90d`,
		},
		{
			name:    "shorter than the interval",
			args:    append([]string{"--poll.settled-interval=4m"}, activity...),
			wantErr: settledFlag + ": 4m " + shorter + "5m: use 5m or more, or leave it out",
		},
		{
			name:      "without activity",
			args:      []string{"--poll.settled-interval=30m", "--target.userid=li"},
			want:      30 * time.Minute,
			wantWarns: []string{discover + withoutActivity("5m")},
		},
		{
			name:      "in a file",
			file:      "{settled_interval: 30m}",
			want:      30 * time.Minute,
			wantWarns: []string{file + "corps[1].targets.discover (line 4): " + withoutActivity("5m")},
		},
		{
			name:    "zero in a file",
			file:    "{settled_interval: 0s}",
			wantErr: file + `poll.settled_interval (line 1): "0s" is zero: use a duration above zero such as 5m, 31d or 90d`,
		},
		{
			name: "shorter than the interval in a file",
			file: "{interval: 10m, settled_interval: 4m}",
			wantErr: file + "poll.settled_interval (line 1): 4m " + shorter + "10m: use 10m or more, " +
				"or leave it out",
		},
		{
			name:    "a flag that is shorter than the interval of a file",
			args:    []string{"--poll.settled-interval=6m"},
			file:    "{interval: 10m}",
			wantErr: settledFlag + ": 6m " + shorter + "10m: use 10m or more, or leave it out",
		},
		{
			name:      "a flag that is longer than the interval of a file",
			args:      []string{"--poll.settled-interval=6m"},
			file:      "{interval: 1m}",
			want:      6 * time.Minute,
			wantWarns: []string{file + "corps[1].targets.discover (line 4): " + withoutActivity("1m")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{
				"secret": "the secret",
				"c.yml": "poll: " + test.file + "\ncorps:\n" +
					"- {name: acme, corp_id: ww0, api_secret_file: secret, targets: {discover: [activity]}}\n" +
					"- {name: globex, corp_id: ww1, api_secret_file: secret, targets: {userids: [li]}}\n",
			})
			args := test.args
			if test.file != "" {
				args = append([]string{"--config.file=" + dir + "/c.yml"}, args...)
			} else {
				args = append([]string{"--wecom.corp-id=ww0", "--wecom.api-secret-file=" + dir + "/secret"}, args...)
			}
			c, err := parse(t, map[string]string{}, args...).Load()
			if err != nil || test.wantErr != "" {
				wantProblems(t, c, err, inDir(dir, []string{test.wantErr}))
				return
			}
			if c.Poll.SettledInterval != test.want {
				t.Errorf("the settled interval is %s, want %s", c.Poll.SettledInterval, test.want)
			}
			if diff := cmp.Diff(inDir(dir, test.wantWarns), english(t, c.Warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettledIntervalOfADemo(t *testing.T) {
	t.Parallel()
	c, err := parse(t, map[string]string{}, "--poll.settled-interval=1m", "--target.userid=li").LoadSimulated(simulation)
	if err != nil || c.Poll.SettledInterval != time.Minute || len(c.Warnings) != 1 {
		t.Errorf("error %v, configuration %+v", err, c)
	}
	_, err = parse(t, map[string]string{}, "--poll.settled-interval=1s").LoadSimulated(simulation)
	if err == nil || !strings.HasPrefix(err.Error(), settledFlag) {
		t.Errorf("one that is too short: %v", err)
	}
}
