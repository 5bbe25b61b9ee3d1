// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
)

func TestHasher(t *testing.T) {
	var h tile.Hasher
	m := newMemory(300)
	for i := range m.Size {
		if got := h.Leaf(tamper.Entry(i)); got != m.Tree.Leaf(i) {
			t.Fatalf("leaf %d: %x", i, got)
		}
	}
	if got := tile.Node(m.Tree.Leaf(0), m.Tree.Leaf(1)); got != m.Tree.Root(2) {
		t.Errorf("node: %x", got)
	}
}

// A full tile's subtree may be appended as one where a tile begins, and nowhere else.
func TestAppendFull(t *testing.T) {
	m := newMemory(3 * tile.Width)
	edge := tile.NewRange()
	for n := range m.Size / tile.Width {
		if err := tile.AppendFull(edge, m.Tree.Subtree(tile.Height, n)); err != nil {
			t.Fatal(err)
		}
		if got := must(tile.RangeRoot(edge)); got != m.Tree.Root((n+1)*tile.Width) {
			t.Errorf("root of %d tiles: %x", n+1, got)
		}
	}
	appendLeaf(t, edge, m, 0)
	if err := tile.AppendFull(edge, m.Tree.Leaf(0)); err == nil {
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
