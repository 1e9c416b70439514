// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package topk keeps the first of many values in an order. The memory that it takes depends
// on how many are kept, not on how many there are.
package topk

// A Heap keeps the first values of those that are added to it. It is not safe for concurrent
// use.
type Heap[T any] struct {
	most    int
	compare func(a, b T) int
	values  []T // a binary heap, whose root comes last in the order
}

// New returns a heap that keeps the first values, up to most, by the order of compare, which
// returns what cmp.Compare does. It has the memory for all of them from the start: to grow
// would take several times as much.
func New[T any](most int, compare func(a, b T) int) *Heap[T] {
	return &Heap[T]{most: most, compare: compare, values: make([]T, 0, most)}
}

// Add adds a value. If too many are kept then, the last one is dropped.
func (h *Heap[T]) Add(value T) {
	switch {
	case len(h.values) < h.most:
		h.values = append(h.values, value)
		h.up(len(h.values) - 1)
	case h.most > 0 && h.compare(value, h.values[0]) < 0:
		h.values[0] = value
		h.down(0)
	}
}

// Len returns how many values are kept.
func (h *Heap[T]) Len() int { return len(h.values) }

// TakeLast takes out the last n values, and returns them in their order.
func (h *Heap[T]) TakeLast(n int) []T {
	last := make([]T, n)
	for i := n - 1; i >= 0; i-- {
		end := len(h.values) - 1
		last[i], h.values[0] = h.values[0], h.values[end]
		h.values = h.values[:end]
		h.down(0)
	}
	return last
}

func (h *Heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h.compare(h.values[i], h.values[parent]) <= 0 {
			return
		}
		h.values[i], h.values[parent] = h.values[parent], h.values[i]
		i = parent
	}
}

func (h *Heap[T]) down(i int) {
	for {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.values); child++ {
			if h.compare(h.values[child], h.values[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		h.values[i], h.values[last] = h.values[last], h.values[i]
		i = last
	}
}
