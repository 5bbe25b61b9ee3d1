// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// swap is one wish to replace the record of an origin. Its caller reads the outcome once it has
// held State.writing.
type swap struct {
	origin string
	next   func(held record) (record, error)

	done   bool
	result record
	err    error
}

// swap replaces the record of the origin by what next makes of it, and returns the new record once
// it is durable. If next refuses, its error is returned and nothing changes.
//
// Writers that come while a transaction is being synced share the next one:
//
//	A ──▶ writes {A} ─────────────▶ answer
//	B   ──▶ waits ────────────────▶ writes {B, C, D} ────────▶ answer
//	C       ──▶ waits ────────────────────────────────────────▶ finds itself done
//	D         ──▶ waits ──────────────────────────────────────▶ finds itself done
//
// The wait is bounded by two transactions, and the handler bounds how many may wait.
func (s *State) swap(origin string, next func(record) (record, error)) (record, error) {
	own := &swap{origin: origin, next: next}
	s.mu.Lock()
	s.pending = append(s.pending, own)
	s.mu.Unlock()

	s.writing.Lock()
	defer s.writing.Unlock()
	if !own.done {
		s.writePending()
	}
	return own.result, own.err
}

// writePending decides and commits every pending swap. Its caller holds writing.
func (s *State) writePending() {
	s.mu.Lock()
	group := s.pending
	s.pending = nil
	s.mu.Unlock()

	err := s.update(func(tx *bolt.Tx) (bool, error) { return s.stage(tx, group) })
	for _, w := range group {
		w.done = true
		if err != nil {
			w.result, w.err = record{}, err
		} else if w.err == nil {
			s.show(w.result)
		}
	}
}

// stage decides the swaps one after the other, each on top of those before, and puts what they come
// to into the transaction. It reports whether there is anything to commit.
func (s *State) stage(tx *bolt.Tx, group []*swap) (bool, error) {
	staged := make(map[string]record)
	for _, w := range group {
		held, ok := staged[w.origin]
		if !ok {
			held, _ = s.latest(w.origin)
		}
		if w.result, w.err = w.next(held); w.err == nil {
			staged[w.origin] = w.result
		}
	}
	for origin, next := range staged {
		held, _ := s.latest(origin)
		if err := compareAndPut(tx.Bucket(latestBucket), held, next); err != nil {
			return false, err
		}
	}
	return len(staged) > 0, nil
}

// compareAndPut replaces the stored record, which must be the one in memory that was judged.
func compareAndPut(b *bolt.Bucket, held, next record) error {
	origin := []byte(next.checkpoint.Origin)
	if !bytes.Equal(b.Get(origin), held.encode()) {
		return fmt.Errorf("the record of %s in the database is not the one that was written", origin)
	}
	return b.Put(origin, next.encode())
}

// show makes a durable record visible to readers.
func (s *State) show(r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durable[r.checkpoint.Origin] = r
}

// update runs one writing transaction; change says whether it is to be committed. After a failed
// commit nobody knows what the disk holds, and a second sync of the same file may succeed without
// having written, so the state stops for good: a restart reads what is there. Its caller holds
// writing.
func (s *State) update(change func(*bolt.Tx) (commit bool, err error)) error {
	if err := s.Fault(); err != nil {
		return err
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return s.stop(err)
	}
	commit, err := change(tx)
	if err == nil && commit {
		err = tx.Commit()
	} else {
		_ = tx.Rollback() // nothing was written
	}
	if err != nil {
		return s.stop(err)
	}
	return nil
}

// stop records the first fault.
func (s *State) stop(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fmt.Errorf("the state cannot be written, nothing more is signed until a restart: %w", err)
	return s.fault
}
