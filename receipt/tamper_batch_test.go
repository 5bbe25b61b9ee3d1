// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// batch is the receipt of a range, word for word: the subtrees to the left of it, and to its right.
func (f *forest) batch(start, end, size uint64) receipt.Batch {
	left, right := f.tree.Subtrees(0, start), f.tree.Subtrees(end, size)
	return receipt.Batch{Start: start, End: end, Left: left, Right: right, Checkpoint: f.signed[size]}
}

func (f *forest) leaves(start, end uint64) (leaves []receipt.Hash) {
	for i := start; i < end; i++ {
		leaves = append(leaves, f.tree.Leaf(i))
	}
	return leaves
}

// Every batch receipt of every tree up to 16, and many of every tree up to 300, are accepted; with
// every small change of their hashes, leaves, ends or size they are refused, and nothing is cut.
func TestTamperBatches(t *testing.T) {
	soak.NoRace(t)
	f := newForest()
	tamper.EachSize(t, "batch receipts", 100_000, func(size uint64) (tried int) {
		step := 1 + size/17*uint64(soak.Rounds(5, 2))
		for start := size % step; start < size; start += step {
			for end := start + 1; end <= size; end += step {
				tried += f.tamperBatch(t, f.batch(start, end, size), size)
			}
		}
		return tried
	})
}

// batchClaim is a batch receipt, the leaves that are said to be its own, and the tree that is trusted.
type batchClaim struct {
	receipt.Batch
	leaves []receipt.Hash
	size   uint64
}

func (f *forest) tamperBatch(t *testing.T, b receipt.Batch, size uint64) (tried int) {
	right := batchClaim{b, f.leaves(b.Start, b.End), size}
	if err := f.verifyBatch(right); err != nil {
		t.Errorf("range %d to %d of %d: %v", b.Start, b.End, size, err)
	}
	for what, wrong := range f.tampered(right) {
		tried++
		wrong.Checkpoint = f.signed[wrong.size]
		if f.trusted[wrong.size].IncludesBatch(wrong.leaves, wrong.Batch) == nil {
			t.Errorf("range %d to %d of %d, %s: accepted", b.Start, b.End, size, what)
		}
		if f.verifyBatch(wrong) == nil {
			t.Errorf("range %d to %d of %d, %s: accepted as text", b.Start, b.End, size, what)
		}
		if _, err := wrong.Cut(wrong.leaves); err == nil {
			t.Errorf("range %d to %d of %d, %s: cut", b.Start, b.End, size, what)
		}
	}
	return tried
}

// verifyBatch judges the text of a batch receipt, in which the two lists of hashes are one.
func (f *forest) verifyBatch(c batchClaim) error {
	b, err := receipt.ParseBatch(c.Bytes())
	if err != nil {
		return err
	}
	return f.trusted[c.size].IncludesBatch(c.leaves, b)
}

// tampered yields every small change of a batch receipt; of the leaves, where they are few.
func (f *forest) tampered(right batchClaim) iter.Seq2[string, batchClaim] {
	return func(yield func(string, batchClaim) bool) {
		for i, list := range [][]receipt.Hash{right.Left, right.Right, right.leaves} {
			if i == 2 && len(list) > 16 {
				continue
			}
			for what, hashes := range tamper.Changed(list, right.Start+right.End+right.size) {
				c := right
				*[]*[]receipt.Hash{&c.Left, &c.Right, &c.leaves}[i] = hashes
				if !yield(what+[]string{" to the left", " to the right", " among the leaves"}[i], c) {
					return
				}
			}
		}
		f.relabelled(right)(yield)
	}
}

// relabelled yields the same hashes for the ranges and sizes next to the right ones, with the leaves as
// they were, and with those of the other range, unless that makes the right receipt of that range.
func (f *forest) relabelled(right batchClaim) iter.Seq2[string, batchClaim] {
	return func(yield func(string, batchClaim) bool) {
		for _, by := range [][3]int{
			{-1, 0, 0}, {1, 0, 0}, {0, -1, 0}, {0, 1, 0}, {0, 0, -1}, {0, 0, 1},
			{-1, -1, 0}, {1, 1, 0}, {0, -1, -1}, {0, 1, 1}, {-1, -1, -1}, {1, 1, 1},
		} {
			c := right
			c.Start, c.End, c.size = c.Start+uint64(by[0]), c.End+uint64(by[1]), c.size+uint64(by[2])
			if c.Start >= c.End || c.End > c.size {
				continue // no range: below 0, empty, or beyond the tree
			}
			own := batchClaim{c.Batch, f.leaves(c.Start, c.End), c.size}
			what := fmt.Sprintf("start, end and size by %+d", by)
			if !slices.Equal(c.leaves, own.leaves) && !yield(what, c) ||
				!f.rightful(own) && !yield(what+", with its leaves", own) {
				return
			}
		}
	}
}

// rightful reports whether the hashes are those of the range.
func (f *forest) rightful(c batchClaim) bool {
	b := f.batch(c.Start, c.End, c.size)
	return slices.Equal(c.Left, b.Left) && slices.Equal(c.Right, b.Right)
}
