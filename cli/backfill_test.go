// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// wantNoFiles fails the test if something is left in a folder.
func wantNoFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the folder: %v (%v)", entries, err)
	}
}

// TestInterruptedWalkLeavesNoFile interrupts backfill at its first call.
func TestInterruptedWalkLeavesNoFile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	company, args := serveCompany(t)
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(cancel)
		company.ServeHTTP(w, r)
	}))
	defer server.Close()
	dir := t.TempDir()
	for i, arg := range args {
		if strings.HasPrefix(arg, "--wecom.api-url=") {
			args[i] = "--wecom.api-url=" + server.URL
		}
	}
	args = append([]string{"backfill", "--target.discover=members", "--output=" + filepath.Join(dir, "history.om")}, args...)
	var stdout, stderr bytes.Buffer
	if status := Run(ctx, args, &stdout, &stderr); status != 130 {
		t.Errorf("exit status %d, want 130: %s", status, &stderr)
	}
	wantNoFiles(t, dir)
}

// An interrupter ends a context at the first write.
type interrupter struct {
	cancel func()
	bytes.Buffer
}

// Write implements io.Writer.
func (i *interrupter) Write(p []byte) (int, error) {
	i.cancel()
	return i.Buffer.Write(p)
}

// TestInterruptedWriting interrupts backfill when it has begun to write.
func TestInterruptedWriting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, args := serveCompany(t)
	args = append([]string{"backfill", "--target.discover=members", "--output=-", "--step=10m"}, args...)
	stdout := interrupter{cancel: cancel}
	var stderr bytes.Buffer
	if status := Run(ctx, args, &stdout, &stderr); status != 130 || strings.Contains(stdout.String(), "# EOF") {
		t.Errorf("exit status %d, want 130, after %d bytes: %s", status, stdout.Len(), &stderr)
	}
}

// TestBackfillReachesBack has a recording that was in the lookback at the start of the history,
// and left it long ago.
func TestBackfillReachesBack(t *testing.T) {
	t.Parallel()
	company, args := serveCompany(t)
	company.SetDirectory(wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}},
		Members: []wecomtest.Member{{UserID: "li", Departments: []int{1}}},
	})
	start := time.Now().Add(-80 * 24 * time.Hour)
	company.Put(wecomtest.Recording{
		ID: "old", MeetingID: "hy-old", Creator: "li", Host: "old-host", MeetingStart: start,
		Files: []wecomtest.File{{ID: "old-file", Start: start, End: start.Add(time.Hour), Size: 1000}},
	})
	args = append([]string{"backfill", "--target.meetingid=hy-old", "--output=-", "--from=60d", "--step=1d"}, args...)
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d: %s", status, &stderr)
	}
	days := map[string]int{}
	for line := range strings.Lines(stdout.String()) {
		if fields := strings.Fields(line); fields[0] == `wecom_recording_bytes{corp="default",host="old-host"}` {
			days[fields[1]]++
		}
	}
	// 31 days of lookback have 20 left at the start.
	if inside := days["1000"]; inside < 11 || inside > 12 || inside+days["0"] != 60 {
		t.Errorf("days by bytes: %v, want 1000 for 11 or 12 of 60", days)
	}
}

// TestBackfillOfNobody has no target at all, which is not a failure of any.
func TestBackfillOfNobody(t *testing.T) {
	t.Parallel()
	company, args := serveCompany(t)
	company.SetDirectory(wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}}, Scope: wecomtest.Scope{Departments: []int{1}},
	})
	dir := t.TempDir()
	args = append([]string{"backfill", "--target.discover=members", "--output=" + filepath.Join(dir, "history.om")}, args...)
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), args, &stdout, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), errNothingListed.Error()) {
		t.Errorf("exit status %d, want 1: %s", status, &stderr)
	}
	wantNoFiles(t, dir)
}

// TestFileThatComesMeanwhile has somebody else write the file while backfill is at work.
func TestFileThatComesMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "history.om")
	f, err := createFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.commit(); err == nil || !strings.Contains(err.Error(), errFileExists.Error()) {
		t.Errorf("committing over another file: %v", err)
	}
	f.discard()
	if content, err := os.ReadFile(path); err != nil || string(content) != "theirs" {
		t.Errorf("the other file has %q (%v)", content, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("in the folder: %v (%v)", entries, err)
	}
}
