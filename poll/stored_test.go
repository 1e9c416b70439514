// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestRestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		before := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang", "nobody")))
		before.Wait(10 * time.Second)
		server.Put(rig.Recorded("new", "li", 2*time.Hour))
		server.Remove("r3")
		before.Wait(5 * time.Minute)
		want := inventoryOnly(before.Exposition())
		lastSuccess := before.Manager.Status()[0].LastSuccess
		before.Stop()

		after := rig.Start(t, rig.Away, rig.Storing(dir, rig.ConfigOf("li", "wang", "nobody")))
		if !after.Collector.Ready() {
			t.Error("not ready after a restart")
		}
		if diff := cmp.Diff(want, inventoryOnly(after.Exposition())); diff != "" {
			t.Errorf("served after a restart (-before +after):\n%s", diff)
		}
		if got := after.Manager.Status()[0].LastSuccess; !got.Equal(lastSuccess) {
			t.Errorf("the last success was at %s, want %s", got, lastSuccess)
		}
		synctest.Wait() // It is not known whom to poll until the corp runs.
		after.Expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_removed_total`: "1",
			`wecom_poll_targets{selector="userid",status="ok"}`: "3", `wecom_poll_coverage_ratio`: "1",
		})
		after.Wait(time.Minute)
		after.Expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="li"}`: "1"})
		after.Stop()

		server.ResetRequests()
		again := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang", "nobody")))
		again.Wait(10 * time.Second)
		if diff := cmp.Diff(want, inventoryOnly(again.Exposition())); diff != "" {
			t.Errorf("served after the next restart (-before +after):\n%s", diff)
		}
		if n := server.Count(rig.ListEndpoint); n != 1 {
			t.Errorf("%d lists at the start, want one, to see whether WeCom accepts calls", n)
		}
		again.Expect(map[string]string{`wecom_up`: "1", `wecom_recordings_discovered_total{host="li"}`: "1"})
	})
}

// inventoryOnly returns the series that a restart must not change.
func inventoryOnly(exposition string) string {
	var kept strings.Builder
	for line := range strings.Lines(exposition) {
		if strings.HasPrefix(line, "wecom_recording") && !strings.HasPrefix(line, "wecom_recording_exporter") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestTargetsAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(rig.Staff("li", "wang"))
		server.Put(rig.Recorded("r1", "li", rig.Day), rig.Recorded("r2", "wang", rig.Day))
		before := rig.Start(t, server, rig.Storing(dir, rig.Discovering(true, false)))
		before.Wait(10 * time.Second)
		before.Stop()
		files := map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"}

		// As long as nobody knows who the members are, they are who they were.
		repair := server.Fail(wecomtest.Fault{Match: func(r wecomtest.Request) bool { return r.Endpoint != rig.ListEndpoint }, Status: 502})
		server.SetDirectory(rig.Staff("wang"))
		after := rig.Start(t, server, rig.Storing(dir, rig.Discovering(true, false)))
		after.Wait(10 * time.Minute)
		after.Expect(files)
		repair()
		after.Wait(16 * time.Minute)
		files[`wecom_recording_files{host="li"}`] = "-"
		files[`wecom_recordings_removed_total`] = "0"
		after.Expect(files)
	})
}

func TestReloadOfStoredCorps(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{})
		both := rig.ConfigOf("li")
		other := both.Corps[0]
		other.Name = "other"
		both.Corps = append(both.Corps, other)
		r := rig.Start(t, server, rig.Storing(dir, both))
		r.Wait(10 * time.Second)
		server.Put(rig.Recorded("r1", "li", time.Hour))
		r.Wait(time.Hour)
		reload := func(cfg *config.Config) {
			t.Helper()
			r.Reload(rig.Storing(dir, cfg))
			r.Wait(10 * time.Second)
		}
		reload(rig.ConfigOf("li"))
		moved := rig.ConfigOf("li")
		moved.Corps[0].APIURL = "https://elsewhere.test"
		moved.Corps = append(moved.Corps, other)
		reload(moved)
		r.Expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_discovered_total{corp="other",host="li"}`: "1",
		})
		another := rig.ConfigOf("li")
		another.Corps[0].CorpID = "wwanother"
		reload(another)
		r.Expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: "-", `wecom_recordings_removed_total`: "0"})
	})
}

// TestLongerLookbackAfterARestart has a list show again what was counted and
// forgotten.
func TestLongerLookbackAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{RequestLog: -1})
		server.Put(rig.Recorded("baseline", "li", 20*rig.Day))
		before := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li")))
		before.Wait(time.Minute)
		server.Put(rig.Recorded("counted", "li", time.Hour))
		before.StopAfter(5 * time.Minute)
		time.Sleep(40 * rig.Day)
		later := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li")))
		later.StopAfter(2 * time.Hour)
		if n := later.Manager.Inventory().Status().Recordings; n != 0 {
			t.Errorf("%d recordings are known that left the lookback long ago", n)
		}
		longer := rig.ConfigOf("li")
		longer.Poll.Lookback = 90 * rig.Day
		after := rig.Start(t, server, rig.Storing(dir, longer))
		after.Expect(map[string]string{`wecom_poll_lag_seconds`: "0"})
		after.Wait(time.Minute)
		after.Expect(map[string]string{`wecom_recording_files{host="li"}`: "2", `wecom_recordings_discovered_total{host="li"}`: "1"})
	})
}

func TestAbandonedCorpsAreDeleted(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li"))).StopAfter(time.Minute)
		renamed := rig.ConfigOf("li")
		renamed.Corps[0].Name = "renamed"
		for _, test := range []struct {
			later time.Duration
			want  int
		}{{rig.Day, 2}, {400 * rig.Day, 1}} {
			time.Sleep(test.later)
			r := rig.Start(t, server, rig.Storing(dir, renamed))
			r.StopAfter(time.Minute)
			if got := storedCorps(t, dir); got != test.want {
				t.Errorf("%d corps are stored after %s, want %d", got, test.later, test.want)
			}
		}
	})
}

func storedCorps(t *testing.T, dir string) (n int) {
	t.Helper()
	s, err := store.Open(dir, store.Options{
		Logger: log.NewNopLogger(), Migrations: poll.Migrations(), Load: func(groups []*store.Group) error { n = len(groups); return nil },
	})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestStoreOfSchema1 opens a store that an earlier version wrote of two corps with
// five targets between them, and expects the series that it served in the end.
func TestStoreOfSchema1(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile("../inventory/testdata/schema1.db")
	if err != nil {
		t.Fatal(err)
	}
	rig.Virtually(t, func(t *testing.T) {
		time.Sleep(10 * time.Hour) // when it was closed
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.db"), old, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := rig.Storing(dir, rig.ConfigOf("li", "wang", "nobody"))
		cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
		cfg.Corps[0].Targets.MeetingCodes = []string{"123456789"}
		second := cfg.Corps[0]
		second.Name, second.Targets = "second", config.Targets{UserIDs: []string{"wang"}}
		cfg.Corps = append(cfg.Corps, second)
		r := rig.Start(t, rig.Away, cfg)
		golden.Compare(t, "testdata/schema1.golden", inventoryOnly(r.Exposition()))
	})
}

// storeCorp stores an inventory, of a corp that no other test configures.
func storeCorp(t *testing.T, dir string, inv *inventory.Inventory) {
	t.Helper()
	s, err := store.Open(dir, store.Options{
		Logger: log.NewNopLogger(), Migrations: poll.Migrations(), Load: func([]*store.Group) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	inv.Track()
	inv.MarkUnsaved()
	batch, _, err := inv.TakeBatch("gone\x00ww")
	if err == nil {
		err = s.Commit(time.Now(), []store.Batch{batch.Batch})
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCorpsThatAreNotConfiguredAreNotKeptInMemory has a store with many recordings of a corp that
// is not configured any more.
//
//nolint:paralleltest // It measures the heap.
func TestCorpsThatAreNotConfiguredAreNotKeptInMemory(t *testing.T) {
	dir := t.TempDir()
	storeCorp(t, dir, rig.Large(500, 40))
	before := rig.LiveHeap()
	m, err := poll.NewManager(rig.Storing(dir, rig.ConfigOf("li")), poll.Options{
		Logger: log.NewNopLogger(), Transport: rig.Away,
	})
	if err != nil {
		t.Fatal(err)
	}
	if more := rig.LiveHeap() - before; more > 1<<20 {
		t.Errorf("%.0f bytes are kept of a corp that is not configured", more)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.Run(ctx)
	if n := storedCorps(t, dir); n != 2 {
		t.Errorf("%d corps are stored, want 2", n)
	}
}

// TestStoreThatIsDeletedWhilePolling loses the file, and keeps what was counted.
func TestStoreThatIsDeletedWhilePolling(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"deleted": os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				dir := t.TempDir()
				server := rig.WorldOf(wecomtest.Config{})
				r := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
				r.Wait(10 * time.Second)
				server.Put(rig.Recorded("new", "li", 2*time.Hour))
				server.Remove("r3")
				r.Wait(5 * time.Minute)
				want := inventoryOnly(r.Exposition())
				if err := lose(filepath.Join(dir, "state.db")); err != nil {
					t.Fatal(err)
				}
				r.Wait(10 * time.Minute)
				r.Expect(map[string]string{`wecom_recording_exporter_storage_last_write_successful`: "1"})
				r.Stop()
				after := rig.Start(t, rig.Away, rig.Storing(dir, rig.ConfigOf("li", "wang")))
				if diff := cmp.Diff(want, inventoryOnly(after.Exposition())); diff != "" {
					t.Errorf("served after a restart (-before +after):\n%s", diff)
				}
			})
		})
	}
}
