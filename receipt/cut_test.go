// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// batch is the batch receipt of [start, end) in the tree of this size, its hashes by x/mod's tlog.
func (w *world) batch(size, start, end int64) receipt.Batch {
	return receipt.Batch{
		Start: uint64(start), End: uint64(end), Checkpoint: w.signed(size),
		Left: w.tree.subtrees(0, start), Right: w.tree.subtrees(end, size),
	}
}

// subtrees are the maximal perfect subtrees of [start, end), found by trying the largest first.
func (t *tree) subtrees(start, end int64) (hashes []receipt.Hash) {
	for start < end {
		level := 0
		for width := int64(2); start%width == 0 && start+width <= end; width *= 2 {
			level++
		}
		h := t.hashes[tlog.StoredHashIndex(level, start>>level)]
		hashes, start = append(hashes, receipt.Hash(h)), start+1<<level
	}
	return hashes
}

func leavesOf(start, end int64) (leaves []receipt.Hash) {
	for i := start; i < end; i++ {
		leaves = append(leaves, leaf(i))
	}
	return leaves
}

// cut cuts all receipts.
func cut(t *testing.T, b receipt.Batch, leaves []receipt.Hash) []receipt.Receipt {
	t.Helper()
	all, err := b.Cut(leaves)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(all)
}

// exhaustive is the largest size of which every range is tried.
const exhaustive = 64

// rangesUpTo64 calls f with every range of every size, and the trusted checkpoint of that size.
func rangesUpTo64(w *world, f func(trusted receipt.Trusted, b receipt.Batch, size, start, end int64)) {
	w.tree = newTree(exhaustive)
	for size := int64(1); size <= exhaustive; size++ {
		checkpoint := w.signed(size)
		trusted := must(w.policy.Verify(checkpoint))
		for start := range size {
			for end := start + 1; end <= size; end++ {
				b := receipt.Batch{Start: uint64(start), End: uint64(end), Checkpoint: checkpoint,
					Left: w.tree.subtrees(0, start), Right: w.tree.subtrees(end, size)}
				f(trusted, b, size, start, end)
			}
		}
	}
}

// Every cut receipt of every range of every size up to 64 holds the proof that x/mod makes.
func TestCutsAreInclusionProofs(t *testing.T) {
	w := newWorld()
	leaves := leavesOf(0, exhaustive)
	proofs := make(map[[2]int64][]receipt.Hash)
	ranges, receipts := 0, 0
	rangesUpTo64(w, func(trusted receipt.Trusted, b receipt.Batch, size, start, end int64) {
		ranges++
		if err := trusted.IncludesBatch(leaves[start:end], b); err != nil {
			t.Fatalf("range %d to %d of %d: %v", start, end, size, err)
		}
		next := start
		for _, r := range cut(t, b, leaves[start:end]) {
			key := [2]int64{size, next}
			if proofs[key] == nil {
				proofs[key] = append([]receipt.Hash{}, w.tree.proof(size, next)...)
			}
			if r.Index != uint64(next) || !slices.Equal(r.Proof, proofs[key]) || !bytes.Equal(r.Checkpoint, b.Checkpoint) {
				t.Fatalf("range %d to %d of %d: receipt of %d is for %d, proof %x", start, end, size, next, r.Index, r.Proof)
			}
			next++
			receipts++
		}
		if next != end {
			t.Fatalf("range %d to %d of %d: cut as far as %d", start, end, size, next)
		}
	})
	t.Logf("%d ranges, %d receipts", ranges, receipts)
}

// The same leaves and hashes never verify as another range of the tree, however the hashes are
// divided between left and right.
func TestNoRelabelledRangeVerifies(t *testing.T) {
	w := newWorld()
	leaves := leavesOf(0, exhaustive)
	largest := int64(soak.Rounds(20, exhaustive))
	tried, shaped := 0, 0
	rangesUpTo64(w, func(trusted receipt.Trusted, b receipt.Batch, size, start, end int64) {
		if size > largest {
			return
		}
		hashes := slices.Concat(b.Left, b.Right)
		for other := uint64(0); other+b.End-b.Start <= uint64(size); other++ {
			left := compact.RangeSize(0, other)
			if other == b.Start || left > len(hashes) {
				continue
			}
			bad := receipt.Batch{Start: other, End: other + b.End - b.Start,
				Left: hashes[:left], Right: hashes[left:], Checkpoint: b.Checkpoint}
			tried++
			if err := trusted.IncludesBatch(leaves[start:end], bad); err == nil {
				t.Fatalf("range %d to %d of %d verifies as %d to %d", start, end, size, bad.Start, bad.End)
			} else if strings.Contains(err.Error(), "in this order") {
				shaped++
			}
		}
	})
	t.Logf("%d relabelled ranges refused, %d of them of the right shape", tried, shaped)
}

// large is a batch of n entries somewhere in a tree of which only its surroundings are known: random
// hashes, over which merkle computes the root.
func (w *world) large(rng *rand.Rand, size, start, n uint64) (b receipt.Batch, leaves []receipt.Hash) {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	random := func(n int) (hashes []receipt.Hash, bytes [][]byte) {
		for range n {
			var h receipt.Hash
			for i := range h {
				h[i] = byte(rng.Uint32())
			}
			hashes, bytes = append(hashes, h), append(bytes, h[:])
		}
		return hashes, bytes
	}
	b.Start, b.End = start, start+n
	var left, right, middle [][]byte
	b.Left, left = random(compact.RangeSize(0, b.Start))
	b.Right, right = random(compact.RangeSize(b.End, size))
	leaves, middle = random(int(n))
	tree := must(factory.NewRange(0, b.Start, left))
	for _, h := range middle {
		if err := tree.Append(h, nil); err != nil {
			panic(err)
		}
	}
	if err := tree.AppendRange(must(factory.NewRange(b.End, size, right)), nil); err != nil {
		panic(err)
	}
	root := must(tree.GetRootHash(nil))
	b.Checkpoint = w.cosigned(receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash(root)})
	return b, leaves
}

// Ranges anywhere in trees of any size, with roots and verdicts by merkle.
func TestCutsOfLargeTrees(t *testing.T) {
	w := newWorld()
	rng := rand.New(rand.NewPCG(5, 6))
	for range soak.Rounds(300, 10_000) {
		size := 1 + rng.Uint64()>>(1+rng.UintN(62))
		n := 1 + rng.Uint64N(min(size, 40))
		b, leaves := w.large(rng, size, rng.Uint64N(size-n+1), n)
		if again, err := receipt.ParseBatch(b.Bytes()); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
			t.Fatalf("range %d to %d of %d: %v", b.Start, b.End, size, err)
		}
		trusted := must(w.policy.Verify(b.Checkpoint))
		if err := trusted.IncludesBatch(leaves, b); err != nil {
			t.Fatalf("range %d to %d of %d: %v", b.Start, b.End, size, err)
		}
		root := trusted.Report().Checkpoint.Root
		for i, r := range cut(t, b, leaves) {
			var path [][]byte
			for _, h := range r.Proof {
				path = append(path, h[:])
			}
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, r.Index, size, leaves[i][:], path, root[:]); err != nil {
				t.Fatalf("range %d to %d of %d: receipt of %d: %v", b.Start, b.End, size, r.Index, err)
			}
		}
	}
}

func TestCutRefuses(t *testing.T) {
	w := newWorld()
	good := w.batch(11, 3, 6)
	trusted := must(w.policy.Verify(good.Checkpoint))
	swapped := []receipt.Hash{leaf(4), leaf(3), leaf(5)}
	shape := good
	shape.Right = shape.Right[1:]
	empty := good
	empty.End = empty.Start
	for name, c := range map[string]struct {
		batch  receipt.Batch
		leaves []receipt.Hash
		want   string
	}{
		"one less":     {good, leavesOf(3, 5), "of the 3 entries 3 to 5, and 2 are given"},
		"one more":     {good, leavesOf(3, 7), "and 4 are given"},
		"none":         {good, nil, "and 0 are given"},
		"others":       {good, leavesOf(4, 7), "in this order"},
		"swapped":      {good, swapped, "in this order"},
		"shape":        {shape, leavesOf(3, 6), "hashes, want"},
		"empty":        {empty, nil, "range 3 to 3"},
		"no receipt":   {receipt.Batch{}, nil, "checkpoint"},
		"another tree": {w.batch(10, 3, 6), leavesOf(3, 6), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.batch.Cut(c.leaves)
			if c.want == "" {
				c.want = "another tree"
			} else {
				wantError(t, err, c.want)
			}
			wantError(t, trusted.IncludesBatch(c.leaves, c.batch), c.want)
		})
	}
	wantError(t, receipt.Trusted{}.IncludesBatch(leavesOf(3, 6), good), "not trusted")
}

// A cut receipt is a receipt as any other, and who wants one need not cut the rest.
func TestCutReceiptVerifies(t *testing.T) {
	w := newWorld()
	all, err := w.batch(11, 2, 9).Cut(leavesOf(2, 9))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r := range all {
		if err := w.verify(r.Bytes(), leaf(int64(r.Index))); err != nil {
			t.Error(err)
		}
		if wantError(t, w.verify(r.Bytes(), leaf(int64(r.Index)+1)), "not at index"); n == 3 {
			break
		}
		n++
	}
}

func BenchmarkCut(b *testing.B) {
	w := newWorld()
	batch, leaves := w.large(rand.New(rand.NewPCG(1, 2)), 10_000_019, 4_000_037, 65_536)
	for b.Loop() {
		all, err := batch.Cut(leaves)
		if err != nil {
			b.Fatal(err)
		}
		for r := range all {
			_ = r.Bytes()
		}
	}
}

// What a holder of many receipts under one checkpoint computes for each, from its bytes.
func BenchmarkReceiptOfTrusted(b *testing.B) {
	w := newWorldOf(3)
	batch, leaves := w.large(rand.New(rand.NewPCG(1, 2)), 100_000_007, 40_000_003, 256)
	trusted := must(w.policy.Verify(batch.Checkpoint))
	var texts [][]byte
	for r := range must(batch.Cut(leaves)) {
		texts = append(texts, r.Bytes())
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r, err := receipt.Parse(texts[i%256])
		if err != nil {
			b.Fatal(err)
		}
		if err := trusted.Includes(leaves[i%256], r); err != nil {
			b.Fatal(err)
		}
	}
}
