// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"fmt"
	"slices"
)

// climb hashes from the leaves of a batch to the root, level by level, and returns the levels: of each
// the nodes above the batch, with the neighbour that the proof adds where the first node is a right
// child, or the last one a left child. The range [3, 6) of a tree of size 7, with l and r of the proof:
//
//	level 3            root
//	                 ┌───┴───┐
//	level 2          n       n
//	               ┌─┴─┐   ┌─┴─┐
//	level 1        l   n   n   r     r, the right edge, is a leaf that nothing is paired with
//	                  ┌┴┐ ┌┴┐
//	level 0           l 3 4 5
//
// A level therefore begins at an even index, and whatever is hashed together stands side by side.
func (b Batch) climb(leaves []Hash, cp Checkpoint) (levels [][]Hash, err error) {
	if err := b.checkShape(cp.Size); err != nil {
		return nil, fmt.Errorf("batch receipt: %w", err)
	}
	if uint64(len(leaves)) != b.End-b.Start {
		return nil, fmt.Errorf("batch receipt: it is of the %d entries %d to %d, and %d are given",
			b.End-b.Start, b.Start, b.End-1, len(leaves))
	}
	left, right, nodes := b.Left, b.Right, leaves
	first, last, edge := b.Start, b.End-1, cp.Size-1 // indexes in the level
	for ; edge > 0; first, last, edge = first/2, last/2, edge/2 {
		level := make([]Hash, 0, len(nodes)+2)
		if first%2 == 1 {
			level = append(level, left[len(left)-1])
			left = left[:len(left)-1]
		}
		level = append(level, nodes...)
		if last%2 == 0 && last < edge {
			n := 1
			if last+1 == edge { // what is left of the tree lies below this node
				n = len(right)
			}
			level = append(level, fold(right[:n]))
			right = right[n:]
		}
		levels = append(levels, level)
		nodes = parents(level)
	}
	if nodes[0] != cp.Root {
		return nil, fmt.Errorf("batch receipt: the entries, in this order, are not the entries %d to %d "+
			"of the tree of %d", b.Start, b.End-1, cp.Size)
	}
	return levels, nil
}

// siblings picks the inclusion proof of an index from the levels: the other one of each pair.
func (b Batch) siblings(levels [][]Hash, index uint64) []Hash {
	proof := make([]Hash, 0, len(levels))
	first := b.Start
	for _, level := range levels {
		other := index ^ 1 - first&^1 // a level begins at an even index
		if other < uint64(len(level)) {
			proof = append(proof, level[other])
		} // else it goes up unpaired
		first, index = first/2, index/2
	}
	return proof
}

// fold returns the root over the subtrees at the right edge of a tree, of which each is smaller than
// the one before it.
func fold(subtrees []Hash) Hash {
	root := subtrees[len(subtrees)-1]
	for _, h := range slices.Backward(subtrees[:len(subtrees)-1]) {
		root = parent(h, root)
	}
	return root
}

// parents hashes pairs; a last one without a partner goes up as it is.
func parents(level []Hash) []Hash {
	up := make([]Hash, 0, (len(level)+1)/2)
	for pair := range slices.Chunk(level, 2) {
		if len(pair) == 1 {
			up = append(up, pair[0])
		} else {
			up = append(up, parent(pair[0], pair[1]))
		}
	}
	return up
}
