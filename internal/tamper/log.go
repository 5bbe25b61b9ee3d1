// SPDX-License-Identifier: Apache-2.0

package tamper

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"maps"
)

// Tiles of c2sp.org/tlog-tiles: 256 hashes, spanning 8 levels of the tree.
const (
	width    = 256
	height   = 8
	hashSize = len(Hash{})
)

// ID names a tile, whatever its width.
type ID struct{ Level, Index uint64 }

// Log serves the tiles and bundles of a tree of Size leaves, which New has made; some of its tiles may
// be forged.
type Log struct {
	Tree   Tree
	Size   uint64
	forged map[ID][]byte
}

// ReadTile returns the first width hashes of a tile, or all that was forged instead of it.
func (l Log) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	if b, ok := l.forged[ID{level, index}]; ok {
		if b == nil {
			return nil, fs.ErrNotExist
		}
		return bytes.Clone(b), nil
	}
	if width > l.width(ID{level, index}) {
		return nil, fs.ErrNotExist
	}
	b := make([]byte, 0, width*hashSize)
	for i := range uint64(width) {
		h := l.Tree.Subtree(int(level)*height, index<<height+i)
		b = append(b, h[:]...)
	}
	return b, nil
}

// ReadBundle returns the first width entries of a bundle, each behind its length in two bytes.
func (l Log) ReadBundle(_ context.Context, index uint64, width int) (bundle []byte, err error) {
	if width > l.width(ID{0, index}) {
		return nil, fs.ErrNotExist
	}
	for i := range uint64(width) {
		entry := Entry(index<<height + i)
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle, nil
}

// width is the number of hashes that a tile has.
func (l Log) width(id ID) int {
	if id.Level > 7 {
		return 0
	}
	first, hashes := id.Index<<height, l.Size>>(id.Level*height)
	return int(min(max(hashes, first)-first, width))
}

// tile returns a tile that there is.
func (l Log) tile(id ID) []byte {
	b, err := l.ReadTile(context.Background(), id.Level, id.Index, l.width(id))
	if err != nil {
		return nil
	}
	return b
}

// with returns a log that serves other bytes as a tile; nil is none.
func (l Log) with(id ID, b []byte) Log {
	l.forged = maps.Clone(l.forged)
	if l.forged == nil {
		l.forged = make(map[ID][]byte)
	}
	l.forged[id] = b
	return l
}

// withHash returns a log that serves another hash in a tile.
func (l Log) withHash(id ID, at uint64, h Hash) Log {
	b := l.tile(id)
	copy(b[at*uint64(hashSize):], h[:])
	return l.with(id, b)
}

// flip returns a log in which one bit of one hash of a tile is another.
func (l Log) flip(id ID, at uint64) Log {
	b := l.tile(id)
	b[at*uint64(hashSize)+at%uint64(hashSize)] ^= 1 << (at % 8)
	return l.with(id, b)
}

// root is what a full tile hashes to.
func root(tile []byte) Hash {
	hashes := make([]Hash, len(tile)/hashSize)
	for i := range hashes {
		hashes[i] = Hash(tile[i*hashSize:])
	}
	for n := len(hashes); n > 1; n /= 2 {
		for i := range n / 2 {
			hashes[i] = node(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}
