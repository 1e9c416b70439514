// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// storing returns a configuration that keeps its state in a directory.
func storing(dir string, cfg *config.Config) *config.Config {
	cfg.StoragePath = dir
	return cfg
}

// away answers nothing.
const away = respond(`{"errcode":-1,"errmsg":"system busy"}`)

func TestRestart(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := worldOf(wecomtest.Config{})
		before := start(t, server, storing(dir, configOf("li", "wang", "nobody")))
		before.wait(10 * time.Second)
		server.Put(recorded("new", "li", 2*time.Hour))
		server.Remove("r3")
		before.wait(5 * time.Minute)
		want := inventoryOnly(before.exposition())
		lastSuccess := before.collector.current()[0].lastSuccess
		before.stop()

		after := start(t, away, storing(dir, configOf("li", "wang", "nobody")))
		if !after.collector.Ready() {
			t.Error("not ready after a restart")
		}
		if diff := cmp.Diff(want, inventoryOnly(after.exposition())); diff != "" {
			t.Errorf("served after a restart (-before +after):\n%s", diff)
		}
		if got := after.collector.current()[0].lastSuccess; !got.Equal(lastSuccess) {
			t.Errorf("the last success was at %s, want %s", got, lastSuccess)
		}
		after.expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_removed_total`: "1",
			`wecom_poll_targets{selector="userid",status="ok"}`: "3", `wecom_poll_coverage_ratio`: "1",
		})
		after.wait(time.Minute)
		after.expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="li"}`: "1"})
		after.stop()

		server.ResetRequests()
		again := start(t, server, storing(dir, configOf("li", "wang", "nobody")))
		again.wait(10 * time.Second)
		if diff := cmp.Diff(want, inventoryOnly(again.exposition())); diff != "" {
			t.Errorf("served after the next restart (-before +after):\n%s", diff)
		}
		if n := server.Count(listEndpoint); n != 1 {
			t.Errorf("%d lists at the start, want one, to see whether WeCom accepts calls", n)
		}
		again.expect(map[string]string{`wecom_up`: "1", `wecom_recordings_discovered_total{host="li"}`: "1"})
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
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff("li", "wang"))
		server.Put(recorded("r1", "li", day), recorded("r2", "wang", day))
		before := start(t, server, storing(dir, discovering(true, false)))
		before.wait(10 * time.Second)
		before.stop()
		files := map[string]string{`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{host="wang"}`: "1"}

		// As long as nobody knows who the members are, they are who they were.
		mend := server.Fail(wecomtest.Fault{Match: func(r wecomtest.Request) bool { return r.Endpoint != listEndpoint }, Status: 502})
		server.SetDirectory(staff("wang"))
		after := start(t, server, storing(dir, discovering(true, false)))
		after.wait(10 * time.Minute)
		after.expect(files)
		mend()
		after.wait(16 * time.Minute)
		files[`wecom_recording_files{host="li"}`] = "-"
		files[`wecom_recordings_removed_total`] = "0"
		after.expect(files)
	})
}

func TestReloadOfStoredCorps(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{})
		both := configOf("li")
		other := both.Corps[0]
		other.Name = "other"
		both.Corps = append(both.Corps, other)
		r := start(t, server, storing(dir, both))
		r.wait(10 * time.Second)
		server.Put(recorded("r1", "li", time.Hour))
		r.wait(time.Hour)
		reload := func(cfg *config.Config) {
			t.Helper()
			if err := r.collector.Reload(t.Context(), storing(dir, cfg)); err != nil {
				t.Fatal(err)
			}
			r.wait(10 * time.Second)
		}
		reload(configOf("li"))
		moved := configOf("li")
		moved.Corps[0].APIURL = "https://elsewhere.test"
		moved.Corps = append(moved.Corps, other)
		reload(moved)
		r.expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_discovered_total{corp="other",host="li"}`: "1",
		})
		another := configOf("li")
		another.Corps[0].CorpID = "wwanother"
		reload(another)
		r.expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: "-", `wecom_recordings_removed_total`: "0"})
	})
}

// TestLongerLookbackAfterARestart has a list show again what was counted and
// forgotten.
func TestLongerLookbackAfterARestart(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := wecomtest.New(wecomtest.Config{RequestLog: -1})
		server.Put(recorded("baseline", "li", 20*day))
		before := start(t, server, storing(dir, configOf("li")))
		before.wait(time.Minute)
		server.Put(recorded("counted", "li", time.Hour))
		before.stopAfter(5 * time.Minute)
		time.Sleep(40 * day)
		later := start(t, server, storing(dir, configOf("li")))
		later.stopAfter(2 * time.Hour)
		if n := len(later.collector.current()[0].inventory.items); n != 0 {
			t.Errorf("%d recordings are known that left the lookback long ago", n)
		}
		longer := configOf("li")
		longer.Poll.Lookback = 90 * day
		after := start(t, server, storing(dir, longer))
		after.expect(map[string]string{`wecom_poll_lag_seconds`: "0"})
		after.wait(time.Minute)
		after.expect(map[string]string{`wecom_recording_files{host="li"}`: "2", `wecom_recordings_discovered_total{host="li"}`: "1"})
	})
}

func TestAbandonedCorpsAreDeleted(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := worldOf(wecomtest.Config{})
		start(t, server, storing(dir, configOf("li"))).stopAfter(time.Minute)
		renamed := configOf("li")
		renamed.Corps[0].Name = "renamed"
		for _, test := range []struct {
			later time.Duration
			want  int
		}{{day, 2}, {400 * day, 1}} {
			time.Sleep(test.later)
			r := start(t, server, storing(dir, renamed))
			r.stopAfter(time.Minute)
			if got := storedCorps(t, dir); got != test.want {
				t.Errorf("%d corps are stored after %s, want %d", got, test.later, test.want)
			}
		}
	})
}

func (r *rig) stopAfter(d time.Duration) {
	r.wait(d)
	r.stop()
}

// A fullDisk is a store that cannot be written while it is full.
type fullDisk struct {
	store.Store

	isFull, failed atomic.Bool
}

func (d *fullDisk) Commit(now time.Time, batches []store.Batch) error {
	if len(batches) > 0 && d.isFull.Load() {
		d.failed.Store(true)
		return syscall.ENOSPC
	}
	d.failed.Store(false)
	return d.Store.Commit(now, batches)
}

func (d *fullDisk) Status() store.Status {
	status := d.Store.Status()
	status.Successful = status.Successful && !d.failed.Load()
	return status
}

func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := worldOf(wecomtest.Config{})
		r := start(t, server, storing(dir, configOf("li", "wang")))
		r.wait(10 * time.Second)
		ok := `wecom_recording_exporter_storage_last_write_successful`
		r.expect(map[string]string{ok: "1"})

		full := &fullDisk{Store: r.collector.store}
		full.isFull.Store(true)
		r.collector.store = full
		for i := range 2000 {
			server.Put(recorded(fmt.Sprintf("new%d", i), "li", time.Hour))
		}
		r.wait(10 * time.Minute)
		r.expect(map[string]string{ok: "0", `wecom_recordings_discovered_total{host="li"}`: "2000"})
		full.isFull.Store(false)
		r.wait(2 * time.Minute)
		r.expect(map[string]string{ok: "1"})
		r.stop()
		after := start(t, away, storing(dir, configOf("li", "wang")))
		after.expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: "2000"})
	})
}

func storedCorps(t *testing.T, dir string) (n int) {
	t.Helper()
	s, err := store.Open(dir, store.Options{
		Logger: log.NewNopLogger(), Load: func(groups []*store.Group) error { n = len(groups); return nil },
	})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// saved is the content of a store: what it holds by group, table and key.
type saved map[string]string

func contentOf(t *testing.T, dir string) saved {
	t.Helper()
	content := saved{}
	s, err := store.Open(dir, store.Options{Logger: log.NewNopLogger(), Load: func(groups []*store.Group) error {
		for _, g := range groups {
			inv, err := loadInventory(g)
			if err != nil {
				return err
			}
			head, err := g.Head()
			if err != nil {
				return err
			}
			content[g.Name()] = string(head)
			for table, n := range map[string]int{
				tableRecordings: len(inv.items), tableTargets: len(inv.holdings), tableHosts: len(inv.ledger.hosts),
			} {
				err := g.Each(table, n, func(key, value []byte) error {
					content[fmt.Sprintf("%s %s %q", g.Name(), table, key)] = string(value)
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	}})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestStoreOfSchema1 opens testdata/schema1.db, which an earlier version wrote of two
// corps with five targets between them, and expects the series that it served in the end.
func TestStoreOfSchema1(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile(filepath.Join("testdata", "schema1.db"))
	if err != nil {
		t.Fatal(err)
	}
	virtually(t, func(t *testing.T) {
		time.Sleep(10 * time.Hour) // when it was closed
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.db"), old, 0o600); err != nil {
			t.Fatal(err)
		}
		before := contentOf(t, dir)
		cfg := storing(dir, configOf("li", "wang", "nobody"))
		cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
		cfg.Corps[0].Targets.MeetingCodes = []string{"123456789"}
		second := cfg.Corps[0]
		second.Name, second.Targets = "second", config.Targets{UserIDs: []string{"wang"}}
		cfg.Corps = append(cfg.Corps, second)
		r := start(t, away, cfg)
		golden.Compare(t, "testdata/schema1.golden", inventoryOnly(r.exposition()))

		// What this version writes is what the earlier one can read: the same bytes.
		for _, corp := range r.collector.corps {
			corp.inventory.markAllUnsaved()
		}
		r.stop()
		if diff := cmp.Diff(before, contentOf(t, dir)); diff != "" {
			t.Errorf("content of the store (-earlier version +this one):\n%s", diff)
		}
	})
}

// markAllUnsaved has everything stored again.
func (inv *inventory) markAllUnsaved() {
	for _, it := range inv.items {
		inv.unsaved.items[it] = struct{}{}
	}
	for target := range inv.holdings {
		inv.unsaved.targets[target] = struct{}{}
	}
	for host := range inv.ledger.hosts {
		inv.ledger.touched[host] = struct{}{}
	}
}
