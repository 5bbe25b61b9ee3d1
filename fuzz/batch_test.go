// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/receipt"
)

const someHash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

// FuzzBatch: what parses prints back, and once the checkpoint has the root that merkle computes of it,
// merkle verifies every receipt that is cut from it.
func FuzzBatch(f *testing.F) {
	const three = "log.example/a\n3\n" + someHash + "\n— k AAAAAAA=\n"
	f.Add([]byte("cocket-batch/v1\nrange 0 1\n\n" + signedOne))
	f.Add([]byte("cocket-batch/v1\nrange 1 2\n" + someHash + someHash + "\n" + three))
	f.Add([]byte("cocket-batch/v1\nrange 0 3\n\n" + three))
	f.Add([]byte("cocket-batch/v1\nrange 2 3\n" + someHash + "\n" + three))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := receipt.ParseBatch(text)
		if err != nil {
			return
		}
		if !bytes.Equal(b.Bytes(), text) {
			t.Fatalf("prints back as %q", b.Bytes())
		}
		if n := b.End - b.Start; n <= 1000 {
			cutAll(t, b, make([]receipt.Hash, n))
		}
	})
}

// cutAll cuts a batch of these leaves with a root by merkle.
func cutAll(t *testing.T, b receipt.Batch, leaves []receipt.Hash) {
	for i := range leaves {
		leaves[i] = receipt.Hash(rfc6962.DefaultHasher.HashLeaf([]byte{byte(i), byte(i >> 8)}))
	}
	cp, signatures, err := receipt.ParseCheckpoint(b.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Cut(leaves); err == nil {
		t.Fatal("leads to a root that nobody computed")
	}
	cp.Root = rootOf(t, b, leaves, cp.Size)
	b.Checkpoint = append(cp.Body(), '\n')
	for _, s := range signatures {
		b.Checkpoint = append(b.Checkpoint, s.String()...)
	}
	receipts, err := b.Cut(leaves)
	if err != nil {
		t.Fatal(err)
	}
	index := b.Start
	for r := range receipts {
		if again, err := receipt.Parse(r.Bytes()); err != nil || again.Index != index {
			t.Fatalf("a cut receipt does not parse: %v", err)
		}
		var path [][]byte
		for _, h := range r.Proof {
			path = append(path, h[:])
		}
		leaf := leaves[index-b.Start]
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, cp.Size, leaf[:], path, cp.Root[:]); err != nil {
			t.Fatalf("merkle refuses the receipt of %d: %v", index, err)
		}
		index++
	}
	if index != b.End {
		t.Fatalf("cut as far as %d, want %d", index, b.End)
	}
}

// rootOf joins the three compact ranges.
func rootOf(t *testing.T, b receipt.Batch, leaves []receipt.Hash, size uint64) receipt.Hash {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	known := func(begin, end uint64, hashes []receipt.Hash) *compact.Range {
		var list [][]byte
		for _, h := range hashes {
			list = append(list, h[:])
		}
		r, err := factory.NewRange(begin, end, list)
		if err != nil {
			t.Fatalf("merkle wants another number of hashes: %v", err)
		}
		return r
	}
	tree := known(0, b.Start, b.Left)
	for _, h := range leaves {
		if err := tree.Append(h[:], nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.AppendRange(known(b.End, size, b.Right), nil); err != nil {
		t.Fatal(err)
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Hash(root)
}
