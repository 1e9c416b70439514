// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build attack

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	attacksOfEachKind = 10
	// hang is how long each fsync takes of a disk that hangs.
	hang = 12 * time.Second
	// freshness is how old what is served may be then, reloadLimit how long a reload may take.
	freshness   = 8 * time.Second
	reloadLimit = 5 * time.Second
)

// A diskAttack changes the file of a store at a path. The copy is an older one.
type diskAttack func(path string, older []byte, chance *rand.Rand) error

// overwriteAt writes into a file without changing its size.
func overwriteAt(path string, offset int64, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, offset)
	return errors.Join(err, f.Close())
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// replaceBy puts another file in the place of one.
func replaceBy(path string, content []byte) error {
	other := path + ".other"
	return errors.Join(os.WriteFile(other, content, 0o600), os.Rename(other, path))
}

func noise(chance *rand.Rand, size int64) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(chance.Uint32())
	}
	return content
}

// TestAttackDiskDamage changes the file of the store in many ways while the program polls,
// ends it, and starts it again. A simulated company knows the totals of a run that was left
// alone.
func TestAttackDiskDamage(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]diskAttack{
		"zero the first 8 KiB": func(path string, _ []byte, _ *rand.Rand) error {
			return overwriteAt(path, 0, make([]byte, 8<<10))
		},
		"zero all": func(path string, _ []byte, _ *rand.Rand) error {
			return overwriteAt(path, 0, make([]byte, sizeOf(path)))
		},
		"truncate to nothing": func(path string, _ []byte, _ *rand.Rand) error { return os.Truncate(path, 0) },
		"truncate": func(path string, _ []byte, chance *rand.Rand) error {
			return os.Truncate(path, chance.Int64N(sizeOf(path)))
		},
		"delete": func(path string, _ []byte, _ *rand.Rand) error { return os.Remove(path) },
		"replace by an older copy": func(path string, older []byte, _ *rand.Rand) error {
			return replaceBy(path, older)
		},
		"replace by garbage": func(path string, _ []byte, chance *rand.Rand) error {
			return replaceBy(path, noise(chance, 1+chance.Int64N(1<<20)))
		},
		"write an older copy over it": func(path string, older []byte, _ *rand.Rand) error {
			return os.WriteFile(path, older, 0o600)
		},
		"noise behind the first pages": func(path string, _ []byte, chance *rand.Rand) error {
			return overwriteAt(path, 2*pageSize, noise(chance, sizeOf(path)-2*pageSize))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attackStore(t, attack)
		})
	}
}

func attackStore(t *testing.T, attack diskAttack) {
	t.Helper()
	c := newCompany(t)
	dir := t.TempDir()
	path, env, args := storeIn(dir), c.credentials(), c.args(dir)
	before := map[string]float64{} // what a total must not be below
	x := launch(t, freeAddress(t), env, args...)
	observed := func() { t.Helper(); c.awaitObserved(t, x, before) }
	observed()
	x.awaitValue(t, 1, writeSucceeded)
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var slowest time.Duration
	for n := range attacksOfEachKind {
		for range 3 {
			c.happen()
		}
		observed()
		<-time.After(time.Duration(c.dice.Int64N(int64(time.Second))))
		if err := attack(path, older, c.dice); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 { // Otherwise nothing is written between the attack and the end.
			c.happen()
			observed()
		}
		begin := time.Now()
		x.signal(t, syscall.SIGTERM)
		x.wantStop(t)
		slowest = max(slowest, time.Since(begin))
		if err := x.logged("level=error", "rebuilt from memory"); err != nil {
			t.Errorf("attack %d: %v", n, err)
		}
		x = launch(t, x.address, env, args...)
		observed()
		if err := x.logged("set aside"); err == nil {
			t.Errorf("after attack %d the store cannot be read", n)
		}
	}
	aside, err := filepath.Glob(path + ".damaged-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("disk: %d attacks survived with the totals of a run that was left alone, %d files set aside, the slowest end took %s",
		attacksOfEachKind, len(aside), slowest.Round(time.Millisecond))
}

// launchOnSlowDisk is launch with system calls delayed as the arguments of strace say.
func launchOnSlowDisk(t *testing.T, env []string, delays, args []string) *exporter {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("%v: install the package strace, which delays system calls", err)
	}
	address := freeAddress(t)
	// With -D, the process is the program, and strace its grandchild.
	all := append([]string{"-D", "-f", "-qq", "-o", filepath.Join(t.TempDir(), "trace")}, delays...)
	all = append(append(all, program), append(args, "--web.listen-address="+address)...)
	return &exporter{process: start(t, env, strace, all...), address: address, url: "http://" + address, client: newClient()}
}

// stopOnSlowDisk ends a program whose system calls are delayed, and returns how long that took.
// The last line of its log must hold a text. After it the delays end, too: strace keeps
// processes from exiting while one goes on.
func (x *exporter) stopOnSlowDisk(t *testing.T, last string) time.Duration {
	t.Helper()
	begin := time.Now()
	x.signal(t, syscall.SIGTERM)
	x.awaitLog(t, last)
	<-time.After(200 * time.Millisecond)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.cmd.Process.Pid))
	if errors.Is(err, fs.ErrNotExist) { // The last delay was over.
		x.wantStop(t)
		return time.Since(begin)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "TracerPid:")
	var tracer int
	if _, err := fmt.Sscan(after, &tracer); err != nil {
		t.Fatal(err)
	}
	if tracer != 0 {
		if err := syscall.Kill(tracer, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	x.wantStop(t)
	return time.Since(begin)
}

// prepareStore runs the program until something is stored.
func prepareStore(t *testing.T) (s *simulation, dir string) {
	t.Helper()
	dir = t.TempDir()
	s, x := withHistory(t, dir)
	x.awaitStored(t)
	x.signal(t, syscall.SIGTERM)
	x.wantStop(t)
	return s, dir
}

// TestAttackDiskHangs has each fsync take 12 s.
func TestAttackDiskHangs(t *testing.T) {
	t.Parallel()
	s, dir := prepareStore(t)
	delay := fmt.Sprintf("inject=fsync,fdatasync:delay_enter=%d", hang.Microseconds())
	x := launchOnSlowDisk(t, s.credentials(), []string{"-e", "trace=fsync,fdatasync", "-e", delay},
		append(storing(dir), "--web.enable-lifecycle"))
	x.awaitStatus(t, "/-/ready", 200)
	known, err := x.scrape(t).value(discovered, "host", "zhangsan")
	if err != nil {
		t.Fatal(err)
	}
	var oldest, slowest, reload time.Duration
	begin := time.Now()
	for n := 0; time.Since(begin) < 3*hang; n++ {
		known++
		s.Put(oneRecording(fmt.Sprint("hang", n)))
		put := time.Now()
		eventually(t, patience, func() error {
			asked := time.Now()
			got, err := x.scrape(t).value(discovered, "host", "zhangsan")
			slowest = max(slowest, time.Since(asked))
			if err == nil && got != known {
				err = fmt.Errorf("%f recordings are discovered, want %f", got, known)
			}
			return err
		})
		oldest = max(oldest, time.Since(put))
		asked := time.Now()
		x.wantReload(t)
		reload = max(reload, time.Since(asked))
	}
	x.awaitValue(t, 0, writeSucceeded)
	x.awaitLog(t, "level=error", "writing the store takes more than 3s", "--storage.path")
	end := x.stopOnSlowDisk(t, "the last changes may not have been stored")
	if oldest > freshness || reload > reloadLimit || end > stopLimit {
		t.Errorf("served within %s, reloaded within %s, ended within %s", oldest, reload, end)
	}
	if n := strings.Count(x.stderr.String(), "writing the store takes more than 3s"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	after := launch(t, freeAddress(t), s.credentials(), storing(dir)...)
	after.awaitStatus(t, "/-/ready", 200)
	after.awaitValue(t, known, discovered, "host", "zhangsan")
	t.Logf("disk: with an fsync of %s what is found is served within %s, a scrape takes %s, a reload %s and the end %s at the most",
		hang, oldest.Round(time.Millisecond), slowest.Round(time.Millisecond), reload.Round(time.Millisecond), end.Round(time.Millisecond))
}

// wantReload asks for a reload, which must succeed.
func (x *exporter) wantReload(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.url+"/-/reload", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := x.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("reload: status %d", resp.StatusCode)
	}
}

// TestAttackDiskSlowStart has reading the store take 12 s.
func TestAttackDiskSlowStart(t *testing.T) {
	t.Parallel()
	s, dir := prepareStore(t)
	delay := fmt.Sprintf("inject=pread64:delay_enter=%d:when=1", hang.Microseconds())
	slow := []string{"-P", storeIn(dir), "-e", "trace=pread64", "-e", delay}
	begin := time.Now()
	x := launchOnSlowDisk(t, s.credentials(), slow, storing(dir))
	x.awaitStatus(t, "/-/healthy", 200)
	healthy := time.Since(begin)
	x.wantStatus(t, "/-/ready", 503)
	x.wantStatus(t, "/metrics", 200)
	x.wantStatus(t, "/targets", 503)
	end := x.stopOnSlowDisk(t, "msg=stopping")

	begin = time.Now()
	x = launchOnSlowDisk(t, s.credentials(), slow, storing(dir))
	x.awaitStatusWithin(t, 6*hang, "/-/ready", 200) // strace delays each thread that reads once.
	ready := time.Since(begin)
	x.awaitValue(t, 1000, discoveredSize, "host", "zhangsan")
	if healthy > stopLimit || ready < hang || end > stopLimit {
		t.Errorf("healthy after %s, ready after %s, ended within %s", healthy, ready, end)
	}
	x.stopOnSlowDisk(t, "msg=stopping")
	t.Logf("disk: with a store that takes %s to be read the start is healthy after %s, ready after %s, and ends within %s",
		hang, healthy.Round(time.Millisecond), ready.Round(time.Millisecond), end.Round(time.Millisecond))
}
