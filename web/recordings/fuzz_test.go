// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query/querytest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// modelOf returns what a query of recordings asks for, or false if it is to be
// refused.
func modelOf(raw string) (want collector.RecordingQuery, ok bool) {
	values, ok := querytest.Read(raw, "corp", "host", "state", "exposed", "shared", "accepted", "overdue", "recording", "format", "sort", "order", "page", "limit", "lang", "refresh")
	if !ok {
		return want, false
	}
	want.Corp, want.Host, want.ID = values["corp"], values["host"], values["recording"]
	if format := values["format"]; format != "" && format != "html" && format != "csv" {
		return want, false
	}
	states := map[string]wecom.State{
		"unknown": wecom.StateUnknown, "recording": wecom.StateRecording, "transcoding": wecom.StateTranscoding, "completed": wecom.StateCompleted,
	}
	if state, isState := states[values["state"]]; isState {
		want.State = &state
	} else if values["state"] != "" {
		return want, false
	}
	var isExposed, isShared, isAccepted, isOverdue, isPage, isLimit bool
	want.Exposed, isExposed = querytest.Bool(values["exposed"])
	want.Shared, isShared = querytest.Bool(values["shared"])
	want.Accepted, isAccepted = querytest.Bool(values["accepted"])
	want.Overdue, isOverdue = querytest.Bool(values["overdue"])
	byDefault := "exposed"
	if values["order"] != "" || values["format"] == "csv" {
		byDefault = "start"
	}
	want.Order = inventory.Order(cmp.Or(values["sort"], byDefault))
	isOrder := slices.Contains(inventory.Orders(), want.Order)
	switch values["order"] {
	case "":
		want.Descending = want.Order != inventory.ByHost
	case "desc":
		want.Descending = true
	case "asc":
	default:
		return want, false
	}
	number, isPage := querytest.Number(values["page"], 1, 1_000_000)
	want.Limit, isLimit = querytest.Number(values["limit"], 100, 1000)
	want.Offset = (number - 1) * want.Limit
	isInReach := want.Offset+want.Limit <= 100_000
	return want, isExposed && isShared && isAccepted && isOverdue && isOrder && isPage && isLimit && isInReach
}

// A query of recordings is refused, or asks for just what a simple model makes of it.
func FuzzRecordingsQuery(f *testing.F) {
	for _, query := range querytest.Seeds() {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, err := parse(raw, page.HTML, page.CSV)
		want, ok := modelOf(raw)
		if ok != (err == nil) {
			t.Fatalf("%q: error %v, want one: %t", raw, err, !ok)
		}
		if ok {
			if diff := gocmp.Diff(want, q.RecordingQuery); diff != "" {
				t.Errorf("%q (-want +got):\n%s", raw, diff)
			}
		}
	})
}
