// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// serveCompany serves the company of the demo at a fixed time, and returns the flags of who
// asks it.
func serveCompany(t *testing.T) (company *wecomtest.Server, flags []string) {
	t.Helper()
	now := time.Now()
	company = wecomtest.DemoServer(wecomtest.Config{Now: func() time.Time { return now }}, demoSeed, scriptMembers)
	server := httptest.NewServer(company)
	t.Cleanup(server.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(wecomtest.DefaultSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return company, []string{
		"--wecom.api-url=" + server.URL, "--wecom.corp-id=" + wecomtest.DefaultCorpID, "--wecom.api-secret-file=" + secret,
		"--wecom.agent-id=" + strconv.Itoa(wecomtest.DefaultAgentID),
	}
}

// list returns the rows of list in CSV, without the names of the columns.
func list(t *testing.T, company []string, args ...string) [][]string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = slices.Concat([]string{"list", "--target.discover=members", "--format=csv"}, company, args)
	if status := Run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("%q: exit status %d: %s", args, status, &stderr)
	}
	rows, err := csv.NewReader(&stdout).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// TestListIsThePage compares list with what the API of a running exporter has.
func TestListIsThePage(t *testing.T) {
	t.Parallel()
	_, company := serveCompany(t)
	rows := list(t, company, "--exposed")

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	address := freeAddress(t)
	go func() {
		ended <- Run(ctx, append(company,
			"--target.discover=members", "--web.enable-recordings", "--web.listen-address="+address,
		), io.Discard, io.Discard)
	}()
	eventually(t, "the exporter is ready", func() bool {
		status, _ := request(t, http.MethodGet, address, "/-/ready")
		return status == http.StatusOK
	})
	_, body := request(t, http.MethodGet, address, "/api/v1/recordings?exposed=true&limit=1000")
	stop()
	<-ended
	var page struct {
		Recordings []struct {
			Corp            string            `json:"corp"`
			Host            string            `json:"host"`
			ID              string            `json:"id"`
			Title           string            `json:"title"`
			Start           string            `json:"start"`
			State           string            `json:"state"`
			Files           []json.RawMessage `json:"files"`
			Bytes           int64             `json:"bytes"`
			DurationSeconds float64           `json:"duration_seconds"`
			SharedFiles     int               `json:"shared_files"`
			ExposedFiles    int               `json:"exposed_files"`
		} `json:"recordings"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	want := make([][]string, 0, len(page.Recordings))
	for _, r := range page.Recordings {
		want = append(want, []string{
			r.Corp, r.Host, r.ID, r.Title, r.Start, r.State, strconv.Itoa(len(r.Files)), strconv.FormatInt(r.Bytes, 10),
			strconv.FormatFloat(r.DurationSeconds, 'f', -1, 64), strconv.Itoa(r.SharedFiles), strconv.Itoa(r.ExposedFiles),
			"0", "0", "", "",
		})
	}
	if len(want) < 5 {
		t.Fatalf("the page has %d recordings", len(want))
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows differ (-page +list):\n%s", diff)
	}
}

// TestListByAge cuts the list in two at a time.
func TestListByAge(t *testing.T) {
	t.Parallel()
	_, company := serveCompany(t)
	all := list(t, company, "--poll.lookback=366d")
	since := time.Now().Add(-10 * 24 * time.Hour)
	young := list(t, company, "--since="+since.UTC().Format(time.RFC3339))
	old := list(t, company, "--older-than=10d")
	if len(young) == 0 || len(old) == 0 {
		t.Fatalf("%d young and %d old recordings", len(young), len(old))
	}
	if diff := cmp.Diff(all, slices.Concat(young, old)); diff != "" {
		t.Errorf("rows differ (-all +young and old):\n%s", diff)
	}
}

// TestListInterrupted prints what was found before.
func TestListInterrupted(t *testing.T) {
	t.Parallel()
	company, flags := serveCompany(t)
	ctx, interrupt := context.WithCancel(t.Context())
	// One target never answers.
	var once sync.Once
	company.Fail(wecomtest.Fault{Endpoint: "meeting/record/list", Hang: true, Match: func(r wecomtest.Request) bool {
		hangs := r.Target == "zhangwei"
		if hangs {
			once.Do(func() { time.AfterFunc(2*time.Second, interrupt) })
		}
		return hangs
	}})
	var stdout bytes.Buffer
	began := time.Now()
	status := Run(ctx, append(flags, "list", "--target.discover=members", "--format=csv"), &stdout, io.Discard)
	if status != int(errInterrupted) {
		t.Errorf("exit status %d, want %d", status, errInterrupted)
	}
	if lines := bytes.Count(stdout.Bytes(), []byte("\n")); lines < 2 {
		t.Errorf("%d lines, want what was found: %s", lines, &stdout)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestListIncomplete ends with another status.
func TestListIncomplete(t *testing.T) {
	t.Parallel()
	_, flags := serveCompany(t)
	status := Run(t.Context(), append(flags, "list", "--target.meetingid=nosuchmeeting"), io.Discard, io.Discard)
	if status != int(errIncomplete) {
		t.Errorf("exit status %d, want %d", status, errIncomplete)
	}
}

// TestListKnowsThePolicy accepts the first of the exposed recordings.
func TestListKnowsThePolicy(t *testing.T) {
	t.Parallel()
	_, company := serveCompany(t)
	exposed := list(t, company, "--exposed")
	const (
		id, exposedFiles, acceptedFiles, overdueFiles = 2, 10, 11, 12
		start                                         = 4
	)
	path := filepath.Join(t.TempDir(), "accepted.yml")
	entry := "- {id: " + exposed[0][id] + ", reason: town hall}\n"
	if err := os.WriteFile(path, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	company = append(company, "--policy.accepted-file="+path, "--policy.retention=10d")
	left := list(t, company, "--exposed")
	if len(left) != len(exposed)-1 || left[0][id] != exposed[1][id] {
		t.Errorf("%d exposed recordings, want one less than %d", len(left), len(exposed))
	}
	overdue := 0
	tenDaysAgo := time.Now().Add(-10 * 24 * time.Hour)
	for _, row := range list(t, company) {
		if row[id] == exposed[0][id] && (row[exposedFiles] != "0" || row[acceptedFiles] != exposed[0][exposedFiles]) {
			t.Errorf("the accepted recording: %q", row)
		}
		began, err := time.Parse(time.RFC3339, row[start])
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := strconv.Atoi(row[overdueFiles]); n > 0 {
			overdue++
			if began.After(tenDaysAgo) {
				t.Errorf("it is not overdue: %q", row)
			}
		}
	}
	if overdue == 0 {
		t.Error("nothing is overdue")
	}
}
