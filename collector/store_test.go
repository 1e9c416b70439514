// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
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

func storedCorps(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	view(t, dir, func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCorps).ForEachBucket(func([]byte) error { n++; return nil })
	})
	return n
}

// view looks at a store that nobody has open.
func view(t *testing.T, dir string, look func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, storeFile), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(look); err != nil {
		t.Fatal(err)
	}
}

func TestMigration(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := worldOf(wecomtest.Config{})
		start(t, server, storing(dir, configOf("li"))).stopAfter(time.Minute)
		var steps []string
		step := func(name string, err error) migration {
			return func(corps *bbolt.Bucket) error {
				steps = append(steps, name)
				return errors.Join(err, corps.Bucket(corpKey{"acme", wecomtest.DefaultCorpID}.bytes()).Put([]byte(name), []byte("x")))
			}
		}
		open := func(migrations []migration) (*store, error) { return openStore(dir, migrations, log.NewNopLogger()) }

		failing, err := open([]migration{step("first", nil), step("second", errors.New("a failure"))})
		if err != nil || failing.db != nil {
			t.Errorf("a migration that failed: %v, want a store in memory", err)
		}
		migrated, err := open([]migration{step("first", nil), step("second", nil)})
		if err != nil {
			t.Fatal(err)
		}
		if inv, err := migrated.take(corpKey{"acme", wecomtest.DefaultCorpID}); err != nil || len(inv.items) == 0 {
			t.Errorf("nothing is left after a migration: %v", err)
		}
		migrated.close()
		if diff := cmp.Diff([]string{"first", "second", "first", "second"}, steps); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		if _, err := open(nil); !errors.Is(err, errNewerSchema) || !strings.Contains(err.Error(), "schema 3") {
			t.Errorf("a store of schema 3 where 1 is known: %v", err)
		}
	})
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

		limit := func(size int) {
			db := r.collector.store.db
			if err := db.Update(func(*bbolt.Tx) error { db.MaxSize = size; return nil }); err != nil {
				t.Error(err)
			}
		}
		limit(1)
		for i := range 2000 {
			server.Put(recorded(fmt.Sprintf("new%d", i), "li", time.Hour))
		}
		r.wait(10 * time.Minute)
		r.expect(map[string]string{ok: "0", `wecom_recordings_discovered_total{host="li"}`: "2000"})
		if n := strings.Count(r.log.String(), "the store cannot be written"); n != 1 {
			t.Errorf("it was logged %d times:\n%s", n, r.log)
		}
		limit(math.MaxInt)
		r.wait(2 * time.Minute)
		r.expect(map[string]string{ok: "1"})
		if !strings.Contains(r.log.String(), "the store is written again") {
			t.Errorf("that it is written again was not logged:\n%s", r.log)
		}
		r.stop()
		after := start(t, away, storing(dir, configOf("li", "wang")))
		after.expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: "2000"})
	})
}

func TestStoreInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := openStore(dir, nil, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(dir, nil, log.NewNopLogger()); err == nil || !strings.Contains(err.Error(), "another process uses") {
		t.Errorf("a second one: %v", err)
	}
	first.close()
	second, err := openStore(dir, nil, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	second.close()
}

// TestStoreThatIsBeingMade has another process about to make the store.
func TestStoreThatIsBeingMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, storeFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(dir, nil, log.NewNopLogger()); err == nil || !strings.Contains(err.Error(), "another process uses") {
		t.Errorf("a store that another process makes: %v", err)
	}
	if _, err := os.Stat(file.Name()); err != nil {
		t.Errorf("what another process makes is gone: %v", err)
	}
}

// TestDamage flips each byte of a store in turn. What is loaded then is what was
// stored, or nothing.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := openStore(dir, nil, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	key := corpKey{"acme", "ww"}
	inv := newInventory(month, noon.Add(-day))
	inv.list(li, wecom.Window{Start: noon.Add(-month), End: noon}, listed("a", time.Hour, time.Hour), listed("b", 2*time.Hour, 2*time.Hour))
	set, err := inv.changes(key)
	if err != nil {
		t.Fatal(err)
	}
	s.commit(noon, []*changeSet{set})
	s.close()
	want := fmt.Sprintf("%+v", inv.ids(noon))
	sound, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	damagedDir := t.TempDir()
	aside := 0
	for i := 0; i < len(sound); i += 29 {
		damaged := append([]byte(nil), sound...)
		damaged[i] ^= 0x55
		if err := os.WriteFile(filepath.Join(damagedDir, storeFile), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		store := &store{path: filepath.Join(damagedDir, storeFile), logger: log.NewNopLogger(), loaded: map[string]*inventory{}}
		if err := damageOnPanic(func() error { _, err := store.readAll(); return err }); err != nil {
			aside++
			continue
		}
		loaded := store.loaded[string(key.bytes())]
		if loaded == nil {
			aside++ // It is as before its only commit.
			continue
		}
		loaded.setLookback(month)
		if got := fmt.Sprintf("%+v", loaded.ids(noon)); got != want || loaded.ledger.hosts["li"].recordings != 2 {
			t.Errorf("byte %d: loaded %s", i, got)
		}
	}
	if aside == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of %d damages noticed, the others did no harm", aside, len(sound)/29)
}
