// SPDX-License-Identifier: Apache-2.0

// Package tamper makes trees of any size and enumerates what a forger would try on their proofs and
// tiles. It knows RFC 6962 and next to nothing of the project, so that it can judge every part of it,
// and other people's code too. Only tests import it.
package tamper

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
)

// Hash is a SHA-256 hash of the Merkle tree (RFC 6962 section 2.1).
type Hash = [32]byte

// Tree is a tree of RFC 6962 that can be asked for any size, up to the one it was made for. A Sparse
// one is not for use by several goroutines at once.
type Tree struct {
	subtree func(level int, index uint64) Hash
}

// Subtree returns the root of the complete subtree over the 2^level leaves from index·2^level on.
func (t Tree) Subtree(level int, index uint64) Hash { return t.subtree(level, index) }

// Leaf returns the leaf hash at an index.
func (t Tree) Leaf(index uint64) Hash { return t.subtree(0, index) }

// Entry is what the log of a tree holds at an index where the leaves differ.
func Entry(index uint64) []byte { return fmt.Appendf(nil, "entry %d", index) }

func leaf(entry []byte) Hash { return sha256.Sum256(append([]byte{0}, entry...)) }

func node(left, right Hash) Hash {
	var b [1 + 2*len(left)]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+len(left):], right[:])
	return sha256.Sum256(b[:])
}

// New returns a tree of size leaves, no two of them the same.
func New(size uint64) Tree {
	level := make([]Hash, size)
	for i := range level {
		level[i] = leaf(Entry(uint64(i)))
	}
	levels := [][]Hash{level}
	for len(level) > 1 {
		above := make([]Hash, len(level)/2)
		for i := range above {
			above[i] = node(level[2*i], level[2*i+1])
		}
		levels, level = append(levels, above), above
	}
	return Tree{func(level int, index uint64) Hash { return levels[level][index] }}
}

// Sparse returns a tree of up to 2^63−1 leaves, which are all the same but for those at the indexes
// given. Only subtrees with such a leaf in them have to be hashed.
func Sparse(distinct ...uint64) Tree {
	same := []Hash{leaf(nil)}
	for range 63 {
		below := same[len(same)-1]
		same = append(same, node(below, below))
	}
	type place struct {
		level int
		index uint64
	}
	known := make(map[place]Hash)
	for _, i := range distinct {
		known[place{0, i}] = leaf(Entry(i))
	}
	var subtree func(level int, index uint64) Hash
	subtree = func(level int, index uint64) Hash {
		at := place{level, index}
		if h, ok := known[at]; ok {
			return h
		}
		for _, i := range distinct {
			if i>>level == index {
				known[at] = node(subtree(level-1, 2*index), subtree(level-1, 2*index+1))
				return known[at]
			}
		}
		return same[level]
	}
	return Tree{subtree}
}

// split is the largest power of two smaller than n (RFC 6962 section 2.1).
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }
