// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

const (
	sampled = 24   // sizes beyond, of which some proofs are computed
	maxHeld = 1024 // tiles that are held
)

// caseProofs is L13: from the tiles follow the signed root, the proof of each entry in each tree up to
// a size of 300 and of each step between two of them, and some of larger ones. The tiles are verified
// against the signed root, and the proofs checked, by foreign code.
func caseProofs(ctx context.Context, s *subject, r *verdict.Result) {
	tree := s.latest.tree
	reader := s.hashes(ctx)
	n := min(tree.N, s.config.small)
	held, err := hold(n, reader)
	if err == nil {
		err = proveAll(n, held)
	}
	if err == nil {
		err = proveSome(tree.N, reader)
	}
	r.Check("%d proofs of entries and of steps in trees up to %d, and %d in trees up to %d",
		n*(n+1), n, 2*sampled, tree.N)
	var broken *brokenTile
	switch {
	case errors.As(err, &broken):
		r.Fail(verdict.Must, "TT-10", broken.answer, "%s with %d bytes, want 200 and %d bytes", broken.what(),
			len(broken.body), broken.want)
	case err != nil:
		r.Fail(verdict.Must, "TT-10", s.latest.answer, "signs for size %d a root that the tiles do not give: %.200v",
			tree.N, err)
	}
}

// hold reads all hashes of a tree of n leaves, in one go, which verifies each tile once.
func hold(n int64, reader tlog.HashReader) (tlog.HashReader, error) {
	indexes := make([]int64, tlog.StoredHashCount(n))
	for i := range indexes {
		indexes[i] = int64(i)
	}
	hashes, err := reader.ReadHashes(indexes)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	}), err
}

// proveAll proves each entry in each tree up to n, and each step from one to a larger one.
func proveAll(n int64, reader tlog.HashReader) error {
	roots := make([]tlog.Hash, n+1)
	for size := int64(1); size <= n; size++ {
		var err error
		if roots[size], err = tlog.TreeHash(size, reader); err != nil {
			return err
		}
		for older := int64(1); older <= size; older++ {
			if err := prove(size, older, roots[size], roots[older], reader); err != nil {
				return err
			}
		}
	}
	return nil
}

// proveSome does so for pairs of any size.
func proveSome(n int64, reader tlog.HashReader) error {
	for range sampled {
		size := 1 + rand.N(n)
		older := 1 + rand.N(size)
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return err
		}
		olderRoot, err := tlog.TreeHash(older, reader)
		if err != nil {
			return err
		}
		if err := prove(size, older, root, olderRoot, reader); err != nil {
			return err
		}
	}
	return nil
}

// prove proves the last entry of the older tree in the larger one, and the step between them.
func prove(size, older int64, root, olderRoot tlog.Hash, reader tlog.HashReader) error {
	index := older - 1
	leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	inclusion, err := tlog.ProveRecord(size, index, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(inclusion, size, root, index, leaf[0]); err != nil {
		return fmt.Errorf("entry %d in size %d: %w", index, size, err)
	}
	consistency, err := tlog.ProveTree(size, older, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(consistency, size, root, older, olderRoot); err != nil {
		return fmt.Errorf("step from size %d to %d: %w", older, size, err)
	}
	return nil
}

// hashes reads the hashes of the tree of the largest checkpoint, and verifies every tile against it.
func (s *subject) hashes(ctx context.Context) tlog.HashReader {
	return tlog.TileHashReader(s.latest.tree, &tileReader{ctx: ctx, subject: s, held: make(map[tlog.Tile][]byte)})
}

// tileReader is what tlog wants for reading tiles; its methods take no context, so that it holds one.
type tileReader struct {
	ctx     context.Context
	subject *subject
	held    map[tlog.Tile][]byte // that were verified
}

// brokenTile is a tile that is not there, or has not the bytes that its name says.
type brokenTile struct {
	answer
	want int
}

func (b *brokenTile) Error() string { return b.String() + " " + b.what() }

// Height is that of tlog-tiles.
func (*tileReader) Height() int { return height }

// ReadTiles reads tiles, or the beginning of full ones that have replaced them.
func (t *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, wanted := range tiles {
		if data[i] = t.held[wanted]; data[i] != nil {
			continue
		}
		a := t.subject.readFull(t.ctx, wanted)
		size := wanted.W * tlog.HashSize
		if !a.good() || len(a.body) < size {
			return nil, &brokenTile{a, size}
		}
		data[i] = a.body[:size]
	}
	return data, nil
}

// SaveTiles holds what was verified, within a bound.
func (t *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		if len(t.held) < maxHeld {
			t.held[tile] = data[i]
		}
	}
}
