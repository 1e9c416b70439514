// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// targetsOf returns the targets of the corp of a rig.
func targetsOf(r *rig.Rig) []schedule.TargetReport {
	found, _ := r.Manager.Targets("acme", schedule.Query{Limit: 100})
	return found.Part
}

func TestStatusAndTargets(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 60111,
			Match: func(req wecomtest.Request) bool { return req.Target == "wang" },
		})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Delay: time.Minute,
			Match: func(req wecomtest.Request) bool { return req.Target == "zhao" },
		})
		r := rig.Start(t, server, rig.ConfigOf("li", "an", "wang", "zhao"))
		began := time.Now()
		r.Wait(5 * time.Second)

		want := []poll.Status{{
			Summary: schedule.Summary{
				Total: 4, Coverage: 0.5, Lag: 5 * time.Second,
				Counts: map[wecom.Selector]*[schedule.NumStatuses]int{
					wecom.ByUserID:      {schedule.OK: 2, schedule.Failing: 1, schedule.Pending: 1},
					wecom.ByMeetingID:   {},
					wecom.ByMeetingCode: {},
				},
			},
			Name: "acme", Known: true, Started: began, Called: true, Up: true, UpSince: began, LastSuccess: began, Lookback: 31 * 24 * time.Hour,
			Used: 4, Budget: 1200,
		}}
		if diff := cmp.Diff(want, r.Manager.Status()); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		rows := func(found schedule.Found, _ bool) (ids []string) {
			for _, row := range found.Part {
				ids = append(ids, row.Target.ID+" "+row.Status.String())
			}
			return ids
		}
		all := []string{"wang failing", "zhao pending", "an ok", "li ok"}
		for _, test := range []struct {
			offset, limit int
			want          []string
		}{
			{offset: 0, limit: 10, want: all},
			{offset: 0, limit: 2, want: all[:2]},
			{offset: 2, limit: 2, want: all[2:]},
			{offset: 3, limit: 2, want: all[3:]},
			{offset: 4, limit: 2, want: nil},
			{offset: 9, limit: 2, want: nil},
		} {
			if diff := cmp.Diff(test.want, rows(r.Manager.Targets("acme", schedule.Query{Offset: test.offset, Limit: test.limit}))); diff != "" {
				t.Errorf("%d targets from %d (-want +got):\n%s", test.limit, test.offset, diff)
			}
		}
		if found, ok := r.Manager.Targets("nobody", schedule.Query{Limit: 10}); ok || found.Total != 0 {
			t.Errorf("%d targets of no corp", found.Total)
		}
	})
}

// TestNoTargets has corps without targets, and whether that is known.
func TestNoTargets(t *testing.T) {
	t.Parallel()
	ofFiles := func() *config.Config {
		cfg := rig.ConfigOf()
		cfg.Corps[0].Targets = config.Targets{Files: []string{t.TempDir() + "/*.yml"}}
		return cfg
	}
	for _, test := range []struct {
		name         string
		config       *config.Config
		fault        wecomtest.Fault
		shard        config.Shard
		hasNoTargets bool
		elsewhere    int
		coverage     string
		ready        bool
	}{
		{
			name: "a pattern that matches no file", config: ofFiles(), hasNoTargets: true, coverage: "-",
		},
		{
			name: "members of an empty scope", config: rig.Discovering(true, false), hasNoTargets: true, coverage: "-",
			ready: true, // WeCom has accepted a call.
		},
		{
			name: "members that cannot be discovered", config: rig.Discovering(true, false),
			fault: wecomtest.Fault{Endpoint: "agent/get", Errcode: 301002}, coverage: "0",
		},
		{
			name: "an empty shard", config: rig.ConfigOf("li"), shard: config.Shard{Ordinal: 1, Total: 2},
			hasNoTargets: true, elsewhere: 1, coverage: "-",
		},
		{
			name: "the other shard", config: rig.ConfigOf("li"), shard: config.Shard{Ordinal: 0, Total: 2},
			coverage: "1", ready: true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := rig.WorldOf(wecomtest.Config{})
				if test.config.Corps[0].Targets.DiscoverMembers {
					server.SetDirectory(rig.Staff())
				}
				if test.fault.Endpoint != "" {
					server.Fail(test.fault)
				}
				test.config.Shard = test.shard
				r := rig.Start(t, server, test.config)
				r.Wait(10 * time.Second)
				s := &r.Manager.Status()[0]
				if s.HasNoTargets() != test.hasNoTargets || s.Elsewhere != test.elsewhere {
					t.Errorf("no targets: %t, elsewhere %d; want %t and %d", s.HasNoTargets(), s.Elsewhere,
						test.hasNoTargets, test.elsewhere)
				}
				if r.Collector.Ready() != test.ready {
					t.Errorf("ready: %t", !test.ready)
				}
				r.Expect(map[string]string{"wecom_poll_coverage_ratio": test.coverage})
			})
		})
	}
}

func TestStatusDuringAnOutage(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		begin := time.Now()
		r.Wait(5 * time.Second)
		report := r.Manager.Status()[0]
		if report.Up || wecom.ClassOf(report.Outage) != wecom.ClassCorp || !report.Retry.Equal(begin.Add(time.Minute)) {
			t.Errorf("status %+v", report)
		}
	})
}

// startWithTitles is rig.Start for a manager that keeps titles.
func startWithTitles(t *testing.T, transport http.RoundTripper, cfg *config.Config) *rig.Rig {
	t.Helper()
	return rig.StartWith(t, cfg, poll.Options{Transport: transport, Titles: true})
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		cfg := rig.ConfigOf("li", "wang")
		other := cfg.Corps[0]
		other.Name = "other"
		cfg.Corps = append(cfg.Corps, other)
		r := startWithTitles(t, rig.WorldOf(wecomtest.Config{}), cfg)
		r.Wait(10 * time.Second)
		acme := func(q inventory.Query) poll.RecordingQuery {
			return poll.RecordingQuery{Query: q, Corp: "acme", Limit: 100}
		}
		hostIs := func(name string) func(string, bool) bool {
			return func(host string, _ bool) bool { return host == name }
		}
		for name, test := range map[string]struct {
			query poll.RecordingQuery
			want  string // IDs
			total int
		}{
			"by start": {
				query: acme(inventory.Query{}),
				want:  "r5 r4 r6 r3 r2 r1", total: 6,
			},
			"the newest first": {
				query: acme(inventory.Query{Descending: true}),
				want:  "r1 r2 r3 r6 r4 r5", total: 6,
			},
			"by host": {
				query: acme(inventory.Query{Order: inventory.ByHost}),
				want:  "r1 r2 r5 r3 r4 r6", total: 6,
			},
			"the largest first": {
				query: acme(inventory.Query{Order: inventory.ByBytes, Descending: true}),
				want:  "r4 r6 r5 r1 r2 r3", total: 6,
			},
			"the longest first": {
				query: acme(inventory.Query{Order: inventory.ByDuration, Descending: true}),
				want:  "r4 r6 r5 r1 r2 r3", total: 6,
			},
			"by shared files": {
				query: acme(inventory.Query{Order: inventory.ByShared, Descending: true}),
				want:  "r4 r6 r5 r1 r2 r3", total: 6,
			},
			"by exposed files": {
				query: acme(inventory.Query{Order: inventory.ByExposed, Descending: true}),
				want:  "r6 r4 r1 r2 r3 r5", total: 6,
			},
			"of a host": {
				query: acme(inventory.Query{MatchHost: hostIs("li")}),
				want:  "r2 r1", total: 2,
			},
			"of no host": {
				query: acme(inventory.Query{MatchHost: hostIs("")}),
				want:  "r5", total: 1,
			},
			"of nobody at all": {
				query: acme(inventory.Query{MatchHost: hostIs("nobody")}),
				want:  "", total: 0,
			},
			"in a state": {
				query: acme(inventory.Query{State: new(wecom.StateTranscoding)}),
				want:  "r2", total: 1,
			},
			"in no known state": {
				query: acme(inventory.Query{State: new(wecom.StateUnknown)}),
				want:  "r3", total: 1,
			},
			"exposed": {
				query: acme(inventory.Query{Exposed: new(true)}),
				want:  "r4 r6", total: 2,
			},
			"not exposed": {
				query: acme(inventory.Query{Exposed: new(false)}),
				want:  "r5 r3 r2 r1", total: 4,
			},
			"shared": {
				query: acme(inventory.Query{Shared: new(true)}),
				want:  "r5 r4 r6", total: 3,
			},
			"not shared": {
				query: acme(inventory.Query{Shared: new(false)}),
				want:  "r3 r2 r1", total: 3,
			},
			"shared, not exposed": {
				query: acme(inventory.Query{Shared: new(true), Exposed: new(false)}),
				want:  "r5", total: 1,
			},
			"a part": {
				query: poll.RecordingQuery{Corp: "acme", Offset: 2, Limit: 2},
				want:  "r6 r3", total: 6,
			},
			"beyond the end": {
				query: poll.RecordingQuery{Corp: "acme", Offset: 10, Limit: 2},
				want:  "", total: 6,
			},
			"of all corps": {
				query: poll.RecordingQuery{Query: inventory.Query{MatchHost: hostIs("zhao")}, Limit: 1},
				want:  "r6", total: 2,
			},
			"of two corps, the same ones": {
				query: poll.RecordingQuery{Offset: 1, Limit: 2},
				want:  "r5 r4", total: 12,
			},
			"of a corp that does not exist": {
				query: poll.RecordingQuery{Corp: "else", Limit: 100},
				want:  "", total: 0,
			},
		} {
			part, totals, err := r.Manager.Recordings(t.Context(), &test.query)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			ids := make([]string, 0, len(part))
			for _, found := range part {
				ids = append(ids, found.ID)
				if (found.ID == "r5") != (found.Host == inventory.UnknownHost) {
					t.Errorf("%s: the host of %s is %q", name, found.ID, found.Host)
				}
			}
			if got := strings.Join(ids, " "); got != test.want || totals.Recordings != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", name, got, totals.Recordings, test.want, test.total)
			}
			// They are those of all that match, whatever part is asked for.
			if diff := cmp.Diff(totalsOf(t, r, test.query), totals); diff != "" {
				t.Errorf("%s: totals (-want +got):\n%s", name, diff)
			}
		}
	})
}

// totalsOf returns the totals of all recordings that a query selects, counted one by one.
func totalsOf(t *testing.T, r *rig.Rig, q poll.RecordingQuery) (want inventory.Totals) {
	t.Helper()
	err := r.Manager.EachRecording(t.Context(), &q, func(r *poll.Recording) error {
		want.Recordings++
		want.Files += len(r.Files)
		want.Bytes += r.Bytes
		want.Milliseconds += r.Duration.Milliseconds()
		want.Shared += r.Shared
		want.Exposed += r.Exposed
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// TestManyFiles has recordings that fit into an answer one by one, and not together.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for _, id := range []string{"r1", "r2", "r3"} {
			r := rig.Recorded(id, "li", rig.Day)
			for i := range 7000 {
				file := r.Files[0]
				file.ID = fmt.Sprintf("%s-file%d", id, i)
				r.Files = append(r.Files, file)
			}
			server.Put(r)
		}
		r := rig.Start(t, server, rig.ConfigOf("li"))
		r.Wait(10 * time.Second)
		for limit, want := range map[int]error{1: nil, 2: nil, 3: poll.ErrTooManyFiles} {
			part, totals, err := r.Manager.Recordings(t.Context(), &poll.RecordingQuery{Limit: limit})
			if !errors.Is(err, want) || totals.Recordings != 3 || err == nil && len(part) != limit {
				t.Errorf("limit %d: %d recordings of %d: %v, want %v", limit, len(part), totals.Recordings, err, want)
			}
		}
	})
}

func TestRecordingsOfAClientThatHasGone(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li", "wang"))
		r.Wait(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		part, totals, err := r.Manager.Recordings(ctx, &poll.RecordingQuery{Limit: 10})
		if !errors.Is(err, context.Canceled) || part != nil || totals.Recordings != 0 {
			t.Errorf("%d recordings of %d: %v, want %v", len(part), totals.Recordings, err, context.Canceled)
		}
	})
}

func TestWhatIsKnownOfARecording(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		r := startWithTitles(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		r.Wait(10 * time.Second)
		report := func(r *rig.Rig, id string) poll.Recording {
			part, _, _ := r.Manager.Recordings(t.Context(), &poll.RecordingQuery{Limit: 100})
			for _, report := range part {
				if report.ID == id {
					return report
				}
			}
			t.Fatalf("no %s in %v", id, part)
			return poll.Recording{}
		}
		began := time.Now().Add(-10*rig.Day - 10*time.Second)
		want := poll.Recording{Corp: "acme", Recording: inventory.Recording{
			ID: "r4", Host: "wang", Title: "canary-title", Start: began, State: wecom.StateCompleted, Bytes: 5<<30 + 1000,
			Duration: time.Hour + 90*time.Second, Shared: 2, Exposed: 1, Files: []inventory.File{
				{
					ID: "r4-file", Start: began, End: began.Add(time.Hour), Bytes: 1000, Shared: true,
					Class: recording.Class{Expiry: recording.NeverExpires, Download: recording.DownloadAllowed},
				},
				{
					ID: "r4-second", Start: began, End: began.Add(90 * time.Second), Bytes: 5 << 30, Shared: true,
					Class: recording.Class{
						Audience: recording.Company, Password: recording.PasswordSet, Expiry: recording.ExpiresIn7Days,
					},
					Expiry: began.Add(13 * rig.Day),
				},
			},
		}}
		if diff := cmp.Diff(want, report(r, "r4")); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		if text := fmt.Sprintf("%+v", report(r, "r4")); strings.Contains(text, "canary-password") || strings.Contains(text, "http") {
			t.Errorf("a report tells too much: %s", text)
		}
		r.Stop()

		// Titles are not stored.
		again := startWithTitles(t, rig.Away, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		want.Title = ""
		if diff := cmp.Diff(want, report(again, "r4")); diff != "" {
			t.Errorf("report after a restart (-want +got):\n%s", diff)
		}
		again.Stop()
		without := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		without.Wait(10 * time.Second)
		if report(without, "r4").Title != "" {
			t.Error("a title was kept though nobody asked for it")
		}
	})
}
