// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTargetsAsCSV(t *testing.T) {
	t.Parallel()
	targets := users(perFile + 1)
	targets[0] = schedule.TargetReport{
		Target: wecom.Target{Selector: wecom.ByMeetingID, ID: "=1+1"}, Status: schedule.Failing,
		Err: &wecom.APIError{Endpoint: "meeting/record/list", Code: 60111},
	}
	targets[1].Target.ID = ""
	f := &fake{reports: []poll.Status{acme()}, found: collector.Targets{Found: schedule.Found{Part: targets}}}
	for _, test := range []struct {
		name, query string
		rows        int
		link        string
	}{
		{
			name:  "first file",
			query: "corp=acme&format=csv&search=u",
			rows:  perFile,
			link:  `<?corp=acme&format=csv&page=2&search=u>; rel="next"`,
		},
		{
			name:  "last file",
			query: "corp=acme&format=csv&page=2",
			rows:  1,
		},
	} {
		w := serve(t, handlerOf(f, false), test.query)
		rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
		if err != nil || len(rows) != 1+test.rows {
			t.Fatalf("%s: %d rows, want %d: %v", test.name, len(rows), 1+test.rows, err)
		}
		if got := w.Header().Get("Link"); got != test.link {
			t.Errorf("%s: link %q, want %q", test.name, got, test.link)
		}
		if diff := cmp.Diff(columns, rows[0]); diff != "" {
			t.Errorf("%s: columns (-want +got):\n%s", test.name, diff)
		}
		if test.rows == 1 {
			want := []string{"acme", "userid", "user1000", "ok", "2026-03-02T01:00:00Z", "2026-03-02T01:05:00Z", "1000", "", ""}
			if diff := cmp.Diff(want, rows[1]); diff != "" {
				t.Errorf("%s: a target (-want +got):\n%s", test.name, diff)
			}
			continue
		}
		if got := rows[2][2]; got != "(hidden)" {
			t.Errorf("%s: an ID that is hidden: %q", test.name, got)
		}
		if got := rows[1]; got[2] != "'=1+1" || got[4] != "" || !strings.Contains(got[7], "60111") || got[8] == "" {
			t.Errorf("%s: a target that fails: %q", test.name, got)
		}
	}
}

// TestTargetsAsCSVAreOfOneCorp has two corps of which one must be named.
func TestTargetsAsCSVAreOfOneCorp(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"format=csv", "format=csv&corp=nowhere", "format=csv&corp="} {
		w := serve(t, handlerOf(&fake{reports: []poll.Status{acme(), {Name: "<b>other"}, {Name: "new"}}}, false), query)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "use one of acme, <b>other, new") {
			t.Errorf("%s: status %d: %s", query, w.Code, w.Body)
		}
	}
}
