// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"
)

// TlogLeaf is a Read: it reads a leaf with the tile reader of x/mod, of whichever version the module has that is
// being tested.
func TlogLeaf(l Log, root Hash, index uint64) (Hash, error) {
	tree := tlog.Tree{N: int64(l.Size), Hash: tlog.Hash(root)}
	at := tlog.StoredHashIndex(0, int64(index))
	hashes, err := tlog.TileHashReader(tree, tlogTiles{l}).ReadHashes([]int64{at})
	if err != nil {
		return Hash{}, err
	}
	return Hash(hashes[0]), nil
}

// tlogTiles are the tiles of a log as tlog reads them.
type tlogTiles struct{ Log }

func (tlogTiles) Height() int { return height }

func (t tlogTiles) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, id := range tiles {
		b, err := t.ReadTile(context.Background(), uint64(id.L), uint64(id.N), id.W)
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

func (tlogTiles) SaveTiles([]tlog.Tile, [][]byte) {}
