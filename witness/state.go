// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cocket.example/receipt"
	bolt "go.etcd.io/bbolt"
)

// The database (bbolt) has three buckets:
//
//	meta      "format"                            → "cocket-witness/1"
//	latest    origin                              → time (8 bytes, big-endian POSIX seconds) ‖ checkpoint
//	evidence  origin ‖ 00 ‖ kind ‖ SHA-256(body)  → Evidence as JSON
//
// The checkpoint is a signed note with the log's lines and the cosignatures that were answered.
const format = "cocket-witness/1"

var (
	metaBucket     = []byte("meta")
	latestBucket   = []byte("latest")
	evidenceBucket = []byte("evidence")
	formatKey      = []byte("format")
)

// lockTimeout is how long OpenState waits for another process to let go of the database.
const lockTimeout = time.Second

// record is the latest checkpoint that was cosigned for an origin.
type record struct {
	checkpoint receipt.Checkpoint
	time       int64  // of the cosignatures, POSIX seconds; never goes back
	note       []byte // the checkpoint as a signed note; nil if none was cosigned yet

	cosignatures []byte // the lines just made, the tail of note; not known of a record read back
}

// State is what a witness must never forget.
type State struct {
	db *bolt.DB

	// writing is held for the whole of a transaction: bbolt knows one writer. Reading durable does
	// not need it, so nobody but writers waits for the disk.
	writing sync.Mutex

	mu sync.Mutex // guards what follows; never held across I/O

	// pending is taken by the next transaction.
	pending []*swap
	// durable is by origin what the database holds on disk. Readers look here and never into the
	// database, which shows a transaction to readers before it is synced.
	durable map[string]record
	// kept is the number of Evidence by origin.
	kept map[string]int
	// fault is the first failed commit; after it nothing is written or shown.
	fault error
}

// CreateState makes an empty database, and the directory for it if there is none. It is an error if
// the file exists: a witness that forgets what it has cosigned can be made to cosign a fork. The
// file appears whole or not at all.
func CreateState(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists already", path)
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer os.Remove(fresh)
	if err := fill(fresh); err != nil {
		return fmt.Errorf("creating %s: %w", path, err)
	}
	if err := os.Link(fresh, path); err != nil { // unlike a rename, never over a file
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// fill writes the buckets of a new database, synced.
func fill(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		meta, err := tx.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucket(latestBucket); err != nil {
			return err
		}
		if _, err := tx.CreateBucket(evidenceBucket); err != nil {
			return err
		}
		return meta.Put(formatKey, []byte(format))
	})
	return errors.Join(err, db.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// OpenState opens a database that CreateState made, and reads every record. A file that is missing,
// of another format, damaged or in use by another process is an error.
func OpenState(path string) (*State, error) {
	return openState(path, func(name string, flag int, mode os.FileMode) (*os.File, error) {
		return os.OpenFile(name, flag&^os.O_CREATE, mode)
	})
}

type openFile = func(name string, flag int, mode os.FileMode) (*os.File, error)

func openState(path string, open openFile) (*State, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, OpenFile: open})
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: a new witness is created explicitly (init)", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	s := &State{db: db, durable: make(map[string]record), kept: make(map[string]int)}
	if err := db.View(s.load); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return s, nil
}

// load reads the database into memory: a record for each origin that was ever cosigned.
func (s *State) load(tx *bolt.Tx) error {
	meta, latest, kept := tx.Bucket(metaBucket), tx.Bucket(latestBucket), tx.Bucket(evidenceBucket)
	if meta == nil {
		return errors.New("not the database of a witness")
	}
	if got := meta.Get(formatKey); string(got) != format {
		return fmt.Errorf("format %q is not known, want %q", got, format)
	}
	if latest == nil || kept == nil {
		return errors.New("damaged: a bucket is missing")
	}
	err := latest.ForEach(func(origin, value []byte) error {
		r, err := decode(string(origin), value)
		s.durable[string(origin)] = r
		return err
	})
	if err != nil {
		return err
	}
	return kept.ForEach(func(key, _ []byte) error {
		origin, _, _ := bytes.Cut(key, []byte{0})
		s.kept[string(origin)]++
		return nil
	})
}

// Close releases the database.
func (s *State) Close() error { return s.db.Close() }

// Fault returns the error that stopped the state, or nil.
func (s *State) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// latest returns the durable record of the origin.
func (s *State) latest(origin string) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held(origin), s.fault
}

// held is the durable record; an origin that was never cosigned has the empty tree (TW-8). Its
// caller holds mu.
func (s *State) held(origin string) record {
	if r, ok := s.durable[origin]; ok {
		return r
	}
	return record{checkpoint: receipt.Checkpoint{Origin: origin, Root: emptyRoot}}
}

// encode returns the record as the database has it; nothing for one that was never stored.
func (r record) encode() []byte {
	if r.note == nil {
		return nil
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(r.time)), r.note...)
}

func decode(origin string, value []byte) (record, error) {
	if len(value) < 8 {
		return record{}, fmt.Errorf("damaged: record of %s has %d bytes", origin, len(value))
	}
	note := bytes.Clone(value[8:])
	checkpoint, _, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return record{}, fmt.Errorf("damaged: record of %s: %w", origin, err)
	}
	seconds := int64(binary.BigEndian.Uint64(value))
	if checkpoint.Origin != origin || seconds <= 0 {
		return record{}, fmt.Errorf("damaged: record of %s is for %s at %d",
			origin, checkpoint.Origin, seconds)
	}
	return record{checkpoint: checkpoint, time: seconds, note: note}, nil
}
