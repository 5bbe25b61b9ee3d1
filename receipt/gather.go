// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"fmt"
	"iter"
	"math/bits"
)

// IncludesEach is IncludesBatch of leaf hashes that come one after another and need not be held: it
// keeps one hash for each level of the tree. It stops at their first error.
func (t Trusted) IncludesEach(leaves iter.Seq2[Hash, error], b Batch) error {
	cp, err := t.tree(b.Checkpoint)
	if err != nil {
		return err
	}
	if err := b.checkShape(cp.Size); err != nil {
		return fmt.Errorf("batch receipt: %w", err)
	}
	g := gathering{b.Start, append([]Hash(nil), b.Left...)}
	for leaf, err := range leaves {
		if err != nil {
			return err
		}
		if g.size == b.End {
			return fmt.Errorf("batch receipt: it is of the %d entries %d to %d, and more are given",
				b.End-b.Start, b.Start, b.End-1)
		}
		g.add(leaf, 0)
	}
	if g.size != b.End {
		return fmt.Errorf("batch receipt: it is of the %d entries %d to %d, and %d are given",
			b.End-b.Start, b.Start, b.End-1, g.size-b.Start)
	}
	for _, h := range b.Right {
		// the largest that may begin here and fits into the tree
		g.add(h, min(bits.TrailingZeros64(g.size), bits.Len64(cp.Size-g.size)-1))
	}
	if fold(g.subtrees) != cp.Root {
		return fmt.Errorf("batch receipt: the entries, in this order, are not the entries %d to %d "+
			"of the tree of %d", b.Start, b.End-1, cp.Size)
	}
	return nil
}

// gathering is a tree that grows from left to right: the maximal perfect subtrees of [0, size), one
// for each bit that is set in size, the largest first.
type gathering struct {
	size     uint64
	subtrees []Hash
}

// add adds the perfect subtree of this level behind what is there. size must be a multiple of its own.
func (g *gathering) add(h Hash, level int) {
	for bit := uint64(1) << level; g.size&bit != 0; bit <<= 1 {
		last := len(g.subtrees) - 1
		h, g.subtrees = parent(g.subtrees[last], h), g.subtrees[:last]
		g.size &^= bit
		level++
	}
	g.subtrees = append(g.subtrees, h)
	g.size |= 1 << level
}
