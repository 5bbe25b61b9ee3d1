// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// TestProofs is W11 for all 1 ≤ m < n ≤ 40: the right proof is taken, and nothing else.
func TestProofs(t *testing.T) {
	for n := 2; n <= 40; n++ {
		for m := 1; m < n; m++ {
			held := record{checkpoint: receipt.Checkpoint{Size: uint64(m), Root: trunk.root(0, m)}}
			right := request{
				old: uint64(m), proof: trunk.consistency(m, n),
				checkpoint: receipt.Checkpoint{Size: uint64(n), Root: trunk.root(0, n)},
			}
			if err := judge(held, right); err != nil {
				t.Fatalf("%d → %d: %v", m, n, err)
			}
			for what, proof := range tamper.Changed(right.proof, uint64(m+n)) {
				wrong := right
				wrong.proof = proof
				wantProofRefused(t, held, wrong, what)
			}
			wrong := right
			wrong.checkpoint.Root[31] ^= 1
			wantProofRefused(t, held, wrong, "root")
		}
	}
}

func wantProofRefused(t *testing.T, held record, r request, what string) {
	t.Helper()
	var refused *refusal
	if err := judge(held, r); !errors.As(err, &refused) || refused.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d → %d, %s: %v, want status 422", r.old, r.checkpoint.Size, what, err)
	}
}

// FuzzJudge compares with the only two ways there are from a tree to another: the empty proof from
// nothing or to itself, and the right one.
func FuzzJudge(f *testing.F) {
	f.Add(uint8(3), uint8(3), uint8(5), []byte{1})
	f.Fuzz(func(t *testing.T, latest, old, size uint8, junk []byte) {
		held := record{checkpoint: receipt.Checkpoint{Size: uint64(latest), Root: trunk.root(0, int(latest))}}
		r := request{old: uint64(old), checkpoint: receipt.Checkpoint{
			Size: uint64(size), Root: trunk.root(0, int(size)),
		}}
		for hash := range slices.Chunk(junk, 32) {
			r.proof = append(r.proof, receipt.Hash(append(slices.Clone(hash), make([]byte, 32-len(hash))...)))
		}
		var right []receipt.Hash
		if old <= size {
			right = trunk.consistency(int(old), int(size))
		}
		want := old == latest && old <= size && slices.Equal(r.proof, right)
		if got := judge(held, r) == nil; got != want {
			t.Errorf("%d → %d, held %d: accepted %v, want %v", old, size, latest, got, want)
		}
	})
}
