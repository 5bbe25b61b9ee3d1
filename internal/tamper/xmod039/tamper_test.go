// SPDX-License-Identifier: Apache-2.0

package xmod039

import (
	"context"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/tamper"
)

// tiles are the tiles of a log as tlog reads them.
type tiles struct{ tamper.Log }

func (tiles) Height() int { return 8 }

func (t tiles) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, id := range tiles {
		b, err := t.ReadTile(context.Background(), uint64(id.L), uint64(id.N), id.W)
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func read(l tamper.Log, root tamper.Hash, index uint64) (tamper.Hash, error) {
	tree := tlog.Tree{N: int64(l.Size), Hash: tlog.Hash(root)}
	hashes, err := tlog.TileHashReader(tree, tiles{l}).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return tamper.Hash{}, err
	}
	return tamper.Hash(hashes[0]), nil
}

// TestTamperTiles wants more than 1,000 forged leaves to be taken, among them pairs of tiles.
func TestTamperTiles(t *testing.T) {
	v, err := tamper.ReadForged(read)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("x/mod v0.39.0: %d of %d forged logs accepted: %v", v.Accepted, v.Accepted+v.Refused, v.By)
	if v.Accepted <= 1000 {
		t.Errorf("%d accepted: the suite is blind", v.Accepted)
	}
	for _, what := range []string{"a leaf", "a leaf, and its tile's parent in agreement"} {
		if v.By[what] == 0 {
			t.Errorf("%s: none accepted", what)
		}
	}
}
