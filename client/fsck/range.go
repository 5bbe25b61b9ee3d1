// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"cocket.example/internal/tile"
)

// checkRange checks range r: its bundles, their level-0 tiles, and the level-1 tile above. It returns
// the root of a full range.
func (c *checker) checkRange(ctx context.Context, r uint64) (root hash, err error) {
	places := c.placesOf(r)
	if err := c.readPlaces(ctx, places); err != nil {
		return root, err
	}
	if r > 0 && gone(places) {
		c.damage(Damage{Path: places[0].ref.Path(),
			Problem: fmt.Sprintf("nothing is there from entry %d on, of %d", r<<rangeBits, c.size)})
		return root, errGone
	}
	width := tile.WidthAt(1, r, c.size)
	above, aboveErr, err := c.readTile(ctx, tile.Ref{Level: 1, Index: r, Width: width})
	if err != nil {
		return root, err
	}
	var derived []byte
	for i, p := range places[:width] {
		var parent []byte
		if aboveErr == nil {
			parent = above[i*tile.HashSize:][:tile.HashSize]
		}
		h := c.judge(p, parent)
		derived = append(derived, h[:]...)
	}
	c.compare(tile.Ref{Level: 1, Index: r, Width: width}, above, aboveErr, derived)
	if width == tile.Width {
		return new(hasher).subtree(derived), nil
	}
	c.edge[1] = derived
	return root, nil
}

// placesOf names the places of a range, the last of the log's last one being partial.
func (c *checker) placesOf(r uint64) []*place {
	first := r << tile.Height
	n := 0
	for ; n < tile.Width; n++ {
		width := tile.WidthAt(0, first+uint64(n), c.size)
		if width == 0 {
			break
		}
		if n == len(c.places) {
			c.places = append(c.places, new(place))
		}
		p := c.places[n]
		*p = place{
			ref:    tile.Ref{Entries: true, Index: first + uint64(n), Width: width},
			bundle: side{hashes: p.bundle.hashes[:0]},
			tile:   side{hashes: p.tile.hashes[:0]},
		}
	}
	return c.places[:n]
}

// readPlaces reads and hashes places on all cores.
func (c *checker) readPlaces(ctx context.Context, places []*place) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for n := range min(c.Parallel, len(places)) {
		if n == len(c.hashers) {
			c.hashers = append(c.hashers, new(hasher))
		}
		h := c.hashers[n]
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(places)); i = next.Add(1) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := h.read(ctx, c.Source, places[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, p := range places {
		c.report.Entries += uint64(p.ref.Width)
		c.report.Bundles++
		c.report.Tiles++
	}
	return nil
}

// gone reports whether nothing of a range is there: then its size is wrong, and so it goes on.
func gone(places []*place) bool {
	for _, p := range places {
		if !errors.Is(p.bundle.err, errMissing) || !errors.Is(p.tile.err, errMissing) {
			return false
		}
	}
	return true
}

// judge decides what the root of a full place is, and which of its sides is damaged. The hash
// above, if that tile can be read, has the casting vote.
func (c *checker) judge(p *place, parent []byte) hash {
	b, t := &p.bundle, &p.tile
	root := c.vote(p, parent)
	if p.agree() {
		return root
	}
	bundleWrong, tileWrong := b.err != nil || b.root != root, t.err != nil || t.root != root
	tie := b.err == nil && t.err == nil && !bytes.Equal(root[:], parent)
	if bundleWrong || tie {
		c.damage(Damage{Path: p.ref.Path(), Problem: p.bundleProblem(), ref: p.ref, tied: !bundleWrong})
	}
	if tileWrong || tie {
		d := Damage{Path: p.tileRef().Path(), Problem: p.tileProblem(), ref: p.tileRef(), tied: !tileWrong}
		if !bundleWrong {
			d.rebuilt = bytes.Clone(b.hashes)
		}
		c.damage(d)
	}
	return root
}

// vote returns the root that two of the three agree on, else that of the one to be trusted.
func (c *checker) vote(p *place, parent []byte) hash {
	b, t := &p.bundle, &p.tile
	isParent := func(s *side) bool { return s.err == nil && bytes.Equal(s.root[:], parent) }
	switch {
	case p.agree() || isParent(b):
		return b.root
	case isParent(t):
		return t.root
	}
	c.ambiguous = true
	switch {
	case b.err != nil && t.err != nil && parent != nil:
		return hash(parent)
	case t.err == nil && (b.err != nil || c.trustTiles):
		return t.root
	case b.err == nil:
		return b.root
	}
	return hash{} // lost, and the root will say so
}

func (p *place) bundleProblem() string {
	if p.bundle.err != nil {
		return p.bundle.err.Error()
	}
	i := firstDifference(p.bundle.hashes, p.tile.hashes)
	return fmt.Sprintf("entry %d does not have the hash that the tree has", p.ref.Index*tile.Width+uint64(i))
}

func (p *place) tileProblem() string {
	if p.tile.err != nil {
		return p.tile.err.Error()
	}
	i := firstDifference(p.bundle.hashes, p.tile.hashes)
	return fmt.Sprintf("hash %d is not that of entry %d", i, p.ref.Index*tile.Width+uint64(i))
}

// firstDifference returns the number of the first hash that differs.
func firstDifference(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return i / tile.HashSize
}
