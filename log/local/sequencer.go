// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

const (
	queueLimit = 1024     // batches that wait
	batchLimit = 64 << 20 // cost of one batch
	groupLimit = 32 << 20 // cost above which a record takes no further batch
)

// request is a batch that waits to be sequenced.
type request struct {
	batch []log.Entry
	index []uint64
	err   error
	done  chan struct{} // closed once index and err are set
}

// Append makes a batch durable; see log.Storage. The batch's data is kept: the caller must not
// change it afterwards.
func (s *Storage) Append(ctx context.Context, batch []log.Entry, index []uint64) error {
	if len(batch) != len(index) {
		return fmt.Errorf("%d entries and room for %d indexes", len(batch), len(index))
	}
	for i, e := range batch {
		if len(e.Data) > tile.MaxEntry {
			return fmt.Errorf("entry %d has %d bytes, want at most %d", i, len(e.Data), tile.MaxEntry)
		}
	}
	if n := cost(batch); n > batchLimit {
		return fmt.Errorf("batch of %d bytes, counting %d for each entry, want at most %d", n, overhead, batchLimit)
	}
	r := &request{batch: batch, index: make([]uint64, len(batch)), done: make(chan struct{})}
	select {
	case <-s.stopping:
		return fmt.Errorf("stopping: %w", log.ErrPushback)
	default:
	}
	select {
	case s.queue <- r:
	case <-s.stopping:
		return fmt.Errorf("stopping: %w", log.ErrPushback)
	case <-ctx.Done():
		return ctx.Err()
	default:
		return fmt.Errorf("%d batches wait: %w", queueLimit, log.ErrPushback)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		select {
		case <-r.done:
		default: // never taken from the queue
			return fmt.Errorf("stopping: %w", log.ErrPushback)
		}
	}
	copy(index, r.index)
	return r.err
}

// sequence owns the write-ahead log: one goroutine gives out all indexes.
func (s *Storage) sequence(ctx context.Context) error {
	defer s.tail.end()
	defer close(s.stopped)
	defer close(s.stopping)
	broken := false
	for {
		var first *request
		select {
		case first = <-s.queue:
		case <-ctx.Done():
			return nil
		}
		group := s.gather(first)
		if err := s.ready(ctx, &broken); err != nil {
			if !errors.Is(err, log.ErrPushback) {
				err = fmt.Errorf("%w: %w", log.ErrPushback, err)
			}
			answer(group, err)
			continue
		}
		fresh, err := s.assign(ctx, group)
		if err == nil && len(fresh) > 0 {
			if err = s.commit(fresh); err != nil {
				broken = true
				s.config.Logger.Error("write-ahead log: a write failed; a new segment follows", "err", err)
			}
		}
		answer(group, err)
		if err == nil && len(s.queue) == 0 && len(fresh) > 0 {
			broken = s.wal.mark() != nil
		}
	}
}

// gather takes what waits beside the first request, up to the size of one record.
func (s *Storage) gather(first *request) []*request {
	group, sum := []*request{first}, 0
	for {
		if sum += cost(group[len(group)-1].batch); sum >= groupLimit {
			return group
		}
		select {
		case r := <-s.queue:
			group = append(group, r)
		default:
			return group
		}
	}
}

// ready waits for room in the tail, checks the free space, and goes on in a new segment after a
// failure or when the old one is long enough. The failed file is never written or synced again.
func (s *Storage) ready(ctx context.Context, broken *bool) error {
	if err := s.tail.room(ctx); err != nil {
		return err
	}
	if err := s.owned(); err != nil {
		return err
	}
	if err := s.space(); err != nil {
		return err
	}
	if *broken || s.wal.end >= segmentLimit {
		if err := s.wal.roll(s.tail.all()); err != nil {
			return fmt.Errorf("begin a new segment: %w", err)
		}
		*broken = false
		s.trim()
	}
	return nil
}

// trim removes the segments before the open one. What cannot be removed goes another time.
func (s *Storage) trim() {
	if err := s.wal.trim(); err != nil {
		s.config.Logger.Warn("write-ahead log: an old segment could not be removed", "err", err)
	}
}

// assign gives an index to every entry of the group and returns those that are new. Equal entries
// that arrive together get one index.
func (s *Storage) assign(ctx context.Context, group []*request) ([]log.Entry, error) {
	var fresh []log.Entry
	given := make(map[[32]byte]uint64)
	for _, r := range group {
		for i, e := range r.batch {
			index, held := given[e.Leaf]
			if !held {
				var err error
				if index, held, err = s.Lookup(ctx, e.Leaf); err != nil {
					return nil, fmt.Errorf("look up a leaf hash: %w", err)
				}
			}
			if !held {
				index = s.wal.next + uint64(len(fresh))
				given[e.Leaf] = index
				fresh = append(fresh, e)
			}
			r.index[i] = index
		}
	}
	return fresh, nil
}

// commit makes new entries durable, then known.
func (s *Storage) commit(fresh []log.Entry) error {
	first := s.wal.next
	if err := s.wal.append(fresh); err != nil {
		return err
	}
	s.tail.push(fresh)
	for i, e := range fresh {
		s.index.add(e.Leaf, first+uint64(i))
	}
	return nil
}

func answer(group []*request, err error) {
	for _, r := range group {
		r.err = err
		close(r.done)
	}
}
