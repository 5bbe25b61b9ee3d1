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
	var giveUp <-chan time.Time // set once a step fails after the end of ctx
	for {
		entries := s.tail.next(stepLimit)
		if entries == nil {
			return nil
		}
		err := s.withReserve(func() error { return s.step(entries) })
		if err == nil {
			continue
		}
		if errors.Is(err, log.ErrConflict) {
			return err
		}
		s.config.Logger.Error("integration: a step failed; it is tried again", "err", err)
		if ctx.Err() != nil && giveUp == nil {
			giveUp = time.After(drainTime)
		}
		select {
		case <-time.After(stepRetry):
		case <-giveUp:
			return fmt.Errorf("what is in the write-ahead log was not integrated: %w", err)
		}
	}
}

// step integrates entries: rows and directories durable, then the state, then Tree shows it, then
// the write-ahead log may forget it.
func (s *Storage) step(entries []log.Entry) error {
	if err := s.owned(); err != nil {
		return err
	}
	next := s.edge.clone()
	tree, err := s.grow(next, entries)
	if err == nil {
		st := state{id: s.id, epoch: s.epoch, tree: tree}
		err = replaceFile(s.fs, "state", st.bytes())
	}
	if err != nil {
		s.edge.distrust()
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
	return log.Tree{Size: s.tree.Load().Size + uint64(len(entries)), Root: e.root()}, nil
}

// root computes the root from the rows in memory. Whether to trust it is the business of the check
// before a signature, which reads everything back.
func (e *edge) root() [32]byte {
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
		hash = rfc6962.DefaultHasher.EmptyRoot()
	}
	return [32]byte(hash)
}
