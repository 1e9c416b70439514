// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// listOf returns a list of targets whose IDs are "cause/n" if they fail for a cause, and "ok/n".
func listOf(counts map[string]int) []TargetReport {
	var list []TargetReport
	for cause, n := range counts {
		for i := range n {
			t := TargetReport{Target: wecom.Target{Selector: wecom.ByUserID, ID: fmt.Sprintf("%s/%02d", cause, i)}}
			if cause != "ok" {
				t.Status, t.Cause, t.Err = Failing, cause, fmt.Errorf("%s of %d", cause, i)
			}
			list = append(list, t)
		}
	}
	slices.SortFunc(list, compareTargets)
	return list
}

func TestFind(t *testing.T) {
	t.Parallel()
	with := func(part string) func(*TargetReport) bool {
		return func(t *TargetReport) bool { return strings.Contains(t.Target.ID, part) }
	}
	many := map[string]int{"ok": 1}
	for i := range mostErrors + 2 {
		many[fmt.Sprintf("e%02d", i)] = i + 1
	}
	for _, test := range []struct {
		name   string
		counts map[string]int
		query  Query
		part   []string
		total  int
		errors []string // cause, count and number of targets
		others int
	}{
		{
			name:  "nothing",
			query: Query{Limit: 10},
		},
		{
			name:   "all",
			counts: map[string]int{"a": 1, "b": 2, "ok": 1},
			query:  Query{Limit: 10},
			part:   []string{"a/00", "b/00", "b/01", "ok/00"},
			total:  4,
			errors: []string{"b 2 2", "a 1 1"},
		},
		{
			name:   "a part",
			counts: map[string]int{"a": 1, "b": 2, "ok": 1},
			query:  Query{Offset: 2, Limit: 1},
			part:   []string{"b/01"},
			total:  4,
			errors: []string{"b 2 2", "a 1 1"},
		},
		{
			name:   "beyond the end",
			counts: map[string]int{"ok": 2},
			query:  Query{Offset: 2, Limit: 1},
			total:  2,
		},
		{
			name:   "errors of what is selected alone",
			counts: map[string]int{"a": 3, "b": 2, "ok": 2},
			query:  Query{Limit: 2, Match: with("/01")},
			part:   []string{"a/01", "b/01"},
			total:  3,
			errors: []string{"a 1 1", "b 1 1"},
		},
		{
			name:   "a cause with holes",
			counts: map[string]int{"a": 40},
			query:  Query{Limit: 1, Match: with("0")},
			part:   []string{"a/00"},
			total:  13,
			errors: []string{"a 13 13"},
		},
		{
			name:   "more targets than are shown of an error",
			counts: map[string]int{"a": targetsOfError + 1},
			query:  Query{},
			total:  targetsOfError + 1,
			errors: []string{"a 21 20"},
		},
		{
			name:   "more errors than are shown",
			counts: many,
			query:  Query{},
			total:  56,
			errors: []string{
				"e09 10 10", "e08 9 9", "e07 8 8", "e06 7 7", "e05 6 6", "e04 5 5", "e03 4 4", "e02 3 3",
			},
			others: 3,
		},
	} {
		list := listOf(test.counts)
		found := find(list, &test.query)
		errors := make([]string, 0, len(found.Errors))
		for _, e := range found.Errors {
			errors = append(errors, fmt.Sprintf("%s %d %d", e.Cause, e.Count, len(e.Targets)))
			for _, target := range e.Targets {
				if target.Cause != e.Cause || test.query.Match != nil && !test.query.Match(&target) {
					t.Errorf("%s: %s is among the targets of %s", test.name, target.Target.ID, e.Cause)
				}
			}
		}
		if diff := cmp.Diff(test.part, idsOf(found.Part)); diff != "" {
			t.Errorf("%s: targets (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.errors, errors, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: errors (-want +got):\n%s", test.name, diff)
		}
		if found.Total != test.total || found.OtherErrors != test.others {
			t.Errorf("%s: %d targets, %d with other errors, want %d, %d",
				test.name, found.Total, found.OtherErrors, test.total, test.others)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	list := listOf(map[string]int{"60111": 10_000, "50002": 10_000, "ok": 80_000})
	match := func(t *TargetReport) bool { return strings.Contains(strings.ToLower(t.Target.ID), "/99") }
	for b.Loop() {
		find(list, &Query{Match: match, Limit: 100})
	}
}
