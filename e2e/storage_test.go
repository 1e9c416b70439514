// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	lastSuccess    = "wecom_poll_last_success_timestamp_seconds"
	lastWrite      = "wecom_recording_exporter_storage_last_write_timestamp_seconds"
	writeSucceeded = "wecom_recording_exporter_storage_last_write_successful"
	clockSkew      = "wecom_api_clock_skew_seconds"
	discovered     = "wecom_recordings_discovered_total"
	discoveredSize = "wecom_recording_discovered_bytes_total"
)

func storeIn(dir string) string { return filepath.Join(dir, "state.db") }

// storing are the arguments of an exporter that keeps its state in a directory.
func storing(dir string) []string {
	return []string{"--storage.path=" + dir, target, "--target.userid=lisi", "--poll.interval=1s", "--poll.idle-interval=1s"}
}

// lasting is what a restart must not change.
func (e exposition) lasting() map[string]float64 {
	values := e.inventory()
	maps.Copy(values, e.ledger())
	return values
}

// awaitStored waits until what was last polled is on disk.
func (x *exporter) awaitStored(t *testing.T) exposition {
	t.Helper()
	var e exposition
	eventually(t, patience, func() error {
		e = x.scrape(t)
		polled, err := e.value(lastSuccess)
		if err != nil {
			return err
		}
		// By WeCom's clock, where the simulation's is far ahead; its Date has whole seconds.
		if skew, err := e.value(clockSkew); err == nil && math.Abs(skew) > wecom.MaxSkew.Seconds() {
			polled += skew - 1
		}
		written, err := e.value(lastWrite)
		if err == nil && written < polled {
			err = fmt.Errorf("last written %f, last polled %f", written, polled)
		}
		return err
	})
	return e
}

// withHistory runs an exporter on a new store until something was counted.
func withHistory(t *testing.T, dir string) (*simulation, *exporter) {
	t.Helper()
	s := simulate(t, wecomtest.Config{}, smallWorld()...)
	x := run(t, s.credentials(), storing(dir)...)
	x.awaitStatus(t, "/-/ready", 200)
	shared := oneRecording("new")
	s.Put(shared)
	x.awaitValue(t, 1000, discoveredSize, "host", "zhangsan")
	shared.Files = slices.Clone(shared.Files)
	shared.Files[0].Shares = []wecomtest.Share{{On: true}}
	s.Put(shared)
	s.Remove("hostless")
	x.awaitValue(t, 1, "wecom_recordings_removed_total")
	x.awaitValue(t, 1, "wecom_recording_sharing_changes_total", "change", "enabled")
	return s, x
}

// pastStore returns a store that was written several times with the same totals,
// and what was served of it.
func pastStore(t *testing.T) (store []byte, served map[string]float64, s *simulation) {
	t.Helper()
	dir := t.TempDir()
	s, x := withHistory(t, dir)
	for range 3 {
		since, err := x.scrape(t).value(lastWrite)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, func() error {
			now, err := x.scrape(t).value(lastWrite)
			if err == nil && now <= since {
				err = fmt.Errorf("not written since %f", since)
			}
			return err
		})
	}
	served = x.scrape(t).lasting()
	x.kill(t)
	return readStore(t, dir), served, s
}

// readStore returns the part of a store that is used.
func readStore(t *testing.T, dir string) []byte {
	t.Helper()
	db, err := bbolt.Open(storeIn(dir), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var used int64
	if err := db.View(func(tx *bbolt.Tx) error { used = tx.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	store, err := os.ReadFile(storeIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	return store[:used]
}

// storeOf returns a new directory with a store.
func storeOf(t *testing.T, store []byte) string {
	t.Helper()
	return filepath.Dir(writeFile(t, "state.db", string(store)))
}

// awaitAnswer waits for the first answer, and returns its status.
func (x *exporter) awaitAnswer(t *testing.T, path string) (status int) {
	t.Helper()
	eventually(t, patience, func() error {
		a, err := get(t.Context(), x.client, x.url+path)
		if err == nil {
			status = a.status
		}
		return err
	})
	return status
}

// wantLasting compares what is served with what was.
func (x *exporter) wantLasting(t *testing.T, want map[string]float64) {
	t.Helper()
	if diff := cmp.Diff(want, x.scrape(t).lasting()); diff != "" {
		t.Errorf("not what was served before (-before +now):\n%s", diff)
	}
}

// TestStorageWhileWeComIsAway restarts while nobody can be asked.
func TestStorageWhileWeComIsAway(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, x := withHistory(t, dir)
			s.Fail(wecomtest.Fault{Drop: true})
			x.awaitValue(t, 0, "wecom_up")
			x.awaitValue(t, 2, "wecom_poll_targets", "selector", "userid", "status", "failing")
			before := x.awaitStored(t)
			x.signal(t, sig)
			x.await(t, patience)

			after := run(t, s.credentials(), storing(dir)...)
			if status := after.awaitAnswer(t, "/-/ready"); status != 200 {
				t.Errorf("/-/ready at once: status %d", status)
			}
			after.wantLasting(t, before.lasting())
			for _, when := range []string{"at once", "after a failure"} {
				got, err := after.scrape(t).value(lastSuccess)
				if want, _ := before.value(lastSuccess); err != nil || got != want {
					t.Errorf("last success %s: %f (%v), want %f", when, got, err, want)
				}
				after.awaitValue(t, 2, "wecom_poll_targets", "selector", "userid", "status", "failing")
			}
			after.wantLasting(t, before.lasting())
		})
	}
}

// TestStorageCountsOnce follows a recording from its beginning to its files,
// through restarts.
func TestStorageCountsOnce(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	going := oneRecording("going")
	going.Completed = time.Now().Add(time.Hour)
	s := simulate(t, wecomtest.Config{Now: clock}, oneRecording("old"), going)
	dir := t.TempDir()
	x := run(t, s.credentials(), storing(dir)...)
	count := func(recordings, size float64) {
		t.Helper()
		for name, want := range map[string]float64{discovered: recordings, discoveredSize: size, "wecom_recording_discovered_seconds_total": size * 60 / 1000} {
			x.awaitValue(t, want, name, "host", "zhangsan")
		}
		ledger := x.scrape(t).ledger()
		if got := ledger[`wecom_recording_file_size_bytes_count{corp="default"}`]; got != size/1000 {
			t.Errorf("%v files in the histogram of sizes, want %v", got, size/1000)
		}
		if got := ledger[`wecom_recording_transcoding_seconds_count{corp="default"}`]; got != size/1000 {
			t.Errorf("%v recordings in the histogram of transcoding, want %v", got, size/1000)
		}
	}
	restart := func() {
		t.Helper()
		x.awaitStored(t)
		x.kill(t)
		x = run(t, s.credentials(), storing(dir)...)
		x.awaitStatus(t, "/-/ready", 200)
	}
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 1, "wecom_recordings", "host", "zhangsan", "state", "transcoding")
	count(0, 0)
	restart()
	ahead.Store(int64(61 * time.Minute))
	x.awaitValue(t, 2, "wecom_recordings", "host", "zhangsan", "state", "completed")
	count(0, 1000)
	restart()
	born := oneRecording("born")
	born.MeetingStart = time.Now().Add(-time.Second)
	s.Put(born)
	x.awaitValue(t, 3, "wecom_recordings", "host", "zhangsan", "state", "completed")
	count(1, 2000)
	restart()
	count(1, 2000)
}

// TestStorageDamaged starts on stores that cannot be read.
func TestStorageDamaged(t *testing.T) {
	t.Parallel()
	store, _, _ := pastStore(t)
	for _, test := range []struct {
		name  string
		store []byte
	}{
		{"half", store[:len(store)/2]},
		{"one page", store[:pageSize]},
		{"a byte less", store[:len(store)-1]},
		{"noise", noisy(dice(t), store, 0)},
		{"noise after the head", noisy(dice(t), store, 2*pageSize)},
		{"text", []byte("This is no store.\n")},
		{"zeros", make([]byte, len(store))},
		{"empty", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, wecomtest.Config{}, smallWorld()...)
			dir := storeOf(t, test.store)
			x := run(t, s.credentials(), storing(dir)...)
			x.awaitStatus(t, "/-/ready", 200)
			x.awaitValue(t, 1, writeSucceeded)
			if len(test.store) > 0 {
				x.awaitLog(t, "level=error", "set aside", "file="+storeIn(dir), "moved_to="+storeIn(dir)+".damaged-", "remedy=")
			}
			aside, err := filepath.Glob(storeIn(dir) + ".damaged-*")
			if err != nil || len(aside) != min(1, len(test.store)) {
				t.Fatalf("set aside: %q (%v)", aside, err)
			}
			for _, path := range aside {
				if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, test.store) {
					t.Errorf("what was set aside is not what was there (%v)", err)
				}
			}
			x.awaitValue(t, 0, discovered, "host", "zhangsan")
			s.Put(oneRecording("new"))
			x.awaitValue(t, 1, discovered, "host", "zhangsan")
			before := x.awaitStored(t).lasting()
			x.kill(t)
			again := run(t, s.credentials(), storing(dir)...)
			if status := again.awaitAnswer(t, "/-/ready"); status != 200 {
				t.Errorf("/-/ready after the next restart: status %d", status)
			}
			again.wantLasting(t, before)
			if err := again.logged("set aside"); err == nil {
				t.Error("the new store was set aside too")
			}
		})
	}
}

// pageSize is that of the stores on most machines.
const pageSize = 4096

// noisy returns a store with noise in the place of all from an offset on.
func noisy(chance *rand.Rand, store []byte, from int) []byte {
	store = slices.Clone(store)
	for i := range store[from:] {
		store[from+i] = byte(chance.Uint32())
	}
	return store
}

// TestStorageDamagedOrNot starts on stores with a little damage, which may be in a
// part that is not used. WeCom is away: what is served is what was, or nothing.
func TestStorageDamagedOrNot(t *testing.T) {
	t.Parallel()
	store, served, _ := pastStore(t)
	chance := dice(t)
	away := &simulation{url: "http://" + freeAddress(t)}
	address := freeAddress(t)
	try := func(name string, damaged []byte) {
		t.Helper()
		x := launch(t, address, away.credentials(), storing(storeOf(t, damaged))...)
		eventually(t, patience, func() error {
			select {
			case <-x.ended:
				return nil
			default:
				_, err := get(t.Context(), x.client, x.url+"/-/healthy")
				return err
			}
		})
		select {
		case <-x.ended:
			if code := x.await(t, patience).ExitCode(); code != 1 || x.logged("newer version") != nil {
				t.Errorf("%s: status %d: %.300s", name, code, &x.stderr)
			}
			return
		default:
		}
		switch e := x.scrape(t); {
		case x.logged("set aside") == nil:
			if len(e[discovered].GetMetric())+len(e[bytesMetric].GetMetric()) > 0 {
				t.Errorf("%s: the store was set aside, and hosts are known", name)
			}
		case !maps.Equal(served, e.lasting()):
			t.Errorf("%s: the store was not set aside, and %d series are served, not the %d of before or with other values", name, len(e.lasting()), len(served))
		}
		x.kill(t)
	}
	flip := func(i int, mask byte) {
		t.Helper()
		flipped := slices.Clone(store)
		flipped[i] ^= mask
		try(fmt.Sprintf("byte %d of page %d, %#x, is %#x", i%pageSize, i/pageSize, store[i], flipped[i]), flipped)
	}
	try("nothing", store)
	try("noise from the middle on", noisy(chance, store, len(store)/2))
	for range 30 {
		i := chance.IntN(len(store))
		for store[i] == 0 { // Most of them are not used.
			i = chance.IntN(len(store))
		}
		flip(i, 1<<chance.IntN(8))
	}
	for page := 0; page < len(store); page += pageSize {
		// The head of a page: its number, its kind, how many entries it has, and how
		// many pages that follow belong to it.
		for _, i := range []int{0, 8, 10, 12} {
			flip(page+i, 1)
		}
	}
	for i, name := 0, []byte(wecomtest.DefaultCorpID); ; {
		next := bytes.Index(store[i:], name)
		if next < 0 {
			break
		}
		i += next + len(name)
		flip(i-1, 1)
	}
}

// TestStorageDamagedInCircles starts on a store with a page that leads to itself.
func TestStorageDamagedInCircles(t *testing.T) {
	t.Parallel()
	const branch = 1 // the kind of a page that leads to others
	s := simulate(t, wecomtest.Config{})
	for i := range 400 {
		s.Put(oneRecording(strconv.Itoa(i)))
	}
	dir := t.TempDir()
	x := run(t, s.credentials(), storing(dir)...)
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitStored(t)
	x.kill(t)
	store := readStore(t, dir)
	circles := 0
	for page := 2 * pageSize; page < len(store); page += pageSize {
		if binary.LittleEndian.Uint16(store[page+8:]) == branch {
			circles++
			binary.LittleEndian.PutUint64(store[page+24:], uint64(page/pageSize)) // Where its first entry leads.
		}
	}
	if circles == 0 {
		t.Fatal("no page leads to others")
	}
	address := freeAddress(t)
	args := append([]string{"-c", `ulimit -v 4000000; exec "$@"`, "sh", program, "--web.listen-address=" + address}, storing(storeOf(t, store))...)
	after := &exporter{process: start(t, s.credentials(), "/bin/sh", args...), address: address, url: "http://" + address, client: newClient()}
	after.awaitStatus(t, "/-/ready", 200)
	if err := after.logged("level=error", "set aside"); err != nil {
		t.Error(err)
	}
}

// TestStorageRefused starts where the exporter must not go on.
func TestStorageRefused(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, env []string, dir string, want ...string) {
		t.Helper()
		x := run(t, env, storing(dir)...)
		if code := x.await(t, patience).ExitCode(); code != 1 {
			t.Errorf("status %d, want 1", code)
		}
		if err := x.logged(append(want, "level=error", "--storage.path")...); err != nil || strings.Contains(x.stderr.String(), "goroutine ") {
			t.Errorf("%v:\n%s", err, &x.stderr)
		}
		wantNobody(t, x.address)
	}
	t.Run("newer schema", func(t *testing.T) {
		t.Parallel()
		store, _, s := pastStore(t)
		dir := storeOf(t, store)
		db, err := bbolt.Open(storeIn(dir), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		sealed := binary.BigEndian.AppendUint32(nil, crc32.Checksum([]byte("schema99"), crc32.MakeTable(crc32.Castagnoli)))
		err = db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("exporter")).Put([]byte("schema"), append(sealed, "99"...))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(storeIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		refused(t, s.credentials(), dir, storeIn(dir), "newer version", "schema 99", "run that version")
		if after, err := os.ReadFile(storeIn(dir)); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the store was changed (%v)", err)
		}
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s, x := withHistory(t, dir)
		before := x.scrape(t).lasting()
		refused(t, s.credentials(), dir, storeIn(dir), "another process is using this store", "stop that process")
		x.wantLasting(t, before)
		s.Put(oneRecording("later"))
		x.awaitValue(t, 2000, discoveredSize, "host", "zhangsan")
		x.awaitValue(t, 1, writeSucceeded)
	})
	t.Run("no directory", func(t *testing.T) {
		t.Parallel()
		path := writeFile(t, "file", "precious")
		refused(t, simulate(t, wecomtest.Config{}).credentials(), path, path, "is not a directory")
		if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
			t.Errorf("the file holds %q (%v)", content, err)
		}
	})
}

func TestStorageMakesDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	_, x := withHistory(t, dir)
	x.awaitValue(t, 1, writeSucceeded)
	for _, path := range []string{dir, storeIn(dir)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s, want that others cannot read it", path, info.Mode())
		}
	}
}

// runMounted runs an exporter in a namespace of its own, where script mounts what
// it likes on the directory $1. For that a user needs no rights but those to have
// namespaces.
func runMounted(t *testing.T, s *simulation, dir, script string) *exporter {
	t.Helper()
	address := freeAddress(t)
	args := append([]string{"-rm", "sh", "-ec", script + `; shift; exec "$@"`, "sh", dir, program, "--web.listen-address=" + address}, storing(dir)...)
	x := &exporter{process: start(t, append(s.credentials(), "PATH="+os.Getenv("PATH")), "unshare", args...), address: address, url: "http://" + address, client: newClient()}
	x.awaitStatus(t, "/-/ready", 200)
	return x
}

// inside returns a path as the process sees it.
func (p *process) inside(path string) string {
	return fmt.Sprintf("/proc/%d/root%s", p.cmd.Process.Pid, path)
}

// fill writes a file that leaves no room on its disk.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func TestStorageFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := simulate(t, wecomtest.Config{}, oneRecording("old"))
	x := runMounted(t, s, dir, `mount -t tmpfs -o size=1m tmpfs "$1"`)
	x.awaitValue(t, 1, writeSucceeded)
	filler := x.inside(filepath.Join(dir, "filler"))
	fill(t, filler)
	const recordings = 200
	for i := range recordings {
		// IDs so long that what is stored does not fit into pages that are free.
		s.Put(oneRecording(fmt.Sprint(i, strings.Repeat("-long", 50))))
	}
	x.awaitValue(t, recordings, discovered, "host", "zhangsan")
	x.awaitValue(t, 0, writeSucceeded)
	x.awaitLog(t, "level=error", "cannot be written", "file="+storeIn(dir), "free up space", "--storage.path")
	s.Put(oneRecording("more"))
	x.awaitValue(t, recordings+1, discovered, "host", "zhangsan")
	x.wantStatus(t, "/-/ready", 200)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	x.awaitValue(t, 1, writeSucceeded)
	x.awaitLog(t, "level=info", "written again")
	want := x.awaitStored(t).lasting()
	// The file system ends with the process, and the store is copied before.
	x.signal(t, syscall.SIGSTOP)
	store, err := os.ReadFile(x.inside(storeIn(dir)))
	if err != nil {
		t.Fatal(err)
	}
	x.kill(t)
	s.Fail(wecomtest.Fault{Drop: true})
	after := run(t, s.credentials(), storing(storeOf(t, store))...)
	after.awaitStatus(t, "/-/ready", 200)
	after.wantLasting(t, want)
}

func TestStorageReadOnly(t *testing.T) {
	t.Parallel()
	store, served, s := pastStore(t)
	dir := storeOf(t, store)
	const readOnly = `mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"`
	x := runMounted(t, s, dir, readOnly)
	x.wantLasting(t, served)
	x.awaitValue(t, 0, writeSucceeded)
	x.awaitLog(t, "level=error", "cannot be written", "continuing in memory", "file="+storeIn(dir), "--storage.path")
	s.Put(oneRecording("later"))
	x.awaitValue(t, 2000, discoveredSize, "host", "zhangsan")
	x.kill(t)
	if after, err := os.ReadFile(storeIn(dir)); err != nil || !bytes.Equal(store, after) {
		t.Errorf("the store was changed (%v)", err)
	}
}

// created are the lines of OpenMetrics that tell since when something is counted.
var created = regexp.MustCompile(`(?m)^wecom_recording\w*_created\{.*$`)

func TestStorageKeepsCreated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begin := time.Now()
	s, x := withHistory(t, dir)
	lines := func() []string {
		t.Helper()
		found := created.FindAllString(string(x.get(t, "/metrics", "Accept", acceptOpenMetrics).body), -1)
		slices.Sort(found)
		return found
	}
	before := lines()
	end := time.Now()
	text := strings.Join(before, "\n")
	for _, name := range []string{
		`wecom_recordings_discovered_created{corp="default",host="zhangsan"}`, `wecom_recording_discovered_bytes_created{corp="default",host="lisi"}`,
		`wecom_recording_discovered_seconds_created{`, `wecom_recordings_removed_created{`, `wecom_recording_sharing_changes_created{change="enabled",corp="default"}`,
		`wecom_recording_file_size_bytes_created{`, `wecom_recording_file_duration_seconds_created{`, `wecom_recording_transcoding_seconds_created{`,
	} {
		if !strings.Contains(text, name) {
			t.Errorf("no %s in:\n%s", name, text)
		}
	}
	for _, line := range before {
		var seconds float64
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &seconds); err != nil || seconds < float64(begin.UnixMilli())/1000 || seconds > float64(end.Unix()) {
			t.Errorf("%s: it is not when the exporter was first started (%v)", line, err)
		}
	}
	x.kill(t)
	x = run(t, s.credentials(), storing(dir)...)
	x.awaitStatus(t, "/-/ready", 200)
	if diff := cmp.Diff(before, lines()); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
}

// TestStorageInPrometheus makes sure that no rate shows a restart.
func TestStorageInPrometheus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := simulate(t, wecomtest.Config{}, oneRecording("old"))
	x := launch(t, freeAddress(t), s.credentials(), storing(dir)...)
	x.awaitStatus(t, "/-/ready", 200)
	p := runPrometheus(t, x)
	each := func(value float64) map[string]float64 {
		return map[string]float64{"text": value, "openmetrics": value, "protobuf": value}
	}
	const total = "wecom_recordings_discovered_total{host='zhangsan'}"
	p.awaitQuery(t, total, each(0))
	n := 0
	for _, until := range []int{10, 20} {
		for ; n < until; n++ {
			s.Put(oneRecording(strconv.Itoa(n)))
			x.awaitValue(t, float64(n+1), discovered, "host", "zhangsan")
		}
		p.awaitQuery(t, total, each(float64(n)))
		x.kill(t)
		p.awaitQuery(t, "up", each(0))
		x = launch(t, x.address, s.credentials(), storing(dir)...)
		p.awaitQuery(t, "up", each(1))
		p.awaitQuery(t, total, each(float64(n)))
	}
	p.awaitQuery(t, "count_over_time(up[10s:1s]) >= bool 9", each(1))
	queries := map[string]map[string]float64{
		"sum by (job) (resets(wecom_recording_file_size_bytes[5m]))": {"protobuf": 0},
		"histogram_count(wecom_recording_file_size_bytes)":           {"protobuf": 20},
		// A counter that was lost and found again would be seen to grow twice.
		"abs(increase(" + total + "[5m]) - 20) < bool 3":                             each(1),
		"max_over_time(rate(" + total + "[10s])[5m:1s]) <= bool 2":                   each(1),
		"max_over_time((" + total + " - " + total + " offset 5s)[5m:1s]) <= bool 10": each(1),
		"min_over_time((" + total + " - " + total + " offset 1s)[5m:1s]) >= bool 0":  each(1),
	}
	for _, name := range []string{
		discovered, discoveredSize, "wecom_recording_discovered_seconds_total", "wecom_recordings_removed_total", "wecom_recording_sharing_changes_total",
		"wecom_recording_file_size_bytes_count", "wecom_recording_file_size_bytes_sum", "wecom_recording_file_size_bytes_bucket",
		"wecom_recording_file_duration_seconds_count", "wecom_recording_transcoding_seconds_count",
	} {
		queries["sum by (job) (resets("+name+"[5m]))"] = each(0)
	}
	for query, want := range queries {
		got, err := p.query(t, "job", query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
