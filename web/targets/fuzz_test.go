// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"slices"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query/querytest"
)

// A query of targets is refused, or asks for just what a simple model makes of it.
func FuzzTargetsQuery(f *testing.F) {
	for _, query := range querytest.Seeds() {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parse(raw)
		values, ok := querytest.Read(raw, "corp", "page", "format", "lang", "refresh")
		wantPage, isPage := querytest.Number(values["page"], 1, 1_000_000)
		isFormat := slices.Contains([]string{"", "html", "csv"}, values["format"])
		if ok = ok && isPage && isFormat; ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if ok && (q.corp != values["corp"] || q.page != wantPage || (q.format == "csv") != (values["format"] == "csv")) {
			t.Errorf("%q asks for page %d of %q as %s", raw, q.page, q.corp, q.format)
		}
	})
}
