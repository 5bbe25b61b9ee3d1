// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cocket.example/receipt"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// conflict is how an offered checkpoint disagrees with the one held.
type conflict byte

const (
	none     conflict = 0
	fork     conflict = 'f' // two trees that contradict each other: the log's own signatures convict it
	unproven conflict = 'u' // a larger tree whose proof does not hold: the log or the sender is at fault
	served   conflict = 's' // entries that do not hash to the root: the log signed the root, not the entries

	contradiction conflict = 'c' // two cosignatures of this witness, of which it can have made only one
	foreign       conflict = 'k' // of another one that it keeps for; its Kind is "contradiction", too
)

// maxEvidence is how many checkpoints of each kind are kept for an origin, those of kind foreign for each
// other witness. The first ones are kept: they are nearest to where a history split, and nobody can wash
// them out. Anyone can send an honest checkpoint with a wrong proof, so those have a bound of their own.
var maxEvidence = map[conflict]int{fork: 64, unproven: 16, served: 16, contradiction: 16, foreign: 16}

// Evidence is a checkpoint that the log has signed and that was refused, beside the one that was
// held then (TW-10); or a fork that was found otherwise.
type Evidence struct {
	ID      string    `json:"id,omitempty"` // 12 hexadecimal digits; not stored, but derived of the key
	Origin  string    `json:"origin"`
	Kind    string    `json:"kind"` // "fork", "unproven", "served" or "contradiction"
	Time    time.Time `json:"time"`
	Held    string    `json:"held,omitempty"`    // signed note, with our cosignatures; empty if there was none
	Offered string    `json:"offered,omitempty"` // signed note, with the log's own lines; empty for "served"
	Proof   string    `json:"proof,omitempty"`   // a fork (receipt.ParseFork); empty if there is none
	Served  *Served   `json:"served,omitempty"`

	keeper string // keeperOf the other witness, with kind foreign; not stored, but part of the key
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
	return map[conflict]string{
		none: "none", fork: "fork", unproven: "unproven", served: "served", contradiction: "contradiction",
		foreign: "contradiction",
	}[c]
}

// Fork returns the proof that convicts the log, or why there is none.
func (e Evidence) Fork() (receipt.Fork, error) {
	if e.Kind == contradiction.String() {
		return receipt.Fork{}, errors.New("no proof against the log: the two checkpoints convict the witness that " +
			"has cosigned both")
	}
	if e.Kind == served.String() {
		return receipt.Fork{}, errors.New("no proof against the log: it has signed nothing about the entries that it " +
			"served")
	}
	if e.Proof == "" {
		return receipt.Fork{}, errors.New("no proof: the checkpoint came with a consistency proof that does not " +
			"hold, and that may be the fault of whoever sent it or of the log")
	}
	return receipt.ParseFork([]byte(e.Proof))
}

// Checkpoints returns the checkpoints that disagree, without looking at their signatures.
func (e Evidence) Checkpoints() (list []receipt.Checkpoint, err error) {
	if e.Proof != "" {
		f, err := e.Fork()
		return f.Checkpoints(), err
	}
	for _, note := range []string{e.Held, e.Offered} {
		if note == "" {
			continue
		}
		c, _, err := receipt.ParseCheckpoint([]byte(note))
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// convict makes a fork of the checkpoint held and the one that was refused, if the log's signatures
// under them are a proof by themselves. Of a larger tree they are together with a consistency proof
// that leads to its root from another root than the one held: so a log proves that it has forked
// when it tries to go on.
func (r request) convict(held record, offered []byte) (receipt.Fork, error) {
	size := held.checkpoint.Size
	switch {
	case r.checkpoint.Size == 0:
		return receipt.NewFork(offered, nil, receipt.Prefix{})
	case r.checkpoint.Size == size:
		return receipt.NewFork(held.note, offered, receipt.Prefix{})
	}
	prefix, err := r.checkpoint.Prefix(size, r.proof)
	if err != nil {
		return receipt.Fork{}, err
	}
	return receipt.NewFork(held.note, offered, prefix)
}

// keep stores evidence durably, once for each offered body and within the bound. It reports whether it
// did.
func (s *State) keep(kind conflict, offered []byte, e Evidence) (bool, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	body := sha256.Sum256(offered)
	prefix := append([]byte(e.Origin), 0, byte(kind))
	prefix = append(prefix, e.keeper...)
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
	if err != nil || !kept || kind == foreign {
		return kept && err == nil, err
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
func (s *State) KeepServed(c receipt.Checkpoint, note []byte, what Served) error {
	_, err := s.keep(served, c.Body(), Evidence{Origin: c.Origin, Kind: served.String(), Time: time.Now().UTC(),
		Held: string(note), Served: &what})
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
	err = s.db.View(func(tx *bolt.Tx) (err error) {
		all, err = list(tx)
		return err
	})
	return all, err
}

func list(tx *bolt.Tx) (all []Evidence, err error) {
	err = tx.Bucket(evidenceBucket).ForEach(func(key, value []byte) error {
		var e Evidence
		err := json.Unmarshal(value, &e)
		sum := sha256.Sum256(key)
		e.ID = hex.EncodeToString(sum[:6])
		all = append(all, e)
		return err
	})
	return all, err
}

// ErrInUse means that another process, which will be the witness itself, has opened the state.
var ErrInUse = errors.New("the state is in use by another process")

// EvidenceIn returns what a state holds that no process has opened, and writes nothing. Where one has,
// it returns ErrInUse.
func EvidenceIn(path string) (all []Evidence, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: lockTimeout / 10})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		if err := emptyState().load(tx); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all, err = list(tx)
		return err
	})
	return all, errors.Join(err, db.Close())
}

// keptOf returns how much evidence there is of an origin, but of other witnesses.
func (s *State) keptOf(origin string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[origin]
}
