// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query/querytest"
)

// modelOf returns what a query asks for, or false if it is to be refused.
func modelOf(raw string, now time.Time) (want collector.ChangeQuery, ok bool) {
	values, ok := querytest.Read(raw,
		"corp", "host", "change", "recording", "exposed", "since", "until", "before", "limit", "format", "lang", "refresh")
	if !ok {
		return want, false
	}
	want.Corp, want.Host, want.Recording = values["corp"], values["host"], values["recording"]
	kind := slices.Index([]string{"enabled", "disabled", "widened", "narrowed", "removed"}, values["change"])
	if kind >= 0 {
		want.Kind = new(ledger.Kind(kind))
	} else if values["change"] != "" {
		return want, false
	}
	isTime := func(text string, to *time.Time) bool {
		if text == "" {
			return true
		}
		if ago, err := model.ParseDuration(text); err == nil {
			*to = now.Add(-time.Duration(ago))
		} else if *to, err = time.Parse(time.RFC3339, text); err != nil {
			return false
		}
		return to.UTC().Year() >= 2000
	}
	var isExposed, isBefore, isLimit bool
	want.Exposed, isExposed = querytest.Bool(values["exposed"])
	before, isBefore := querytest.Number(values["before"], 0, math.MaxInt32)
	want.Before = uint32(before)
	want.Limit, isLimit = querytest.Number(values["limit"], 100, 1000)
	isFormat := slices.Contains([]string{"", "html", "csv"}, values["format"])
	isSpan := isTime(values["since"], &want.Since) && isTime(values["until"], &want.Until) &&
		(want.Since.IsZero() || want.Until.IsZero() || want.Since.Before(want.Until))
	return want, isExposed && isBefore && isLimit && isFormat && isSpan
}

// A query of changes is refused, or asks for just what a simple model makes of it: a filter
// that cannot be read never shows more.
func FuzzChangesQuery(f *testing.F) {
	for _, query := range querytest.Seeds() {
		f.Add(query)
	}
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, err := parse(raw, now, page.HTML, page.CSV)
		want, ok := modelOf(raw, now)
		if ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if ok {
			if diff := gocmp.Diff(want, q.ChangeQuery); diff != "" {
				t.Errorf("%q (-want +got):\n%s", raw, diff)
			}
		}
	})
}
