// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"cocket.example/internal/strict"
)

// Subtree is the tree over the entries Start to End-1 of a log, and its hash. A checkpoint is the
// one that begins at 0. It is comparable.
type Subtree struct {
	Origin     string
	Start, End uint64
	Hash       Hash
}

// subtree is the whole tree of the checkpoint (CS-13).
func (c Checkpoint) subtree() Subtree { return Subtree{c.Origin, 0, c.Size, c.Root} }

// checkRange refuses what is no subtree of any tree: one is not empty, and begins at a multiple of
// the smallest power of two that it fits into (TW-22).
func (s Subtree) checkRange() error {
	if s.Start >= s.End || s.End > math.MaxInt64 {
		return fmt.Errorf("subtree [%d, %d): want the start below the end, and that below 2^63 (TW-22)",
			s.Start, s.End)
	}
	if room := uint64(1) << bits.Len64(s.End-s.Start-1); s.Start%room != 0 {
		return fmt.Errorf("subtree [%d, %d): want a start that is a multiple of %d (TW-22)", s.Start, s.End, room)
	}
	return nil
}

// CheckConsistent verifies a subtree consistency proof: that the tree of the checkpoint, which is
// believed, holds the subtree. It looks at no signature.
func (s Subtree) CheckConsistent(cp Checkpoint, proof []Hash) error {
	if s.Origin != cp.Origin {
		return fmt.Errorf("subtree of %q, checkpoint of %q", s.Origin, cp.Origin)
	}
	if err := s.checkRange(); err != nil {
		return err
	}
	hash, root, err := s.lead(cp.Size, proof)
	switch {
	case err != nil:
		return err
	case hash != s.Hash:
		return fmt.Errorf("the proof leads to another hash of the subtree [%d, %d)", s.Start, s.End)
	case root != cp.Root:
		return fmt.Errorf("the proof leads to another root of the tree of %d", cp.Size)
	}
	return nil
}

// lead follows a subtree consistency proof upwards, and returns the hash of the subtree and the root
// of the tree of that size that it leads to. It begins at the largest node that ends where the
// subtree ends and lies within it: the first hash of the proof, or the subtree itself. Each further
// hash stands on the left or on the right of what has been hashed so far. In a tree of size 8, from
// the subtree [0, 6), which is a and c, with the proof c, d, a:
//
//	level 3         root         root  = H(a, b)
//	              ┌──┴──┐
//	level 2       a     b        [0,6) = H(a, c)
//	            ┌─┴─┐ ┌─┴─┐
//	level 1         │ c   d      b     = H(c, d)
//
// The indexes are those of RFC 9162, section 2.1.4.2: of the subtree's first and last node and of the
// tree's last node, in the level that has been reached. To the left both hashes grow, to the right
// only the root.
func (s Subtree) lead(size uint64, proof []Hash) (hash, root Hash, err error) {
	if s.End > size {
		return hash, root, fmt.Errorf("subtree [%d, %d) of a tree of size %d", s.Start, s.End, size)
	}
	first, last, edge := s.Start, s.End-1, size-1
	up := func() { first, last, edge = first/2, last/2, edge/2 }
	for first != last && (last == edge || last%2 == 1) {
		up()
	}
	hash, rest := s.Hash, proof
	if first != last {
		if len(rest) == 0 {
			return hash, root, errors.New("the proof has too few hashes")
		}
		hash, rest = rest[0], rest[1:]
	}
	root = hash
	for _, h := range rest {
		if edge == 0 {
			return hash, root, errors.New("the proof has too many hashes")
		}
		if last%2 == 1 || last == edge {
			if first < last {
				hash = parent(h, hash)
			}
			root = parent(h, root)
			for last%2 == 0 { // unpaired at the tree's edge, and not 0, because edge is not
				up()
			}
		} else {
			root = parent(root, h)
		}
		up()
	}
	if edge != 0 {
		return hash, root, errors.New("the proof has too few hashes")
	}
	return hash, root, nil
}

// message returns what a key whose signatures state a time signs: of type 0x04 a checkpoint, which
// the subtree then is.
func (s Subtree) message(k strict.Key, unix uint64) []byte {
	if KeyType(k.Type) == MLDSA44 {
		return s.labelled(k.Name, unix)
	}
	return cosigned(Checkpoint{s.Origin, s.End, s.Hash}, unix)
}

// labelled returns what an ML-DSA-44 signature signs (CS-12), all integers big-endian:
//
//	 12  "subtree/v1\n\x00"
//	1+n  length and name of the signer
//	  8  POSIX seconds; 0 makes no claim that the tree is the largest (CS-14)
//	1+n  length and origin of the log
//	  8  start: 0 for a checkpoint
//	  8  end: the size
//	 32  hash: the root
//
// Names and origins have 1 to 255 bytes, see strict.Name. Extension lines are not in it, so that
// anyone could add some: there are never any (CP-6, CS-15).
func (s Subtree) labelled(name string, unix uint64) []byte {
	b := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint64(b, unix)
	b = append(b, byte(len(s.Origin)))
	b = append(b, s.Origin...)
	b = binary.BigEndian.AppendUint64(b, s.Start)
	b = binary.BigEndian.AppendUint64(b, s.End)
	return append(b, s.Hash[:]...)
}

// CosignSubtree states that a tree which this key has cosigned holds the subtree. Its time is 0
// (CS-13, TW-23). A key of type 0x04 cannot.
func (c *Cosigner) CosignSubtree(s Subtree) (Signature, error) {
	if KeyType(c.vkey.Type) != MLDSA44 {
		return Signature{}, fmt.Errorf("key %s has type 0x%02x, subtrees are signed with 0x06",
			c.vkey.Name, c.vkey.Type)
	}
	if err := errors.Join(s.checkRange(), strict.Name(s.Origin)); err != nil {
		return Signature{}, err
	}
	sig, err := c.signTimed(s, 0)
	return Signature{Name: c.vkey.Name, ID: c.vkey.ID, Sig: sig}, err
}

// VerifySubtree checks the cosignature of this key, of type 0x06, over a subtree. Its time must be 0
// (CS-13).
func (k VerifierKey) VerifySubtree(s Subtree, sig Signature) error {
	if KeyType(k.Type) != MLDSA44 {
		return fmt.Errorf("key %s has type 0x%02x, subtrees are signed with 0x06", k.Name, k.Type)
	}
	if !k.signed(sig) {
		return ErrNoSignature
	}
	if err := errors.Join(s.checkRange(), strict.Name(s.Origin)); err != nil {
		return err
	}
	at, err := k.verifyTimed(s, sig)
	if err == nil && !at.IsZero() {
		return fmt.Errorf("cosignature of a subtree at %s, want the time 0 (CS-13)", at.Format(time.RFC3339))
	}
	return err
}
