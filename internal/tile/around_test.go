// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"slices"
	"testing"

	"cocket.example/internal/tile"
)

// What surrounds a batch, for every range of small trees and at the edges of tiles of larger ones.
func TestAround(t *testing.T) {
	m := newMemory(1100)
	try := func(start, end, size uint64) {
		left, right, err := tile.Around(t.Context(), m, start, end, size)
		if err != nil || !slices.Equal(left, m.Tree.Subtrees(0, start)) ||
			!slices.Equal(right, m.Tree.Subtrees(end, size)) {
			t.Fatalf("around %d to %d of %d: %x, %x, %v", start, end, size, left, right, err)
		}
	}
	for size := range uint64(25) {
		for end := range size + 1 {
			for start := range end {
				try(start, end, size)
			}
		}
	}
	edges := []uint64{0, 1, 255, 256, 257, 511, 512, 513, 767, 1023, 1024, 1025, 1099, 1100}
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
