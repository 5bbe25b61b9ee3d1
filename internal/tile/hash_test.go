// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
)

func TestHasher(t *testing.T) {
	var h tile.Hasher
	m := newMemory(300)
	for i, leaf := range m.leaves {
		if got := h.Leaf(entry(i)); got != leaf {
			t.Fatalf("leaf %d: %x", i, got)
		}
	}
	if got := tile.Node(m.leaves[0], m.leaves[1]); got != naiveRoot(m.leaves[:2]) {
		t.Errorf("node: %x", got)
	}
}

// A full tile's subtree may be appended as one where a tile begins, and nowhere else.
func TestAppendFull(t *testing.T) {
	m := newMemory(3 * tile.Width)
	edge := tile.NewRange()
	for end := tile.Width; end <= len(m.leaves); end += tile.Width {
		if err := tile.AppendFull(edge, naiveRoot(m.leaves[end-tile.Width:end])); err != nil {
			t.Fatal(err)
		}
		if got := must(tile.RangeRoot(edge)); got != naiveRoot(m.leaves[:end]) {
			t.Errorf("root of %d: %x", end, got)
		}
	}
	if err := edge.Append(m.leaves[0][:], nil); err != nil {
		t.Fatal(err)
	}
	if err := tile.AppendFull(edge, m.leaves[0]); err == nil {
		t.Error("a tile was appended in the middle of another")
	}
}

// A range that does not begin at 0 has no root.
func TestRangeRootOfAPart(t *testing.T) {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	part := factory.NewEmptyRange(tile.Width)
	if err := part.Append(make([]byte, tile.HashSize), nil); err != nil {
		t.Fatal(err)
	}
	if root, err := tile.RangeRoot(part); err == nil {
		t.Errorf("root %x", root)
	}
}
