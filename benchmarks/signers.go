// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/receipt"
)

const (
	verifyWitnesses = 3
	// The batches lie in the middle of a tree of this size, aligned to nothing.
	verifySize  = 100_000_007
	verifyStart = 40_000_003
)

// signers are a log and its witnesses, all of whom the policy wants.
type signers struct {
	log       *receipt.Signer
	witnesses []*receipt.Cosigner
	policy    receipt.Policy
}

func newSigners() (*signers, error) {
	key, err := newLogKey()
	if err != nil {
		return nil, err
	}
	var s signers
	if s.log, err = receipt.NewSigner(key.secret); err != nil {
		return nil, err
	}
	text, group := "log "+key.verifier+"\n", fmt.Sprintf("group quorum %d", verifyWitnesses)
	for i := range verifyWitnesses {
		secret, verifier, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, fmt.Sprintf("witness.example/w%d", i))
		if err != nil {
			return nil, err
		}
		w, err := receipt.NewCosigner(secret)
		if err != nil {
			return nil, err
		}
		s.witnesses = append(s.witnesses, w)
		text += fmt.Sprintf("witness w%d %s\n", i, verifier)
		group += fmt.Sprintf(" w%d", i)
	}
	s.policy, err = receipt.ParsePolicy([]byte(text + group + "\nquorum quorum\n"))
	return &s, err
}

// sign returns the cosigned checkpoint of a tree.
func (s *signers) sign(size uint64, root []byte) ([]byte, error) {
	cp := receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash(root)}
	checkpoint, err := cp.Sign(s.log)
	for _, w := range s.witnesses {
		line, e := w.Cosign(cp, time.Now())
		err = errors.Join(err, e)
		checkpoint = append(checkpoint, line.String()...)
	}
	return checkpoint, err
}

// batch makes a batch receipt of n entries with their leaf hashes. Of the rest of the tree only the
// subtrees around the batch are there, which is all that a proof shows.
func (s *signers) batch(n int) (b receipt.Batch, leaves []receipt.Hash, err error) {
	b.Start, b.End = verifyStart, verifyStart+uint64(n)
	b.Left = randomHashes(compact.RangeSize(0, b.Start))
	b.Right = randomHashes(compact.RangeSize(b.End, verifySize))
	leaves = randomHashes(n)
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	tree, err := factory.NewRange(0, b.Start, byteSlices(b.Left))
	if err != nil {
		return b, nil, err
	}
	for i := range leaves {
		if err := tree.Append(leaves[i][:], nil); err != nil {
			return b, nil, err
		}
	}
	right, err := factory.NewRange(b.End, verifySize, byteSlices(b.Right))
	if err != nil {
		return b, nil, err
	}
	if err := tree.AppendRange(right, nil); err != nil {
		return b, nil, err
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return b, nil, err
	}
	b.Checkpoint, err = s.sign(verifySize, root)
	return b, leaves, err
}

func randomHashes(n int) []receipt.Hash {
	hashes := make([]receipt.Hash, n)
	for i := range hashes {
		rand.Read(hashes[i][:]) // never fails
	}
	return hashes
}

func byteSlices(hashes []receipt.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}
