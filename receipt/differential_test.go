// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// past is when the witnesses of a test have cosigned.
var past = time.Unix(1_800_000_000, 0)

// claim is what a receipt says: this leaf is at that index of the tree with this root.
type claim struct {
	tamper.Proof
	leaf, root receipt.Hash
}

// Random inclusion proofs in random trees of up to 2^40 entries, good and damaged: ours, merkle, x/mod
// and the RFC as it is written down come to the same verdict.
func TestDifferentialInclusion(t *testing.T) {
	soak.NoRace(t)
	r := rand.New(rand.NewPCG(2, 6962))
	judges := claimJudges()
	rounds, good := soak.Rounds(20_000, 1_000_000), 0
	var right claim
	for n := range rounds {
		if n%10 == 0 {
			right = randomClaim(r)
		}
		c := right.damaged(r)
		want := c.Includes(c.leaf, c.root)
		for name, accepts := range judges {
			if accepts(c) != want {
				t.Fatalf("%s: %t, the RFC says %t of %+v", name, !want, want, c)
			}
		}
		if want {
			good++
		}
	}
	t.Logf("%d inclusion proofs, %d of them good: one verdict", rounds, good)
	if good < rounds/4 || good > rounds*3/4 {
		t.Error("the proofs are too seldom good or bad")
	}
}

func randomClaim(r *rand.Rand) claim {
	size := 1 + r.Uint64N(1<<r.IntN(41))
	index := r.Uint64N(size)
	tree := tamper.Sparse(index, size-1, r.Uint64N(size))
	p := tamper.Proof{At: index, Size: size, Hashes: tree.Inclusion(index, size)}
	return claim{p, tree.Leaf(index), tree.Root(size)}
}

// damaged returns the claim after a few changes, or none.
func (c claim) damaged(r *rand.Rand) claim {
	c.Proof = c.Damaged(r)
	switch r.IntN(20) {
	case 0:
		c.leaf[r.IntN(32)] ^= 1 << r.IntN(8)
	case 1:
		c.root[r.IntN(32)] ^= 1 << r.IntN(8)
	case 2:
		c.leaf = c.root
	}
	return c
}

func claimJudges() map[string]func(claim) bool {
	w := newWorld()
	var signed []byte
	var trusted receipt.Trusted // of the claim before, whose tree is often the same
	return map[string]func(claim) bool{
		"ours": func(c claim) bool {
			cp := receipt.Checkpoint{Origin: origin, Size: c.Size, Root: c.root}
			if trusted.Report().Checkpoint != cp {
				signed = must(cp.Sign(w.log))
				trusted = must(receipt.Policy{Logs: w.policy.Logs, Quorum: "none"}.Verify(signed))
			}
			r := receipt.Receipt{Index: c.At, Proof: c.Hashes, Checkpoint: signed}
			parsed, err := receipt.Parse(r.Bytes())
			object, text := trusted.Includes(c.leaf, r) == nil, err == nil && trusted.Includes(c.leaf, parsed) == nil
			if object != text {
				panic("a receipt and its text get two verdicts")
			}
			return object
		},
		"merkle": func(c claim) bool {
			var path [][]byte
			for i := range c.Hashes {
				path = append(path, c.Hashes[i][:])
			}
			h := rfc6962.DefaultHasher
			return proof.VerifyInclusion(h, c.At, c.Size, c.leaf[:], path, c.root[:]) == nil
		},
		"x/mod": func(c claim) bool {
			var path tlog.RecordProof
			for _, h := range c.Hashes {
				path = append(path, tlog.Hash(h))
			}
			return tlog.CheckRecord(path, int64(c.Size), tlog.Hash(c.root), int64(c.At), tlog.Hash(c.leaf)) == nil
		},
	}
}
