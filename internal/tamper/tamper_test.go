// SPDX-License-Identifier: Apache-2.0

package tamper_test

import (
	"fmt"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
)

// Every tampering is another proof than the right one, and than every other.
func TestTamperingsDiffer(t *testing.T) {
	tree := tamper.New(300)
	for _, at := range []uint64{0, 1, 255, 256, 299} {
		p := tamper.Proof{At: at, Size: 300, Hashes: tree.Inclusion(at, 300)}
		seen := map[string]string{fmt.Sprint(p): "the right one"}
		for what, wrong := range p.Tampered() {
			text := fmt.Sprint(wrong)
			if before, ok := seen[text]; ok {
				t.Errorf("index %d: %s is the same as %s", at, what, before)
			}
			seen[text] = what
		}
		flips, n := soak.Rounds(1, 256), len(p.Hashes)
		want := 1 + n*flips + 3*n + n - 1 + 1 + 4 // the right one; flipped; dropped, doubled, added; swapped; at the end
		if at == 0 {
			want-- // there is no index -1
		}
		if len(seen) != want {
			t.Errorf("index %d: %d proofs of %d hashes, want %d", at, len(seen), n, want)
		}
	}
}

// Where hashes are equal, as in a sparse tree, what comes out the same is left out.
func TestNoTamperingOfEqualHashes(t *testing.T) {
	equal := []tamper.Hash{{7}, {7}, {7}}
	for what := range tamper.Changed(equal, 0) {
		if what == "hashes swapped" {
			t.Error("equal hashes were swapped")
		}
	}
}

// A proof is accepted by what reads the RFC backwards, and its tamperings are not.
func TestVerifiersOfTheRFC(t *testing.T) {
	tree := tamper.New(40)
	for size := uint64(1); size < 40; size++ {
		for at := range size {
			p := tamper.Proof{At: at, Size: size, Hashes: tree.Inclusion(at, size)}
			if !p.Includes(tree.Leaf(at), tree.Root(size)) || p.Includes(tree.Leaf(at+1), tree.Root(size)) {
				t.Errorf("inclusion of %d in %d", at, size)
			}
			p = tamper.Proof{At: at + 1, Size: size, Hashes: tree.Consistency(at+1, size)}
			if !p.Extends(tree.Root(at+1), tree.Root(size)) || p.Extends(tree.Root(at), tree.Root(size)) {
				t.Errorf("consistency of %d with %d", at+1, size)
			}
		}
	}
}
