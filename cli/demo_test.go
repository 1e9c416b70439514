// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestCompanies(t *testing.T) {
	t.Parallel()
	var c companies
	a, b := c.url("a"), c.url("b")
	if a == b {
		t.Errorf("two corps share %s", a)
	}
	if again := c.url("a"); again != a {
		t.Errorf("after a reload the corp is at %s, was at %s", again, a)
	}
	get := func(base string) (*http.Response, error) {
		path := "/cgi-bin/gettoken?corpid=" + wecomtest.DefaultCorpID + "&corpsecret=" + wecomtest.DefaultSecret
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return c.RoundTrip(r)
	}
	for _, base := range []string{a, b} {
		resp, err := get(base)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answered with status %d", base, resp.StatusCode)
		}
	}
	resp, err := get("https://qyapi.weixin.qq.com")
	if err == nil {
		resp.Body.Close()
		t.Error("an address outside of the demo answers")
	} else if strings.Contains(err.Error(), wecomtest.DefaultSecret) {
		t.Errorf("the error shows a secret: %v", err)
	}
}

// TestDemoHasDepartments wants several departments by name, so that dashboards have something
// to show. One or more hosts of each have series.
func TestDemoHasDepartments(t *testing.T) {
	t.Parallel()
	exposition := demoExposition(t, "--metrics.departments")
	hosts := map[string]int{}
	info := regexp.MustCompile(`(?m)^wecom_host_info\{corp="default",department="([^"]+)",host="[a-z0-9]+"\} 1$`)
	for _, m := range info.FindAllStringSubmatch(exposition, -1) {
		hosts[m[1]]++
	}
	total := 0
	for department, n := range hosts {
		total += n
		if strings.Trim(department, "0123456789") == "" {
			t.Errorf("department %s has no name", department)
		}
	}
	if want := strings.Count(exposition, "\nwecom_recording_bytes{"); len(hosts) < 5 || total != want {
		t.Errorf("departments %v: want five or more, of %d hosts", hosts, want)
	}
	if plain := demoExposition(t); strings.Contains(plain, "wecom_host_info") {
		t.Error("departments are served unasked")
	}
}

// TestDemoOfSeveralCorps loads a file with two corps, and loads it again.
func TestDemoOfSeveralCorps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "corps.yml")
	if err := os.WriteFile(path, []byte("corps: [{name: acme}, {name: globex}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newApplication()
	if _, err := a.kingpin.Parse([]string{"demo", "--config.file=" + path}); err != nil {
		t.Fatal(err)
	}
	demo := newDemo(a.flags, nil)
	first, err := demo.load()
	if err != nil {
		t.Fatal(err)
	}
	again, err := demo.load()
	if err != nil {
		t.Fatal(err)
	}
	if first.Corps[0].APIURL == first.Corps[1].APIURL {
		t.Errorf("both corps have the company at %s", first.Corps[0].APIURL)
	}
	for i, corp := range first.Corps {
		if corp.APIURL != again.Corps[i].APIURL {
			t.Errorf("%s is at %s, and after a reload at %s", corp.Name, corp.APIURL, again.Corps[i].APIURL)
		}
	}
}

// TestDemoHasAPolicy polls the company of the demo: what is accepted must be exposed there.
func TestDemoHasAPolicy(t *testing.T) {
	t.Parallel()
	a := newApplication()
	if _, err := a.kingpin.Parse([]string{"demo"}); err != nil {
		t.Fatal(err)
	}
	demo := newDemo(a.flags, nil)
	cfg, err := demo.load()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	m, _, err := walk(t.Context(), cfg, poll.Options{Transport: demo.transport}, &output{stderr: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	if total := m.View().Corps[0].Total; total.Accepted != 2 || total.Overdue == 0 || total.Exposed == 0 {
		t.Errorf("%d files are accepted, want 2; %d overdue, %d exposed: %s",
			total.Accepted, total.Overdue, total.Exposed, &stderr)
	}
}

// TestMembersLeaveTheDemo has two members who cannot be polled after some minutes.
func TestMembersLeaveTheDemo(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration][]string{
		time.Minute: {
			`wecom_poll_coverage_ratio{corp="default"} 1`,
			`wecom_poll_targets{corp="default",selector="userid",status="failing"} 0`,
		},
		20 * time.Minute: {
			`wecom_poll_coverage_ratio{corp="default"} 0.96`,
			`wecom_poll_targets{corp="default",selector="userid",status="failing"} 2`,
			`wecom_up{corp="default"} 1`,
		},
	} {
		exposition := demoExpositionAfter(t, age)
		for _, series := range want {
			if !strings.Contains(exposition, "\n"+series) {
				t.Errorf("after %s, there is no %s", age, series)
			}
		}
	}
}
