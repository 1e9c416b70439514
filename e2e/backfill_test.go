// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	pastHosts    = 1000
	pastEach     = 275 // recordings of a host, of 400 days
	pastLookback = 31 * day
	// mostBackfillMemory is how many MiB a year of a thousand hosts may take.
	mostBackfillMemory = 200
)

// pastCompany returns recordings of many hosts over more than a year. Some have two files, some
// are not completed yet.
func pastCompany(now time.Time) []wecomtest.Recording {
	random := rand.New(rand.NewPCG(1, 2))
	later := now.Add(day)
	all := make([]wecomtest.Recording, 0, pastHosts*pastEach)
	for h := range pastHosts {
		host := fmt.Sprintf("user%04d", h)
		for i := range pastEach {
			start := now.Add(-time.Duration(random.Int64N(int64(400 * day)))).Truncate(time.Second)
			r := wecomtest.Recording{
				ID: fmt.Sprintf("wr%04dx%04d", h, i), Creator: host, Host: host, MeetingStart: start,
			}
			if i == 0 && h%100 == 0 {
				r.MeetingStart, r.Transcoding, r.Completed = now.Add(-time.Hour), later, later
				all = append(all, r)
				continue
			}
			for f := range 1 + random.IntN(2) {
				length := time.Duration(1+random.IntN(1200)) * time.Minute
				r.Files = append(r.Files, wecomtest.File{
					ID: fmt.Sprintf("%s-%d", r.ID, f), Start: start, End: start.Add(length), Size: random.Int64N(4 << 30),
				})
				r.Completed = start.Add(length)
			}
			if r.Completed.Before(now) {
				all = append(all, r)
			}
		}
	}
	return all
}

// pastValues returns what the company amounts to at an instant, summed up one recording after
// the other: bytes by host, and recordings by host and state. What had left the lookback at the
// first instant is in no history.
func pastValues(company []wecomtest.Recording, first, at time.Time) (bytes, recordings map[string]float64) {
	bytes, recordings = map[string]float64{}, map[string]float64{}
	for i := range company {
		r := &company[i]
		if r.MeetingStart.After(at) {
			continue
		}
		ended, size := r.MeetingStart, int64(0)
		for _, f := range r.Files {
			size += f.Size
			if f.End.After(ended) {
				ended = f.End
			}
		}
		if len(r.Files) > 0 && ended.Add(pastLookback).Before(first) {
			continue
		}
		for _, state := range []string{"unknown", "recording", "transcoding", "completed"} {
			recordings[r.Host+" "+state] += 0
		}
		bytes[r.Host] += 0
		switch {
		case len(r.Files) == 0 || at.Before(ended):
			recordings[r.Host+" recording"]++
		case !ended.Add(pastLookback).Before(at):
			recordings[r.Host+" completed"]++
			bytes[r.Host] += float64(size)
		}
	}
	return bytes, recordings
}

// simulatePast starts a simulation of a company and its members.
func simulatePast(tb testing.TB, company []wecomtest.Recording) *simulation {
	tb.Helper()
	server := wecomtest.New(wecomtest.Config{RequestsPerMinute: 10_000_000, RequestLog: -1})
	server.Put(company...)
	staff := wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}},
	}
	for h := range pastHosts {
		staff.Members = append(staff.Members, wecomtest.Member{UserID: fmt.Sprintf("user%04d", h), Departments: []int{1}})
	}
	server.SetDirectory(staff)
	return serveSimulation(tb, "127.0.0.1:0", server)
}

// backfill runs backfill by a shell command that ends in "$@", and returns how many MiB that took
// at the most.
func backfill(tb testing.TB, s *simulation, command string, args ...string) (memory float64) {
	tb.Helper()
	p := start(tb, s.credentials(), "/bin/sh", append([]string{
		"-c", command, program,
		"backfill", "--target.discover=members", "--poll.max-requests-per-minute=1000000",
		"--wecom.agent-id=" + strconv.Itoa(wecomtest.DefaultAgentID),
	}, args...)...)
	memory = peakMemory(p)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 || p.stderr.String() != "" || p.stdout.String() != "" {
		tb.Fatalf("exit status %d, stdout %q, stderr %q", code, &p.stdout, &p.stderr)
	}
	return memory
}

// BenchmarkBackfill measures how long a year of a thousand hosts with 250 recordings each takes,
// and how much memory.
func BenchmarkBackfill(b *testing.B) {
	s := simulatePast(b, pastCompany(time.Now().Truncate(time.Second)))
	for _, step := range []string{"1d", "1h"} {
		b.Run(step, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(backfill(b, s, `exec "$0" "$@" >/dev/null`, "--output=-", "--from=365d", "--step="+step), "MiB-most")
			}
		})
	}
}

// TestBackfill writes a year of a thousand hosts, makes blocks of it, and asks a Prometheus
// that has them.
func TestBackfill(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	company := pastCompany(now)
	s := simulatePast(t, company)
	history, begun := filepath.Join(t.TempDir(), "history.om"), time.Now()
	memory := backfill(t, s, `exec "$0" "$@"`, "--output="+history, "--from=365d", "--step=1d")
	t.Logf("backfill took %.1f s and %.0f MiB", time.Since(begun).Seconds(), memory)
	if memory > mostBackfillMemory || memory == 0 {
		t.Errorf("it took %.0f MiB, and %d is the most", memory, mostBackfillMemory)
	}
	data := t.TempDir()
	begun = time.Now()
	blocks := exec.CommandContext(t.Context(), tool(t, "PROMTOOL"),
		"tsdb", "create-blocks-from", "--max-block-duration=4374h", "openmetrics", history, data)
	if out, err := blocks.CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	t.Logf("promtool took %.1f s", time.Since(begun).Seconds())
	p := startPrometheusOn(t, data, "{}", "--storage.tsdb.retention.time=10y")
	eventually(t, patience, func() error {
		_, err := p.query(t, "host", "vector(1)")
		return err
	})
	first := now.Add(-365 * day).Truncate(day).Add(day)
	for _, ago := range []int{0, 1, 6, 7, 30, 31, 32, 90, 180, 270, 300, 364} {
		at := first.Add(time.Duration(364-ago) * day)
		bytes, recordings := pastValues(company, first, at)
		for expression, want := range map[string]map[string]float64{
			`wecom_recording_bytes{corp="default"}`:                                         bytes,
			`label_join(wecom_recordings{corp="default"}, "host", " ", "host", "state")`:    recordings,
			`sum(wecom_recording_files_by_age) - on () sum(wecom_recording_files)`:          {"": 0},
			`count(wecom_recordings_discovered_total) - on () count(wecom_recording_bytes)`: {"": 0},
			`count({__name__=~"wecom_.*(shar|exposed|removed).*"})`:                         {},
		} {
			got, err := p.queryAt(t, at, "host", expression)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s at %v (-want +got):\n%.2000s", expression, at, diff)
			}
		}
	}
}

// peakMemory returns how many MiB a process had at the most, when it has ended.
func peakMemory(p *process) (peak float64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)) // It is empty at the end.
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		if fields := strings.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.ParseFloat(fields[0], 64)
			peak = max(peak, kib/1024)
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return peak
		}
	}
}
