// SPDX-License-Identifier: Apache-2.0

package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// start compares journal, storage and published checkpoint, and signs the journalled head again. If
// they contradict each other, the log is read-only.
func (l *Log) start(ctx context.Context) error {
	var err error
	if l.head, err = l.config.Storage.Signed(ctx); err != nil {
		return err
	}
	if l.head.Time.IsZero() {
		return errors.New("the sign journal is empty: create the log first (cocketd init)")
	}
	l.beat = time.Now()
	if err := l.compare(ctx, l.head.Tree); errors.Is(err, errStop) {
		l.stop(err)
	} else if err != nil {
		return err
	}
	l.show(l.head)
	if err := l.startPublished(ctx); err != nil || l.refuse.Load() != nil {
		return err
	}
	l.note, err = l.sign(l.head)
	return err
}

// compare judges the storage on a tree that was signed before.
func (l *Log) compare(ctx context.Context, signed Tree) error {
	tree, err := l.config.Storage.Tree(ctx)
	if err != nil {
		return err
	}
	if tree.Size < signed.Size {
		return fmt.Errorf("the storage holds a tree of %d, one of %d was signed: %w", tree.Size, signed.Size, errStop)
	}
	root, err := tile.Root(ctx, l.config.Storage, signed.Size)
	if err != nil {
		return fmt.Errorf("right edge of the tree of %d: %w", signed.Size, err)
	}
	if root != signed.Root {
		return fmt.Errorf("the stored tree of %d has another root than the one that was signed, look at %s: %w",
			signed.Size, edgePaths(signed.Size), errStop)
	}
	return nil
}

// startPublished takes over the published checkpoint. One with this log's signature, of any of its
// keys, that the journal or the tree does not know makes the log read-only.
func (l *Log) startPublished(ctx context.Context) error {
	published, err := l.config.Storage.Published(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r := l.config.Policy.Examine(published)
	if r.SyntaxErr != nil {
		return fmt.Errorf("published checkpoint: %w", r.SyntaxErr)
	}
	l.takeOver(published, r)
	if r.LogErr != nil && !l.config.signed(published) { // damaged, or of a key that is not known: it proves nothing
		return nil
	}
	if r.Checkpoint.Size > l.head.Size {
		l.stop(fmt.Errorf("published size %d, journalled size %d: %w", r.Checkpoint.Size, l.head.Size, ErrAhead))
		return nil
	}
	err = l.compare(ctx, Tree{Size: r.Checkpoint.Size, Root: r.Checkpoint.Root})
	if errors.Is(err, errStop) {
		l.stop(fmt.Errorf("published checkpoint: %w", err))
		return nil
	}
	return err
}

// signed reports whether a key of this log has signed a checkpoint, whatever else is on it.
func (c Config) signed(checkpoint []byte) bool {
	cp, signatures, err := receipt.ParseCheckpoint(checkpoint)
	return err == nil && cp.Origin == c.Origin && slices.ContainsFunc(c.Policy.Logs, func(l receipt.Log) bool {
		return l.Key.Name == c.Origin && l.Key.VerifyLog(cp, signatures) == nil
	})
}

// all reports whether a checkpoint has a line of each key that this log signs with.
func (c Config) all(checkpoint []byte) bool {
	_, signatures, err := receipt.ParseCheckpoint(checkpoint)
	missing := func(signer note.Signer) bool {
		return !slices.ContainsFunc(signatures, func(s receipt.Signature) bool {
			return s.Name == signer.Name() && s.ID == signer.KeyHash()
		})
	}
	return err == nil && !slices.ContainsFunc(c.Signers, missing)
}

// takeOver shows the checkpoint that was published before the start. A broken one would be refused
// by every client; one that was good under an older policy is shown until the next comes.
func (l *Log) takeOver(published []byte, r receipt.Report) {
	switch err := r.Err(); {
	case err == nil:
		l.complete = r.Checkpoint.Size == l.head.Size && r.Checkpoint.Root == l.head.Root &&
			l.config.all(published) // else a key is new: it is published anew
	case errors.Is(err, r.QuorumErr):
		l.config.Logger.Warn("the published checkpoint does not satisfy the policy any more", "err", err)
	default:
		l.config.Logger.Error("the published checkpoint does not verify and is not shown", "err", err)
		return
	}
	l.announce(published, r.Checkpoint.Size)
}

// confirm sends the head signed last again until the witnesses not heard from could not satisfy the
// quorum alone, and reports whether new heads may be signed, or the log stays, read-only. It gives
// up Timeout after ctx ends.
func (l *Log) confirm(ctx, run context.Context) bool {
	if l.config.Cosigner == nil || l.refuse.Load() != nil {
		return true
	}
	run, cancel := context.WithCancel(run)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(l.config.Timeout, cancel) })()
	err := l.config.Cosigner.Confirm(run, l.note)
	if err != nil && run.Err() == nil {
		l.stop(err)
	}
	return err == nil || run.Err() == nil
}
