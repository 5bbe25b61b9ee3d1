// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"crypto/sha256"
	"math/bits"
)

// Root is MTH(D[0:size]) of RFC 6962 section 2.1.
func (t Tree) Root(size uint64) Hash {
	if size == 0 {
		return sha256.Sum256(nil)
	}
	return t.hash(0, size)
}

// hash is MTH(D[from:to]), where from is what the splits of a tree lead to.
func (t Tree) hash(from, to uint64) Hash {
	n := to - from
	if bits.OnesCount64(n) == 1 {
		return t.subtree(bits.TrailingZeros64(n), from/n)
	}
	k := split(n)
	return node(t.hash(from, from+k), t.hash(from+k, to))
}

// Inclusion is PATH(index, D[0:size]) of RFC 6962 section 2.1.1, leaf side first.
func (t Tree) Inclusion(index, size uint64) []Hash { return t.path(index, 0, size) }

func (t Tree) path(m, from, to uint64) []Hash {
	if to-from == 1 {
		return nil
	}
	middle := from + split(to-from)
	if m < middle {
		return append(t.path(m, from, middle), t.hash(middle, to))
	}
	return append(t.path(m, middle, to), t.hash(from, middle))
}

// Consistency is PROOF(from, D[0:to]) of RFC 6962 section 2.1.2, for 0 < from ≤ to.
func (t Tree) Consistency(from, to uint64) []Hash { return t.subproof(from, 0, to, true) }

func (t Tree) subproof(m, from, to uint64, known bool) []Hash {
	if m == to {
		if known {
			return nil
		}
		return []Hash{t.hash(from, to)}
	}
	middle := from + split(to-from)
	if m <= middle {
		return append(t.subproof(m, from, middle, known), t.hash(middle, to))
	}
	return append(t.subproof(m, middle, to, false), t.hash(from, middle))
}

// Subtrees are the maximal complete subtrees of the leaves from … to−1, left to right.
func (t Tree) Subtrees(from, to uint64) (hashes []Hash) {
	for from < to {
		level := 0
		for from>>level%2 == 0 && from+2<<level <= to {
			level++
		}
		hashes = append(hashes, t.subtree(level, from>>level))
		from += 1 << level
	}
	return hashes
}

// Includes reports whether a path leads from the leaf at p.At to the root: PATH, read backwards.
func (p Proof) Includes(leaf, root Hash) bool {
	if p.At >= p.Size {
		return false
	}
	got, ok := climb(p.At, p.Size, leaf, p.Hashes)
	return ok && got == root
}

func climb(m, n uint64, leaf Hash, path []Hash) (Hash, bool) {
	if n == 1 || len(path) == 0 {
		return leaf, n == 1 && len(path) == 0
	}
	k, last := split(n), path[len(path)-1]
	if m < k {
		left, ok := climb(m, k, leaf, path[:len(path)-1])
		return node(left, last), ok
	}
	right, ok := climb(m-k, n-k, leaf, path[:len(path)-1])
	return node(last, right), ok
}

// Extends reports whether the proof leads from the root of size p.At to that of p.Size: SUBPROOF,
// read backwards.
func (p Proof) Extends(older, root Hash) bool {
	if p.At == 0 || p.At > p.Size {
		return false
	}
	was, is, ok := grow(p.At, p.Size, &older, p.Hashes)
	return ok && was == older && is == root
}

// grow returns the old and the new hash of a subtree. Where known is not nil it is the old one, which
// the proof then leaves out.
func grow(m, n uint64, known *Hash, proof []Hash) (was, is Hash, ok bool) {
	switch {
	case m == n && known != nil:
		return *known, *known, len(proof) == 0
	case m == n && len(proof) == 1:
		return proof[0], proof[0], true
	case m == n || len(proof) == 0:
		return was, is, false
	}
	k, last := split(n), proof[len(proof)-1]
	if m <= k {
		was, is, ok = grow(m, k, known, proof[:len(proof)-1])
		return was, node(is, last), ok
	}
	was, is, ok = grow(m-k, n-k, nil, proof[:len(proof)-1])
	return node(last, was), node(last, is), ok
}
