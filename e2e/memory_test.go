// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	manyUsers    = 20_000
	recordsEach  = 50
	recordsAPage = 20
)

// crowd answers like WeCom for a company of many users, each with as many
// recordings of one file. It keeps none of them.
func crowd(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/gettoken") {
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok","access_token":"token","expires_in":7200}`)
		return
	}
	var request struct {
		UserID    string `json:"userid"`
		StartTime int64  `json:"start_time"`
		Cursor    string `json:"cursor"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	first, _ := strconv.Atoi(request.Cursor)
	end := min(first+recordsAPage, recordsEach)
	var records []string
	for i := first; i < end; i++ {
		start := (time.Now().Unix()/3600 - int64(i*12) - 5) * 3_600_000
		records = append(records, fmt.Sprintf(`{"meeting_record_id":"wr%s%010d","host_user_id":%q,"meeting_start_time":%d,"title":"周会","state":3,`+
			`"record_files":[{"record_file_id":"wf%s%010d","record_start_time":%d,"record_end_time":%d,"record_size":%d,"sharing_state":%d,"sharing_expire":0}]}`,
			request.UserID, i, request.UserID, start, request.UserID, i, start, start+3_600_000, 400_000_000+i*1000, i%2))
	}
	fmt.Fprintf(w, `{"errcode":0,"errmsg":"ok","has_more":%t,"next_cursor":"%d","record_meetings":[%s]}`,
		end < recordsEach, end, strings.Join(records, ","))
}

// BenchmarkMemory measures how much memory the program takes with a million
// recordings of 20,000 hosts and its store on: at the most during the first round,
// after some minutes of polling and scrapes, and after a restart. PROFILES names a
// directory for heap profiles.
func BenchmarkMemory(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(crowd))
	b.Cleanup(server.Close)
	users := make([]string, manyUsers)
	for i := range users {
		users[i] = fmt.Sprintf("user%05d", i)
	}
	targets, err := json.Marshal(map[string][]string{"userids": users})
	if err != nil {
		b.Fatal(err)
	}
	file := b.TempDir() + "/targets.json"
	if err := os.WriteFile(file, targets, 0o600); err != nil {
		b.Fatal(err)
	}
	storage := b.TempDir()
	for b.Loop() {
		for _, when := range []string{"", "-after-restart"} {
			x := runMany(b, server.URL, file, storage)
			x.settle(b)
			b.ReportMetric(x.memory(b, "VmHWM"), "MiB-most"+when)
			b.ReportMetric(x.memory(b, "VmRSS"), "MiB-settled"+when)
			b.ReportMetric(x.memory(b, "RssAnon"), "MiB-settled-anonymous"+when)
			b.ReportMetric(x.memory(b, "RssFile"), "MiB-settled-of-files"+when)
			if dir := os.Getenv("PROFILES"); dir != "" {
				x.writeHeapProfile(b, filepath.Join(dir, "heap"+when+".pprof"))
			}
			x.end(b)
		}
	}
}

func runMany(b *testing.B, url, targets, storage string) *exporter {
	b.Helper()
	address := freeAddress(b)
	return &exporter{
		process: start(b, []string{
			"WECOM_CORP_ID=ww0123456789abcdef", "WECOM_API_SECRET=secret", "WECOM_API_URL=" + url,
		}, program, "--target.file="+targets, "--storage.path="+storage, "--web.listen-address="+address, "--metrics.max-hosts=0",
			"--web.enable-pprof", "--poll.max-requests-per-minute=1000000", "--poll.concurrency=8", "--poll.interval=2m"),
		address: address, url: "http://" + address, client: newClient(),
	}
}

// settle waits for the first round, and scrapes for a while.
func (x *exporter) settle(b *testing.B) {
	b.Helper()
	eventually(b, 10*time.Minute, func() error {
		a, err := get(b.Context(), x.client, x.url+"/-/ready")
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("status %d", a.status)
		}
		return err
	})
	for range 20 {
		if _, err := get(b.Context(), x.client, x.url+"/metrics", "Accept-Encoding", "gzip"); err != nil {
			b.Fatal(err)
		}
		select {
		case <-b.Context().Done():
		case <-time.After(3 * time.Second):
		}
	}
}

func (x *exporter) end(b *testing.B) {
	b.Helper()
	if err := x.cmd.Process.Signal(os.Interrupt); err != nil {
		b.Fatal(err)
	}
	<-x.ended
}

// writeHeapProfile writes what is live on the heap to a file for go tool pprof.
func (x *exporter) writeHeapProfile(b *testing.B, path string) {
	b.Helper()
	a, err := get(b.Context(), x.client, x.url+"/debug/pprof/heap")
	if err == nil {
		err = os.WriteFile(path, a.body, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// memory returns a value of the process's status in MiB.
func (x *exporter) memory(tb testing.TB, key string) float64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				tb.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	tb.Fatalf("no %s in\n%s", key, status)
	return 0
}
