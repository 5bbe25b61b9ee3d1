// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/witness"
)

// Bounds on looking for the wrong entry: bundles, and attempts' time.
const (
	maxLocate  = 4096
	maxLooking = 5
)

// locate looks for the first entry that is not the one of the signed tree: by the log's own level-0
// tiles, of which a hash is believed only with a proof that it is in the signed tree. Where the tiles
// do not tell, nothing is added.
func (f *follower) locate(ctx context.Context, s signed, served *witness.Served) {
	ctx, cancel := context.WithTimeout(ctx, maxLooking*f.config.Timeout)
	defer cancel()
	size := s.checkpoint.Size
	for index := f.read.Size / tile.Width; index < f.read.Size/tile.Width+maxLocate; index++ {
		width := tile.WidthAt(0, index, size)
		if width == 0 {
			return
		}
		i, want, leaf, err := f.compare(ctx, tile.Ref{Entries: true, Index: index, Width: width})
		if err != nil {
			return
		}
		if want != nil {
			f.prove(ctx, s, index*tile.Width+uint64(i), want, leaf, served)
			return
		}
	}
}

// compare returns the place of the first entry of a bundle whose hash is not the tile's, and both hashes;
// want is nil where there is none.
func (f *follower) compare(ctx context.Context, ref tile.Ref) (i int, want, leaf []byte, err error) {
	raw, release, err := f.fetch(ctx, ref)
	if err != nil {
		return 0, nil, nil, err
	}
	defer release()
	entries, err := tile.ParseBundle(raw, ref.Width)
	if err != nil {
		return 0, nil, nil, err
	}
	hashes, err := f.client.ReadTile(ctx, 0, ref.Index, ref.Width)
	if err != nil {
		return 0, nil, nil, err
	}
	var h tile.Hasher
	for i, entry := range entries {
		leaf, want := h.Leaf(entry), hashes[i*tile.HashSize:][:tile.HashSize]
		if !bytes.Equal(leaf[:], want) {
			return i, want, leaf[:], nil
		}
	}
	return 0, nil, nil, nil
}

// prove adds what the signed tree has at an index, with the proof, if the tiles give one that holds.
func (f *follower) prove(ctx context.Context, s signed, index uint64, want, leaf []byte, served *witness.Served) {
	c := s.checkpoint
	path, err := tile.Inclusion(ctx, f.client, index, c.Size)
	if err != nil {
		return
	}
	var hashes [][]byte
	for i := range path {
		hashes = append(hashes, path[i][:])
	}
	if proof.VerifyInclusion(rfc6962.DefaultHasher, index, c.Size, want, hashes, c.Root[:]) == nil {
		served.Index, served.Leaf, served.Signed, served.Proof = index, leaf, want, hashes
	}
}
