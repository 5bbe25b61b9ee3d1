// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"fmt"
	"io/fs"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// tree is the right edge of a tree of whole bundles: all that is needed to append further ones, to
// know the root, and to write the tiles of a mirror.
//
//	Rows[1]  ▒▒               hashes of the last tile of level 2, which is not full
//	Rows[0]  ▒▒▒▒▒▒           … of level 1: roots of whole bundles
//	bundles  ▒▒▒▒▒▒▒▒▒▒▒▒ ·   Size entries, a multiple of 256
//
// It holds the nodes of the compact range [0, Size), each as the hashes it is the root of.
type tree struct {
	Size uint64   `json:"size"`
	Rows [][]byte `json:"rows"`
}

// piece is a tile and its hashes.
type piece struct {
	ref    tile.Ref
	hashes []byte
}

// add appends a whole bundle by the root of its leaves, and returns the tiles above it that are full now.
func (t *tree) add(root [32]byte) (full []piece) {
	t.Size += tile.Width
	for i := 0; ; i++ {
		if i == len(t.Rows) {
			t.Rows = append(t.Rows, nil)
		}
		t.Rows[i] = append(t.Rows[i], root[:]...)
		if len(t.Rows[i]) < tile.Width*tile.HashSize {
			return full
		}
		level := uint64(i + 1)
		index := t.Size>>(level*tile.Height)/tile.Width - 1
		full = append(full, piece{tile.Ref{Level: level, Index: index, Width: tile.Width}, t.Rows[i]})
		root, t.Rows[i] = [32]byte(tile.Subtree(t.Rows[i])), nil
	}
}

// clone returns a tree that appending to t does not change.
func (t tree) clone() tree {
	rows := make([][]byte, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = append([]byte(nil), row...)
	}
	return tree{t.Size, rows}
}

// root is that of the tree with less than a bundle of further leaves.
func (t tree) root(ctx context.Context, leaves []byte) (receipt.Hash, error) {
	return tile.Root(ctx, edge{t.Rows, leaves}, t.Size+uint64(len(leaves)/tile.HashSize))
}

// edge yields the partial tiles of the right edge with their refs, given the leaves after it.
func (t tree) edge(leaves []byte) (tiles []piece) {
	size := t.Size + uint64(len(leaves)/tile.HashSize)
	for level := range uint64(len(t.Rows) + 1) {
		index := size >> (level * tile.Height) / tile.Width
		if hashes := (edge{t.Rows, leaves}).at(level); len(hashes) > 0 {
			tiles = append(tiles, piece{tile.Ref{Level: level, Index: index, Width: len(hashes) / tile.HashSize}, hashes})
		}
	}
	return tiles
}

// check refuses rows that no tree of the size has.
func (t tree) check() error {
	if t.Size%tile.Width != 0 {
		return fmt.Errorf("size %d is none of whole bundles", t.Size)
	}
	for level := uint64(1); level <= 8; level++ {
		want := tile.WidthAt(level, t.Size>>(level*tile.Height)/tile.Width, t.Size) * tile.HashSize
		if got := len((edge{t.Rows, nil}).at(level)); got != want {
			return fmt.Errorf("row %d of size %d has %d bytes, want %d", level, t.Size, got, want)
		}
	}
	if len(t.Rows) > 8 {
		return fmt.Errorf("%d rows, want at most 8", len(t.Rows))
	}
	return nil
}

// edge reads the partial tiles of a right edge, which are all that a root needs.
type edge struct {
	rows   [][]byte
	leaves []byte
}

func (e edge) at(level uint64) []byte {
	switch {
	case level == 0:
		return e.leaves
	case level <= uint64(len(e.rows)):
		return e.rows[level-1]
	}
	return nil
}

// ReadTile returns the hashes of the level's last tile.
func (e edge) ReadTile(_ context.Context, level, _ uint64, _ int) ([]byte, error) {
	return e.at(level), nil
}

// ReadBundle has none.
func (e edge) ReadBundle(context.Context, uint64, int) ([]byte, error) { return nil, fs.ErrNotExist }
