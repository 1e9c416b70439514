// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// The endpoints that tests count the calls of.
const (
	ListEndpoint       = "meeting/record/list"
	StartsEndpoint     = "meeting/statistics/get_start_list"
	StatisticsEndpoint = "meeting/record/get_statistics"
)

// ConfigOf returns a configuration of one corp, acme, that names users as its targets.
func ConfigOf(userIDs ...string) *config.Config {
	return &config.Config{
		Corps: []config.Corp{{
			Name: "acme", CorpID: wecomtest.DefaultCorpID, APIURL: "https://wecom.test",
			Secret:  secret.FromValue(wecomtest.DefaultSecret),
			Targets: config.Targets{UserIDs: userIDs},
		}},
		Poll: config.Poll{
			Interval: 5 * time.Minute, IdleInterval: time.Hour, HistoryInterval: 6 * time.Hour,
			Lookback: 31 * Day, Concurrency: 4, MaxRequestsPerMinute: 1200,
		},
		Metrics: config.Metrics{HostLabel: config.HostLabelPlain, MaxHosts: 10_000},
		Shard:   config.Shard{Total: 1},
	}
}

// Discovering returns a configuration of one corp that discovers its targets.
func Discovering(members, activity bool) *config.Config {
	cfg := ConfigOf()
	cfg.Corps[0].AgentID = wecomtest.DefaultAgentID
	cfg.Corps[0].Targets.DiscoverMembers = members
	cfg.Corps[0].Targets.DiscoverActivity = activity
	return cfg
}

// Storing has a configuration keep the state in a directory.
func Storing(dir string, cfg *config.Config) *config.Config {
	cfg.StoragePath = dir
	return cfg
}

// Recorded returns a completed recording of an hour that began some time ago, with one file
// of 1000 bytes.
func Recorded(id, host string, ago time.Duration, shares ...wecomtest.Share) wecomtest.Recording {
	start := time.Now().Add(-ago)
	return wecomtest.Recording{
		ID: id, Creator: host, Host: host, MeetingStart: start, Title: "canary-title",
		Files: []wecomtest.File{{ID: id + "-file", Start: start, End: start.Add(time.Hour), Size: 1000, Shares: shares}},
	}
}

// WorldOf returns a small company in which everything occurs.
func WorldOf(c wecomtest.Config) *wecomtest.Server {
	server := wecomtest.New(c)
	now := time.Now()
	open := wecomtest.Share{On: true, Download: true}
	running := Recorded("r1", "li", 30*time.Minute)
	running.Transcoding, running.Completed = now.Add(time.Hour), now.Add(2*time.Hour)
	transcoding := Recorded("r2", "li", 90*time.Minute)
	transcoding.Transcoding, transcoding.Completed = now.Add(-time.Minute), now.Add(time.Hour)
	odd := 7
	unknown := Recorded("r3", "wang", 3*time.Hour)
	unknown.State = &odd
	two := Recorded("r4", "wang", 10*Day, open)
	two.Files = append(two.Files, wecomtest.File{
		ID: "r4-second", Start: now.Add(-10 * Day), End: now.Add(-10*Day + 90*time.Second), Size: 5 << 30,
		Shares: []wecomtest.Share{{On: true, SameCorp: true, Password: "canary-password", Expire: now.Add(3 * Day)}},
	})
	noHost := Recorded("r5", "wang", 20*Day,
		wecomtest.Share{On: true, Attendee: true, SameCorp: true, Expire: now.Add(-Day)})
	noHost.Host = ""
	other := Recorded("r6", "wang", 2*Day, wecomtest.Share{On: true, Expire: now.Add(time.Hour)})
	other.Host = "zhao"
	server.Put(running, transcoding, unknown, two, noHost, other)
	return server
}

// Staff returns a directory of users whom the app may see.
func Staff(users ...string) wecomtest.Directory {
	d := wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}},
	}
	for _, user := range users {
		d.Members = append(d.Members, wecomtest.Member{UserID: user, Departments: []int{1}})
	}
	return d
}

// Asked returns how many lists a user was asked for.
func Asked(server *wecomtest.Server, user string) int {
	n := 0
	for _, req := range server.Requests() {
		if req.Endpoint == ListEndpoint && req.Target == user {
			n++
		}
	}
	return n
}

// ChangingFile returns the path of a file, and a function that writes it.
func ChangingFile(t *testing.T, name, content string) (path string, write func(content string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	write = func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(content)
	return path, write
}

// Respond is a transport that gives tokens, and answers everything else with one body.
type Respond string

// Away is a WeCom that is always busy.
const Away = Respond(`{"errcode":-1,"errmsg":"system busy"}`)

// RoundTrip implements http.RoundTripper.
func (body Respond) RoundTrip(req *http.Request) (*http.Response, error) {
	text := string(body)
	if strings.HasSuffix(req.URL.Path, "/gettoken") {
		text = `{"errcode":0,"errmsg":"ok","access_token":"token","expires_in":7200}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

// ByHost is a transport to several simulated WeComs.
type ByHost map[string]http.RoundTripper

// RoundTrip implements http.RoundTripper.
func (h ByHost) RoundTrip(req *http.Request) (*http.Response, error) {
	return h[req.URL.Host].RoundTrip(req)
}
