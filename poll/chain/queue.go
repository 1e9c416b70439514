// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// maxShort is how many polls that are not long may wait for their next page while others
	// begin. It bounds memory where every target has several pages: 100 polls of less than 20
	// pages take 10 MiB. Up to as many endless lists cost the other targets no time.
	maxShort = 100
	// share is which call goes to the poll that has waited longest, even if targets are due: a
	// budget that is too small for its targets must not stop a poll for good.
	share = 10
	// maxSize is how many bytes of recordings the waiting polls of a corp may hold together: as
	// much as one list, or ten of 1,000 full pages.
	maxSize = 64 << 20
)

// A Queue holds the polls of a corp that wait for their next page. It is not safe for
// concurrent use. The zero value is empty.
type Queue struct {
	short, long []*Chain // by the time that they have waited, the longest first
	size        int      // of all of them
	pushes      uint64
	passed      int // calls since the one that has waited longest was taken
}

// Len returns how many polls wait.
func (q *Queue) Len() int { return len(q.short) + len(q.long) }

// Ready returns how many polls may go on if no target is due. Long ones need spare budget.
func (q *Queue) Ready(spare bool) int {
	if spare {
		return q.Len()
	}
	return len(q.short)
}

// Push has a poll wait for its next page.
func (q *Queue) Push(c *Chain) {
	q.pushes++
	c.turn = q.pushes
	q.size += c.size
	if c.IsLong() {
		q.long = append(q.long, c)
	} else {
		q.short = append(q.short, c)
	}
}

// Take takes the poll that the next call is for. It returns nil if the call is for a target
// that is due, or if no poll waits.
func (q *Queue) Take(due bool) *Chain {
	oldest := q.oldest()
	var c *Chain
	switch {
	case oldest == nil:
		return nil
	case q.passed >= share-1:
		c = oldest
	case len(q.short) >= maxShort || !due && len(q.short) > 0:
		c = q.short[0]
	case !due:
		c = q.long[0]
	}
	q.passed++
	if c == nil {
		return nil
	}
	if c == oldest {
		q.passed = 0
	}
	c.limit = 0
	if q.size > maxSize {
		c.limit = maxSize / q.Len() // Those that hold more than their part end.
	}
	q.remove(func(other *Chain) bool { return other == c })
	return c
}

// oldest returns the poll that has waited longest; nil if none waits.
func (q *Queue) oldest() *Chain {
	switch {
	case len(q.short) == 0 && len(q.long) == 0:
		return nil
	case len(q.long) == 0 || len(q.short) > 0 && q.short[0].turn < q.long[0].turn:
		return q.short[0]
	default:
		return q.long[0]
	}
}

// Drop drops the poll of a target, if it waits.
func (q *Queue) Drop(t wecom.Target) {
	q.remove(func(c *Chain) bool { return c.Poll.Target == t })
}

func (q *Queue) remove(match func(*Chain) bool) {
	gone := func(c *Chain) bool {
		if !match(c) {
			return false
		}
		q.size -= c.size
		return true
	}
	q.short, q.long = slices.DeleteFunc(q.short, gone), slices.DeleteFunc(q.long, gone)
}
