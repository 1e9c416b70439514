// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// changes returns a change of a file that was and is shared, and one of a whole recording of
// which nothing else is known.
func changes() []poll.Change {
	at := func(day, hour int) wecom.Instant {
		return wecom.InstantOf(time.Date(2026, 11, day, hour, 0, 0, 0, time.FixedZone("CST", 8*3600)))
	}
	return []poll.Change{
		{
			Number: 12, Corp: "acme", Title: "=1+1",
			Change: ledger.Change{
				At: at(26, 16), Kind: ledger.Widened, Recording: "r1", File: "f1", Host: "zhangsan", Start: at(20, 9),
				Before: &ledger.Sharing{Audience: recording.Company},
				After:  &ledger.Sharing{Audience: recording.Anyone, Download: recording.DownloadAllowed, Expire: at(30, 8), Exposed: true},
			},
		},
		{
			Number: 11, Corp: "acme",
			Change: ledger.Change{At: at(26, 15), Kind: ledger.Removed, Recording: "r0"},
		},
	}
}

func TestChangesInJSON(t *testing.T) {
	t.Parallel()
	want := []string{
		`{"number":12,"time":"2026-11-26T08:00:00Z","corp":"acme","change":"widened","recording":"r1","file":"f1","host":"zhangsan",` +
			`"start":"2026-11-20T01:00:00Z","title":"=1+1",` +
			`"before":{"audience":"company","password":"none","expiry":null,"download":"blocked","exposed":false},` +
			`"after":{"audience":"anyone","password":"none","expiry":"2026-11-30T00:00:00Z","download":"allowed","exposed":true}}`,
		`{"number":11,"time":"2026-11-26T07:00:00Z","corp":"acme","change":"removed","recording":"r0","file":null,"host":"unknown",` +
			`"start":null,"title":"","before":null,"after":null}`,
	}
	for i, c := range changes() {
		got, err := json.Marshal(OfChange(&c))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], string(got)); diff != "" {
			t.Errorf("change %d (-want +got):\n%s", c.Number, diff)
		}
	}
}

func TestChangesInCSV(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := WriteChanges(&text, changes()); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{
			"number", "time", "corp", "change", "recording", "file", "host", "start", "title",
			"before_audience", "before_password", "before_expiry", "before_download", "before_exposed",
			"after_audience", "after_password", "after_expiry", "after_download", "after_exposed",
		},
		{
			"12", "2026-11-26T08:00:00Z", "acme", "widened", "r1", "f1", "zhangsan", "2026-11-20T01:00:00Z", "'=1+1",
			"company", "none", "", "blocked", "false",
			"anyone", "none", "2026-11-30T00:00:00Z", "allowed", "true",
		},
		{"11", "2026-11-26T07:00:00Z", "acme", "removed", "r0", "", "unknown", "", "", "", "", "", "", "", "", "", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}
