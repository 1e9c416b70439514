// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e && attack

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	attackedTargets    = 20_000
	attackedRecordings = 300_000

	// answerTime is how long WeCom takes to answer while polls are counted.
	answerTime = 100 * time.Millisecond
)

// A steadyWeCom is a simulated WeCom that counts its calls and answers after a time.
type steadyWeCom struct {
	*wecomtest.Server

	calls atomic.Int64
	after atomic.Int64 // time.Duration
}

// ServeHTTP implements http.Handler.
func (s *steadyWeCom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	timer := time.NewTimer(time.Duration(s.after.Load()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return
	}
	s.Server.ServeHTTP(w, r)
	s.calls.Add(1)
}

// attacked starts the program with many targets and recordings, all of which are known when
// it returns. From then on it polls without a break.
func attacked(t *testing.T) (x *exporter, wecom *steadyWeCom) {
	t.Helper()
	wecom = &steadyWeCom{Server: wecomtest.New(wecomtest.Config{RequestsPerMinute: 1 << 30, RequestLog: -1})}
	users := make([]string, attackedTargets)
	newest := time.Now().Add(-day).Truncate(time.Hour)
	for i := range users {
		users[i] = fmt.Sprintf("user%05d", i)
		for j := range attackedRecordings / attackedTargets {
			id := fmt.Sprintf("wr%05dx%08d", i, j)
			start := newest.Add(-time.Duration(i%20)*day - time.Duration(j)*time.Hour)
			wecom.Put(wecomtest.Recording{
				ID: id, MeetingID: "hy" + id, Creator: users[i], Host: users[i], Title: "周会", MeetingStart: start,
				Files: []wecomtest.File{{
					ID: "wf" + id, Start: start, End: start.Add(time.Hour), Size: int64(400+j) << 20,
					Shares: []wecomtest.Share{{On: j%4 == 0}},
				}},
			})
		}
	}
	server := httptest.NewServer(wecom)
	t.Cleanup(server.Close)
	targets, err := json.Marshal(map[string][]string{"userids": users})
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	x = &exporter{
		process: start(t, []string{
			"WECOM_CORP_ID=" + wecomtest.DefaultCorpID, "WECOM_API_SECRET=" + wecomtest.DefaultSecret,
			"WECOM_API_URL=" + server.URL,
		}, program, "--target.file="+writeFile(t, "targets.json", string(targets)), "--web.listen-address="+address,
			"--web.enable-recordings", "--poll.max-requests-per-minute=1000000", "--poll.interval=10s"),
		address: address, url: "http://" + address, client: newClient(),
	}
	eventually(t, 3*patience, func() error {
		a, err := get(t.Context(), x.client, x.url+"/-/ready")
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("status %d", a.status)
		}
		return err
	})
	return x, wecom
}

// A tally counts answers by their status, with 0 for none, and keeps the longest time.
type tally struct {
	mu       sync.Mutex
	statuses map[int]int
	longest  time.Duration
}

func (a *tally) add(status int, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.statuses == nil {
		a.statuses = map[int]int{}
	}
	a.statuses[status]++
	a.longest = max(a.longest, took)
}

// ask asks once and reads the answer to its end.
func (a *tally) ask(ctx context.Context, client *http.Client, url string) {
	begun := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Accept-Encoding", "gzip") // which nobody unpacks
	status := 0
	if resp, err := client.Do(req); err == nil {
		if _, err := io.Copy(io.Discard, resp.Body); err == nil {
			status = resp.StatusCode
		}
		resp.Body.Close()
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		a.add(status, time.Since(begun))
	}
}

// everyPage returns the pages that clients ask for in a loop.
func everyPage() []string {
	return []string{
		"/", "/targets", "/targets?corp=default&page=100&lang=zh", "/recordings", "/recordings?sort=bytes&page=900",
		"/recordings?exposed=true&sort=host", "/api/v1/recordings?limit=1000&sort=duration", "/changes", "/api/v1/changes?limit=1000&since=1d", "/metrics",
		"/metrics?name[]=wecom_recording_files", "/-/ready",
	}
}

// loop has so many clients ask for every page until they are stopped.
func (x *exporter) loop(ctx context.Context, clients int, answers *tally) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: patience}
			for n := i; ctx.Err() == nil; n++ {
				pages := everyPage()
				answers.ask(ctx, client, x.url+pages[n%len(pages)])
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// TestAttackPages has clients that ask for pages as fast as they can, of a program with 20,000
// targets and 300,000 recordings.
//
//nolint:paralleltest // It measures time and memory.
func TestAttackPages(t *testing.T) {
	x, wecom := attacked(t)
	t.Logf("pages: %d targets and %d recordings take %.0f MiB", attackedTargets, attackedRecordings, x.memory(t, "VmRSS"))
	attackPolls(t, x, wecom)
	attackRecordings(t, x)
	attackAndLeave(t, x, wecom)
	most := x.memory(t, "VmHWM")
	t.Logf("pages: %.0f MiB at the most", most)
	if most > 600 {
		t.Error("want 600 MiB at the most")
	}
}

// attackPolls compares how many polls there are with and without ten clients in a loop, in
// turn, while a scraper watches.
func attackPolls(t *testing.T, x *exporter, wecom *steadyWeCom) {
	t.Helper()
	const rounds, lasting = 5, 3 * time.Second
	wecom.after.Store(int64(answerTime))
	polls := func() float64 {
		<-time.After(time.Second) // What was asked before is answered.
		before := wecom.calls.Load()
		<-time.After(lasting)
		return float64(wecom.calls.Load()-before) / lasting.Seconds()
	}
	var answers, scrapes tally
	ratios := make([]float64, 0, rounds)
	quiet := polls()
	t.Logf("pages: %.1f polls a second before", quiet)
	for range rounds {
		stop := x.loop(t.Context(), 10, &answers)
		ctx, cancel := context.WithCancel(t.Context())
		var scraping sync.WaitGroup
		scraping.Go(func() {
			for ctx.Err() == nil {
				scrapes.ask(ctx, x.client, x.url+"/metrics")
				select {
				case <-ctx.Done():
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
		loaded := polls()
		cancel()
		scraping.Wait()
		stop()
		after := polls()
		t.Logf("pages: %.1f polls a second with ten clients, %.1f after them", loaded, after)
		quiet = max(quiet, after) // What goes on after clients have left must not count as quiet.
		ratios = append(ratios, loaded/quiet)
	}
	slices.Sort(ratios)
	t.Logf("pages: polls with ten clients: %.0f%% of those without (median; %.0f%% to %.0f%%)",
		100*ratios[rounds/2], 100*ratios[0], 100*ratios[rounds-1])
	t.Logf("pages: answers to ten clients by status: %v, the slowest after %s", answers.statuses, answers.longest)
	t.Logf("pages: scrapes beside them by status: %v, the slowest after %s", scrapes.statuses, scrapes.longest)
	if ratios[rounds/2] < 0.9 {
		t.Error("want 90% at least")
	}
	if len(scrapes.statuses) != 1 || scrapes.statuses[http.StatusOK] == 0 || scrapes.longest > time.Second {
		t.Error("want that every scrape is answered within a second")
	}
	if answers.statuses[0] > 0 {
		t.Error("want that every request is answered")
	}
}

// attackRecordings asks for 200 pages of recordings at once, several times.
func attackRecordings(t *testing.T, x *exporter) {
	t.Helper()
	for _, path := range []string{
		"/recordings", "/recordings?sort=host&order=desc&page=1000", "/api/v1/recordings?limit=1000&page=100&sort=bytes",
	} {
		var answers tally
		atOnce(t.Context(), 200, func(ctx context.Context, client *http.Client) { answers.ask(ctx, client, x.url+path) })
		t.Logf("pages: 200 at once on %s by status: %v, the last after %s; %.0f MiB",
			path, answers.statuses, answers.longest, x.memory(t, "VmRSS"))
		ok, busy := answers.statuses[http.StatusOK], answers.statuses[http.StatusServiceUnavailable]
		if ok == 0 || ok+busy != 200 {
			t.Error("want that each is answered with 200 or 503")
		}
	}
}

// attackAndLeave asks for 200 pages of recordings at once, and leaves before they are there.
func attackAndLeave(t *testing.T, x *exporter, wecom *steadyWeCom) {
	t.Helper()
	wecom.after.Store(int64(time.Second))
	<-time.After(2 * time.Second)
	quiet := x.processorTime(t, 2*time.Second)
	ctx, leave := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer leave()
	var answers tally
	atOnce(ctx, 200, func(ctx context.Context, client *http.Client) {
		answers.ask(ctx, client, x.url+"/recordings?sort=duration")
	})
	<-time.After(200 * time.Millisecond)
	after := x.processorTime(t, 2*time.Second)
	t.Logf("pages: 200 that leave after 200 ms: %s of processor time in the next 2 s, %s in 2 s before them", after, quiet)
	if after > quiet+200*time.Millisecond {
		t.Error("want that the work ends when they have left")
	}
}

// atOnce calls ask so many times at once, each with a connection of its own.
func atOnce(ctx context.Context, n int, ask func(context.Context, *http.Client)) {
	var asking sync.WaitGroup
	for range n {
		asking.Go(func() { ask(ctx, newClient()) })
	}
	asking.Wait()
}

// processorTime returns how much processor time the process takes in a time from now.
func (x *exporter) processorTime(t *testing.T, lasting time.Duration) time.Duration {
	t.Helper()
	ticks := func() (sum int) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", x.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		// The name of the program may hold anything, and ends with the last parenthesis.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		for _, field := range fields[11:13] { // utime and stime
			n, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		return sum
	}
	before := ticks()
	<-time.After(lasting)
	return time.Duration(ticks()-before) * (time.Second / 100) // USER_HZ
}
