// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"time"

	"cocket.example/receipt"
	bolt "go.etcd.io/bbolt"
)

// conflict is how an offered checkpoint disagrees with the one held.
type conflict byte

const (
	none     conflict = 0
	fork     conflict = 'f' // two roots of one size: the log's own signatures convict it
	watched  conflict = 'w' // entries that do not hash to the root: the log signed the root, not the entries
	unproven conflict = 'u' // a larger tree whose proof does not hold: the log or the sender is at fault
)

// maxEvidence is how many checkpoints of each kind are kept for an origin. The first ones are
// kept: they are nearest to where a history split, and nobody can wash them out. Anyone can send
// an honest checkpoint with a wrong proof, so those have a bound of their own.
var maxEvidence = map[conflict]int{fork: 64, unproven: 16, watched: 16}

// Evidence is a checkpoint that the log has signed and that was refused, beside the one that was
// held then (TW-10).
type Evidence struct {
	Origin  string    `json:"origin"`
	Kind    string    `json:"kind"` // "fork", "unproven" or "watch"
	Time    time.Time `json:"time"`
	Held    string    `json:"held"`    // signed note, with our cosignatures; empty if there was none
	Offered string    `json:"offered"` // signed note, with the log's own lines; empty for "watch"
	Served  *Served   `json:"served,omitempty"`
}

// Served is what a log served as the entries of a checkpoint that it has signed, where they do not
// hash to its root. The log signs nothing about the entries that it serves, so this is the witness's
// word; what the log has signed is that the tree has the leaf Signed at Index.
type Served struct {
	Root   []byte   `json:"root"`             // that the served entries have
	Index  uint64   `json:"index"`            // of the first entry that is not the tree's, where Signed is known
	Leaf   []byte   `json:"leaf,omitempty"`   // hash of the entry served there
	Signed []byte   `json:"signed,omitempty"` // leaf hash that the signed tree has there; none: not found out
	Proof  [][]byte `json:"proof,omitempty"`  // of inclusion of Signed (RFC 6962)
}

func (c conflict) String() string {
	return map[conflict]string{none: "none", fork: "fork", unproven: "unproven", watched: "watch"}[c]
}

// keep stores evidence durably, once for each offered checkpoint and within the bound. It reports
// whether it did.
func (s *State) keep(kind conflict, offered receipt.Checkpoint, e Evidence) (bool, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	body := sha256.Sum256(offered.Body())
	prefix := append([]byte(e.Origin), 0, byte(kind))
	key := append(bytes.Clone(prefix), body[:]...)

	s.writing.Lock()
	defer s.writing.Unlock()
	kept := false
	err = s.update(func(tx *bolt.Tx) (bool, error) {
		b := tx.Bucket(evidenceBucket)
		if b.Get(key) != nil || count(b, prefix) >= maxEvidence[kind] {
			return false, nil
		}
		kept = true
		return true, b.Put(key, value)
	})
	if err != nil || !kept {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[e.Origin]++
	return true, nil
}

// Latest returns the checkpoint that was cosigned last for the origin, the time of the cosignature,
// and the signed note, which is nil if there was none.
func (s *State) Latest(origin string) (receipt.Checkpoint, time.Time, []byte, error) {
	r, err := s.latest(origin)
	return r.checkpoint, time.Unix(r.time, 0), r.note, err
}

// KeepServed stores durably that entries of the checkpoint do not hash to its root, once for each.
func (s *State) KeepServed(c receipt.Checkpoint, note []byte, served Served) error {
	_, err := s.keep(watched, c, Evidence{Origin: c.Origin, Kind: watched.String(), Time: time.Now().UTC(),
		Held: string(note), Served: &served})
	return err
}

// count counts the keys that begin with the prefix.
func count(b *bolt.Bucket, prefix []byte) (n int) {
	c := b.Cursor()
	for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Next() {
		n++
	}
	return n
}

// Evidence returns what was kept of all origins, ordered by origin and kind.
func (s *State) Evidence() (all []Evidence, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(evidenceBucket).ForEach(func(_, value []byte) error {
			var e Evidence
			err := json.Unmarshal(value, &e)
			all = append(all, e)
			return err
		})
	})
	return all, err
}

// keptOf returns how much evidence there is of an origin.
func (s *State) keptOf(origin string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[origin]
}
