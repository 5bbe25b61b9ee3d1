// SPDX-License-Identifier: Apache-2.0

package log

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/transparency-dev/merkle/compact"

	"cocket.example/internal/tile"
)

// check judges the tree that a storage has integrated on the head journalled last. It reads what
// readers will get, and nothing that the storage remembers, so that one flipped bit, in memory or
// on disk, in old or in new, is found before anything is signed:
//
//	old right edge as stored ──▶ root ═ journalled root
//	         │
//	         ├── leaf hashes of the new entries, hashed again from the bundles ═ level-0 tiles
//	         ▼                                                (as hashed from the requests)
//	     new root ═ root of the new right edge as stored ═ root that the storage claims
//
//	every new hash of a higher level ═ root of the full tile below it
func check(ctx context.Context, r tile.Reader, previous Head, next Tree) error {
	edge, err := tile.Edge(ctx, r, previous.Size)
	if err != nil {
		return fmt.Errorf("right edge of the tree of %d: %w", previous.Size, err)
	}
	root, err := tile.RangeRoot(edge)
	if err != nil {
		return err
	}
	if root != previous.Root {
		return fmt.Errorf("the stored tree of %d has another root than the one that was signed, look at %s: %w",
			previous.Size, edgePaths(previous.Size), errStop)
	}
	if next.Size < previous.Size {
		return fmt.Errorf("the tree shrank from %d to %d: %w", previous.Size, next.Size, errStop)
	}
	c := &checker{Reader: r, edge: edge, roots: make(map[uint64][32]byte)}
	for ref := range tile.Refs(previous.Size, next.Size) {
		switch {
		case ref.Entries:
			err = c.bundle(ctx, ref)
		case ref.Level > 0:
			err = c.tile(ctx, ref, previous.Size)
		}
		if err != nil {
			return err
		}
	}
	return checkRoot(ctx, r, edge, next)
}

// checker holds what one check has read so far.
type checker struct {
	tile.Reader
	edge   *compact.Range
	roots  map[uint64][32]byte // of the full level-0 tiles that were compared whole
	hashes []byte              // of one bundle
	hasher tile.Hasher
}

// bundle hashes the entries of a bundle, the old ones beside the new, compares them with the level-0
// tile, and appends the new ones to the edge: one by one, or as the one subtree that a full tile is.
func (c *checker) bundle(ctx context.Context, ref tile.Ref) error {
	bundle, err := c.ReadBundle(ctx, ref.Index, ref.Width)
	if err != nil {
		return err
	}
	stored, err := readTile(ctx, c, tile.Ref{Index: ref.Index, Width: ref.Width})
	if err != nil {
		return err
	}
	first := int(c.edge.End() - ref.Index*tile.Width)
	if err := c.hash(bundle, ref); err != nil {
		return err
	}
	for i := range ref.Width {
		at := i * tile.HashSize
		if string(c.hashes[at:at+tile.HashSize]) != string(stored[at:at+tile.HashSize]) {
			return fmt.Errorf("entry %d: its bytes do not hash to the leaf that was acknowledged: %w",
				ref.Index*tile.Width+uint64(i), errStop)
		}
	}
	if first == 0 && ref.Width == tile.Width {
		root := c.hasher.Subtree(c.hashes)
		c.roots[ref.Index] = root
		return tile.AppendFull(c.edge, root)
	}
	for at := first * tile.HashSize; at < len(c.hashes); at += tile.HashSize {
		if err := c.edge.Append(bytes.Clone(c.hashes[at:at+tile.HashSize]), nil); err != nil {
			return err
		}
	}
	return nil
}

// hash hashes the entries of a bundle.
func (c *checker) hash(bundle []byte, ref tile.Ref) error {
	c.hashes = c.hashes[:0]
	for range ref.Width {
		entry, rest, err := tile.CutEntry(bundle)
		if err != nil {
			return fmt.Errorf("%s: %w: %w", ref.Path(), err, errStop)
		}
		leaf := c.hasher.Leaf(entry)
		c.hashes = append(c.hashes, leaf[:]...)
		bundle = rest
	}
	if len(bundle) > 0 {
		return fmt.Errorf("%s: %d bytes after its entries: %w", ref.Path(), len(bundle), errStop)
	}
	return nil
}

// tile compares the new hashes of a tile of level 1 or higher with the full tiles below.
func (c *checker) tile(ctx context.Context, ref tile.Ref, old uint64) error {
	hashes, err := readTile(ctx, c, ref)
	if err != nil {
		return err
	}
	first := max(old>>(ref.Level*tile.Height), ref.Index*tile.Width)
	for n := first; n < ref.Index*tile.Width+uint64(ref.Width); n++ {
		root, ok := c.roots[n]
		if ref.Level > 1 || !ok {
			below, err := readTile(ctx, c, tile.Ref{Level: ref.Level - 1, Index: n, Width: tile.Width})
			if err != nil {
				return err
			}
			root = c.hasher.Subtree(below)
		}
		i := int(n % tile.Width)
		if string(root[:]) != string(hashes[i*tile.HashSize:(i+1)*tile.HashSize]) {
			return fmt.Errorf("%s: hash %d is not the root of the tile below: %w", ref.Path(), i, errStop)
		}
	}
	return nil
}

func checkRoot(ctx context.Context, r tile.Reader, edge *compact.Range, next Tree) error {
	computed, err := tile.RangeRoot(edge)
	if err != nil {
		return err
	}
	stored, err := tile.Root(ctx, r, next.Size)
	if err != nil {
		return err
	}
	if computed != next.Root || stored != next.Root {
		return fmt.Errorf("the tree of %d: root from the entries, from the tiles and from the state differ: %w",
			next.Size, errStop)
	}
	return nil
}

// readTile reads a tile and judges its length.
func readTile(ctx context.Context, r tile.Reader, ref tile.Ref) ([]byte, error) {
	hashes, err := r.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
	if err == nil && len(hashes) != ref.Width*tile.HashSize {
		err = fmt.Errorf("%s: %d bytes, want %d: %w", ref.Path(), len(hashes), ref.Width*tile.HashSize, errStop)
	}
	return hashes, err
}

// edgePaths names the tiles at the right edge of a tree, from which its root follows.
func edgePaths(size uint64) string {
	var paths []string
	for level := uint64(0); size>>(level*tile.Height) > 0; level++ {
		index := (size>>(level*tile.Height) - 1) / tile.Width
		ref := tile.Ref{Level: level, Index: index, Width: tile.WidthAt(level, index, size)}
		paths = append(paths, ref.Path())
	}
	return strings.Join(paths, ", ")
}
