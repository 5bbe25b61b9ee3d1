// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"bytes"
	"iter"
)

// Forgeries yields what a log may serve to make a reader take another leaf for the one at index:
// single tiles and pairs of them, changed, exchanged, cut, made longer or left out. Among the pairs
// are a tile and its parent in agreement with each other, and not with the root:
//
//	level 2      · r                 the root
//	level 1      · p · ·             p' = root of the forged tile below it
//	level 0      · · h · · ·         h' instead of h
//
// CVE-2026-56865 (go.dev/issue/80744): golang.org/x/mod before v0.40.0 took such pairs. Having
// compared the tiles of the right edge with the root, it went on with the tile at the position that
// is the number of peaks of the tree. Where several peaks lie in one tile that position is too far
// behind, and the tiles before it, a child or a parent and its child, were held to nothing.
func (l Log) Forgeries(index uint64) iter.Seq2[string, Log] {
	return func(yield func(string, Log) bool) {
		tiles := l.above(index)
		for k := range tiles {
			if !yield(agreement[k], l.agreeing(tiles[:k+1], index)) {
				return
			}
		}
		tiles = append(tiles, l.edge()...)
		for i, a := range tiles {
			for what, forged := range l.alone(a, index) {
				if !yield(what, forged) {
					return
				}
			}
			for _, b := range tiles[:i] {
				if a != b && !yield("a bit in each of two tiles", l.flip(b, l.at(b, index)).flip(a, l.at(a, index))) {
					return
				}
			}
		}
	}
}

var agreement = []string{"a leaf", "a leaf, and its tile's parent in agreement",
	"a leaf, and its tile's parent and grandparent in agreement"}

// above returns the tiles from the leaf at index upwards, as far as each is full and so has a parent.
func (l Log) above(index uint64) (tiles []ID) {
	for id := (ID{0, index >> height}); l.width(id) > 0; id = (ID{id.Level + 1, id.Index >> height}) {
		if tiles = append(tiles, id); l.width(id) < width {
			break
		}
	}
	return tiles
}

// edge returns the tiles that are not full.
func (l Log) edge() (tiles []ID) {
	for level := uint64(0); l.Size>>(level*height) > 0; level++ {
		id := ID{level, l.Size >> (level * height) >> height}
		if l.width(id) > 0 {
			tiles = append(tiles, id)
		}
	}
	return tiles
}

// at is where the tile holds the hash above the leaf, or else where it holds its last.
func (l Log) at(id ID, index uint64) uint64 {
	n := index >> (id.Level * height)
	if n>>height != id.Index {
		return uint64(l.width(id)) - 1
	}
	return min(n%width, uint64(l.width(id))-1)
}

// agreeing changes the leaf at index, and in the tiles above it what follows from the change.
func (l Log) agreeing(tiles []ID, index uint64) Log {
	l = l.flip(tiles[0], index%width)
	for k, id := range tiles[1:] {
		l = l.withHash(id, tiles[k].Index%width, root(l.tile(tiles[k])))
	}
	return l
}

// alone yields every change of one tile. That of a leaf alone has been tried.
func (l Log) alone(id ID, index uint64) iter.Seq2[string, Log] {
	return func(yield func(string, Log) bool) {
		b, other := l.tile(id), l.tile(ID{id.Level, id.Index ^ 1})
		if id.Level > 0 && !yield("a bit in a tile above", l.flip(id, l.at(id, index))) {
			return
		}
		if len(other) == len(b) {
			if !yield("another tile", l.with(id, other)) ||
				!yield("two tiles exchanged", l.with(id, other).with(ID{id.Level, id.Index ^ 1}, b)) {
				return
			}
		}
		_ = yield("a hash cut off", l.with(id, b[:len(b)-hashSize])) &&
			yield("a byte cut off", l.with(id, b[:len(b)-1])) &&
			yield("a hash too many", l.with(id, append(bytes.Clone(b), b[:hashSize]...))) &&
			yield("a tile left out", l.with(id, nil)) &&
			yield("zeros", l.with(id, make([]byte, len(b))))
	}
}
