// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"bytes"
	"context"
	"fmt"

	"cocket.example/internal/tile"
)

// readTile reads a tile above level 0; found is why it is damaged. A width of 0 is no tile.
func (c *checker) readTile(ctx context.Context, ref tile.Ref) (hashes []byte, found, err error) {
	if ref.Width == 0 {
		return nil, errMissing, nil
	}
	c.report.Tiles++
	hashes, err = c.Source.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
	if err == nil {
		return hashes, checkLength(hashes, ref.Width), nil
	}
	found, err = unreadable(err)
	return nil, found, err
}

// compare compares a tile with the roots of what lies below it.
func (c *checker) compare(ref tile.Ref, stored []byte, found error, derived []byte) {
	switch {
	case ref.Width == 0:
	case found != nil:
		c.damaged(ref, found.Error(), derived)
	case !bytes.Equal(stored, derived):
		i := firstDifference(stored, derived)
		c.damaged(ref, fmt.Sprintf("hash %d is not the root of what lies below it", i), derived)
	}
}

// above checks the tiles from level 2 upwards, given the hashes that level 2 must hold.
func (c *checker) above(ctx context.Context, hashes []byte) error {
	var h hasher
	for level := uint64(2); len(hashes) > 0; level++ {
		var next []byte
		for index := uint64(0); len(hashes) > 0; index++ {
			ref := tile.Ref{Level: level, Index: index, Width: tile.WidthAt(level, index, c.size)}
			derived := hashes[:ref.Width*tile.HashSize]
			hashes = hashes[len(derived):]
			stored, found, err := c.readTile(ctx, ref)
			if err != nil {
				return err
			}
			c.compare(ref, stored, found, derived)
			if ref.Width == tile.Width {
				root := h.subtree(derived)
				next = append(next, root[:]...)
			} else {
				c.edge[level] = derived
			}
		}
		hashes = next
	}
	return nil
}

// finish compares the root of the right edge with the checkpoint, and with it judges the last bundle
// and tile, which have no hash above them.
func (c *checker) finish(ctx context.Context) error {
	var last *place
	if c.size%tile.Width > 0 {
		last = c.places[(c.size/tile.Width)%tile.Width]
		if err := c.judgeLast(ctx, last); err != nil {
			return err
		}
	}
	root, err := c.root(ctx)
	if err != nil {
		return err
	}
	c.report.Proven = bytes.Equal(root[:], c.report.Root)
	if c.report.Proven {
		c.acquit()
	} else if c.report.Damaged == 0 {
		c.damage(Damage{Path: checkpointPath,
			Problem: fmt.Sprintf("tiles and bundles agree, but give the root %x, not the checkpoint's", root)})
	}
	return c.copies(ctx, last)
}

// judgeLast decides between the last bundle and the last tile by which of them gives the root.
func (c *checker) judgeLast(ctx context.Context, p *place) error {
	b, t := &p.bundle, &p.tile
	gives := func(s *side) bool {
		if s.err != nil {
			return false
		}
		c.edge[0] = s.hashes
		root, err := c.root(ctx)
		return err == nil && bytes.Equal(root[:], c.report.Root)
	}
	right := gives(b)
	if p.agree() {
		return nil
	}
	if b.err != nil || !right && t.err == nil {
		c.damaged(p.ref, p.bundleProblem(), nil)
	}
	if right {
		c.damaged(p.tileRef(), p.tileProblem(), b.hashes)
	} else if !gives(t) && (t.err != nil || b.err == nil) {
		c.damaged(p.tileRef(), p.tileProblem(), nil)
	}
	return ctx.Err()
}

// root is that of the right edge as it follows from below.
func (c *checker) root(ctx context.Context) (hash, error) {
	if c.size%tile.Width > 0 && c.edge[0] == nil {
		return hash{}, nil // neither the last bundle nor its tile can be read
	}
	return tile.Root(ctx, edgeReader{c.edge}, c.size)
}

// edgeReader gives the partial tiles of the right edge, which are all that a root needs.
type edgeReader struct{ hashes map[uint64][]byte }

func (e edgeReader) ReadTile(_ context.Context, level, _ uint64, _ int) ([]byte, error) {
	return e.hashes[level], nil
}

func (e edgeReader) ReadBundle(context.Context, uint64, int) ([]byte, error) { return nil, errMissing }

// copier is a Source that has partial tiles a second time.
type copier interface {
	// readCopy reads the first width hashes or entries of the second copy, and its name.
	readCopy(ref tile.Ref) (b []byte, name string, err error)
}

// copies compares the second copies of the right edge with what it holds.
func (c *checker) copies(ctx context.Context, last *place) error {
	source, ok := c.Source.(copier)
	if !ok || !c.report.Proven {
		return ctx.Err()
	}
	want := make(map[tile.Ref][]byte)
	if last != nil && last.bundle.err == nil && bytes.Equal(last.bundle.hashes, c.edge[0]) {
		want[last.ref] = last.raw
	}
	for level, hashes := range c.edge {
		if width := len(hashes) / tile.HashSize; width > 0 {
			index := c.size >> (level * tile.Height) / tile.Width
			want[tile.Ref{Level: level, Index: index, Width: width}] = hashes
		}
	}
	for ref, b := range want {
		got, name, err := source.readCopy(ref)
		found, failed := unreadable(err)
		switch {
		case failed != nil:
			return failed
		case err == nil && !bytes.Equal(got, b):
			c.damage(Damage{Path: name, Problem: "is not the same as " + ref.Path(), ref: ref, rebuilt: b})
		case err != nil && found != errMissing: // the file of a tile that became full is gone
			c.damage(Damage{Path: name, Problem: found.Error(), ref: ref, rebuilt: b})
		}
	}
	return ctx.Err()
}
