// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"cmp"
	"slices"
)

const (
	// mostErrors is how many errors are reported of the targets of a query.
	mostErrors = 8
	// targetsOfError is how many targets are reported of each of them.
	targetsOfError = 20
)

// A Query selects targets, and a part of them.
type Query struct {
	// Match reports whether a target is selected. It may be called more than once for a target.
	// All are selected if it is nil.
	Match         func(*TargetReport) bool
	Offset, Limit int
}

func (q *Query) selects(t *TargetReport) bool { return q.Match == nil || q.Match(t) }

// Found is what a query finds. The caller may change it.
type Found struct {
	// Part is the part of the selected targets that the query asks for: the failing ones first,
	// sorted by cause, selector and ID.
	Part  []TargetReport
	Total int // number of selected targets
	// Errors are the most frequent errors of all selected targets, the most frequent first.
	Errors []ErrorReport
	// OtherErrors is how many selected targets fail for other causes.
	OtherErrors int
}

// An ErrorReport is what targets have in common that fail for the same cause.
type ErrorReport struct {
	Cause   string         // see [wecom.CauseOf]
	Err     error          // of the first target
	Count   int            // number of targets
	Targets []TargetReport // the first 20 of them
}

// A run is a cause for which targets fail, that stand together in a list.
type run struct {
	first int // index of the first target
	count int
}

// find returns what a query finds in a list in the order of compareTargets.
func find(all []TargetReport, q *Query) (f Found) {
	var runs []run
	for i := range all {
		t := &all[i]
		if !q.selects(t) {
			continue
		}
		if f.Total >= q.Offset && len(f.Part) < q.Limit {
			f.Part = append(f.Part, *t)
		}
		f.Total++
		if t.Cause == "" {
			continue
		}
		if len(runs) == 0 || all[runs[len(runs)-1].first].Cause != t.Cause {
			runs = append(runs, run{first: i})
		}
		runs[len(runs)-1].count++
	}
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(b.count, a.count) })
	for i, r := range runs {
		if i >= mostErrors {
			f.OtherErrors += r.count
			continue
		}
		f.Errors = append(f.Errors, r.report(all, q))
	}
	return f
}

func (r run) report(all []TargetReport, q *Query) ErrorReport {
	e := ErrorReport{Cause: all[r.first].Cause, Err: all[r.first].Err, Count: r.count}
	n := min(r.count, targetsOfError)
	for i := r.first; len(e.Targets) < n; i++ {
		if q.selects(&all[i]) {
			e.Targets = append(e.Targets, all[i])
		}
	}
	return e
}
