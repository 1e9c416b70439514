// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e && soak

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	soakTargets = 100_000
	soakHosts   = 5_000 // of the targets; the others have no recordings
	soakBudget  = 60_000

	soakConcurrency = 8 // calls in flight

	// What the targets take of the budget is about 34,000 calls a minute.
	soakInterval     = 2 * time.Minute
	soakIdleInterval = 3 * time.Minute

	soakEvent  = 100 * time.Millisecond // between things that happen
	soakScrape = 2 * time.Second        // between two scrapes of a client
)

// A soaked is a company of many targets to which things happen, and what must have been
// counted of them.
type soaked struct {
	*simulation

	dice       *rand.Rand
	recordings []wecomtest.Recording // that were there before; each has one event at the most
	faults     atomic.Int64

	mu     sync.Mutex
	counts map[string]float64 // by series
	held   map[string]float64
}

func soakUser(i int) string { return fmt.Sprintf("user%06d", i) }

func newSoaked(t *testing.T) *soaked {
	t.Helper()
	server := wecomtest.New(wecomtest.Config{RequestsPerMinute: 10 * soakBudget, RequestLog: 5_000_000})
	s := &soaked{
		simulation: serveSimulation(t, "127.0.0.1:0", server), dice: dice(t), counts: map[string]float64{}, held: map[string]float64{},
	}
	for i := range soakHosts {
		s.recordings = append(s.recordings, s.put("old", i, time.Now().Add(-time.Duration(2+i%480)*time.Hour)))
	}
	s.dice.Shuffle(len(s.recordings), func(i, j int) {
		s.recordings[i], s.recordings[j] = s.recordings[j], s.recordings[i]
	})
	return s
}

// put has a user record a meeting of one file, and returns the recording.
func (s *soaked) put(kind string, n int, start time.Time) wecomtest.Recording {
	user := soakUser(n * (soakTargets / soakHosts) % soakTargets)
	id := fmt.Sprintf("%s-%d", kind, n)
	start = start.Truncate(time.Second)
	length := time.Duration(1+s.dice.IntN(3600)) * time.Second
	r := wecomtest.Recording{
		ID: id, MeetingID: "hy-" + id, Creator: user, Host: user, Title: "周会", MeetingStart: start,
		Files: []wecomtest.File{{ID: "wf-" + id, Start: start, End: start.Add(length), Size: 1 + s.dice.Int64N(1<<30)}},
	}
	s.Put(r)
	s.keep(&r, 1)
	return r
}

func hostSeries(name, host string) string {
	return fmt.Sprintf(`%s{corp="default",host=%q}`, name, host)
}

// keep adds a recording to those that are listed, or with -1 takes it from them.
func (s *soaked) keep(r *wecomtest.Recording, n float64) {
	f := &r.Files[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[hostSeries("wecom_recording_files", r.Host)] += n
	s.held[hostSeries("wecom_recording_bytes", r.Host)] += n * float64(f.Size)
	s.held[hostSeries("wecom_recording_duration_seconds", r.Host)] += n * f.End.Sub(f.Start).Seconds()
	s.held[fmt.Sprintf(`wecom_recordings{corp="default",host=%q,state="completed"}`, r.Host)] += n
	if len(f.Shares) > 0 {
		s.held[hostSeries("wecom_recording_shared_files", r.Host)] += n
		s.held[hostSeries("wecom_recording_exposed_files", r.Host)] += n
	}
}

func (s *soaked) count(series string, value float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[series] += value
}

// happen lets a new recording appear or, once for each, one be shared or deleted that was
// there before.
func (s *soaked) happen(n int) {
	if n%3 == 0 && len(s.recordings) > 0 {
		r := s.recordings[0]
		s.recordings = s.recordings[1:]
		s.keep(&r, -1)
		if n%2 == 0 {
			r.Deleted = r.MeetingStart
			s.Put(r)
			s.count(`wecom_recordings_removed_total{corp="default"}`, 1)
			return
		}
		r.Files = slices.Clone(r.Files)
		r.Files[0].Shares = []wecomtest.Share{{On: true}}
		s.Put(r)
		s.keep(&r, 1)
		s.count(`wecom_recording_sharing_changes_total{change="enabled",corp="default"}`, 1)
		return
	}
	r := s.put("new", n, time.Now())
	f := &r.Files[0]
	s.count(hostSeries("wecom_recordings_discovered_total", r.Host), 1)
	s.count(hostSeries("wecom_recording_discovered_bytes_total", r.Host), float64(f.Size))
	s.count(hostSeries("wecom_recording_discovered_seconds_total", r.Host), f.End.Sub(f.Start).Seconds())
	s.count(`wecom_recording_file_size_bytes_count{corp="default"}`, 1)
	s.count(`wecom_recording_file_size_bytes_sum{corp="default"}`, float64(f.Size))
	s.count(`wecom_recording_file_duration_seconds_count{corp="default"}`, 1)
	s.count(`wecom_recording_file_duration_seconds_sum{corp="default"}`, f.End.Sub(f.Start).Seconds())
}

// fail has one call in a hundred fail, each in one of several ways.
func (s *soaked) fail() (stop func()) {
	faults := []wecomtest.Fault{
		{Errcode: -1},
		{Errcode: 50001},
		{Delay: 500 * time.Millisecond},
		{CutAfter: 40},
		{Status: http.StatusOK, Body: []byte("<html><title>Login</title></html>")},
		{Status: http.StatusInternalServerError},
		{Drop: true},
		{Gzip: true, CutAfter: 20},
	}
	removes := make([]func(), 0, len(faults))
	for _, fault := range faults {
		fault.Endpoint = listEndpoint
		fault.Match = func(wecomtest.Request) bool {
			struck := rand.IntN(100*len(faults)) == 0
			if struck {
				s.faults.Add(1)
			}
			return struck
		}
		removes = append(removes, s.Fail(fault))
	}
	return func() {
		for _, remove := range removes {
			remove()
		}
	}
}

// compare returns an error unless an exposition has what is held and what was counted.
func (s *soaked) compare(e exposition) error {
	got := map[string]float64{}
	for name, value := range e.ledger() {
		if !strings.Contains(name, "_bucket{") && !strings.HasPrefix(name, "wecom_recording_transcoding_seconds") {
			got[name] = value
		}
	}
	for name, value := range e.inventory() {
		if metric, _, _ := strings.Cut(name, "{"); observedGauges[metric] {
			got[name] = value
		}
	}
	s.mu.Lock()
	want := maps.Clone(s.counts)
	maps.Copy(want, s.held)
	s.mu.Unlock()
	for _, values := range []map[string]float64{want, got} {
		maps.DeleteFunc(values, func(_ string, value float64) bool { return value == 0 })
	}
	wrong := 0
	for name := range want {
		if want[name] != got[name] {
			wrong++
		}
	}
	if len(got) == len(want) && wrong == 0 {
		return nil
	}
	diff := cmp.Diff(want, got)
	return fmt.Errorf("%d series, want %d, of which %d are wrong (-truth +got):\n%s", len(got), len(want), wrong, diff[:min(len(diff), 4000)])
}

// most returns the most calls of data in any minute.
func (s *soaked) most() (most, all int) {
	var times []time.Time
	for _, r := range s.Requests() {
		if r.Endpoint != "gettoken" {
			times = append(times, r.Time)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	first := 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most, len(times)
}

// soakFormats are what ten clients ask for: paths, and pairs of names and values of headers.
var soakFormats = [][]string{
	{"/metrics"},
	{"/metrics", "Accept-Encoding", "gzip"},
	{"/metrics", "Accept-Encoding", "zstd"},
	{"/metrics", "Accept", "application/openmetrics-text;version=1.0.0"},
	{"/metrics", "Accept", "application/openmetrics-text;version=1.0.0", "Accept-Encoding", "gzip"},
	{"/metrics", "Accept", "application/openmetrics-text;version=1.0.0", "Accept-Encoding", "zstd"},
	{"/metrics", "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"},
	{"/metrics", "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "Accept-Encoding", "gzip"},
	{"/metrics", "Accept", "text/plain;version=1.0.0", "Accept-Encoding", "gzip, zstd"},
	{"/metrics?name[]=wecom_up&name[]=go_goroutines", "Accept-Encoding", "gzip"},
}

var soakPages = []string{
	"/", "/targets", "/targets?page=400&corp=default", "/recordings", "/recordings?sort=bytes&page=3", "/api/v1/recordings?exposed=true&limit=1000",
	"/changes", "/api/v1/changes?limit=1000&change=widened", "/changes?format=csv&since=1h",
}

// clients asks in every format and for every page until the context ends. It returns how long
// each scrape took.
func (x *exporter) clients(ctx context.Context, t *testing.T) (wait func() []time.Duration) {
	t.Helper()
	var clients sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	loop := func(each func(n int) []string, isScrape bool) {
		again := time.NewTicker(soakScrape)
		defer again.Stop()
		for n := 0; ; n++ {
			request := each(n)
			began := time.Now()
			a, err := get(ctx, x.client, x.url+request[0], request[1:]...)
			if ctx.Err() != nil {
				return
			}
			if err == nil && (a.status != http.StatusOK || len(a.body) == 0) {
				err = fmt.Errorf("status %d, %d bytes", a.status, len(a.body))
			}
			if err != nil {
				t.Errorf("%q: %v", request, err)
			} else if isScrape {
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
			select {
			case <-ctx.Done():
				return
			case <-again.C:
			}
		}
	}
	for _, request := range soakFormats {
		clients.Go(func() { loop(func(int) []string { return request }, true) })
	}
	clients.Go(func() { loop(func(n int) []string { return soakPages[n%len(soakPages):][:1] }, false) })
	return func() []time.Duration {
		clients.Wait()
		slices.Sort(took)
		return took
	}
}

// rss returns the resident memory in MiB.
func (p *process) rss(t *testing.T) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kib, err := strconv.Atoi(string(bytes.Fields(value)[0]))
			if err != nil {
				t.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	t.Fatalf("no VmRSS in\n%s", status)
	return 0
}

// atRest returns how many goroutines and descriptors there are.
func (x *exporter) atRest(t *testing.T) (goroutines, descriptors float64) {
	t.Helper()
	e := x.scrape(t)
	goroutines, err1 := e.value("go_goroutines")
	descriptors, err2 := e.value("process_open_fds")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return goroutines, descriptors
}

// least returns the fewest goroutines and descriptors of some seconds, in which nobody asks.
func (x *exporter) least(t *testing.T) (goroutines, descriptors float64) {
	t.Helper()
	goroutines, descriptors = x.atRest(t)
	again := time.NewTicker(soakScrape)
	defer again.Stop()
	for range 5 {
		<-again.C
		g, d := x.atRest(t)
		goroutines, descriptors = min(goroutines, g), min(descriptors, d)
	}
	return goroutines, descriptors
}

// work lets things happen for a time, and returns the memory at each second of it.
func (s *soaked) work(t *testing.T, x *exporter, limit time.Duration) (memory []float64) {
	t.Helper()
	end, event, second := time.NewTimer(limit), time.NewTicker(soakEvent), time.NewTicker(time.Second)
	defer end.Stop()
	defer event.Stop()
	defer second.Stop()
	for n := 0; ; {
		select {
		case <-event.C:
			s.happen(n)
			n++
		case <-second.C:
			memory = append(memory, x.rss(t))
		case <-end.C:
			return memory
		case <-x.ended:
			t.Fatalf("it has ended: %s", x.cmd.ProcessState)
		}
	}
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

// soakTime returns how long the program works, once the first round is over.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK_TIME")
	if text == "" {
		text = "10m"
	}
	limit, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOAK_TIME: %v", err)
	}
	return limit
}

// TestSoak lets the program poll many targets for a while, of which one call in a hundred
// fails, while ten clients scrape and one reads pages. In the end all that happened was
// counted once, and nothing is left over.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoaked(t)
	users := make([]string, soakTargets)
	for i := range users {
		users[i] = soakUser(i)
	}
	targets, err := json.Marshal(map[string][]string{"userids": users})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	x := launch(t, freeAddress(t), s.credentials(),
		"--target.file="+writeFile(t, "targets.json", string(targets)), "--storage.path="+t.TempDir(), "--web.enable-recordings",
		fmt.Sprint("--poll.max-requests-per-minute=", soakBudget), fmt.Sprint("--poll.concurrency=", soakConcurrency),
		fmt.Sprint("--poll.interval=", soakInterval), fmt.Sprint("--poll.idle-interval=", soakIdleInterval), "--log.level=warn")
	eventually(t, 10*time.Minute, func() error {
		a, err := get(t.Context(), x.client, x.url+"/-/ready")
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("not ready after %d calls", s.Count(listEndpoint))
		}
		return err
	})
	t.Logf("soak: the first round over %d targets took %s", soakTargets, time.Since(began).Round(time.Second))

	goroutines, descriptors := x.least(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	wait := x.clients(ctx, t)
	heal := s.fail()
	memory := s.work(t, x, soakTime(t))
	heal()
	leave()
	took := wait()
	third := len(memory) / 3
	middle, last := mean(memory[third:2*third]), mean(memory[2*third:])
	t.Logf("soak: resident memory %.0f MiB in the middle third, %.0f MiB in the last, %.0f MiB at the most", middle, last, slices.Max(memory))
	if last > 1.15*middle {
		t.Errorf("memory grows from %.0f to %.0f MiB", middle, last)
	}
	t.Logf("soak: %d scrapes, half of them within %s, 99 %% within %s, all within %s", len(took),
		took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))

	// Whatever failed last is asked again.
	drained := time.Now()
	eventually(t, 3*soakIdleInterval, func() error {
		a, err := get(t.Context(), x.client, x.url+"/metrics", "Accept-Encoding", "gzip")
		if err != nil {
			return err
		}
		e, err := parse(a)
		if err != nil {
			return err
		}
		return s.compare(e)
	})
	t.Logf("soak: %d series are exact, %s after the last fault", len(s.counts)+len(s.held), time.Since(drained).Round(time.Second))
	eventually(t, patience, func() error {
		g, d := x.atRest(t)
		t.Logf("soak: %.0f goroutines and %.0f descriptors, at first %.0f and %.0f", g, d, goroutines, descriptors)
		// A call in flight has up to three goroutines, and a connection.
		if g > goroutines+3*soakConcurrency || d > descriptors+soakConcurrency {
			return fmt.Errorf("%.0f goroutines and %.0f descriptors, at first %.0f and %.0f", g, d, goroutines, descriptors)
		}
		return nil
	})
	most, all := s.most()
	t.Logf("soak: %d calls, %d of them failed on purpose, at the most %d in a minute, of a budget of %d", all, s.faults.Load(), most, soakBudget)
	if most > soakBudget {
		t.Errorf("%d calls in a minute, and the budget is %d", most, soakBudget)
	}
	stopping := time.Now()
	x.signal(t, syscall.SIGTERM)
	if state := x.await(t, 5*time.Second); state.ExitCode() != 0 {
		t.Errorf("it ended with %s", state)
	}
	t.Logf("soak: it ended within %s of SIGTERM", time.Since(stopping).Round(time.Millisecond))
}
