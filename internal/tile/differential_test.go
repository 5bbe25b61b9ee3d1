// SPDX-License-Identifier: Apache-2.0

package tile_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/soak"
	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
)

// Proofs made of tiles are those of x/mod's tlog and of the RFC, in random trees of up to 2^40 entries.
func TestDifferentialTiles(t *testing.T) {
	soak.NoRace(t)
	r := rand.New(rand.NewPCG(1, 6962))
	rounds := soak.Rounds(2_000, 100_000)
	for range rounds {
		size := 1 + r.Uint64N(1<<r.IntN(41))
		index, from := r.Uint64N(size), 1+r.Uint64N(size)
		tree := tamper.Sparse(index, from-1, size-1, r.Uint64N(size))
		sameProofs(t, tamper.Log{Tree: tree, Size: size}, index, from)
	}
	t.Logf("%d proofs of each kind, the same as those of x/mod and of RFC 6962", rounds)
}

func sameProofs(t *testing.T, l tamper.Log, index, from uint64) {
	t.Helper()
	ctx := context.Background()
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			level, n := tlog.SplitStoredHashIndex(i)
			out = append(out, tlog.Hash(l.Tree.Subtree(level, uint64(n))))
		}
		return out, nil
	})
	path, err := tile.Inclusion(ctx, l, index, l.Size)
	theirs := must(tlog.ProveRecord(int64(l.Size), int64(index), reader))
	if err != nil || !slices.Equal(path, l.Tree.Inclusion(index, l.Size)) || !slices.Equal(hashes(path), theirs) {
		t.Fatalf("inclusion of %d in %d: %x, %v; tlog %x", index, l.Size, path, err, theirs)
	}
	path, err = tile.Consistency(ctx, l, from, l.Size)
	grown := must(tlog.ProveTree(int64(l.Size), int64(from), reader))
	if err != nil || !slices.Equal(path, l.Tree.Consistency(from, l.Size)) || !slices.Equal(hashes(path), grown) {
		t.Fatalf("consistency of %d with %d: %x, %v; tlog %x", from, l.Size, path, err, grown)
	}
	root, err := tile.Root(ctx, l, l.Size)
	if err != nil || root != l.Tree.Root(l.Size) || tlog.Hash(root) != must(tlog.TreeHash(int64(l.Size), reader)) {
		t.Fatalf("root of %d: %x, %v", l.Size, root, err)
	}
}
