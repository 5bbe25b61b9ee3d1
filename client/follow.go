// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

var (
	// ErrStale means that a log shows a smaller tree than it has shown before: an old copy, perhaps of
	// a cache on the way. Asking again later may help.
	ErrStale = errors.New("the checkpoint is older than one seen before")
	// ErrFork means that a log has signed two trees that contradict each other. Both checkpoints are
	// evidence against it, and nothing that it says later mends it.
	ErrFork = errors.New("the log has signed two trees that contradict each other")
)

// Follower reads the checkpoints of one log, and believes one only if the policy does and its tree
// goes on from the tree that was believed before:
//
//	smaller                     ErrStale
//	equal, with another root    ErrFork
//	larger                      must hold the tree before: the proof is made here, from the log's tiles
//
// It is not for use by several goroutines.
type Follower struct {
	Client *Client
	Policy receipt.Policy

	last receipt.Trusted // zero: none yet
}

// Next fetches the published checkpoint and verifies it.
func (f *Follower) Next(ctx context.Context) (receipt.Trusted, error) {
	signed, err := f.Client.Checkpoint(ctx)
	if err != nil {
		return receipt.Trusted{}, err
	}
	next, err := f.Policy.Verify(signed)
	if err == nil {
		err = Follows(ctx, f.Client, f.last.Report().Checkpoint, next.Report().Checkpoint)
	}
	if err != nil {
		return receipt.Trusted{}, fmt.Errorf("GET /checkpoint: %w", err)
	}
	f.last = next
	return next, nil
}

// Follows checks that a tree goes on from one that was believed before, as a Follower does, reading the
// tiles of the log that shows it.
func Follows(ctx context.Context, tiles tile.Reader, last, next receipt.Checkpoint) error {
	switch {
	case last.Origin == "":
		return nil
	case next.Origin != last.Origin:
		return fmt.Errorf("it is of %s, the one before was of %s", next.Origin, last.Origin)
	case next.Size < last.Size:
		return fmt.Errorf("%w: size %d after %d", ErrStale, next.Size, last.Size)
	case next.Size == last.Size && next.Root != last.Root:
		return fmt.Errorf("%w: both of size %d", ErrFork, next.Size)
	case next.Size == last.Size || last.Size == 0:
		return nil
	}
	return consistent(ctx, tiles, last, next)
}

// consistent checks that the larger tree begins with the smaller. Tiles are not trusted, and may
// even differ from one request to the next: so only a proof that leads from another smaller tree to
// the root that the log signed shows that it has forked.
func consistent(ctx context.Context, tiles tile.Reader, last, next receipt.Checkpoint) error {
	hashes, err := tile.Consistency(ctx, tiles, last.Size, next.Size)
	if err != nil {
		return fmt.Errorf("tiles of size %d: %w", next.Size, err)
	}
	path := make([][]byte, len(hashes))
	for i := range hashes {
		path[i] = hashes[i][:]
	}
	proven := func(smaller receipt.Hash) bool {
		return proof.VerifyConsistency(rfc6962.DefaultHasher,
			last.Size, next.Size, path, smaller[:], next.Root[:]) == nil
	}
	if proven(last.Root) {
		return nil
	}
	if other, err := tile.Root(ctx, tiles, last.Size); err == nil && other != last.Root && proven(other) {
		return fmt.Errorf("%w: that of size %d does not begin with that of size %d", ErrFork, next.Size, last.Size)
	}
	return fmt.Errorf("the tiles do not lead from the root of size %d to that of size %d: they are damaged, "+
		"or the log has forked", last.Size, next.Size)
}
