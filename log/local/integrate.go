// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

const (
	stepLimit = 1 << 14         // entries that one step integrates
	stepRetry = time.Second     // pause after a step that failed
	drainTime = 1 * time.Minute // how long a stopping storage tries to integrate
)

// integrate writes bundles and tiles behind the write-ahead log until the tail has ended empty. A
// step that fails is done again, from memory and into new files.
func (s *Storage) integrate(ctx context.Context) error {
	giveUp := context.WithoutCancel(ctx)
	for {
		entries := s.tail.next(stepLimit)
		if entries == nil {
			return nil
		}
		err := s.step(entries)
		if err == nil {
			continue
		}
		s.config.Logger.Error("integration: a step failed; it is tried again", "err", err)
		if ctx.Err() != nil {
			var cancel context.CancelFunc
			giveUp, cancel = onceWithTimeout(giveUp, drainTime)
			defer cancel()
		}
		select {
		case <-time.After(stepRetry):
		case <-giveUp.Done():
			return fmt.Errorf("what is in the write-ahead log was not integrated: %w", err)
		}
	}
}

// onceWithTimeout gives a context its deadline once.
func onceWithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// step integrates entries: rows and directories durable, then the state, then Tree shows it, then
// the write-ahead log may forget it.
func (s *Storage) step(entries []log.Entry) error {
	next := s.edge.clone()
	tree, err := s.grow(next, entries)
	if err != nil {
		s.edge.distrust()
		s.releaseReserve(err)
		return err
	}
	st := state{id: s.id, epoch: s.epoch, tree: tree}
	if err := replaceFile(s.fs, "state", st.bytes()); err != nil {
		s.releaseReserve(err)
		return err
	}
	s.edge = next
	s.tree.Store(&tree)
	s.tail.pop(len(entries))
	return nil
}

func (s *Storage) grow(e *edge, entries []log.Entry) (log.Tree, error) {
	for _, entry := range entries {
		if err := e.add(entry); err != nil {
			return log.Tree{}, err
		}
	}
	if err := e.sync(); err != nil {
		return log.Tree{}, err
	}
	tree := log.Tree{Size: s.tree.Load().Size + uint64(len(entries))}
	root, err := e.root()
	tree.Root = root
	return tree, err
}

// root computes the root from the rows in memory. Whether to trust it is the business of the check
// before a signature, which reads everything back.
func (e *edge) root() (root [32]byte, err error) {
	var hash []byte // of everything to the right of what is left to join
	for _, r := range e.levels {
		for data := r.data; len(data) > 0; {
			n := len(data) / tile.HashSize
			cut := (n - n&-n) * tile.HashSize // before the smallest complete subtree
			left := tile.Subtree(data[cut:])
			if hash == nil {
				hash = left
			} else {
				hash = rfc6962.DefaultHasher.HashChildren(left, hash)
			}
			data = data[:cut]
		}
	}
	if hash == nil {
		return root, errors.New("the tree is empty")
	}
	return [32]byte(hash), nil
}
