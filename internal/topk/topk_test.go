// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package topk

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFirst(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, added := range []int{0, 1, 2, 3, 10, 1000} {
		for _, most := range []int{0, 1, 2, 3, 10, 999, 1000, 1001} {
			all := make([]int, added)
			h := New(most, cmp.Compare[int])
			for i := range all {
				all[i] = random.IntN(added)
				h.Add(all[i])
				if kept := len(h.values); kept > most {
					t.Fatalf("%d are kept, want %d at the most", kept, most)
				}
			}
			slices.Sort(all)
			first := all[:min(most, added)]
			for _, n := range []int{0, min(2, h.Len()), h.Len()} {
				n = min(n, h.Len())
				at := len(first) - n
				if !slices.Equal(first[at:], h.TakeLast(n)) {
					t.Errorf("the last %d of the first %d of %d differ from those of a sorted list", n, most, added)
				}
				first = first[:at]
			}
			if h.Len() != 0 {
				t.Errorf("%d are left", h.Len())
			}
		}
	}
}
