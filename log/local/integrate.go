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
	stepSize  = 20 << 20              // bytes of records that one step takes
	stepEager = 4 << 20               // bytes of records above which a step does not wait for more
	stepPause = 20 * time.Millisecond // between steps, for more records to share the syncs of one
	stepRetry = time.Second           // pause after a step that failed
	drainTime = 1 * time.Minute       // how long a stopping storage tries to integrate
)

// integrate writes bundles and tiles behind the write-ahead log until the tail has ended empty. A
// step that fails is done again, from memory and into new files.
func (s *Storage) integrate(ctx context.Context) error {
	var giveUp <-chan time.Time // set once a step fails after the end of ctx
	for s.tail.wait() {
		err := s.withReserve(s.steps)
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
	return nil
}

// pause gives records time to come together, unless enough wait or no more can come.
func (s *Storage) pause() {
	timeout := time.After(stepPause)
	for {
		size, ended, changed := s.tail.waiting()
		if size >= stepEager || ended {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			return
		}
	}
}

// step is what is integrated with one sync: the right edge and the tree behind some records.
type step struct {
	edge    edge
	tree    log.Tree
	records int
	err     chan error // of its sync
}

// steps integrates what is in the tail. While one step is being made durable the next is written, if
// enough waits:
//
//	write step 1 ─▶ SyncAll ─▶ state durable ─▶ Tree shows it ─▶ the tail forgets its records
//	                write step 2 ───────────────────────────────▶ SyncAll ─▶ …
func (s *Storage) steps() error {
	if err := s.owned(); err != nil {
		return err
	}
	this, next := &s.drafts[0], &s.drafts[1]
	if err := s.write(this, s.edge, s.tree.Load().Size, s.tail.after(0)); err != nil {
		s.edge.distrust()
		return err
	}
	for {
		go func() { this.err <- s.sync(this) }()
		var err error
		waiting := s.tail.after(this.records)
		more := sizeOf(waiting) >= stepEager
		if more {
			err = s.write(next, &this.edge, this.tree.Size, waiting)
		}
		if synced := <-this.err; synced != nil {
			err = errors.Join(synced, err)
		} else {
			s.commit(this)
		}
		if err != nil {
			s.edge.distrust()
			return err
		}
		if !more {
			return nil
		}
		this, next = next, this
	}
}

// write writes the files of a step that goes on from an edge and a size.
func (s *Storage) write(to *step, from *edge, size uint64, records []record) error {
	e := &to.edge
	from.copyTo(e)
	for _, r := range records {
		for entry := range r.from(size) {
			if err := e.add(entry); err != nil {
				return err
			}
			size++
		}
	}
	to.tree, to.records = log.Tree{Size: size, Root: e.root()}, len(records)
	return e.flush()
}

// sync makes a step durable, and its state after it.
func (s *Storage) sync(done *step) error {
	dead := s.index.dead()
	if err := s.fs.SyncAll(); err != nil {
		return err
	}
	s.index.bury(dead)
	return s.writeState(state{id: s.id, epoch: s.epoch, tree: done.tree})
}

// commit shows a step that is durable.
func (s *Storage) commit(done *step) {
	done.edge.copyTo(s.edge)
	s.edge.again = false
	tree := done.tree
	s.tree.Store(&tree)
	s.tail.pop(done.records)
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
