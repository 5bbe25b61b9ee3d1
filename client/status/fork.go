// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"errors"

	"cocket.example/client"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// ForkError is that of a log that has signed two trees which contradict each other, with what shows it. It wraps
// client.ErrFork.
type ForkError struct {
	Proof        receipt.Fork // that convicts the log; the zero Fork if the tiles did not give one
	Older, Newer []byte       // the signed notes, both verified under the policy
	err          error
}

func (e *ForkError) Error() string { return e.err.Error() }
func (e *ForkError) Unwrap() error { return e.err }

// Evidence is the file that convicts the log, see receipt.Fork; without a proof it is both notes, an empty line
// between them.
func (e *ForkError) Evidence() []byte {
	if e.Proven() {
		return e.Proof.Bytes()
	}
	return append(append(append([]byte{}, e.Older...), '\n'), e.Newer...)
}

// Proven reports whether the evidence convicts the log by itself.
func (e *ForkError) Proven() bool { return len(e.Proof.Checkpoints()) > 0 }

// follows checks that the tree goes on from one that was verified before. The error of a fork holds both.
func (t tree) follows(ctx context.Context, before receipt.Trusted) error {
	err := client.Follows(ctx, t.tiles, before.Report().Checkpoint, t.Checkpoint)
	if !errors.Is(err, client.ErrFork) {
		return err
	}
	e := &ForkError{Older: before.Signed(), Newer: t.trusted.Signed(), err: err}
	if begins, failed := t.prefix(ctx, before.Report().Checkpoint.Size); failed == nil {
		e.Proof, _ = receipt.NewFork(e.Older, e.Newer, begins) // else there are both notes
	}
	return e
}

// prefix is how the tree begins, by its tiles.
func (t tree) prefix(ctx context.Context, size uint64) (p receipt.Prefix, err error) {
	if size == t.Size {
		return p, nil
	}
	root, err := tile.Root(ctx, t.tiles, size)
	if err != nil {
		return p, err
	}
	path, err := tile.Consistency(ctx, t.tiles, size, t.Size)
	return receipt.Prefix{Root: root, Proof: path}, err
}
