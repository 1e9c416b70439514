// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// smallWorld is a company whose numbers can be added up by hand; see
// wantSmallWorld.
func smallWorld() []wecomtest.Recording { return smallWorldAt(time.Now().Truncate(time.Second)) }

func smallWorldAt(now time.Time) []wecomtest.Recording {
	later, unknownState := now.Add(day), 7
	file := func(id string, start time.Time, length time.Duration, size int64, shares ...wecomtest.Share) wecomtest.File {
		return wecomtest.File{ID: id, Start: start, End: start.Add(length), Size: size, Shares: shares}
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	return []wecomtest.Recording{
		{
			ID: "completed", MeetingID: "hy-completed", Creator: "zhangsan", Host: "zhangsan", MeetingStart: ago(2 * time.Hour),
			Files: []wecomtest.File{
				file("private", ago(2*time.Hour), 10*time.Minute, 1000),
				file("exposed", ago(time.Hour), 5*time.Minute, 2000, wecomtest.Share{On: true, Download: true}),
			},
		},
		{
			ID: "delegated", Creator: "zhangsan", Host: "lisi", MeetingStart: ago(10 * day),
			Files: []wecomtest.File{file("company", ago(10*day), 20*time.Minute, 4000,
				wecomtest.Share{On: true, SameCorp: true, Password: "123456", Expire: now.Add(3 * day)})},
		},
		{ID: "recording", Creator: "lisi", Host: "lisi", MeetingStart: ago(20 * time.Minute), Transcoding: later, Completed: later},
		{ID: "transcoding", Creator: "lisi", Host: "lisi", MeetingStart: ago(30 * time.Minute), Completed: later},
		{
			ID: "hostless", Creator: "lisi", MeetingStart: ago(3 * time.Hour),
			Files: []wecomtest.File{file("attendees", ago(3*time.Hour), time.Minute, 8000,
				wecomtest.Share{On: true, Attendee: true, Download: true, Expire: ago(time.Hour)})},
		},
		{ID: "strange", MeetingID: "hy-strange", Creator: "wangwu", Host: "wangwu", MeetingStart: ago(20 * day), State: &unknownState},
		{
			ID: "large", MeetingCode: "777777777", Creator: "zhaoliu", Host: "zhaoliu", MeetingStart: ago(8 * day),
			Files: []wecomtest.File{file("guarded", ago(8*day), time.Hour, 1<<40,
				wecomtest.Share{On: true, Password: "654321", Download: true, Expire: now.Add(20 * time.Hour)})},
		},
		{ID: "unasked", Creator: "sunqi", Host: "sunqi", MeetingStart: ago(time.Hour), Files: []wecomtest.File{file("unasked", ago(time.Hour), time.Hour, 1)}},
	}
}

// wantSmallWorld returns the inventory of smallWorldAt, where the users zhangsan
// and lisi, the meeting ID of wangwu, that of a recording of zhangsan, and the
// meeting code of zhaoliu are asked for.
func wantSmallWorld(now time.Time) map[string]float64 {
	ago := func(d time.Duration) float64 { return float64(now.Add(-d).Unix()) }
	want := map[string]float64{}
	for _, host := range []struct {
		name                                           string
		unknown, recording, transcoding, completed     float64
		files, bytes, seconds, shared, exposed, latest float64
	}{
		{"zhangsan", 0, 0, 0, 1, 2, 3000, 900, 1, 1, ago(2 * time.Hour)},
		{"lisi", 0, 1, 1, 1, 1, 4000, 1200, 1, 0, ago(20 * time.Minute)},
		{"unknown", 0, 0, 0, 1, 1, 8000, 60, 1, 0, ago(3 * time.Hour)},
		{"wangwu", 1, 0, 0, 0, 0, 0, 0, 0, 0, ago(20 * day)},
		{"zhaoliu", 0, 0, 0, 1, 1, 1 << 40, 3600, 1, 0, ago(8 * day)},
	} {
		labels := fmt.Sprintf(`{corp="acme",host=%q`, host.name)
		want["wecom_recordings"+labels+`,state="unknown"}`] = host.unknown
		want["wecom_recordings"+labels+`,state="recording"}`] = host.recording
		want["wecom_recordings"+labels+`,state="transcoding"}`] = host.transcoding
		want["wecom_recordings"+labels+`,state="completed"}`] = host.completed
		want["wecom_recording_files"+labels+"}"] = host.files
		want["wecom_recording_bytes"+labels+"}"] = host.bytes
		want["wecom_recording_duration_seconds"+labels+"}"] = host.seconds
		want["wecom_recording_shared_files"+labels+"}"] = host.shared
		want["wecom_recording_exposed_files"+labels+"}"] = host.exposed
		want["wecom_recording_last_start_timestamp_seconds"+labels+"}"] = host.latest
	}
	sharing := func(audience, download, expiry, password string) string {
		return fmt.Sprintf(`wecom_recording_sharing_files{audience=%q,corp="acme",download=%q,expiry=%q,password=%q}`,
			audience, download, expiry, password)
	}
	for _, audience := range []string{"anyone", "company", "attendees"} {
		for _, download := range []string{"allowed", "blocked"} {
			for _, expiry := range []string{"expired", "1d", "7d", "30d", "later", "never"} {
				want[sharing(audience, download, expiry, "set")] = 0
				want[sharing(audience, download, expiry, "none")] = 0
			}
		}
	}
	want[sharing("anyone", "allowed", "never", "none")] = 1
	want[sharing("company", "blocked", "7d", "set")] = 1
	want[sharing("attendees", "allowed", "expired", "none")] = 1
	want[sharing("anyone", "allowed", "1d", "set")] = 1
	for age, files := range map[string]float64{"0-7d": 3, "7-30d": 2, "30-90d": 0, "90-180d": 0, "180-366d": 0} {
		want[fmt.Sprintf(`wecom_recording_files_by_age{age=%q,corp="acme"}`, age)] = files
	}
	for state, start := range map[string]float64{
		"recording": ago(20 * time.Minute), "transcoding": ago(30 * time.Minute), "unknown": ago(20 * day),
	} {
		want[fmt.Sprintf(`wecom_recording_oldest_unfinished_timestamp_seconds{corp="acme",state=%q}`, state)] = start
	}
	return want
}

// TestExactValues configures the same corp in all ways there are.
func TestExactValues(t *testing.T) {
	t.Parallel()
	const quota = `wecom_recording_quota_bytes{corp="acme"}`
	tests := []struct {
		name  string
		setUp func(t *testing.T, url string) (env, args []string)
		more  map[string]float64
	}{
		{
			name: "environment",
			setUp: func(_ *testing.T, url string) (env, args []string) {
				return []string{
					"WECOM_CORP_ID=" + wecomtest.DefaultCorpID,
					"WECOM_API_SECRET=" + wecomtest.DefaultSecret,
					"WECOM_API_URL=" + url,
					"WECOM_RECORDING_EXPORTER_WECOM_CORP_NAME=acme",
					"WECOM_RECORDING_EXPORTER_TARGET_USERID=zhangsan,lisi",
					"WECOM_RECORDING_EXPORTER_TARGET_MEETINGID=hy-strange\nhy-completed",
					"WECOM_RECORDING_EXPORTER_TARGET_MEETING_CODE=777777777",
					"WECOM_RECORDING_EXPORTER_POLL_LOOKBACK=40d",
					"WECOM_RECORDING_EXPORTER_WEB_MAX_REQUESTS=0",
				}, nil
			},
		},
		{
			name: "flags",
			setUp: func(t *testing.T, url string) (env, args []string) {
				t.Helper()
				return nil, []string{
					"serve",
					"--wecom.corp-id=" + wecomtest.DefaultCorpID,
					"--wecom.api-secret-file=" + writeFile(t, "secret", wecomtest.DefaultSecret+"\n"),
					"--wecom.api-url=" + url + "/cgi-bin/",
					"--wecom.corp-name=acme",
					"--target.userid=zhangsan",
					"--target.userid=LiSi",
					"--target.meetingid=hy-strange",
					"--target.meetingid=hy-completed",
					"--target.meeting-code=777777777",
				}
			},
		},
		{
			name: "file",
			setUp: func(t *testing.T, url string) (env, args []string) {
				t.Helper()
				path := writeFile(t, "exporter.yml", `
poll: {concurrency: 2, lookback: 60d}
corps:
  - name: acme
    corp_id: `+wecomtest.DefaultCorpID+`
    api_secret_file: secret
    api_url: `+url+`/
    quota_bytes: 107374182400
    targets:
      meetingids: [hy-strange]
      meeting_codes: [777777777]
      files: ["targets-*.json"]
`)
				for name, content := range map[string]string{
					"secret":         wecomtest.DefaultSecret,
					"targets-1.json": `{"userids": ["zhangsan"], "meetingids": ["hy-completed"]}`,
					"targets-2.json": `{"userids": ["lisi"]}`,
				} {
					if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				return nil, []string{"--config.file=" + path}
			},
			more: map[string]float64{quota: 107374182400},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := time.Now().Truncate(time.Second)
			s := simulate(t, wecomtest.Config{}, smallWorldAt(now)...)
			env, args := test.setUp(t, s.url)
			x := run(t, env, args...)
			x.awaitStatus(t, "/-/ready", 200)
			want := wantSmallWorld(now)
			maps.Copy(want, test.more)
			eventually(t, patience, func() error {
				if diff := cmp.Diff(want, x.scrape(t).inventory()); diff != "" {
					return fmt.Errorf("inventory (-want +got):\n%s", diff)
				}
				return nil
			})
			families := x.scrape(t)
			for _, want := range []struct {
				value  float64
				name   string
				labels []string
			}{
				{1, "wecom_up", nil},
				{1, "wecom_poll_coverage_ratio", nil},
				{0, "wecom_host_series_folded", nil},
				{2, "wecom_poll_targets", []string{"selector", "userid", "status", "ok"}},
				{2, "wecom_poll_targets", []string{"selector", "meetingid", "status", "ok"}},
				{1, "wecom_poll_targets", []string{"selector", "meeting_code", "status", "ok"}},
				{0, "wecom_poll_targets", []string{"selector", "userid", "status", "failing"}},
				{0, "wecom_poll_targets", []string{"selector", "userid", "status", "pending"}},
				{1, "wecom_api_requests_total", []string{"endpoint", "gettoken", "errcode", "0"}},
				{1, "wecom_api_response_anomalies_total", []string{"kind", "unknown_state"}},
			} {
				if got, err := families.value(want.name, append([]string{"corp", "acme"}, want.labels...)...); err != nil || got != want.value {
					t.Errorf("%s%q is %v (%v), want %v", want.name, want.labels, got, err, want.value)
				}
			}
			if n := s.Count(listEndpoint, 0); n != s.Count(listEndpoint) {
				t.Errorf("%d of %d lists were good", n, s.Count(listEndpoint))
			}
		})
	}
}
