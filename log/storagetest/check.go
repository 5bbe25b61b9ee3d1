// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// Check reads a whole log and compares everything with everything:
//
//	bundles ──hash──▶ level 0 ──256 to 1──▶ level 1 … ──▶ right edge ──▶ root ═ Tree
//	        ╰────────────────── compact range ──────────────────────▶ root ═
func Check(ctx context.Context, s log.Storage) error {
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	edge := tile.NewRange()
	for ref := range tile.Refs(0, tree.Size) {
		if ref.Entries {
			err = checkBundle(ctx, s, ref, edge)
		} else if ref.Level > 0 {
			err = checkTile(ctx, s, ref)
		}
		if err != nil {
			return fmt.Errorf("%s of a tree of %d: %w", ref.Path(), tree.Size, err)
		}
	}
	computed, err := tile.RangeRoot(edge)
	if err != nil {
		return err
	}
	stored, err := tile.Root(ctx, s, tree.Size)
	if err != nil {
		return err
	}
	if computed != tree.Root || stored != tree.Root {
		return fmt.Errorf("tree of %d: root of the bundles %x, of the tiles %x, claimed %x",
			tree.Size, computed, stored, tree.Root)
	}
	return nil
}

// checkBundle hashes a bundle's entries, compares them with the level-0 tile and appends them to
// the edge.
func checkBundle(ctx context.Context, r tile.Reader, ref tile.Ref, edge *compact.Range) error {
	bundle, err := r.ReadBundle(ctx, ref.Index, ref.Width)
	if err != nil {
		return err
	}
	entries, err := tile.ParseBundle(bundle, ref.Width)
	if err != nil {
		return err
	}
	var hashes []byte
	for _, e := range entries {
		leaf := rfc6962.DefaultHasher.HashLeaf(e)
		hashes = append(hashes, leaf...)
		if err := edge.Append(leaf, nil); err != nil {
			return err
		}
	}
	return equalTile(ctx, r, tile.Ref{Index: ref.Index, Width: ref.Width}, hashes)
}

// checkTile hashes the full tiles below a tile of level 1 or higher.
func checkTile(ctx context.Context, r tile.Reader, ref tile.Ref) error {
	var hashes []byte
	for i := range uint64(ref.Width) {
		below, err := r.ReadTile(ctx, ref.Level-1, ref.Index*tile.Width+i, tile.Width)
		if err != nil {
			return err
		}
		hashes = append(hashes, tile.Subtree(below)...)
	}
	return equalTile(ctx, r, ref, hashes)
}

func equalTile(ctx context.Context, r tile.Reader, ref tile.Ref, want []byte) error {
	got, err := r.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s has %d bytes, not the hashes of what lies below", ref.Path(), len(got))
	}
	return nil
}
