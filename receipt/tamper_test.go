// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"fmt"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/receipt"
)

// A forest has the signed checkpoints of all trees up to one size more than are tampered with.
type forest struct {
	tree    tamper.Tree
	signed  [][]byte
	trusted []receipt.Trusted
	policy  receipt.Policy
}

func newForest() *forest {
	w := newWorld()
	f := &forest{tree: tamper.New(tamper.Sizes + 1), policy: w.policy}
	for size := range uint64(tamper.Sizes + 2) {
		cp := receipt.Checkpoint{Origin: origin, Size: size, Root: f.tree.Root(size)}
		b := must(cp.Sign(w.log))
		for _, c := range w.cosigner {
			b = append(b, must(c.Cosign(cp, past)).String()...)
		}
		f.signed, f.trusted = append(f.signed, b), append(f.trusted, must(f.policy.Verify(b)))
	}
	return f
}

func (f *forest) receipt(p tamper.Proof) receipt.Receipt {
	return receipt.Receipt{Index: p.At, Proof: p.Hashes, Checkpoint: f.signed[p.Size]}
}

// resized claims another size, under the signatures that are there.
func (f *forest) resized(from, to uint64) []byte {
	return bytes.Replace(f.signed[from], fmt.Appendf(nil, "\n%d\n", from), fmt.Appendf(nil, "\n%d\n", to), 1)
}

// Every receipt of every tree up to 300 is accepted; with every small change of its proof, index or
// size it is refused, as an object and, of every so many, as text.
func TestTamperReceipts(t *testing.T) {
	soak.NoRace(t)
	f := newForest()
	tamper.EachSize(t, "receipts", 1_000_000, func(size uint64) (tried int) {
		for _, other := range []uint64{size - 1, size + 1} {
			if _, err := f.policy.Verify(f.resized(size, other)); err == nil {
				t.Errorf("size %d: the signatures hold for size %d", size, other)
			}
		}
		for index := range size {
			right := tamper.Proof{At: index, Size: size, Hashes: f.tree.Inclusion(index, size)}
			if err := f.verify(f.receipt(right), size, index); err != nil {
				t.Errorf("index %d of %d: %v", index, size, err)
			}
			for what, wrong := range right.Tampered() {
				tried++
				f.refuses(t, what, wrong, size, index)
				if (size+index)%tamper.Stride() == 0 {
					f.refusesText(t, what, wrong, size, index)
				}
			}
		}
		return tried
	})
}

// verify judges a receipt of the entry at index under the checkpoint of a size, and its text likewise.
func (f *forest) verify(r receipt.Receipt, size, index uint64) error {
	if err := f.trusted[size].Includes(f.tree.Leaf(index), r); err != nil {
		return err
	}
	parsed, err := receipt.Parse(r.Bytes())
	if err != nil {
		return err
	}
	return f.trusted[size].Includes(f.tree.Leaf(index), parsed)
}

// refusesText does as refuses, with the text of the receipt.
func (f *forest) refusesText(t *testing.T, what string, p tamper.Proof, size, index uint64) {
	parsed, err := receipt.Parse(f.receipt(p).Bytes())
	if err == nil && f.trusted[p.Size].Includes(f.tree.Leaf(index), parsed) == nil {
		t.Errorf("index %d of %d, %s: accepted as text", index, size, what)
	}
}

// refuses offers a proof that was right for the entry at index of a tree before it was changed.
func (f *forest) refuses(t *testing.T, what string, p tamper.Proof, size, index uint64) {
	r, leaf := f.receipt(p), f.tree.Leaf(index)
	if f.trusted[p.Size].Includes(leaf, r) == nil {
		t.Errorf("index %d of %d, %s: accepted", index, size, what)
	}
	if p.Size == size {
		return
	}
	if f.trusted[size].Includes(leaf, r) == nil { // another tree than the one that is trusted
		t.Errorf("index %d of %d, %s: accepted under the old checkpoint", index, size, what)
	}
	if r.Checkpoint = f.resized(size, p.Size); f.trusted[size].Includes(leaf, r) == nil {
		t.Errorf("index %d of %d, %s: accepted without a new signature", index, size, what)
	}
}

// Every bit of a receipt's text is flipped, in receipts of several shapes.
func TestTamperReceiptBits(t *testing.T) {
	soak.NoRace(t)
	f, tried := newForest(), 0
	for _, p := range []tamper.Proof{{At: 0, Size: 1}, {At: 4, Size: 5}, {At: 200, Size: 300}} {
		p.Hashes = f.tree.Inclusion(p.At, p.Size)
		text := f.receipt(p).Bytes()
		for bit := range 8 * len(text) {
			tried++
			refusesBit(t, f.policy, text, bit, f.tree.Leaf(p.At))
		}
	}
	t.Logf("bits of receipts: %d tamperings, all refused", tried)
}

// A bit of every byte of a receipt whose log and witness sign with ML-DSA-44 is flipped.
func TestTamperMLDSABits(t *testing.T) {
	soak.NoRace(t)
	log, logKey := timedKey(1, origin)
	witness, witnessKey := mldsaWitness(2, "w.example")
	policy := must(receipt.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w %s\nquorum w\n", logKey, witnessKey)))
	tree, p := tamper.New(5), tamper.Proof{At: 2, Size: 5}
	cp := receipt.Checkpoint{Origin: origin, Size: p.Size, Root: tree.Root(p.Size)}
	signed := append(must(cp.Sign(log)), must(witness.Cosign(cp, past)).String()...)
	text := receipt.Receipt{Index: p.At, Proof: tree.Inclusion(p.At, p.Size), Checkpoint: signed}.Bytes()
	if _, err := policy.Verify(signed); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for at := range text {
		for n := range soak.Rounds(1, 8) {
			tried++
			refusesBit(t, policy, text, 8*at+(at+n)%8, tree.Leaf(p.At))
		}
	}
	t.Logf("bits of receipts with ML-DSA-44: %d tamperings, all refused", tried)
}

// refusesBit flips a bit of a receipt, of which then something must be refused.
func refusesBit(t *testing.T, policy receipt.Policy, text []byte, bit int, leaf receipt.Hash) {
	t.Helper()
	wrong := bytes.Clone(text)
	wrong[bit/8] ^= 1 << (bit % 8)
	r, err := receipt.Parse(wrong)
	if err != nil {
		return
	}
	trusted, err := policy.Verify(r.Checkpoint)
	if err == nil && trusted.Includes(leaf, r) == nil {
		t.Errorf("bit %d of byte %d, %q: accepted", bit%8, bit/8, text[bit/8])
	}
}
