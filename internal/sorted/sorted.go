// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package sorted keeps lists in order, in blocks. Each version of a list shares with the one
// before all blocks in which nothing has changed, so a change of a few among a hundred thousand
// elements costs a few blocks.
package sorted

import (
	"iter"
	"slices"
	"strings"
)

// A Block is a part of a list. It never changes, so whatever is derived from it can be kept as
// long as it is part of the list.
type Block[E, S any] struct {
	Elements []E // by key; there is at least one
	Summary  S
}

// A List has its elements in the order of their keys, which are distinct. It never changes:
// [Order.Update] makes another one. The zero List is empty.
type List[E, S any] struct {
	Blocks []*Block[E, S]
}

// Len returns how many elements there are.
func (l List[E, S]) Len() int {
	n := 0
	for _, b := range l.Blocks {
		n += len(b.Elements)
	}
	return n
}

// All returns the elements in order.
func (l List[E, S]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, b := range l.Blocks {
			for _, e := range b.Elements {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// An Order is how lists of one kind are made.
type Order[E, S any] struct {
	Key func(E) string
	// Summarize returns the summary of a block with the elements.
	Summarize func([]E) S
	// BlockSize is how many elements a block has: from half of it to twice as many, but for the
	// last block.
	BlockSize int
}

// A change puts or removes one element.
type change[E any] struct {
	key     string
	element E
	removed bool
}

// Update returns the list with elements that replace those of the same keys or are added, and
// without those of the removed keys. No key may be among both.
func (o *Order[E, S]) Update(l List[E, S], put []E, removed []string) List[E, S] {
	changes := make([]change[E], 0, len(put)+len(removed))
	for _, e := range put {
		changes = append(changes, change[E]{key: o.Key(e), element: e})
	}
	for _, key := range removed {
		changes = append(changes, change[E]{key: key, removed: true})
	}
	if len(changes) == 0 {
		return l
	}
	slices.SortFunc(changes, func(a, b change[E]) int { return strings.Compare(a.key, b.key) })

	next := make([]*Block[E, S], 0, len(l.Blocks)+len(put)/o.BlockSize+1)
	var pending []E // elements that come next, and are in no block yet
	for i, b := range l.Blocks {
		n := len(changes) // of this block
		if i+1 < len(l.Blocks) {
			n, _ = slices.BinarySearchFunc(changes, o.Key(l.Blocks[i+1].Elements[0]),
				func(c change[E], key string) int { return strings.Compare(c.key, key) })
		}
		if n == 0 && len(pending) == 0 {
			next = append(next, b)
			continue
		}
		pending = o.merge(pending, b.Elements, changes[:n])
		changes = changes[n:]
		if len(pending) >= o.BlockSize/2 {
			next, pending = o.appendBlocks(next, pending), nil
		}
	}
	pending = o.merge(pending, nil, changes)
	return List[E, S]{Blocks: o.appendBlocks(next, pending)}
}

// merge appends elements with changes to a list.
func (o *Order[E, S]) merge(to, elements []E, changes []change[E]) []E {
	to = slices.Grow(to, len(elements)+len(changes))
	for _, c := range changes {
		for len(elements) > 0 && o.Key(elements[0]) < c.key {
			to = append(to, elements[0])
			elements = elements[1:]
		}
		if len(elements) > 0 && o.Key(elements[0]) == c.key {
			elements = elements[1:]
		}
		if !c.removed {
			to = append(to, c.element)
		}
	}
	return append(to, elements...)
}

// appendBlocks appends blocks with the elements, as equal as possible.
func (o *Order[E, S]) appendBlocks(to []*Block[E, S], elements []E) []*Block[E, S] {
	for n := max(len(elements)/o.BlockSize, 1); len(elements) > 0; n-- {
		size := len(elements) / n
		part := slices.Clone(elements[:size])
		to = append(to, &Block[E, S]{Elements: part, Summary: o.Summarize(part)})
		elements = elements[size:]
	}
	return to
}

// Find returns the element of a key, and whether there is one.
func (o *Order[E, S]) Find(l List[E, S], key string) (found E, ok bool) {
	compare := func(e E, key string) int { return strings.Compare(o.Key(e), key) }
	i, _ := slices.BinarySearchFunc(l.Blocks, key, func(b *Block[E, S], key string) int {
		return compare(b.Elements[len(b.Elements)-1], key)
	})
	if i == len(l.Blocks) {
		return found, false
	}
	elements := l.Blocks[i].Elements
	if j, ok := slices.BinarySearchFunc(elements, key, compare); ok {
		return elements[j], true
	}
	return found, false
}

// Diff returns the elements of a list that an earlier one had not, or had others with the same
// keys, and the keys that only the earlier one had. It looks only into blocks that they do not share.
func Diff[E comparable, S any](o *Order[E, S], before, after List[E, S]) (put []E, removed []string) {
	was, is := o.notShared(before.Blocks, after.Blocks)
	for _, e := range is {
		for len(was) > 0 && o.Key(was[0]) < o.Key(e) {
			removed = append(removed, o.Key(was[0]))
			was = was[1:]
		}
		if len(was) > 0 && o.Key(was[0]) == o.Key(e) {
			same := was[0] == e
			was = was[1:]
			if same {
				continue
			}
		}
		put = append(put, e)
	}
	for _, e := range was {
		removed = append(removed, o.Key(e))
	}
	return put, removed
}

// notShared returns the elements of those blocks that only one of two lists has. A shared block
// begins with the same key in both, so of two blocks that are not the same, the one that begins
// first is not shared, and both are not if they begin with the same key.
func (o *Order[E, S]) notShared(before, after []*Block[E, S]) (was, is []E) {
	for len(before) > 0 && len(after) > 0 {
		if before[0] == after[0] {
			before, after = before[1:], after[1:]
			continue
		}
		order := strings.Compare(o.Key(before[0].Elements[0]), o.Key(after[0].Elements[0]))
		if order <= 0 {
			was = append(was, before[0].Elements...)
			before = before[1:]
		}
		if order >= 0 {
			is = append(is, after[0].Elements...)
			after = after[1:]
		}
	}
	for _, b := range before {
		was = append(was, b.Elements...)
	}
	for _, b := range after {
		is = append(is, b.Elements...)
	}
	return was, is
}
