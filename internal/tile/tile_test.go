// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
)

type hash = [32]byte

// newMemory is a log of this size, whose tiles are not made by the code under test.
func newMemory(size uint64) tamper.Log { return tamper.Log{Tree: tamper.New(size), Size: size} }

func TestBundle(t *testing.T) { // TT-15
	entries := [][]byte{{}, []byte("a"), bytes.Repeat([]byte{7}, tile.MaxEntry), {}}
	var bundle []byte
	for _, e := range entries {
		bundle = must(tile.AppendEntry(bundle, e))
	}
	got, err := tile.ParseBundle(bundle, len(entries))
	if err != nil || !slices.EqualFunc(got, entries, bytes.Equal) {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	if b, err := tile.AppendEntry([]byte("kept"), make([]byte, tile.MaxEntry+1)); err == nil || string(b) != "kept" {
		t.Errorf("an entry of 65536 bytes gives %d bytes, %v", len(b), err)
	}
	for name, c := range map[string]struct {
		bundle string
		width  int
	}{
		"empty":             {"", 1},
		"half a length":     {"\x00", 1},
		"short entry":       {"\x00\x02a", 1},
		"little-endian":     {"\x01\x00a", 1},
		"trailing byte":     {"\x00\x01ab", 1},
		"an entry too many": {"\x00\x00\x00\x00", 1},
		"an entry too few":  {"\x00\x00", 2},
		"no entry expected": {"\x00\x00", 0},
	} {
		if got, err := tile.ParseBundle([]byte(c.bundle), c.width); err == nil {
			t.Errorf("%s: parsed as %q", name, got)
		}
	}
	if got, err := tile.ParseBundle(nil, 0); err != nil || len(got) != 0 {
		t.Errorf("nothing parsed as %q, %v", got, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// All proofs of all sizes up to 130 agree with RFC 6962 as it is written down.
func TestProofsAgainstTheRFC(t *testing.T) { // TT-2, TT-10
	ctx := t.Context()
	m := newMemory(130)
	for size := range m.Size + 1 {
		if got, err := tile.Root(ctx, m, size); err != nil || got != m.Tree.Root(size) {
			t.Fatalf("root of %d: %x, %v", size, got, err)
		}
		for i := range size {
			got, err := tile.Inclusion(ctx, m, i, size)
			if err != nil || !slices.Equal(got, m.Tree.Inclusion(i, size)) {
				t.Fatalf("inclusion of %d in %d: %x, %v", i, size, got, err)
			}
			got, err = tile.Consistency(ctx, m, i+1, size)
			if err != nil || !slices.Equal(got, m.Tree.Consistency(i+1, size)) {
				t.Fatalf("consistency of %d with %d: %x, %v", i+1, size, got, err)
			}
			if leaf, err := tile.ReadLeaf(ctx, m, i, size); err != nil || leaf != m.Tree.Leaf(i) {
				t.Fatalf("leaf %d of %d: %x, %v", i, size, leaf, err)
			}
			if e, err := tile.ReadEntry(ctx, m, i, size); err != nil || !bytes.Equal(e, tamper.Entry(i)) {
				t.Fatalf("entry %d of %d: %q, %v", i, size, e, err)
			}
		}
		if got, err := tile.Consistency(ctx, m, 0, size); err != nil || len(got) != 0 {
			t.Fatalf("consistency of 0 with %d: %x, %v", size, got, err)
		}
	}
}

// Around the edges of tiles and tile levels; there x/mod's tlog verifies the proofs too.
func TestLargeTrees(t *testing.T) { // TT-10, TT-11
	ctx := t.Context()
	m := newMemory(70000)
	sizes := []uint64{127, 128, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 70000}
	for n, size := range sizes {
		root, err := tile.Root(ctx, m, size)
		if err != nil || root != m.Tree.Root(size) {
			t.Fatalf("root of %d: %x, %v", size, root, err)
		}
		for _, i := range []uint64{0, 1, size / 2, size - 2, size - 1} {
			path, err := tile.Inclusion(ctx, m, i, size)
			if err == nil {
				leaf := tlog.Hash(m.Tree.Leaf(i))
				err = tlog.CheckRecord(hashes(path), int64(size), tlog.Hash(root), int64(i), leaf)
			}
			if err != nil {
				t.Errorf("inclusion of %d in %d: %v", i, size, err)
			}
		}
		for _, from := range sizes[:n+1] {
			old := must(tile.Root(ctx, m, from))
			path, err := tile.Consistency(ctx, m, from, size)
			if err == nil {
				err = tlog.CheckTree(hashes(path), int64(size), tlog.Hash(root), int64(from), tlog.Hash(old))
			}
			if err != nil {
				t.Errorf("consistency of %d with %d: %v", from, size, err)
			}
		}
	}
}

func hashes(path []hash) (out []tlog.Hash) {
	for _, h := range path {
		out = append(out, tlog.Hash(h))
	}
	return out
}

// What tlog computes from its own store of hashes, we compute from tiles.
func TestRootsAgainstTlog(t *testing.T) {
	ctx := t.Context()
	m := newMemory(600)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	edge := tile.NewRange()
	for i := range m.Size {
		stored = append(stored, must(tlog.StoredHashes(int64(i), tamper.Entry(i), reader))...)
		appendLeaf(t, edge, m, i)
		want := hash(must(tlog.TreeHash(int64(i+1), reader)))
		if got := must(tile.Root(ctx, m, i+1)); got != want {
			t.Fatalf("root of %d from tiles: %x, tlog says %x", i+1, got, want)
		}
		if got := must(tile.RangeRoot(edge)); got != want {
			t.Fatalf("root of %d from the range: %x, tlog says %x", i+1, got, want)
		}
	}
	// The edge that is read can be appended to.
	read := must(tile.Edge(ctx, m, 300))
	for i := uint64(300); i < m.Size; i++ {
		appendLeaf(t, read, m, i)
	}
	if must(tile.RangeRoot(read)) != must(tile.RangeRoot(edge)) {
		t.Error("the edge at 300 grows into another tree")
	}
}

func appendLeaf(t *testing.T, edge *compact.Range, m tamper.Log, i uint64) {
	t.Helper()
	leaf := m.Tree.Leaf(i)
	if err := edge.Append(leaf[:], nil); err != nil {
		t.Fatal(err)
	}
}

// cut answers every tile and bundle a byte short.
type cut struct{ tamper.Log }

func (c cut) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	b, err := c.Log.ReadTile(ctx, level, index, width)
	return b[:max(0, len(b)-1)], err
}

func (c cut) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	b, err := c.Log.ReadBundle(ctx, index, width)
	return b[:max(0, len(b)-1)], err
}

func TestReadErrors(t *testing.T) {
	ctx := t.Context()
	m := newMemory(300)
	fails := func(r tile.Reader, index, size uint64) (errs []error) {
		_, err1 := tile.ReadLeaf(ctx, r, index, size)
		_, err2 := tile.ReadEntry(ctx, r, index, size)
		return []error{err1, err2}
	}
	for _, c := range []struct{ index, size uint64 }{
		{0, 0}, {300, 300}, {301, 300}, {512, 300}, {math.MaxInt64, 300}, {math.MaxUint64, 300}, // not in the tree
		{300, 301}, {512, 600}, // not in the store
	} {
		for i, err := range fails(m, c.index, c.size) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%d: index %d of %d: %v, want it not to exist", i, c.index, c.size, err)
			}
		}
	}
	for i, err := range fails(cut{m}, 299, 300) { // TT-9, TT-15
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: a resource that is cut: %v", i, err)
		}
	}
	_, root := tile.Root(ctx, cut{m}, 300)
	_, missing := tile.Root(ctx, m, 301)
	_, index := tile.Inclusion(ctx, m, 300, 300)
	_, path := tile.Inclusion(ctx, cut{m}, 3, 300)
	_, order := tile.Consistency(ctx, m, 300, 299)
	_, older := tile.Consistency(ctx, cut{m}, 299, 300)
	for i, err := range []error{root, missing, index, path, order, older} {
		if err == nil {
			t.Errorf("%d: no error", i)
		}
	}
}

func TestSubtree(t *testing.T) {
	m := newMemory(256)
	for n := 1; n <= 256; n *= 2 {
		b := must(m.ReadTile(t.Context(), 0, 0, n))
		if got := hash(tile.Subtree(b)); got != m.Tree.Root(uint64(n)) {
			t.Errorf("%d hashes: %x", n, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("3 hashes are a complete subtree")
		}
	}()
	tile.Subtree(make([]byte, 3*tile.HashSize))
}
