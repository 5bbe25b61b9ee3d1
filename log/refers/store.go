// SPDX-License-Identifier: Apache-2.0

package refers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file is a bbolt database of two buckets:
//
//	meta    format → "cocket-refers/v1 " ‖ origin
//	        last   → uint64 size ‖ leaf hash of entry size − 1
//	refers  target's leaf hash ‖ uint64 index → nothing
//
// Numbers are big-endian, so that the keys of one target are in the order of their indexes.
var (
	metaBucket   = []byte("meta")
	refersBucket = []byte("refers")
	formatKey    = []byte("format")
	lastKey      = []byte("last")
)

const format = "cocket-refers/v1 "

// errUnusable marks a file that is damaged, of another format or another log's. What it holds can
// be had again.
var errUnusable = errors.New("the file cannot be used")

type store struct{ db *bolt.DB }

func openStore(path, origin string) (*store, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 5 * time.Second})
	switch {
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s: %w: %w", path, errUnusable, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &store{db}
	if err := s.identify(origin); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return s, nil
}

// recreateStore removes the file before it is opened.
func recreateStore(path, origin string) (*store, error) {
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return openStore(path, origin)
}

// identify checks that the file is this log's, or makes it so if it is new.
func (s *store) identify(origin string) error {
	want := []byte(format + origin)
	return s.db.Update(func(tx *bolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			if tx.Bucket(refersBucket) == nil || !bytes.Equal(meta.Get(formatKey), want) {
				return fmt.Errorf("%w: it is not %s", errUnusable, want)
			}
			return nil
		}
		meta, err := tx.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucketIfNotExists(refersBucket); err != nil {
			return err
		}
		return meta.Put(formatKey, want)
	})
}

func (s *store) close() error { return s.db.Close() }

// last returns how far the log was followed; the zero position in a new file.
func (s *store) last() (p position, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		value := tx.Bucket(metaBucket).Get(lastKey)
		if value == nil {
			return nil
		}
		if len(value) != 8+len(p.leaf) {
			return fmt.Errorf("position of %d bytes, want 40: remove the file", len(value))
		}
		p.size = binary.BigEndian.Uint64(value)
		copy(p.leaf[:], value[8:])
		return nil
	})
	return p, err
}

// add stores what a step found together with how far it went, in one transaction.
func (s *store) add(found step) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, r := range found.found {
			key := binary.BigEndian.AppendUint64(r.target[:], r.index)
			if err := tx.Bucket(refersBucket).Put(key, nil); err != nil {
				return err
			}
		}
		value := append(binary.BigEndian.AppendUint64(nil, found.size), found.leaf[:]...)
		return tx.Bucket(metaBucket).Put(lastKey, value)
	})
}

// find returns the indexes of one target in ascending order.
func (s *store) find(target [32]byte) (indexes []uint64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(refersBucket).Cursor()
		for k, _ := c.Seek(target[:]); bytes.HasPrefix(k, target[:]); k, _ = c.Next() {
			indexes = append(indexes, binary.BigEndian.Uint64(k[len(target):]))
		}
		return nil
	})
	return indexes, err
}

// clear forgets everything.
func (s *store) clear() error {
	return s.db.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket(refersBucket); err != nil {
			return err
		}
		if _, err := tx.CreateBucket(refersBucket); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Delete(lastKey)
	})
}
