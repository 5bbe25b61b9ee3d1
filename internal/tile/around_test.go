// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"slices"
	"testing"

	"cocket.example/internal/tile"
)

// naiveSubtrees are the maximal perfect subtrees of [start, end), found by trying the largest first.
func naiveSubtrees(leaves []hash, start, end int) (roots []hash) {
	for start < end {
		width := 1
		for start%(2*width) == 0 && start+2*width <= end {
			width *= 2
		}
		roots, start = append(roots, naiveRoot(leaves[start:start+width])), start+width
	}
	return roots
}

// What surrounds a batch, for every range of small trees and at the edges of tiles of larger ones.
func TestAround(t *testing.T) {
	m := newMemory(1100)
	try := func(start, end, size int) {
		left, right, err := tile.Around(t.Context(), m, uint64(start), uint64(end), uint64(size))
		if err != nil || !slices.Equal(left, naiveSubtrees(m.leaves, 0, start)) ||
			!slices.Equal(right, naiveSubtrees(m.leaves, end, size)) {
			t.Fatalf("around %d to %d of %d: %x, %x, %v", start, end, size, left, right, err)
		}
	}
	for size := range 25 {
		for end := range size + 1 {
			for start := range end {
				try(start, end, size)
			}
		}
	}
	edges := []int{0, 1, 255, 256, 257, 511, 512, 513, 767, 1023, 1024, 1025, 1099, 1100}
	for i, start := range edges {
		for j, end := range edges[i+1:] {
			for _, size := range edges[i+1+j:] {
				try(start, end, size)
			}
		}
	}
	for _, r := range []tile.Reader{m, cut{m}} {
		if _, _, err := tile.Around(t.Context(), r, 300, 301, 1101); err == nil {
			t.Error("no error of what cannot be read")
		}
	}
}
