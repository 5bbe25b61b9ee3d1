// SPDX-License-Identifier: Apache-2.0

// Package tile SKELETON: the agreed API; its owner replaces this file by real ones.
package tile

import (
	"context"
	"iter"
)

// Width is the number of hashes in a full tile and of entries in a full bundle (TT-9).
const Width = 256

// MaxEntry is the longest entry in bytes (TT-15).
const MaxEntry = 65535

// Reader reads tiles and bundles. width is 1…256; the answer holds exactly that many hashes or
// entries. What is not there is an error that wraps fs.ErrNotExist.
type Reader interface {
	ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error)
	ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error)
}

// Ref names a tile or a bundle.
type Ref struct {
	Entries bool   // a bundle; Level is 0
	Level   uint64 // 0…63
	Index   uint64
	Width   int // 1…256; 256 is full
}

// Path is the name below the log's prefix: tile/0/x001/234.p/17, tile/entries/000 (TT-5…8, TT-14).
func (r Ref) Path() string { panic("unwritten") }

// ParsePath parses strictly: prints back and compares.
func ParsePath(path string) (Ref, error) { panic("unwritten") }

// WidthAt is the width of tile (level, index) in a tree of this size: 0 (no such tile) … 256 (TT-11).
func WidthAt(level, index, size uint64) int { panic("unwritten") }

// Refs are all tiles and bundles (partial ones at the right edge) that a tree of size to has and one of size from has not.
func Refs(from, to uint64) iter.Seq[Ref] { panic("unwritten") }

// AppendEntry appends uint16 length and entry; it errors above MaxEntry.
func AppendEntry(bundle, entry []byte) ([]byte, error) { panic("unwritten") }

// ParseBundle splits exactly width entries; trailing bytes are an error. The slices alias b.
func ParseBundle(b []byte, width int) ([][]byte, error) { panic("unwritten") }

// ReadEntry reads the entry at index of a tree of this size.
func ReadEntry(ctx context.Context, r Reader, index, size uint64) ([]byte, error) {
	panic("unwritten")
}

// ReadLeaf reads the leaf hash at index of a tree of this size.
func ReadLeaf(ctx context.Context, r Reader, index, size uint64) ([32]byte, error) {
	panic("unwritten")
}

// Root recomputes the root of a tree of this size from its right edge as stored (RFC 6962; size 0: SHA-256 of nothing).
func Root(ctx context.Context, r Reader, size uint64) ([32]byte, error) { panic("unwritten") }

// Inclusion is the RFC 6962 audit path of index in a tree of this size, leaf side first, computed from tiles.
func Inclusion(ctx context.Context, r Reader, index, size uint64) ([][32]byte, error) {
	panic("unwritten")
}

// Consistency is the RFC 6962 consistency proof between two sizes; empty if from is 0 or to.
func Consistency(ctx context.Context, r Reader, from, to uint64) ([][32]byte, error) {
	panic("unwritten")
}
