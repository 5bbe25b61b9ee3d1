// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"cocket.example/internal/fetch"
	"cocket.example/internal/tile"
)

const (
	// chunk is how many bundles are read before they are made durable.
	chunk = 64
	// parallel is how many requests a log gets at one time.
	parallel = 8
	// small is the limit of the first attempt at a bundle whose like was not seen yet.
	small = 512 << 10
)

// bundle is what was read of one.
type bundle struct {
	ref    tile.Ref
	leaves []byte   // hashes of its entries
	root   [32]byte // of a whole one
	raw    []byte   // of one that is not whole, for the mirror
}

// bundles reads up to chunk bundles of a tree of this size, from the first on, and hashes them. The
// whole ones are in the mirror after it, not yet durable.
func (f *follower) bundles(ctx context.Context, first, size uint64) ([]bundle, error) {
	var refs []tile.Ref
	for index := first; len(refs) < chunk; index++ {
		width := tile.WidthAt(0, index, size)
		if width == 0 {
			break
		}
		refs = append(refs, tile.Ref{Entries: true, Index: index, Width: width})
	}
	read := make([]bundle, len(refs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, ref := range refs {
		group.Go(func() (err error) {
			read[i], err = f.bundle(ctx, ref)
			return err
		})
	}
	return read, group.Wait()
}

// bundle reads one.
func (f *follower) bundle(ctx context.Context, ref tile.Ref) (bundle, error) {
	b := bundle{ref: ref}
	raw, release, err := f.fetch(ctx, ref)
	if err != nil {
		return b, err
	}
	defer release()
	f.bytes.Add(uint64(len(raw)))
	entries, err := tile.ParseBundle(raw, ref.Width)
	if err != nil {
		return b, fmt.Errorf("%s: %w", ref.Path(), err)
	}
	var h tile.Hasher
	b.leaves = make([]byte, 0, ref.Width*tile.HashSize)
	for _, entry := range entries {
		leaf := h.Leaf(entry)
		b.leaves = append(b.leaves, leaf[:]...)
	}
	if ref.Width < tile.Width {
		if f.mirror != nil {
			b.raw = raw
		}
		return b, nil
	}
	b.root = h.Subtree(b.leaves)
	if f.mirror == nil {
		return b, nil
	}
	hashes := tile.Ref{Index: ref.Index, Width: tile.Width}
	return b, errors.Join(f.mirror.put(ref, raw), f.mirror.put(hashes, b.leaves))
}

// fetch reads the bytes of a bundle. What a log's bundles take in memory at one time is bounded by
// the longest that there can be: they are first asked for within a limit that the largest so far
// suggests, and one that is longer again, alone.
func (f *follower) fetch(ctx context.Context, ref tile.Ref) (raw []byte, release func(), err error) {
	limit := min(max(2*f.largest.Load(), small), fetch.MaxBundle)
	for {
		if err := f.memory.Acquire(ctx, limit); err != nil {
			return nil, nil, err
		}
		release = func() { f.memory.Release(limit) }
		raw, err = f.client.ReadBundleWithin(ctx, ref, limit)
		if err == nil {
			f.largest.Store(max(f.largest.Load(), int64(len(raw)))) // a race costs a second request
			return raw, release, nil
		}
		release()
		if !errors.Is(err, fetch.ErrTooLong) || limit == fetch.MaxBundle {
			return nil, nil, err
		}
		limit = fetch.MaxBundle
	}
}
