// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query/querytest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// modelOf reads a query in the simplest way, or returns false if it is refused.
func modelOf(raw string) (want collector.TargetQuery, format string, ok bool) {
	values, ok := querytest.Read(raw, "corp", "search", "selector", "status", "error", "page", "format", "lang", "refresh")
	if !ok {
		return want, "", false
	}
	number, isPage := querytest.Number(values["page"], 1, 1_000_000)
	want = collector.TargetQuery{
		Corp: values["corp"], Search: strings.TrimSpace(values["search"]), Selector: wecom.Selector(values["selector"]),
		Cause: strings.TrimSpace(values["error"]), Offset: number,
	}
	switch values["status"] {
	case "":
	case "ok":
		want.Status = new(schedule.OK)
	case "failing":
		want.Status = new(schedule.Failing)
	case "pending":
		want.Status = new(schedule.Pending)
	default:
		return want, "", false
	}
	isCause := slices.Contains([]string{"", "transport", "http", "decode", "incomplete", "other"}, want.Cause)
	if code, err := strconv.ParseInt(want.Cause, 10, 64); err == nil {
		want.Cause, isCause = strconv.FormatInt(code, 10), true
	}
	isSelector := slices.Contains([]wecom.Selector{"", "userid", "meetingid", "meeting_code"}, want.Selector)
	isFormat := slices.Contains([]string{"", "html", "csv"}, values["format"])
	return want, cmp.Or(values["format"], "html"), isPage && isCause && isSelector && isFormat
}

// A query of targets is refused, or asks for just what a simple model makes of it.
func FuzzTargetsQuery(f *testing.F) {
	for _, query := range querytest.Seeds() {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parse(raw)
		want, format, ok := modelOf(raw)
		if ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if !ok {
			return
		}
		got := collector.TargetQuery{
			Corp: q.corp, Search: q.search, Selector: q.selector, Status: q.status, Cause: q.cause, Offset: q.page,
		}
		if diff := gocmp.Diff(want, got); diff != "" || q.format != format {
			t.Errorf("%q, as %s (-want +got):\n%s", raw, q.format, diff)
		}
	})
}
