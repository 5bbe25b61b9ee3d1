// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"math/rand/v2"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Resources are named with the tiles of x/mod, whose level -1 stands for entries.
const (
	height  = 8           // levels of the tree in a tile
	width   = 1 << height // hashes in a full tile, entries in a full bundle
	bundles = -1          // the level of bundles

	maxTile   = width * tlog.HashSize
	maxBundle = width * (2 + 1<<16 - 1)
)

// path is the name below the log's prefix. x/mod writes the height too, and "data" for entries:
//
//	tile/8/0/x001/234.p/17   →   /tile/0/x001/234.p/17
//	tile/8/data/000          →   /tile/entries/000
func path(t tlog.Tile) string {
	name := strings.TrimPrefix(t.Path(), "tile/8/")
	if rest, ok := strings.CutPrefix(name, "data/"); ok {
		name = "entries/" + rest
	}
	return "/tile/" + name
}

func tile(level int, n, w int64) tlog.Tile { return tlog.Tile{H: height, L: level, N: n, W: int(w)} }

// covered reports whether a tree of this size has all that is in a tile or bundle.
func covered(t tlog.Tile, size int64) bool {
	shift := max(t.L, 0) * height
	return shift < 63 && t.N*width+int64(t.W) <= size>>shift
}

// row is one level of tiles, or the bundles, of a tree.
type row struct {
	level         int
	full, partial int64 // how many are full, and how wide is the one behind them
}

// rows are the bundles and all levels that a tree of this size has (TT-11).
func rows(size int64) []row {
	all := []row{{bundles, size / width, size % width}}
	for level := 0; size > 0; level++ {
		all = append(all, row{level, size / width, size % width})
		size /= width
	}
	return all
}

// some are the tiles and bundles that a tree of this size has: all of a small one; of a large one
// those at both ends of each row, and a few between.
func some(size int64) (tiles []tlog.Tile) {
	for _, r := range rows(size) {
		for _, n := range spread(r.full) {
			tiles = append(tiles, tile(r.level, n, width))
		}
		if r.partial > 0 {
			tiles = append(tiles, tile(r.level, r.full, r.partial))
		}
	}
	return tiles
}

// spread are numbers below n: all, or two at each end and four between.
func spread(n int64) (numbers []int64) {
	if n <= 8 {
		for i := range n {
			numbers = append(numbers, i)
		}
		return numbers
	}
	between := func() int64 { return 2 + rand.N(n-4) }
	return []int64{0, 1, between(), between(), between(), between(), n - 2, n - 1}
}

// partials are the tiles and bundles of a tree of this size that are not full.
func partials(size int64) (tiles []tlog.Tile) {
	for _, r := range rows(size) {
		if r.partial > 0 {
			tiles = append(tiles, tile(r.level, r.full, r.partial))
		}
	}
	return tiles
}

// outside are tiles and bundles that a tree of this size has not: one wider, the full one, the next,
// and the first of the level above all.
func outside(size int64) (tiles []tlog.Tile) {
	all := rows(size)
	if size == 0 {
		all = append(all, row{level: 0})
	}
	for _, r := range all {
		tiles = append(tiles,
			tile(r.level, r.full, r.partial+1), tile(r.level, r.full, width),
			tile(r.level, r.full+1, 1), tile(r.level, r.full+1, width))
	}
	above := all[len(all)-1].level + 1
	return append(tiles, tile(above, 0, 1), tile(above, 0, width))
}

// read gets a tile or bundle, without its coding.
func (s *subject) read(ctx context.Context, t tlog.Tile) answer {
	limit := maxTile
	if t.L == bundles {
		limit = maxBundle
	}
	a := s.web.send(ctx, request{path: path(t), limit: limit})
	if a.good() {
		a.body, a.err = a.plain()
	}
	return a
}

// readFull gets a tile or bundle, or instead the full one, which may replace it (TT-12).
func (s *subject) readFull(ctx context.Context, t tlog.Tile) answer {
	a := s.read(ctx, t)
	if a.missing() && t.W < width {
		t.W = width
		if full := s.read(ctx, t); full.good() {
			return full
		}
	}
	return a
}
