// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// each yields leaves one after another, and then an error, if there is one.
func each(leaves []receipt.Hash, end error) iter.Seq2[receipt.Hash, error] {
	return func(yield func(receipt.Hash, error) bool) {
		for _, leaf := range leaves {
			if !yield(leaf, nil) {
				return
			}
		}
		if end != nil {
			yield(receipt.Hash{}, end)
		}
	}
}

// IncludesEach and IncludesBatch are twins: of every range of every size up to 64 (at soak) both take the leaves,
// and neither takes one less, one more, another, or two that changed places.
func TestIncludesEach(t *testing.T) {
	w := newWorld()
	all, largest := leavesOf(0, exhaustive), int64(soak.Rounds(24, exhaustive))
	rangesUpTo64(w, func(trusted receipt.Trusted, b receipt.Batch, size, start, end int64) {
		if size > largest {
			return
		}
		leaves := all[start:end]
		if err := trusted.IncludesEach(each(leaves, nil), b); err != nil {
			t.Fatalf("range %d to %d of %d: %v", start, end, size, err)
		}
		other := slices.Clone(leaves)
		other[len(other)-1][0] ^= 1
		bad := [][]receipt.Hash{leaves[1:], append(slices.Clone(leaves), leaves[0]), other}
		if len(leaves) > 1 {
			swapped := slices.Clone(leaves)
			swapped[0], swapped[1] = swapped[1], swapped[0]
			bad = append(bad, swapped)
		}
		for i, leaves := range bad {
			if trusted.IncludesEach(each(leaves, nil), b) == nil || trusted.IncludesBatch(leaves, b) == nil {
				t.Fatalf("range %d to %d of %d: accepted what is wrong in way %d", start, end, size, i)
			}
		}
	})
}

func TestIncludesEachStops(t *testing.T) {
	w := newWorld()
	b := w.batch(7, 3, 6)
	broken := errors.New("broken")
	if err := must(w.policy.Verify(b.Checkpoint)).IncludesEach(each(leavesOf(3, 5), broken), b); !errors.Is(err, broken) {
		t.Errorf("%v, want the error of the leaves", err)
	}
	if err := (receipt.Trusted{}).IncludesEach(each(leavesOf(3, 6), nil), b); err == nil {
		t.Error("a checkpoint that nobody verified includes something")
	}
	b.Right = nil
	if err := must(w.policy.Verify(b.Checkpoint)).IncludesEach(each(leavesOf(3, 6), nil), b); err == nil {
		t.Error("a proof without its right edge is accepted")
	}
}

// CutOne gives what Cut gives, and nothing outside of the range.
func TestCutOne(t *testing.T) {
	w := newWorld()
	b, leaves := w.batch(7, 3, 6), leavesOf(3, 6)
	for i, want := range cut(t, b, leaves) {
		got, err := b.CutOne(leaves, uint64(3+i))
		if err != nil || string(got.Bytes()) != string(want.Bytes()) {
			t.Errorf("index %d: %v, another receipt than Cut's", 3+i, err)
		}
	}
	for _, index := range []uint64{0, 2, 6, 7} {
		if _, err := b.CutOne(leaves, index); err == nil {
			t.Errorf("cut the receipt of %d", index)
		}
	}
	if _, err := b.CutOne(leavesOf(2, 5), 3); err == nil {
		t.Error("cut a receipt from other leaves")
	}
}
