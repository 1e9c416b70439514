// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// startWithTitles is start for a collector that keeps titles.
func startWithTitles(t *testing.T, transport http.RoundTripper, cfg *config.Config) *rig {
	t.Helper()
	return startWith(t, cfg, Options{Transport: transport, Titles: true})
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		cfg := configOf("li", "wang")
		other := cfg.Corps[0]
		other.Name = "other"
		cfg.Corps = append(cfg.Corps, other)
		r := startWithTitles(t, worldOf(wecomtest.Config{}), cfg)
		r.wait(10 * time.Second)
		acme := func(q RecordingQuery) RecordingQuery {
			q.Corp, q.Limit = "acme", 100
			return q
		}
		for name, test := range map[string]struct {
			query RecordingQuery
			want  string
			total int
		}{
			"by start":              {acme(RecordingQuery{}), "r5 r4 r6 r3 r2 r1", 6},
			"the newest first":      {acme(RecordingQuery{Descending: true}), "r1 r2 r3 r6 r4 r5", 6},
			"by host":               {acme(RecordingQuery{Sort: ByHost}), "r1 r2 r5 r3 r4 r6", 6},
			"the largest first":     {acme(RecordingQuery{Sort: ByBytes, Descending: true}), "r4 r5 r6 r1 r2 r3", 6},
			"the longest first":     {acme(RecordingQuery{Sort: ByDuration, Descending: true}), "r4 r5 r6 r1 r2 r3", 6},
			"by shared files":       {acme(RecordingQuery{Sort: ByShared, Descending: true}), "r4 r5 r6 r1 r2 r3", 6},
			"by exposed files":      {acme(RecordingQuery{Sort: ByExposed, Descending: true}), "r4 r6 r1 r2 r3 r5", 6},
			"of a host":             {acme(RecordingQuery{Host: "li"}), "r2 r1", 2},
			"of nobody known":       {acme(RecordingQuery{Host: "unknown"}), "r5", 1},
			"of nobody at all":      {acme(RecordingQuery{Host: "nobody"}), "", 0},
			"in a state":            {acme(RecordingQuery{State: "transcoding"}), "r2", 1},
			"exposed":               {acme(RecordingQuery{Exposed: new(true)}), "r4 r6", 2},
			"not exposed":           {acme(RecordingQuery{Exposed: new(false)}), "r5 r3 r2 r1", 4},
			"shared":                {acme(RecordingQuery{Shared: new(true)}), "r5 r4 r6", 3},
			"not shared":            {acme(RecordingQuery{Shared: new(false)}), "r3 r2 r1", 3},
			"shared, not exposed":   {acme(RecordingQuery{Shared: new(true), Exposed: new(false)}), "r5", 1},
			"a part":                {RecordingQuery{Corp: "acme", Offset: 2, Limit: 2}, "r6 r3", 6},
			"beyond the end":        {RecordingQuery{Corp: "acme", Offset: 10, Limit: 2}, "", 6},
			"of all corps":          {RecordingQuery{Limit: 1, Host: "zhao"}, "r6", 2},
			"of a corp there isn't": {RecordingQuery{Corp: "else", Limit: 100}, "", 0},
		} {
			part, total := r.collector.Recordings(test.query, time.Now())
			ids := make([]string, 0, len(part))
			for _, report := range part {
				ids = append(ids, report.ID)
				if (report.ID == "r5") != (report.Host == "unknown") {
					t.Errorf("%s: the host of %s is %q", name, report.ID, report.Host)
				}
			}
			if got := strings.Join(ids, " "); got != test.want || total != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", name, got, total, test.want, test.total)
			}
		}
	})
}

func TestWhatARecordingReportTells(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := worldOf(wecomtest.Config{})
		r := startWithTitles(t, server, storing(dir, configOf("li", "wang")))
		r.wait(10 * time.Second)
		report := func(r *rig, id string) RecordingReport {
			part, _ := r.collector.Recordings(RecordingQuery{Limit: 100}, time.Now())
			for _, report := range part {
				if report.ID == id {
					return report
				}
			}
			t.Fatalf("no %s in %v", id, part)
			return RecordingReport{}
		}
		began := time.Now().Add(-10*day - 10*time.Second)
		want := RecordingReport{
			Corp: "acme", ID: "r4", Host: "wang", Title: "canary-title", Start: began, State: "completed", Bytes: 5<<30 + 1000,
			Duration: time.Hour + 90*time.Second, Shared: 2, Exposed: 1, Files: []FileReport{
				{
					ID: "r4-file", Start: began, End: began.Add(time.Hour), Bytes: 1000, Shared: true, Exposed: true,
					Audience: "anyone", Password: "none", Download: "allowed",
				},
				{
					ID: "r4-second", Start: began, End: began.Add(90 * time.Second), Bytes: 5 << 30, Shared: true,
					Audience: "company", Password: "set", Download: "blocked", Expiry: began.Add(13 * day),
				},
			},
		}
		if diff := cmp.Diff(want, report(r, "r4")); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		if text := fmt.Sprintf("%+v", report(r, "r4")); strings.Contains(text, "canary-password") || strings.Contains(text, "http") {
			t.Errorf("a report tells too much: %s", text)
		}
		r.stop()

		// Titles are not stored.
		again := startWithTitles(t, away, storing(dir, configOf("li", "wang")))
		want.Title = ""
		if diff := cmp.Diff(want, report(again, "r4")); diff != "" {
			t.Errorf("report after a restart (-want +got):\n%s", diff)
		}
		again.stop()
		without := start(t, server, configOf("li", "wang"))
		without.wait(10 * time.Second)
		if report(without, "r4").Title != "" {
			t.Error("a title was kept though nobody asked for it")
		}
	})
}

func TestHostsOfRecordingsAsLabeled(t *testing.T) {
	t.Parallel()
	hashed := configOf("li", "wang")
	hashed.Metrics = config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: config.Key("0123456789abcdef")}
	few := configOf("li", "wang")
	few.Metrics.MaxHosts = 1
	off := configOf("li", "wang")
	off.Metrics.HostLabel = config.HostLabelOff
	for name, test := range map[string]struct {
		cfg  *config.Config
		host string
		want int
	}{
		"a user ID where labels are hashed": {hashed, "li", 2},
		"the label of a hashed host":        {hashed, "ea209521508d4cff", 2},
		"hosts that are folded":             {few, "other", 4},
		"a folded host":                     {few, "zhao", 1},
		"no label":                          {off, "unknown", 1},
		"a user ID without labels":          {off, "zhao", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				r := start(t, worldOf(wecomtest.Config{}), test.cfg)
				r.wait(10 * time.Second)
				if _, total := r.collector.Recordings(RecordingQuery{Host: test.host, Limit: 10}, time.Now()); total != test.want {
					t.Errorf("%d recordings, want %d", total, test.want)
				}
			})
		})
	}
}
