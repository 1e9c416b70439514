// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type element struct {
	key   string
	value int
}

// order summarizes a block by the sum of its values.
var order = Order[*element, int]{
	Key:       func(e *element) string { return e.key },
	Summarize: func(elements []*element) int { return sum(slices.Values(elements)) },
	BlockSize: 4,
}

type list = List[*element, int]

func sum(elements func(func(*element) bool)) int {
	total := 0
	elements(func(e *element) bool { total += e.value; return true })
	return total
}

// TestUpdate makes random changes to a list, and the same ones to a map.
func TestUpdate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		var l list
		want := map[string]*element{}
		for step := range 60 {
			before := l
			put, removed := randomChanges(r, want)
			l = order.Update(l, put, removed)
			check(t, l, want)
			if t.Failed() {
				t.Fatalf("seed %d, step %d: put %v, removed %v", seed, step, put, removed)
			}
			gotPut, gotRemoved := Diff(&order, before, l)
			if rebuilt := order.Update(before, gotPut, gotRemoved); !slices.Equal(slices.Collect(rebuilt.All()), slices.Collect(l.All())) {
				t.Fatalf("seed %d, step %d: the list before with its difference is not the list after", seed, step)
			}
			if len(gotPut) > len(put) || len(gotRemoved) > len(removed) {
				t.Fatalf("seed %d, step %d: the difference is %d put and %d removed, want at most %d and %d",
					seed, step, len(gotPut), len(gotRemoved), len(put), len(removed))
			}
		}
	}
}

// randomChanges changes a map, and returns how.
func randomChanges(r *rand.Rand, m map[string]*element) (put []*element, removed []string) {
	most := []int{1, 3, 40}[r.IntN(3)]
	changed := map[string]bool{}
	for range r.IntN(most + 1) {
		key := fmt.Sprintf("%02d", r.IntN(100))
		if changed[key] {
			continue
		}
		changed[key] = true
		if r.IntN(2) == 0 {
			delete(m, key)
			removed = append(removed, key) // of nothing, now and then
		} else {
			m[key] = &element{key, r.IntN(1000)}
			put = append(put, m[key])
		}
	}
	return put, removed
}

func check(t *testing.T, l list, want map[string]*element) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(want))
	var got []string
	for e := range l.All() {
		got = append(got, e.key)
		if want[e.key] != e {
			t.Errorf("the element of %s is another one", e.key)
		}
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if l.Len() != len(want) {
		t.Errorf("%d elements, want %d", l.Len(), len(want))
	}
	for i, b := range l.Blocks {
		if b.Summary != sum(slices.Values(b.Elements)) {
			t.Errorf("the summary of block %d is %d", i, b.Summary)
		}
		n, isLast := len(b.Elements), i == len(l.Blocks)-1
		if n == 0 || n >= 2*order.BlockSize || n < order.BlockSize/2 && !isLast {
			t.Errorf("block %d of %d has %d elements", i, len(l.Blocks), n)
		}
	}
	for i := range 100 {
		key := fmt.Sprintf("%02d", i)
		if e, ok := order.Find(l, key); e != want[key] || ok != (want[key] != nil) {
			t.Errorf("found %v by %s, want %v", e, key, want[key])
		}
	}
}

func TestUpdateSharesBlocks(t *testing.T) {
	t.Parallel()
	all := make([]*element, 0, 100)
	for i := range 100 {
		all = append(all, &element{fmt.Sprintf("%02d", i), i})
	}
	before := order.Update(list{}, all, nil)
	after := order.Update(before, []*element{{"50", 0}}, nil)
	others := 0
	for i := range before.Blocks {
		if before.Blocks[i] != after.Blocks[i] {
			others++
		}
	}
	if others != 1 {
		t.Errorf("%d blocks of %d are others after a change of one element, want 1", others, len(before.Blocks))
	}
	if same := order.Update(before, nil, nil); &same.Blocks[0] != &before.Blocks[0] {
		t.Error("a list without a change is another one")
	}
}
