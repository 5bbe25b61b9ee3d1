// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"

	"cocket.example/receipt"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	firstSize = 100_000 // of a log when the load begins, so that proofs have the usual length
	stepSize  = 7       // by which it grows from one checkpoint to the next: aligned to nothing
)

// steps are the checkpoints of one growing tree, and the proof that leads to each from the one before.
// Logs may share a tree: each has its own name and key.
type steps struct {
	roots  []receipt.Hash
	proofs [][]receipt.Hash // none to the first, which is the one after size 0
}

// newSteps grows a tree of random leaves.
func newSteps(n int) (s steps, err error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	leaves := int64(0)
	for i := range n {
		for ; leaves < int64(sizeOf(i)); leaves++ {
			var leaf tlog.Hash
			rand.Read(leaf[:]) // never fails
			more, err := tlog.StoredHashesForRecordHash(leaves, leaf, reader)
			if err != nil {
				return s, err
			}
			stored = append(stored, more...)
		}
		root, err := tlog.TreeHash(leaves, reader)
		if err != nil {
			return s, err
		}
		var proof tlog.TreeProof
		if i > 0 {
			if proof, err = tlog.ProveTree(leaves, int64(sizeOf(i-1)), reader); err != nil {
				return s, err
			}
		}
		s.roots = append(s.roots, receipt.Hash(root))
		s.proofs = append(s.proofs, asHashes(proof))
	}
	return s, nil
}

func sizeOf(step int) uint64 { return firstSize + stepSize*uint64(step) }

func asHashes(proof tlog.TreeProof) []receipt.Hash {
	var hashes []receipt.Hash
	for _, h := range proof {
		hashes = append(hashes, receipt.Hash(h))
	}
	return hashes
}

// requests makes every request of one log, ready to be sent: step after step, then one that asks for the
// last checkpoint again.
func (s steps) requests(log *receipt.Signer) (all [][]byte, err error) {
	var old uint64
	for i, root := range s.roots {
		cp := receipt.Checkpoint{Origin: log.Name(), Size: sizeOf(i), Root: root}
		signed, err := cp.Sign(log)
		if err != nil {
			return nil, err
		}
		all = append(all, post(receipt.AddCheckpoint{Old: old, Proof: s.proofs[i], Checkpoint: signed}))
		old = cp.Size
		if i == len(s.roots)-1 {
			all = append(all, post(receipt.AddCheckpoint{Old: old, Checkpoint: signed}))
		}
	}
	return all, nil
}

func post(r receipt.AddCheckpoint) []byte {
	body := r.Bytes()
	return append(fmt.Appendf(nil, "POST /add-checkpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
		len(body)), body...)
}
