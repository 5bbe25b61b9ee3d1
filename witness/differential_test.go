// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// growth is what a consistency proof says: the tree with this root extends that with the older one.
type growth struct {
	tamper.Proof
	older, root receipt.Hash
}

// Random consistency proofs in random trees of up to 2^40 entries, good and damaged: ours, merkle,
// x/mod and the RFC as it is written down come to the same verdict.
func TestDifferentialConsistency(t *testing.T) {
	soak.NoRace(t)
	r := rand.New(rand.NewPCG(3, 6962))
	rounds, good := soak.Rounds(20_000, 1_000_000), 0
	var right growth
	for n := range rounds {
		if n%10 == 0 {
			right = randomGrowth(r)
		}
		g := right.damaged(r)
		want := g.Extends(g.older, g.root)
		for name, accepts := range map[string]func() bool{"ours": g.ours, "merkle": g.merkle, "x/mod": g.tlog} {
			if accepts() != want {
				t.Fatalf("%s: %t, the RFC says %t of %+v", name, !want, want, g)
			}
		}
		if want {
			good++
		}
	}
	t.Logf("%d consistency proofs, %d of them good: one verdict", rounds, good)
	if good < rounds/4 || good > rounds*3/4 {
		t.Error("the proofs are too seldom good or bad")
	}
}

func randomGrowth(r *rand.Rand) growth {
	size := 1 + r.Uint64N(1<<r.IntN(41))
	from := 1 + r.Uint64N(size)
	tree := tamper.Sparse(from-1, size-1, r.Uint64N(size))
	p := tamper.Proof{At: from, Size: size, Hashes: tree.Consistency(from, size)}
	return growth{p, tree.Root(from), tree.Root(size)}
}

// damaged returns the growth after a few changes, or none.
func (g growth) damaged(r *rand.Rand) growth {
	g.Proof = g.Damaged(r)
	switch r.IntN(20) {
	case 0:
		g.older[r.IntN(32)] ^= 1 << r.IntN(8)
	case 1:
		g.root[r.IntN(32)] ^= 1 << r.IntN(8)
	case 2:
		g.older, g.root = g.root, g.older
	}
	return g
}

func (g growth) ours() bool {
	held := record{checkpoint: receipt.Checkpoint{Size: g.At, Root: g.older}}
	next := receipt.Checkpoint{Size: g.Size, Root: g.root}
	return judge(held, request{old: g.At, proof: g.Hashes, checkpoint: next}) == nil
}

func (g growth) merkle() bool {
	var hashes [][]byte
	for i := range g.Hashes {
		hashes = append(hashes, g.Hashes[i][:])
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, g.At, g.Size, hashes, g.older[:], g.root[:]) == nil
}

func (g growth) tlog() bool {
	var hashes tlog.TreeProof
	for _, h := range g.Hashes {
		hashes = append(hashes, tlog.Hash(h))
	}
	return tlog.CheckTree(hashes, int64(g.Size), tlog.Hash(g.root), int64(g.At), tlog.Hash(g.older)) == nil
}
