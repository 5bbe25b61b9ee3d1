// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"cocket.example/witness/journal"
	bolt "go.etcd.io/bbolt"
)

// formerFormat has no journal, and records without a generation: time ‖ signed note.
const formerFormat = "cocket-witness/1"

// Renew makes a new journal for a database whose own is lost, and a new identity for both. What was
// cosigned last is lost with it, so nothing is cosigned for a log before it is known what was. A
// journal that still stands in its place is an error. A database of cocket-witness/1 is taken over.
func (f StateFiles) Renew() (err error) {
	f = f.withDefaults()
	if _, err := os.Lstat(f.Journal); err == nil {
		return fmt.Errorf("%s exists: move it away first, and keep it", f.Journal)
	}
	db, err := f.openDatabase()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := emptyState()
	if err := db.View(s.loadAny); err != nil {
		return fmt.Errorf("%s: %w", f.Database, err)
	}
	s.id, s.generation, s.absorbed = newID(), s.generation+1, journal.Position{Seq: s.absorbed.Seq}
	if err := journal.CreateFile(f.Journal, s.id, s.absorbed, f.JournalSize); err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		for key, r := range s.durable { // of cocket-witness/1, else unchanged
			if err := tx.Bucket(latestBucket).Put([]byte(key), r.encode()); err != nil {
				return err
			}
		}
		return s.putMeta(tx.Bucket(metaBucket), s.absorbed)
	})
}

// loadAny reads a database of this format or the former one.
func (s *State) loadAny(tx *bolt.Tx) error {
	meta, latest := tx.Bucket(metaBucket), tx.Bucket(latestBucket)
	if meta == nil || latest == nil || string(meta.Get(formatKey)) != formerFormat {
		return s.load(tx)
	}
	return latest.ForEach(func(key, value []byte) error {
		if len(value) < 8 {
			return fmt.Errorf("damaged: record of %s has %d bytes", key, len(value))
		}
		value = append(binary.BigEndian.AppendUint64(value[:8:8], 0), value[8:]...)
		r, err := decode(string(key), value)
		s.put(string(key), r)
		return err
	})
}
