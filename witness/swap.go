// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"fmt"

	"cocket.example/witness/journal"
	bolt "go.etcd.io/bbolt"
)

// errChanged means that another record is held than the one that was judged: judge again.
var errChanged = errors.New("the record has changed meanwhile")

// maxCommit is how many bytes one commit writes at most.
const maxCommit = 1 << 20

// swap is one wish to replace a record.
type swap struct {
	key        string
	held, next record
	err        error
	wake       chan bool // buffered; false: the outcome stands, true: lead the next commit
}

// swap replaces the record of the key by next, if held is still the one that is held, and returns nil
// once that is durable; errChanged if it is not.
//
// Writers that come while a commit is being synced share the next one, and one of them leads it:
//
//	A ──▶ commits {A} ────────────▶ answer
//	B   ──▶ waits ────────────────▶ commits {B, C, D} ───────▶ answer
//	C       ──▶ waits ────────────────────────────────────────▶ answer
//	D         ──▶ waits ──────────────────────────────────────▶ answer
//
// The wait is bounded by two commits, and the handler bounds how many may wait.
func (s *State) swap(key string, held, next record) error {
	own := &swap{key: key, held: held, next: next, wake: make(chan bool, 1)}
	s.mu.Lock()
	s.pending = append(s.pending, own)
	lead := !s.led
	s.led = true
	s.mu.Unlock()
	if !lead {
		lead = <-own.wake
	}
	if lead {
		s.writePending()
	}
	return own.err
}

// writePending decides and commits every pending swap, and lets one of those that came meanwhile lead
// the next commit.
func (s *State) writePending() {
	s.writing.Lock()
	s.mu.Lock()
	group := s.pending
	s.pending = nil
	s.mu.Unlock()
	for rest := group; len(rest) > 0; {
		rest = s.write(rest)
	}
	s.writing.Unlock()

	for _, w := range group {
		w.wake <- false // the leader's own is never read
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.led = len(s.pending) > 0; s.led {
		s.pending[0].wake <- true
	}
}

// write decides the swaps one after the other, each on top of those before, and commits what they
// come to. It returns those for which there was no room. Its caller holds writing.
func (s *State) write(group []*swap) (rest []*swap) {
	s.payload = s.payload[:0]
	staged, limit := make(map[string]record), min(maxCommit, s.journal.Limit())
	for i, w := range group {
		entry := appendEntry(nil, w.key, w.next.encode())
		if i > 0 && len(s.payload)+len(entry) > limit {
			group, rest = group[:i], group[i:]
			break
		}
		s.stage(staged, w, entry)
	}
	err := s.commit(len(staged) > 0)
	for _, w := range group {
		if w.err == nil {
			w.err = err
		}
	}
	if err == nil {
		s.show(staged)
	}
	return rest
}

// stage puts a swap, as its entry, into the payload, or sets its error.
func (s *State) stage(staged map[string]record, w *swap, entry []byte) {
	held, ok := staged[w.key]
	if !ok {
		held, _ = s.latest(w.key)
	}
	if !held.same(w.held) {
		w.err = errChanged
		return
	}
	if limit := s.journal.Limit() / 2; len(entry) > limit {
		w.err = fmt.Errorf("record of %d bytes, want at most %d", len(entry), limit)
		return
	}
	s.payload = append(s.payload, entry...)
	staged[w.key] = w.next
}

// commit makes the payload durable, if there is anything in it.
// After a failed commit nobody knows what the disk holds, and a second sync of the same file may
// succeed without having written, so the state stops for good: a restart reads what is there.
func (s *State) commit(anything bool) error {
	if err := s.Fault(); err != nil || !anything {
		return err
	}
	_, err := s.journal.Append(s.payload)
	if errors.Is(err, journal.ErrFull) {
		if err = s.absorb(); err == nil {
			err = s.journal.Turn()
		}
		if err == nil {
			_, err = s.journal.Append(s.payload)
		}
	}
	if err != nil {
		return s.stop(err)
	}
	return nil
}

// show makes durable records visible to readers. Its caller holds writing.
func (s *State) show(staged map[string]record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, r := range staged {
		s.put(key, r)
		s.dirty[key] = r
	}
}

// settle lets the database absorb what the journal has.
func (s *State) settle() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.Fault(); err != nil {
		return nil // known, and logged
	}
	return s.absorb()
}

// absorb brings into the database what the journal has beyond it. Its caller holds writing.
func (s *State) absorb() error {
	last := s.journal.Last()
	if last == s.absorbed && s.doubt == "" {
		return nil
	}
	err := s.update(func(tx *bolt.Tx) (bool, error) {
		meta, latest := tx.Bucket(metaBucket), tx.Bucket(latestBucket)
		if !bytes.Equal(meta.Get(absorbedKey), encodePosition(s.absorbed)) {
			return false, errors.New("the database is not the one that was written")
		}
		for key, r := range s.dirty {
			if err := latest.Put([]byte(key), r.encode()); err != nil {
				return false, err
			}
		}
		return true, s.putMeta(meta, last)
	})
	if err != nil {
		return err
	}
	s.absorbed = last
	clear(s.dirty)
	return nil
}

// update runs one writing transaction; change says whether it is to be committed. A failed one stops
// the state, as in commit. Its caller holds writing.
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
	if s.fault == nil {
		s.fault = fmt.Errorf("the state cannot be written, nothing more is signed until a restart: %w", err)
		close(s.faulted)
	}
	return s.fault
}
