// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cocket.example/witness/journal"
	bolt "go.etcd.io/bbolt"
)

// What a witness must never forget is first made durable in a journal (see package journal), and
// absorbed by a database behind it, many commits at once:
//
//	swap ──▶ journal: one write, one sync ──▶ answer
//	            └── full, or at a start or stop ──▶ database: one transaction ──▶ its half is used again
//
// The database (bbolt) has three buckets:
//
//	meta      "format"      → "cocket-witness/2"
//	          "id"          → 16 random bytes, which the journal has, too
//	          "generation"  → 8 bytes, big-endian
//	          "absorbed"    → number (8 bytes, big-endian) ‖ sum (32) of the journal's last record in it
//	          "peers"       → generation in which they were set (8 bytes) ‖ peers.String
//	latest    key           → record
//	evidence  origin ‖ 00 ‖ kind ‖ SHA-256(body)  → Evidence as JSON; of kind foreign, before the sum,
//	          the lower-case hex SHA-256 of the vkey of the witness that it is about
//
// The checkpoint of a record is a signed note with the log's lines and the cosignatures that were
// answered.
const format = "cocket-witness/2"

var (
	metaBucket     = []byte("meta")
	latestBucket   = []byte("latest")
	evidenceBucket = []byte("evidence")

	formatKey     = []byte("format")
	idKey         = []byte("id")
	generationKey = []byte("generation")
	absorbedKey   = []byte("absorbed")
	peersKey      = []byte("peers")
)

// State is what a witness must never forget.
type State struct {
	db *bolt.DB
	id journal.ID
	// generation grows when what was cosigned since some time is lost: the database is older than what
	// the journal still has, or the journal is lost. What is then held of a log, even nothing, may be
	// older than what was cosigned, until its record is of this generation. It never changes while the
	// state is open.
	generation uint64
	doubt      string // why it has just grown; empty if it has not

	// writing is held for the whole of a commit or transaction, and guards the next four. Reading
	// durable does not need it, so nobody but writers waits for the disk.
	writing  sync.Mutex
	journal  *journal.Journal
	absorbed journal.Position
	dirty    map[string]record // what the database has not absorbed
	payload  []byte            // of the next record, in the memory of the last one

	mu sync.Mutex // guards what follows; never held across I/O

	// pending is taken by the next commit, which is led by one of its waiters.
	pending []*swap
	led     bool
	// durable is by key what is on disk. Readers look here and never into the database, which shows a
	// transaction to readers before it is synced.
	durable map[string]record
	// keptLogs is by the front of their keys how many of durable are kept for another witness.
	keptLogs map[string]int
	// kept is the number of Evidence by origin, without that of kind foreign.
	kept map[string]int
	// fault is the first failed commit; after it nothing is written or shown.
	faulted chan struct{} // closed with the first fault
	fault   error
}

// emptyState has no files, and nothing in memory.
func emptyState() *State {
	return &State{
		durable: make(map[string]record), keptLogs: make(map[string]int), kept: make(map[string]int),
		dirty: make(map[string]record), faulted: make(chan struct{}),
	}
}

// load reads the database into memory: a record for each origin that was ever cosigned.
func (s *State) load(tx *bolt.Tx) error {
	meta, latest, kept := tx.Bucket(metaBucket), tx.Bucket(latestBucket), tx.Bucket(evidenceBucket)
	if meta == nil {
		return errors.New("not the database of a witness")
	}
	if got := meta.Get(formatKey); string(got) == formerFormat {
		return fmt.Errorf("format %q is that of an earlier version: \"cocket-witness renew\" takes it over", got)
	} else if string(got) != format {
		return fmt.Errorf("format %q is not known, want %q", got, format)
	}
	if latest == nil || kept == nil {
		return errors.New("damaged: a bucket is missing")
	}
	if err := s.loadMeta(meta); err != nil {
		return err
	}
	err := latest.ForEach(func(key, value []byte) error {
		r, err := decode(string(key), value)
		s.put(string(key), r)
		return err
	})
	if err != nil {
		return err
	}
	return kept.ForEach(func(key, _ []byte) error {
		origin, rest, _ := bytes.Cut(key, []byte{0})
		if len(rest) > 0 && conflict(rest[0]) != foreign {
			s.kept[string(origin)]++
		}
		return nil
	})
}

func (s *State) loadMeta(meta *bolt.Bucket) (err error) {
	id, generation := meta.Get(idKey), meta.Get(generationKey)
	if len(id) != len(s.id) || len(generation) != 8 {
		return errors.New("damaged: it has no identity")
	}
	s.id, s.generation = journal.ID(id), binary.BigEndian.Uint64(generation)
	s.absorbed, err = decodePosition(meta.Get(absorbedKey))
	return err
}

func encodePosition(p journal.Position) []byte {
	return append(binary.BigEndian.AppendUint64(nil, p.Seq), p.Sum[:]...)
}

func decodePosition(b []byte) (p journal.Position, err error) {
	if len(b) != 8+len(p.Sum) {
		return p, fmt.Errorf("damaged: position in the journal has %d bytes", len(b))
	}
	return journal.Position{Seq: binary.BigEndian.Uint64(b), Sum: [32]byte(b[8:])}, nil
}

// setPeers notes who the peers are from now on, in words of the caller, and reports whether they were the
// same before this generation: only then do they know what the state has forgotten.
func (s *State) setPeers(peers string) (before bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.update(func(tx *bolt.Tx) (bool, error) {
		meta := tx.Bucket(metaBucket)
		held := meta.Get(peersKey)
		if held == nil {
			held = make([]byte, 8) // none
		}
		if len(held) >= 8 && string(held[8:]) == peers {
			before = binary.BigEndian.Uint64(held) < s.generation
			return false, nil
		}
		value := binary.BigEndian.AppendUint64(nil, s.generation)
		return true, meta.Put(peersKey, append(value, peers...))
	})
	return before, err
}

// Close lets the database absorb what the journal has, and releases both.
func (s *State) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var err error
	if s.Fault() == nil && len(s.dirty) > 0 {
		err = s.absorb()
	}
	return errors.Join(err, s.journal.Close(), s.db.Close())
}

// Faulted is closed once there is a Fault.
func (s *State) Faulted() <-chan struct{} { return s.faulted }

// Fault returns the error that stopped the state, or nil.
func (s *State) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// latest returns the durable record of the key.
func (s *State) latest(key string) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held(key), s.fault
}

// held is the durable record; an origin that was never cosigned has the empty tree (TW-8). Its
// caller holds mu.
func (s *State) held(key string) record {
	if r, ok := s.durable[key]; ok {
		return r
	}
	return blank(key)
}

// latestKept returns what is kept of a log for another witness; both are named by their SHA-256.
func (s *State) latestKept(keeper, originSum string) (record, error) {
	return s.latest(keptKey(keeper, originSum))
}

// keptFor counts the logs of which something is kept for another witness.
func (s *State) keptFor(keeper string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keptLogs[keptKey(keeper, "")]
}

// put makes a record the durable one of the key. Its caller holds mu, or has the state for itself.
func (s *State) put(key string, r record) {
	if _, held := s.durable[key]; !held && isKept(key) {
		s.keptLogs[key[:strings.LastIndexByte(key, '\n')+1]]++
	}
	s.durable[key] = r
}
