// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// bytesMetric stands for the whole inventory.
const bytesMetric = "wecom_recording_bytes"

func TestScrapesCallNobody(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	x := run(t, s.credentials(), target)
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 1000, bytesMetric)
	before := s.calls()
	for range 100 {
		x.wantStatus(t, "/metrics", 200)
		x.wantStatus(t, "/-/ready", 200)
	}
	if after := s.calls(); before == 0 || after != before {
		t.Errorf("%d calls before, %d after 100 scrapes", before, after)
	}
}

// TestNewsIsServed makes sure that what changes is polled and shown.
func TestNewsIsServed(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	x := run(t, s.credentials(), target, "--poll.interval=1s")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 1000, bytesMetric, "host", "zhangsan")
	s.Put(oneRecording("2"))
	x.awaitValue(t, 2000, bytesMetric, "host", "zhangsan")
	s.Remove("1", "2")
	shared := oneRecording("3")
	shared.Files[0].Shares = []wecomtest.Share{{On: true}}
	s.Put(shared)
	x.awaitValue(t, 1, "wecom_recording_exposed_files", "host", "zhangsan")
	x.awaitValue(t, 1000, bytesMetric, "host", "zhangsan")
}

// TestWeComThatWasNotThere starts the exporter before its WeCom.
func TestWeComThatWasNotThere(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	later := &simulation{url: "http://" + address}
	x := run(t, later.credentials(), target, "--poll.interval=1s")
	x.awaitStatus(t, "/-/healthy", 200)
	x.awaitCall(t, "transport", "endpoint", "gettoken")
	x.awaitValue(t, 0, "wecom_up")
	x.awaitLog(t, "level=error", "gettoken")

	simulateAt(t, address, wecomtest.Config{}, oneRecording("1"))
	x.awaitValue(t, 1, "wecom_up")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 1000, bytesMetric)
	x.awaitLog(t, "level=info", "WeCom accepts calls again")
}

// TestWeComThatGoesAndComes makes sure that what is known stays.
func TestWeComThatGoesAndComes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault wecomtest.Fault
	}{
		{"dropped", wecomtest.Fault{Drop: true}},
		{"status", wecomtest.Fault{Status: http.StatusBadGateway}},
		{"half", wecomtest.Fault{CutAfter: 100}},
		{"html", wecomtest.Fault{Body: []byte("<html>maintenance</html>")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, wecomtest.Config{}, smallWorld()...)
			x := run(t, s.credentials(), target, "--target.userid=lisi", "--poll.interval=1s")
			x.awaitStatus(t, "/-/ready", 200)
			x.awaitValue(t, 4000, bytesMetric, "host", "lisi")
			x.awaitValue(t, 8000, bytesMetric, "host", "unknown")
			before := x.scrape(t).inventory()

			repair := s.Fail(test.fault)
			x.awaitValue(t, 0, "wecom_up")
			x.awaitValue(t, 2, "wecom_poll_targets", "selector", "userid", "status", "failing")
			if diff := cmp.Diff(before, x.scrape(t).inventory()); diff != "" {
				t.Errorf("inventory while WeCom is away (-before +now):\n%s", diff)
			}
			x.wantStatus(t, "/-/healthy", 200)
			x.wantStatus(t, "/-/ready", 200)

			repair()
			s.Put(oneRecording("new"))
			x.awaitValue(t, 1, "wecom_up")
			x.awaitValue(t, 2, "wecom_poll_targets", "selector", "userid", "status", "ok")
			x.awaitValue(t, 4000, bytesMetric, "host", "zhangsan")
		})
	}
}

// TestSecretIsRotated replaces the secret in its file, after the tokens of the
// old one were made invalid.
func TestSecretIsRotated(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	path := writeFile(t, "secret", wecomtest.DefaultSecret+"\n")
	env := []string{"WECOM_CORP_ID=" + wecomtest.DefaultCorpID, "WECOM_API_URL=" + s.url, "WECOM_API_SECRET_FILE=" + path}
	x := run(t, env, target, "--poll.interval=1s")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 1, "wecom_up")

	s.SetSecret("rotated")
	x.awaitValue(t, 0, "wecom_up")
	refusals := s.Count("gettoken", 40001)
	if refusals != 1 {
		t.Errorf("the old secret was sent %d times, want once", refusals)
	}
	if err := os.WriteFile(path, []byte("rotated"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.awaitValue(t, 1, "wecom_up")
}
