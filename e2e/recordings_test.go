// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestRecordings compares what the API returns with what the gauges count, and looks
// for what it must not tell.
func TestRecordings(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, append(smallWorld(), markedRecording())...)
	storage := t.TempDir()
	x := run(t, s.credentials(), "--web.enable-recordings", "--metrics.host-label=hashed",
		"--metrics.host-hash-key-file="+writeFile(t, "key", "0123456789abcdef"), "--storage.path="+storage,
		"--target.userid=zhangsan", "--target.userid=lisi", "--target.meetingid=hy-strange", "--target.meeting-code=777777777")
	x.awaitStatus(t, "/-/ready", http.StatusOK)
	x.awaitLog(t, "the pages show user IDs and titles", "--web.enable-recordings")

	var answer struct {
		Total      int `json:"total"`
		Recordings []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
			Bytes int64  `json:"bytes"`
		} `json:"recordings"`
	}
	ask := func(query string) {
		t.Helper()
		if err := json.Unmarshal(x.get(t, "/api/v1/recordings"+query).body, &answer); err != nil {
			t.Fatal(err)
		}
	}
	e := x.scrape(t)
	sum := func(family string) (total float64) {
		for _, value := range e.sumBy(family, "host") {
			total += value
		}
		return total
	}
	ask("?limit=1000")
	bytes, titled := int64(0), false
	for _, r := range answer.Recordings {
		bytes += r.Bytes
		titled = titled || r.Title == markTitle
	}
	if float64(answer.Total) != sum("wecom_recordings") || float64(bytes) != sum("wecom_recording_bytes") || !titled {
		t.Errorf("%d recordings of %d bytes, with the title: %t; the gauges count %v of %v", answer.Total, bytes, titled,
			sum("wecom_recordings"), sum("wecom_recording_bytes"))
	}
	ask("?exposed=true")
	if answer.Total != 1 || answer.Recordings[0].ID != "completed" || sum("wecom_recording_exposed_files") != 1 {
		t.Errorf("exposed: %+v", answer)
	}

	if ask("?exposed=false"); float64(answer.Total) != sum("wecom_recordings")-1 {
		t.Errorf("%d recordings are not exposed, want all but one of %v", answer.Total, sum("wecom_recordings"))
	}

	stored, err := os.ReadFile(storeIn(storage))
	if err != nil {
		t.Fatal(err)
	}
	page, api := x.get(t, "/recordings").body, x.get(t, "/api/v1/recordings").body
	for where, text := range map[string]string{
		"the page": string(page), "the API": string(api), "the metrics": string(x.get(t, "/metrics").body), "/targets": string(x.get(t, "/targets").body),
		"the log": x.stderr.String(), "the store": string(stored),
	} {
		for _, mark := range []string{markPassword, markURL, markSecret} {
			if strings.Contains(text, mark) {
				t.Errorf("%s has %s", where, mark)
			}
		}
		if shows := where == "the page" || where == "the API"; strings.Contains(text, markTitle) != shows {
			t.Errorf("%s shows the title: %t", where, !shows)
		}
	}
	x.wantStatus(t, "/recordings?exposed=maybe", http.StatusBadRequest)
	without := run(t, s.credentials(), "--target.userid=zhangsan")
	without.awaitStatus(t, "/-/ready", http.StatusOK)
	without.wantStatus(t, "/recordings", http.StatusNotFound)
	without.wantStatus(t, "/api/v1/recordings", http.StatusNotFound)
}
