// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"

	"cocket.example/internal/tile"
)

// maxCached is how many tiles are kept, of 8 KiB at most.
const maxCached = 1024

// cache keeps tiles, since the proofs of one tree share most of theirs. Nothing in it is verified: each
// proof is. It is not for use by several goroutines.
type cache struct {
	Source
	tiles  map[tile.Ref][]byte
	last   tile.Ref // the bundle that was read last, since what refers to one entry often stands together
	bundle []byte
}

// ReadBundle reads a bundle, the one before not again.
func (c *cache) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Entries: true, Index: index, Width: width}
	if c.bundle != nil && c.last == ref {
		return c.bundle, nil
	}
	b, err := c.Source.ReadBundle(ctx, index, width)
	if err != nil {
		return nil, err
	}
	c.last, c.bundle = ref, b
	return b, nil
}

// ReadTile reads a tile once.
func (c *cache) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Level: level, Index: index, Width: width}
	if t, ok := c.tiles[ref]; ok {
		return t, nil
	}
	t, err := c.Source.ReadTile(ctx, level, index, width)
	if err != nil {
		return nil, err
	}
	if c.tiles == nil || len(c.tiles) == maxCached {
		c.tiles = make(map[tile.Ref][]byte)
	}
	c.tiles[ref] = t
	return t, nil
}
