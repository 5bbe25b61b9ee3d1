// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// testIndexes appends across the borders of tiles and opens the log again at each.
func testIndexes(t *testing.T, open Opener) {
	h := NewHistory()
	size := 0
	for _, next := range []int{0, 1, 2, 255, 256, 257, 511, 512, 513, 1100} {
		s := Start(t, open, h)
		index := s.add(Entries(0, next)) // those held keep their index
		for i, got := range index {
			if got != uint64(i) {
				t.Fatalf("size %d → %d: entry %d has index %d", size, next, i, got)
			}
		}
		if tree := s.settle(); tree.Size != uint64(next) {
			t.Fatalf("size %d, want %d", tree.Size, next)
		}
		s.Stop()
		size = next
	}
}

func testEqualEntries(t *testing.T, open Opener) {
	s := Start(t, open, NewHistory())
	if got := s.add(append(Entries(0, 3), Entries(1, 4)...)); !slices.Equal(got, []uint64{0, 1, 2, 1, 2, 3, 4}) {
		t.Errorf("equal entries in a batch: %v", got)
	}
	if got := s.add(Entries(3, 3)); !slices.Equal(got, []uint64{3, 4, 5}) {
		t.Errorf("equal entries in two batches: %v", got)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := s.History.Append(context.Background(), s, Entries(0, 200)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if tree := s.settle(); tree.Size != 200 {
		t.Errorf("size %d, want 200: equal entries that arrived together have two indexes", tree.Size)
	}
}

func testEntryLengths(t *testing.T, open Opener) {
	s := Start(t, open, NewHistory())
	var batch []log.Entry
	for _, n := range []int{0, 1, 255, 256, 65534, 65535} {
		batch = append(batch, Entry(make([]byte, n)))
	}
	s.add(batch)
	tree := s.settle()
	for i, want := range batch {
		got, err := tile.ReadEntry(t.Context(), s, uint64(i), tree.Size)
		if err != nil || !slices.Equal(got, want.Data) {
			t.Errorf("entry of %d bytes comes back with %d: %v", len(want.Data), len(got), err)
		}
	}
}

// testRefusals: what is refused leaves nothing behind.
func testRefusals(t *testing.T, open Opener) {
	s := Start(t, open, NewHistory())
	s.add(Entries(0, 5))
	long := append(Entries(10, 1), Entry(make([]byte, 65536)))
	if err := s.Append(t.Context(), long, make([]uint64, 2)); err == nil {
		t.Error("an entry of 65,536 bytes was taken")
	}
	if err := s.Append(t.Context(), Entries(10, 2), make([]uint64, 1)); err == nil {
		t.Error("a batch of two with room for one index was taken")
	}
	if _, ok, err := s.Lookup(t.Context(), Entries(10, 1)[0].Leaf); ok || err != nil {
		t.Errorf("look-up of an entry that was refused: %v, %v", ok, err)
	}
	if tree := s.settle(); tree.Size != 5 {
		t.Errorf("size %d, want 5", tree.Size)
	}
	if _, err := s.Published(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing is published: %v", err)
	}
}

// testReads reads every width that the tree ever had, and nothing else.
func testReads(t *testing.T, open Opener) {
	s := Start(t, open, NewHistory())
	s.add(Entries(0, 600))
	s.settle()
	for ref := range tile.Refs(0, 600) {
		whole, err := read(s, ref, ref.Width)
		if err != nil {
			t.Fatal(err)
		}
		for width := 1; width <= ref.Width; width++ {
			got, err := read(s, ref, width)
			if err != nil || !slices.Equal(got, whole[:len(got)]) {
				t.Fatalf("%s at width %d: %v", ref.Path(), width, err)
			}
			if !ref.Entries && len(got) != width*tile.HashSize {
				t.Fatalf("%s at width %d has %d bytes", ref.Path(), width, len(got))
			}
			if _, err := tile.ParseBundle(got, width); ref.Entries && err != nil {
				t.Fatal(err)
			}
		}
		for _, width := range []int{-1, 0, ref.Width + 1, 257} {
			if _, err := read(s, ref, width); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s at width %d: %v", ref.Path(), width, err)
			}
		}
	}
	for _, ref := range []tile.Ref{{Entries: true, Index: 3}, {Index: 3}, {Level: 1, Index: 1}, {Level: 2}, {Level: 63}} {
		if _, err := read(s, ref, 1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v of a tree of 600: %v", ref, err)
		}
	}
}

func read(r tile.Reader, ref tile.Ref, width int) ([]byte, error) {
	if ref.Entries {
		return r.ReadBundle(context.Background(), ref.Index, width)
	}
	return r.ReadTile(context.Background(), ref.Level, ref.Index, width)
}

// testGrowth appends from several sides while somebody watches: every tree that is seen goes on
// from the one seen before, and can be read and proved at once.
func testGrowth(t *testing.T, open Opener) {
	s := Start(t, open, NewHistory())
	seen := s.settle()
	var group sync.WaitGroup
	for side := range 4 {
		group.Go(func() {
			for i := range 12 {
				if _, err := s.History.Append(context.Background(), s, Entries(1000*side+40*i, 45)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	for watching := true; watching; {
		select {
		case <-finished:
			watching = false
		default:
		}
		tree, err := s.Tree(t.Context())
		if err == nil && tree != seen {
			err = goesOn(s, seen, tree)
			seen = tree
		}
		if err != nil {
			t.Error(err)
			<-finished
			return
		}
	}
}

// goesOn proves that a tree includes its last entry and the tree seen before.
func goesOn(s log.Storage, old, tree log.Tree) error {
	ctx := context.Background()
	if tree.Size <= old.Size {
		return fmt.Errorf("size went from %d to %d", old.Size, tree.Size)
	}
	leaf, err := tile.ReadLeaf(ctx, s, tree.Size-1, tree.Size)
	if err != nil {
		return err
	}
	path, err := tile.Inclusion(ctx, s, tree.Size-1, tree.Size)
	if err != nil {
		return err
	}
	hasher := rfc6962.DefaultHasher
	if err := proof.VerifyInclusion(hasher, tree.Size-1, tree.Size, leaf[:], cut(path), tree.Root[:]); err != nil {
		return err
	}
	if old.Size == 0 {
		return nil
	}
	if path, err = tile.Consistency(ctx, s, old.Size, tree.Size); err != nil {
		return err
	}
	return proof.VerifyConsistency(hasher, old.Size, tree.Size, cut(path), old.Root[:], tree.Root[:])
}

func cut(path [][32]byte) [][]byte {
	hashes := make([][]byte, len(path))
	for i := range path {
		hashes[i] = path[i][:]
	}
	return hashes
}

// testDrain stops a storage in the middle of appends: what was acknowledged is integrated by the
// time Run returns, and afterwards everything is refused.
func testDrain(t *testing.T, open Opener) {
	h := NewHistory()
	s := Start(t, open, h)
	var group sync.WaitGroup
	for side := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				_, err := h.Append(context.Background(), s, Entries(10000*side+10*i, 10))
				if errors.Is(err, log.ErrPushback) {
					return
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	s.add(Entries(90000, 10))
	s.halt()
	group.Wait()
	if err := s.Append(t.Context(), Entries(0, 1), make([]uint64, 1)); !errors.Is(err, log.ErrPushback) {
		t.Errorf("append after the end: %v", err)
	}
	again := open(t)
	tree, err := again.Tree(t.Context())
	if err != nil || tree.Size < h.size {
		t.Errorf("size %d after draining, want %d: %v", tree.Size, h.size, err)
	}
	Start(t, func(testing.TB) log.Storage { return again }, h).Stop()
}
