// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	maxSize = 40 // of the trees of W11
	common  = 8  // entries that both histories share
	treeTop = 64 // the largest size
)

// tree is a history: all hashes of a tree of entries that say nothing.
type tree struct {
	leaves []tlog.Hash
	stored []tlog.Hash // as tlog numbers them
}

// newTree makes a tree whose entries, from the common ones on, are told by the word.
func newTree(word string) (*tree, error) {
	t := &tree{}
	for i := range int64(treeTop) {
		entry := []byte(fmt.Sprintf("entry %d", i))
		if i >= common {
			entry = append(entry, word...)
		}
		hashes, err := tlog.StoredHashes(i, entry, t)
		if err != nil {
			return nil, err
		}
		t.leaves, t.stored = append(t.leaves, tlog.RecordHash(entry)), append(t.stored, hashes...)
	}
	return t, nil
}

// ReadHashes is what tlog reads a tree with.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(t.stored)) {
			return nil, fmt.Errorf("the tree has no hash %d", index)
		}
		hashes[i] = t.stored[index]
	}
	return hashes, nil
}

// root is that of the first n entries.
func (t *tree) root(n int64) tlog.Hash {
	if n == 0 {
		return sha256.Sum256(nil)
	}
	hash, err := tlog.TreeHash(n, t)
	if err != nil {
		return tlog.Hash{} // of no tree: every check fails; n is at most treeTop
	}
	return hash
}

// proof is the consistency proof from m to n, in lines.
func (t *tree) proof(m, n int64) []string {
	if m == 0 || m >= n {
		return nil
	}
	hashes, err := tlog.ProveTree(n, m, t)
	if err != nil {
		return []string{err.Error()} // no line of a proof, see root
	}
	return lines(hashes)
}

func lines(hashes []tlog.Hash) []string {
	text := make([]string, len(hashes))
	for i, h := range hashes {
		text[i] = h.String()
	}
	return text
}

// subtree is the root of the entries [start, end).
func (t *tree) subtree(start, end int64) tlog.Hash { return merkle(t.leaves[start:end]) }

// subtreeProof proves the subtree [start, end) in the tree of size n, as SUBTREE_PROOF of
// draft-ietf-plants-merkle-tree-certs does.
func (t *tree) subtreeProof(start, end, n int64) []string {
	return lines(subproof(start, end, t.leaves[:n], true))
}

// subproof: whole says that the verifier knows the root of what is left, which is then no part.
func subproof(start, end int64, leaves []tlog.Hash, whole bool) []tlog.Hash {
	n := int64(len(leaves))
	if start == 0 && end == n {
		if whole {
			return nil
		}
		return []tlog.Hash{merkle(leaves)}
	}
	k := split(n)
	left, right := leaves[:k], leaves[k:]
	switch {
	case end <= k:
		return append(subproof(start, end, left, whole), merkle(right))
	case start >= k:
		return append(subproof(start-k, end-k, right, whole), merkle(left))
	}
	return append(subproof(0, end-k, right, false), merkle(left)) // start is 0
}

// merkle is RFC 6962, section 2.1, word by word.
func merkle(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(int64(len(leaves)))
	return tlog.NodeHash(merkle(leaves[:k]), merkle(leaves[k:]))
}

// split is the largest power of two below n.
func split(n int64) int64 {
	k := int64(1)
	for 2*k < n {
		k *= 2
	}
	return k
}
