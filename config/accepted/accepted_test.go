// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package accepted

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func write(tb testing.TB, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "accepted.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	t.Parallel()
	newYearsEve := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		content string
		want    []Entry
	}{
		{
			name: "YAML",
			content: "# Public.\n- {id: wr0d53101e1ad30426, reason: public training, until: 2026-12-31}\n" +
				"- {id: wf77, reason: town hall}\n",
			want: []Entry{
				{ID: "wr0d53101e1ad30426", Reason: "public training", Until: newYearsEve},
				{ID: "wf77", Reason: "town hall"},
			},
		},
		{
			name:    "a quoted date, and numbers for texts",
			content: "- id: 12345678901234567890\n  reason: ' 7 '\n  until: '2026-12-31'\n",
			want:    []Entry{{ID: "12345678901234567890", Reason: "7", Until: newYearsEve}},
		},
		{
			name:    "JSON",
			content: `[{"id": "a", "reason": "公开培训", "until": null}]`,
			want:    []Entry{{ID: "a", Reason: "公开培训"}},
		},
		{name: "a byte order mark", content: "\ufeff- {id: a, reason: b}\r\n", want: []Entry{{ID: "a", Reason: "b"}}},
		{name: "an empty file", content: "", want: []Entry{}},
		{name: "comments alone", content: "# Nothing yet.\n", want: []Entry{}},
		{name: "an empty list", content: "[]", want: []Entry{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, errs := Read(write(t, test.content))
			if diff := cmp.Diff(test.want, got); len(errs) > 0 || diff != "" {
				t.Errorf("errors %v; entries (-want +got):\n%s", errs, diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const (
		noID     = "no ID: write the ID of a recording or a file, as shown by the page /recordings and the command list"
		noReason = "no reason: write why the recording may be open to anyone with the link"
		noDate   = " is not a date: write the last day, such as 2026-12-31, or leave the key out"
	)
	tests := []struct {
		name    string
		content string
		want    []string
	}{
		{
			name:    "no list",
			content: "id: a\nreason: b\n",
			want:    []string{"line 1: a value of the wrong kind: write a list"},
		},
		{
			name:    "no keys",
			content: "- a\n",
			want:    []string{"[0] (line 1): a value of the wrong kind: write keys with values"},
		},
		{
			name:    "an unknown key",
			content: "- {id: a, reason: b}\n- {id: c, reason: d, untl: 2026-12-31}\n",
			want:    []string{`[1] (line 2): "untl" is not a known key: did you mean until? Use one of id, reason, until`},
		},
		{
			name:    "no ID and no reason",
			content: "- {reason: b}\n- {id: a}\n- {id: '', reason: ' '}\n-\n",
			want: []string{
				"[0].id (line 1): " + noID,
				"[1].reason (line 2): " + noReason,
				"[2].id (line 3): " + noID,
				"[2].reason (line 3): " + noReason,
				"[3] (line 4): an empty entry: write id and reason, or remove the entry",
			},
		},
		{
			name: "no dates",
			content: "- {id: a, reason: b, until: 2026-12-31T00:00:00Z}\n- {id: c, reason: d, until: 2026-02-30}\n" +
				"- {id: e, reason: f, until: soon}\n- {id: g, reason: h, until: ''}\n- {id: i, reason: j, until: 2026-1-2}\n" +
				"- {id: k, reason: l, until: 0001-01-01}\n",
			want: []string{
				`[0].until (line 1): "2026-12-31T00:00:00Z"` + noDate,
				`[1].until (line 2): "2026-02-30"` + noDate,
				`[2].until (line 3): "soon"` + noDate,
				`[3].until (line 4): ""` + noDate,
				`[4].until (line 5): "2026-1-2"` + noDate,
				`[5].until (line 6): "0001-01-01"` + noDate,
			},
		},
		{
			name:    "an ID twice",
			content: "- {id: a, reason: b}\n- {id: c, reason: d}\n- id: ' a'\n  reason: e\n",
			want:    []string{`[2].id (line 3): "a" is also in [0]: remove one of them`},
		},
		{
			name: "over the bounds",
			content: "- {id: " + strings.Repeat("a", 1025) + ", reason: b}\n- {id: c, reason: " +
				strings.Repeat("d", 1025) + "}\n- {id: e f, reason: g}\n- {id: !!binary /w==, reason: !!binary /w==}\n",
			want: []string{
				"[0].id (line 1): an ID of 1025 bytes: use one of at most 1024",
				"[1].reason (line 2): a reason of 1025 bytes: use one of at most 1024",
				`[2].id (line 3): "e f" contains white space or a control character: write one ID for each entry`,
				`[3].id (line 4): "\xff" contains white space or a control character: write one ID for each entry`,
				"[3].reason (line 4): a reason that is not UTF-8: write one that is",
			},
		},
		{
			name:    "half written",
			content: "- {id: a, rea",
			want:    []string{"not YAML: line 1: did not find expected ',' or '}'"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, test.content)
			entries, errs := Read(path)
			want := make([]string, 0, len(test.want))
			for _, line := range test.want {
				want = append(want, `"`+path+`": `+line)
			}
			var got []string
			for _, err := range errs {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(want, got); diff != "" || entries != nil {
				t.Errorf("%d entries; errors (-want +got):\n%s", len(entries), diff)
			}
		})
	}
}

func TestReadAMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yml")
	_, errs := Read(path)
	const want = " cannot be read (no such file or directory): name a readable file"
	if len(errs) != 1 || errs[0].Error() != `the accepted file "`+path+`"`+want || !errors.Is(errs[0], os.ErrNotExist) {
		t.Errorf("errors %v", errs)
	}
}

func FuzzReadAccepted(f *testing.F) {
	f.Add([]byte("- {id: a, reason: b, until: 2026-12-31}\n- {id: c, reason: d}\n"))
	f.Add([]byte(`[{"id": "a", "reason": "b", "until": "2026-12-31"}]`))
	f.Add([]byte("- &x {id: a, reason: b}\n- *x\n- {<<: *x, id: !!binary AA==}\n"))
	path := filepath.Join(f.TempDir(), "accepted.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		entries, errs := Read(path)
		if len(errs) > 0 {
			if entries != nil {
				t.Error("entries and errors")
			}
			return
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if e.ID == "" || seen[e.ID] || len(e.ID) > maxIDBytes || !utf8.ValidString(e.ID) ||
				strings.ContainsFunc(e.ID, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
				t.Errorf("accepted the ID %q", e.ID)
			}
			seen[e.ID] = true
			if e.Reason == "" || len(e.Reason) > maxReasonBytes || !utf8.ValidString(e.Reason) {
				t.Errorf("accepted the reason %q", e.Reason)
			}
			if !e.Until.Equal(e.Until.Truncate(24 * time.Hour)) {
				t.Errorf("accepted the day %s", e.Until)
			}
		}
	})
}
