// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package statistics

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A queue holds the shared recordings in the order in which to ask for them. Those that are due
// come first: of these those whose last call did not fail, exposed ones before others, and the
// most overdue.
type queue struct {
	items    []item
	failures map[string]failure // by recording, those whose last call failed
}

type item struct {
	inventory.Shared

	due    time.Time
	failed bool // its last call did
}

// A failure is how the last call for a recording failed.
type failure struct {
	refusal int64     // the errcode by which WeCom refuses the app; 0: it failed otherwise
	own     bool      // it refuses this recording alone
	at      time.Time // when, by the local clock
	retry   time.Time // when to ask again, by the clock of the client
}

// fill replaces the items. What is remembered of failures of others is dropped.
func (q *queue) fill(shared []inventory.Shared, interval time.Duration, now time.Time) {
	failures := make(map[string]failure, len(q.failures))
	q.items = make([]item, 0, len(shared))
	for _, s := range shared {
		i := item{Shared: s}
		if asked := s.Asked.Time(); !asked.After(now) { // Else the clock was ahead.
			i.due = dueAfter(s.ID, asked, interval)
		}
		if f, failed := q.failures[s.ID]; failed {
			failures[s.ID] = f
			i.due, i.failed = f.retry, true
		}
		q.items = append(q.items, i)
	}
	q.failures = failures
	q.sort(now)
}

// sort puts the items into the order in which to ask for them.
func (q *queue) sort(now time.Time) {
	slices.SortFunc(q.items, func(a, b item) int {
		aIsDue, bIsDue := !a.due.After(now), !b.due.After(now)
		order := trueFirst(aIsDue, bIsDue)
		if aIsDue && bIsDue {
			order = cmp.Or(trueFirst(!a.failed, !b.failed), trueFirst(a.Exposed, b.Exposed))
		}
		return cmp.Or(order, a.due.Compare(b.due), strings.Compare(a.ID, b.ID))
	})
}

// trueFirst compares two truths, as cmp.Compare does.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// dueAfter returns when a recording is due that was last asked for at a time; the zero time if it
// never was. Its phase is a part of the interval by its hash, and it is due once in each interval
// that begins there, so that recordings that were asked for together spread, and go on alike after
// a restart.
func dueAfter(id string, asked time.Time, interval time.Duration) time.Time {
	if asked.IsZero() {
		return time.Time{}
	}
	// Times are kept in milliseconds. With a finer phase, a call could seem to precede its due time.
	phase := time.Duration(xxhash.Sum64String(id) % uint64(interval)).Truncate(time.Millisecond)
	since := (time.Duration(asked.UnixNano())%interval - phase + interval) % interval
	return asked.Add(interval - since)
}

// next returns what to ask for next, and how long to wait until it is due, at most until the items
// are replaced.
func (q *queue) next(now time.Time) (next item, wait time.Duration) {
	if len(q.items) == 0 {
		return item{}, scanInterval
	}
	return q.items[0], max(0, q.items[0].due.Sub(now))
}

// take removes the next item. It is due again in another interval, when the items are replaced.
func (q *queue) take() { q.items = q.items[1:] }

// fail notes that a call for an item failed, and puts it back.
func (q *queue) fail(i item, f failure, now time.Time) {
	q.failures[i.ID] = f
	i.due, i.failed = f.retry, true
	q.items = append(q.items, i)
	q.sort(now)
}

// noPrivilege is the errcode of an app that may not see a member. About statistics it does not say
// whose, so that it counts as a refusal of the app, as long as no other recording is answered.
const noPrivilege = 60011

// refusalOf returns the errcode by which WeCom refuses the app; 0 for any other error.
func refusalOf(err error) int64 {
	apiErr, ok := errors.AsType[*wecom.APIError](err)
	if !ok || hasNoToken(err) || !apiErr.Class().CorpWide() && apiErr.Code != noPrivilege {
		return 0
	}
	return apiErr.Code
}

// hasNoToken reports whether a call was not made, since there is no access token.
func hasNoToken(err error) bool {
	_, ok := errors.AsType[*wecom.TokenError](err)
	return ok
}
