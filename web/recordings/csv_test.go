// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"encoding/csv"
	"strings"
	"testing"
)

func TestRecordingsAsCSV(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, target string
		rows         int
		link         string
	}{
		{
			name:   "the page",
			target: "/recordings?format=csv&host=li",
			rows:   100,
			link:   `<?format=csv&host=li&page=2>; rel="next"`,
		},
		{
			name:   "the API",
			target: "/api/v1/recordings?format=csv&limit=200&page=2",
			rows:   50,
		},
	} {
		w := serve(t, handler(&asked{total: 250}), test.target)
		if got, want := w.Header().Get("Content-Type"), "text/csv; charset=utf-8"; got != want {
			t.Errorf("%s: content type %q, want %q", test.name, got, want)
		}
		if got, want := w.Header().Get("Content-Disposition"), `attachment; filename="recordings.csv"`; got != want {
			t.Errorf("%s: disposition %q, want %q", test.name, got, want)
		}
		if got := w.Header().Get("Link"); got != test.link {
			t.Errorf("%s: link %q, want %q", test.name, got, test.link)
		}
		rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
		if err != nil || len(rows) != 1+test.rows || rows[0][0] != "corp" || rows[1][1] != "<b>li" {
			t.Errorf("%s: %d rows, want %d: %v", test.name, len(rows), 1+test.rows, err)
		}
	}
}
