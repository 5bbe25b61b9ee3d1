// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

const (
	queueLimit   = 1024     // batches that wait
	batchEntries = 1 << 16  // entries of one batch
	batchLimit   = 64 << 20 // cost of one batch
	groupEntries = 1 << 16  // entries above which a record takes no further batch
	groupLimit   = 3 << 20  // cost above which it does not
	siftWidth    = 256      // entries looked up together
	// roomTimeout is how long a group waits for tiles and index to catch up: on a disk that fails
	// they do not, and who waits is told so.
	roomTimeout = 2 * time.Second
)

// request is a batch that waits to be sequenced.
type request struct {
	batch []log.Entry
	index []uint64
	err   error
	done  chan struct{} // closed once index and err are set
}

// Append makes a batch durable; see log.Storage. The caller must not change the batch's data before
// Append returns nil, and after an error never.
func (s *Storage) Append(ctx context.Context, batch []log.Entry, index []uint64) error {
	if err := checkBatch(batch, index); err != nil {
		return err
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

func checkBatch(batch []log.Entry, index []uint64) error {
	if len(batch) != len(index) {
		return fmt.Errorf("%d entries and room for %d indexes", len(batch), len(index))
	}
	if len(batch) > batchEntries {
		return fmt.Errorf("batch of %d entries, want at most %d", len(batch), batchEntries)
	}
	for i := range batch {
		if n := len(batch[i].Data); n > tile.MaxEntry {
			return fmt.Errorf("entry %d has %d bytes, want at most %d", i, n, tile.MaxEntry)
		}
	}
	if n := cost(batch); n > batchLimit {
		return fmt.Errorf("batch of %d bytes, counting %d for each entry, want at most %d", n, overhead, batchLimit)
	}
	return nil
}

// sequencer is what the one goroutine owns that gives out all indexes.
type sequencer struct {
	*Storage
	group  []*request
	fresh  []*log.Entry // of the group, not held yet
	keys   []uint64     // of fresh
	hit    [siftWidth]bool
	broken bool // a write or sync failed: the segment is not to be used any more
}

// sequence gives out indexes until ctx ends.
func (s *Storage) sequence(ctx context.Context) error {
	defer s.tail.end()
	defer close(s.stopped)
	defer close(s.stopping)
	q := &sequencer{Storage: s}
	for {
		select {
		case first := <-s.queue:
			q.gather(first)
		case <-ctx.Done():
			return nil
		}
		q.answer(q.handle(ctx))
	}
}

// handle sequences one group, durably.
func (q *sequencer) handle(ctx context.Context) error {
	if err := q.ready(ctx); err != nil {
		if !errors.Is(err, log.ErrPushback) {
			err = fmt.Errorf("%w: %w", log.ErrPushback, err)
		}
		return err
	}
	err := q.assign(ctx)
	if err == nil && len(q.fresh) > 0 {
		if err = q.commit(); err != nil {
			q.broken = true
			q.config.Logger.Error("write-ahead log: a write failed; a new segment follows", "err", err)
		}
	}
	if err != nil {
		q.index.mu.Lock()
		q.index.table.drop(q.keys)
		q.index.mu.Unlock()
	}
	return err
}

// gather takes what waits beside the first request, up to the size of one record.
func (q *sequencer) gather(first *request) {
	q.group = append(q.group[:0], first)
	n, sum := len(first.batch), cost(first.batch)
	for n < groupEntries && sum < groupLimit {
		select {
		case r := <-q.queue:
			q.group = append(q.group, r)
			n += len(r.batch)
			sum += cost(r.batch)
		default:
			return
		}
	}
}

// ready waits for room in the tail and the index, checks the free space, and goes on in a new segment
// after a failure or when the old one is long enough. The failed file is never written or synced again.
func (q *sequencer) ready(ctx context.Context) error {
	q.fresh, q.keys = q.fresh[:0], q.keys[:0]
	if err := errors.Join(q.owned(), q.space()); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, roomTimeout)
	defer cancel()
	if err := errors.Join(q.tail.room(waiting), q.index.room(waiting)); err != nil {
		return fmt.Errorf("tiles or index fall behind the write-ahead log: %w", err)
	}
	var needed []record
	if q.broken {
		needed = q.tail.all()
	} else if q.wal.end < q.wal.limit {
		return nil
	}
	if err := q.wal.roll(needed); err != nil {
		return fmt.Errorf("begin a new segment: %w", err)
	}
	q.broken = false
	q.trim()
	return nil
}

// trim lets go of old segments. What cannot be removed goes another time.
func (s *Storage) trim() {
	if err := s.wal.trim(s.tree.Load().Size); err != nil {
		s.config.Logger.Warn("write-ahead log: an old segment could not be removed", "err", err)
	}
}

// assign gives an index to every entry of the group and lists those that are new. Equal entries that
// arrive together get one index.
func (q *sequencer) assign(ctx context.Context) error {
	n := 0
	for _, r := range q.group {
		n += len(r.batch)
	}
	q.index.grow(n)
	for _, r := range q.group {
		for at := 0; at < len(r.batch); at += siftWidth {
			end := min(at+siftWidth, len(r.batch))
			if err := q.assignSome(ctx, r.batch[at:end], r.index[at:end]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *sequencer) assignSome(ctx context.Context, batch []log.Entry, index []uint64) error {
	hit := q.hit[:len(batch)]
	clear(hit)
	err := reading(func() error {
		q.index.sift(batch, hit)
		return nil
	})
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	for i := range batch {
		if hit[i] {
			at, held, err := q.find(ctx, &batch[i].Leaf)
			if err != nil {
				return fmt.Errorf("look up a leaf hash: %w", err)
			}
			if hit[i] = held; held {
				index[i] = at
			}
		}
	}
	q.index.mu.Lock()
	defer q.index.mu.Unlock()
	for i := range batch {
		if hit[i] {
			continue
		}
		var err error
		if index[i], err = q.assignOne(ctx, &batch[i]); err != nil {
			return fmt.Errorf("look up a leaf hash: %w", err)
		}
	}
	return nil
}

// assignOne looks among the newest entries, and gives the next index to one that is not there. The
// caller holds the index's lock.
func (q *sequencer) assignOne(ctx context.Context, e *log.Entry) (uint64, error) {
	t, key := q.index.table, keyOf(&e.Leaf)
	for slot := t.slot(key); ; {
		at, next, ok := t.find(key, slot)
		if !ok {
			at = q.wal.next + uint64(len(q.fresh))
			t.put(key, next)
			q.fresh, q.keys = append(q.fresh, e), append(q.keys, key)
			return at, nil
		}
		slot = next
		if at >= q.wal.next {
			if q.fresh[at-q.wal.next].Leaf == e.Leaf {
				return at, nil
			}
			continue
		}
		if stored, err := q.leafAt(ctx, at); err != nil || stored == e.Leaf {
			return at, err
		}
	}
}

// commit makes new entries durable, then known.
func (q *sequencer) commit() error {
	size := recordLeaves
	for _, e := range q.fresh {
		size += 32 + 2 + len(e.Data)
	}
	r, err := q.wal.append(q.tail.buffer(size), q.fresh)
	if err != nil {
		return err
	}
	q.tail.push(r)
	q.durable.Store(q.wal.next)
	if len(q.queue) == 0 && q.wal.mark() != nil {
		q.broken = true
	}
	return nil
}

func (q *sequencer) answer(err error) {
	for i, r := range q.group {
		r.err = err
		close(r.done)
		q.group[i] = nil
	}
	clear(q.fresh)
}
