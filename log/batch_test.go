// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"errors"
	"io/fs"
	"testing"

	"cocket.example/receipt"
)

// A batch receipt is for the earliest kept checkpoint that covers its last entry, and holds for the
// entries of its range alone.
func TestBatchReceipts(t *testing.T) {
	r := newRig(t)
	l, _ := r.run(same)
	for round := range 4 {
		index := add(t, l, 300*round, 300)
		if err := l.Wait(t.Context(), index[299]); err != nil {
			t.Fatal(err)
		}
		sizes := make(map[bool]uint64)
		for _, latest := range []bool{false, true} {
			got, err := l.BatchReceipt(t.Context(), index[0], index[0]+300, latest)
			if err != nil {
				t.Fatal(err)
			}
			trusted, err := r.config.Policy.Verify(got.Checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			if err := trusted.IncludesBatch(leaves(300*round, 300), got); err != nil {
				t.Error(err)
			}
			if err := trusted.IncludesBatch(leaves(300*round+1, 300), got); err == nil {
				t.Error("a batch receipt holds for other entries")
			}
			sizes[latest] = trusted.Report().Checkpoint.Size
		}
		first, err := l.BatchReceipt(t.Context(), 0, 300, false)
		if err != nil {
			t.Fatal(err)
		}
		if cp, _, err := receipt.ParseCheckpoint(first.Checkpoint); err != nil || cp.Size != 300 {
			t.Errorf("the first 300 entries have a receipt for size %d, want the earliest: %v", cp.Size, err)
		}
		if want := uint64(300*round + 300); sizes[false] != want || sizes[true] != want {
			t.Errorf("receipts of size %d, and %d of the latest, want %d", sizes[false], sizes[true], want)
		}
	}
	for _, c := range [][2]uint64{{0, 0}, {5, 3}, {0, 1201}, {1200, 1201}, {1 << 62, 1 << 63}} {
		for _, latest := range []bool{false, true} {
			if _, err := l.BatchReceipt(t.Context(), c[0], c[1], latest); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("receipt of %d to %d: %v", c[0], c[1], err)
			}
		}
	}
}

func leaves(from, n int) (hashes []receipt.Hash) {
	for _, e := range entries(from, n) {
		hashes = append(hashes, e.Leaf)
	}
	return hashes
}
