// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocket.example/log"
)

const (
	stepSize  = 48 << 20              // bytes of records above which a step does not wait for more
	stepPause = 20 * time.Millisecond // between steps, for more records to share the syncs of one
	stepRetry = time.Second           // pause after a step that failed
	drainTime = 1 * time.Minute       // how long a stopping storage tries to integrate
)

// integrate writes bundles and tiles behind the write-ahead log until the tail has ended empty. A
// step that fails is done again, from memory and into new files.
func (s *Storage) integrate(ctx context.Context) error {
	var giveUp <-chan time.Time // set once a step fails after the end of ctx
	for {
		records := s.tail.next(stepSize)
		if records == nil {
			return nil
		}
		err := s.withReserve(func() error { return s.step(records) })
		if err == nil {
			s.pause()
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

// pause gives records time to come together, unless enough wait or no more can come.
func (s *Storage) pause() {
	timeout := time.After(stepPause)
	for {
		size, ended, changed := s.tail.waiting()
		if size >= stepSize/2 || ended {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			return
		}
	}
}

// step integrates records:
//
//	bundles, tiles, rows of the edge ── SyncAll ──▶ state durable ──▶ Tree shows them ──▶ the tail forgets them
func (s *Storage) step(records []record) error {
	if err := s.owned(); err != nil {
		return err
	}
	old := *s.tree.Load()
	s.edge.copyTo(s.draft)
	tree, err := s.grow(s.draft, old.Size, records)
	if err == nil {
		err = s.writeState(state{id: s.id, epoch: s.epoch, tree: tree})
	}
	if err != nil {
		s.edge.distrust()
		return err
	}
	s.edge, s.draft = s.draft, s.edge
	s.tree.Store(&tree)
	s.tail.pop(len(records))
	return nil
}

func (s *Storage) grow(e *edge, size uint64, records []record) (log.Tree, error) {
	for _, r := range records {
		for entry := range r.from(size) {
			if err := e.add(entry); err != nil {
				return log.Tree{}, err
			}
			size++
		}
	}
	if err := e.flush(); err != nil {
		return log.Tree{}, err
	}
	dead := s.index.dead()
	if err := s.fs.SyncAll(); err != nil {
		return log.Tree{}, err
	}
	s.index.bury(dead)
	return log.Tree{Size: size, Root: e.root()}, nil
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
