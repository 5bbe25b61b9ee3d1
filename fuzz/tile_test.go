// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/tile"
)

// FuzzTilePath: a path prints back, and torchwood reads the same where its levels and indexes reach.
func FuzzTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/63/x001/x234/067.p/255", "tile/entries/x001/000.p/1",
		"tile/0/x000/000", "tile/0/000.p/08"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		ref, err := tile.ParsePath(path)
		if err != nil {
			return
		}
		if ref.Path() != path {
			t.Fatalf("prints back as %q", ref.Path())
		}
		if ref.Width < 1 || ref.Width > tile.Width || ref.Level > 63 || ref.Entries && ref.Level != 0 {
			t.Fatalf("parsed as %+v", ref)
		}
		wood, err := torchwood.ParseTilePath(path)
		if err != nil || uint64(wood.N) != ref.Index || wood.W != ref.Width ||
			wood.L >= 0 && uint64(wood.L) != ref.Level || wood.L == -1 != ref.Entries {
			t.Fatalf("torchwood reads %+v, %v", wood, err)
		}
	})
}

// FuzzBundle: the entries of a bundle make it again, and torchwood cuts off the same.
func FuzzBundle(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add([]byte("\x00\x00\x00\x01a"), byte(2))
	f.Add([]byte("\x00\x02a"), byte(1))
	f.Fuzz(func(t *testing.T, bundle []byte, width byte) {
		entry, rest, err := tile.CutEntry(bundle)
		theirs, theirRest, theirErr := torchwood.ReadTileEntry(bundle)
		if (err == nil) != (theirErr == nil) || !bytes.Equal(entry, theirs) || !bytes.Equal(rest, theirRest) {
			t.Fatalf("torchwood cuts off %q: %v; here %v", theirs, theirErr, err)
		}
		entries, err := tile.ParseBundle(bundle, int(width))
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = tile.AppendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if len(entries) != int(width) || !bytes.Equal(again, bundle) {
			t.Fatalf("%d entries, which print back as %q", len(entries), again)
		}
	})
}

// one is a log of which there is one tile and one bundle.
type one struct{ tile, bundle []byte }

func (o one) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	if level == 1 && len(o.tile) == tile.Width*tile.HashSize {
		return tile.Subtree(o.tile), nil
	}
	if level != 0 || index != 0 {
		return nil, fmt.Errorf("no tile %d of level %d", index, level)
	}
	return o.tile, nil
}

func (o one) ReadBundle(context.Context, uint64, int) ([]byte, error) { return o.bundle, nil }

// FuzzTile: whatever a tile holds, proofs made of it are those that x/mod makes of the same hashes;
// and one of another length is refused.
func FuzzTile(f *testing.F) {
	for _, n := range []int{1, 2, 7, 255, 256} {
		f.Add(bytes.Repeat([]byte("hash "), n*tile.HashSize/5+1)[:n*tile.HashSize], n, 0)
	}
	f.Add([]byte("too short"), 1, 0)
	f.Fuzz(func(t *testing.T, hashes []byte, size, index int) {
		if size < 1 || size > tile.Width || index < 0 || index >= size {
			return
		}
		r, n, i := one{tile: hashes}, uint64(size), uint64(index)
		root, err := tile.Root(t.Context(), r, n)
		if (err == nil) != (len(hashes) == size*tile.HashSize) {
			t.Fatalf("a tile of %d hashes with %d bytes: %v", size, len(hashes), err)
		}
		if err != nil {
			return
		}
		theirs := stored(t, hashes)
		if want, err := tlog.TreeHash(int64(size), theirs); err != nil || want != tlog.Hash(root) {
			t.Fatalf("root %x, x/mod has %x, %v", root, want, err)
		}
		leaf, err := tile.ReadLeaf(t.Context(), r, i, n)
		if err != nil || !bytes.Equal(leaf[:], hashes[index*tile.HashSize:][:tile.HashSize]) {
			t.Fatalf("leaf %d is %x, %v", index, leaf, err)
		}
		path, err := tile.Inclusion(t.Context(), r, i, n)
		want, theirErr := tlog.ProveRecord(int64(size), int64(index), theirs)
		if err != nil || theirErr != nil || !slices.EqualFunc(path, want, equal) {
			t.Fatalf("inclusion of %d in %d: %v, x/mod has %v (%v, %v)", index, size, path, want, err, theirErr)
		}
		path, err = tile.Consistency(t.Context(), r, i+1, n)
		tree, theirErr := tlog.ProveTree(int64(size), int64(index+1), theirs)
		if err != nil || theirErr != nil || !slices.EqualFunc(path, tree, equal) {
			t.Fatalf("consistency of %d and %d: %v, x/mod has %v (%v, %v)", index+1, size, path, tree, err, theirErr)
		}
	})
}

func equal(ours [32]byte, theirs tlog.Hash) bool { return ours == [32]byte(theirs) }

// stored keeps leaf hashes as x/mod does.
func stored(t *testing.T, leaves []byte) tlog.HashReader {
	t.Helper()
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			hashes[i] = all[at]
		}
		return hashes, nil
	})
	for n := range len(leaves) / tile.HashSize {
		more, err := tlog.StoredHashesForRecordHash(int64(n), tlog.Hash(leaves[n*tile.HashSize:][:tile.HashSize]), reader)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
	}
	return reader
}

// FuzzReadEntry: an entry is read only from a bundle that is whole.
func FuzzReadEntry(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x02bc"), uint64(1), uint64(2))
	f.Add([]byte("\x00\x01a\x00\x02bc"), uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, bundle []byte, index, size uint64) {
		entry, err := tile.ReadEntry(t.Context(), one{bundle: bundle}, index, size)
		if err != nil {
			return
		}
		entries, err := tile.ParseBundle(bundle, tile.WidthAt(0, index/tile.Width, size))
		if err != nil || index >= size || !bytes.Equal(entries[index%tile.Width], entry) {
			t.Fatalf("entry %d of %d is %q: %v", index, size, entry, err)
		}
	})
}
