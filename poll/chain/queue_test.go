// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func targetOf(id string) wecom.Target { return wecom.Target{Selector: wecom.ByUserID, ID: id} }

// waiting returns a poll with so many pages, each of a MiB.
func waiting(id string, pages int) *Chain {
	return &Chain{Poll: &schedule.Poll{Target: targetOf(id)}, Pages: pages, size: pages << 20}
}

// queueOf returns a queue of polls in that order.
func queueOf(chains ...*Chain) *Queue {
	q := &Queue{}
	for _, c := range chains {
		q.Push(c)
	}
	return q
}

// turns takes polls and has each list one more page, which is never the last. A turn of a
// target that is due is "due".
func (q *Queue) turns(n int, due bool) []string {
	var ids []string
	for range n {
		c := q.Take(due)
		if c == nil {
			ids = append(ids, "due")
			continue
		}
		ids = append(ids, c.Poll.Target.ID)
		c.Pages++
		q.Push(c)
	}
	return ids
}

func TestTake(t *testing.T) {
	t.Parallel()
	nineDue := slices.Repeat([]string{"due"}, share-1)
	full := make([]*Chain, 0, maxShort)
	for i := range maxShort {
		full = append(full, waiting(fmt.Sprintf("s%d", i), 1))
	}
	for name, test := range map[string]struct {
		queue *Queue
		due   bool
		want  []string
	}{
		"nothing waits": {
			queue: queueOf(),
			due:   true,
			want:  []string{"due", "due"},
		},
		"none is due, so they take turns": {
			queue: queueOf(waiting("a", 1), waiting("b", 5)),
			want:  []string{"a", "b", "a", "b"},
		},
		"long ones take turns, too": {
			queue: queueOf(waiting("a", 30), waiting("b", 20), waiting("c", 900)),
			want:  []string{"a", "b", "c", "a", "b", "c"},
		},
		"a short one goes before a long one until it is long": {
			queue: queueOf(waiting("long", 20), waiting("short", yieldAfter-2)),
			want:  []string{"short", "short", "long", "short", "long"},
		},
		"targets that are due go first, but for every tenth call": {
			queue: queueOf(waiting("long", 20), waiting("short", 1)),
			due:   true,
			want:  slices.Concat(nineDue, []string{"long"}, nineDue, []string{"short"}, nineDue, []string{"long"}),
		},
		"too many short ones wait": {
			queue: queueOf(full...),
			due:   true,
			want:  []string{"s0", "s1", "s2"},
		},
		"the places of short ones are no longer taken": {
			queue: queueOf(full[1:]...),
			due:   true,
			want:  []string{"due", "due", "due"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.queue.turns(len(test.want), test.due)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// Beyond the bound, those that hold more than their part are to end.
func TestTakeBoundsMemory(t *testing.T) {
	t.Parallel()
	const all = maxSize >> 20 // pages of a MiB
	q := queueOf(waiting("large", all-20), waiting("small", 20))
	if c := q.Take(false); c.limit != 0 {
		t.Errorf("a limit of %d within the bound", c.limit)
	}
	q = queueOf(waiting("large", all-20), waiting("small", 21))
	for _, want := range []struct {
		id   string
		over bool
	}{{"large", true}, {"small", false}} {
		c := q.Take(false)
		if id := c.Poll.Target.ID; id != want.id || c.limit == 0 || (c.size > c.limit) != want.over {
			t.Errorf("%s: %d bytes, limit %d; want %s, over the limit: %t", id, c.size, c.limit, want.id, want.over)
		}
		q.Push(c)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	q := queueOf(waiting("long", 20), waiting("short", 19), waiting("other", 3))
	if n := q.Ready(true); n != 3 {
		t.Errorf("%d are ready with spare budget, want all", n)
	}
	if n := q.Ready(false); n != 2 {
		t.Errorf("%d are ready without, want the short ones", n)
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	q := queueOf(waiting("long", 20), waiting("short", 19), waiting("other", 3))
	q.Drop(targetOf("nobody"))
	q.Drop(targetOf("long"))
	q.Drop(targetOf("short"))
	if q.Len() != 1 || q.size != 3<<20 {
		t.Errorf("%d wait with %d bytes", q.Len(), q.size)
	}
	if diff := cmp.Diff([]string{"other", "other"}, q.turns(2, false)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
