// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// twin is the tree of a log as the definitions have it, word for word. Its entries are the bytes 0, 1, …
type twin map[[2]uint64]receipt.Hash

// hash is MTH of RFC 6962, 2.1, over the entries [from, to), each computed once.
func (w twin) hash(from, to uint64) receipt.Hash {
	if h, ok := w[[2]uint64{from, to}]; ok {
		return h
	}
	switch n := to - from; n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		w[[2]uint64{from, to}] = sha256.Sum256([]byte{0, byte(from)})
	default:
		left, right := w.hash(from, from+halve(n)), w.hash(from+halve(n), to)
		w[[2]uint64{from, to}] = sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
	}
	return w[[2]uint64{from, to}]
}

// halve is the largest power of two below n.
func halve(n uint64) uint64 {
	k := uint64(1)
	for 2*k < n {
		k *= 2
	}
	return k
}

// prove is SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs, 4.4.1: that the tree over the entries
// [from, to) holds the subtree [start, end), whose hash is known or not.
func (w twin) prove(span, tree [2]uint64, known bool) []receipt.Hash {
	start, end, from, to := span[0], span[1], tree[0], tree[1]
	if start == from && end == to {
		if known {
			return nil
		}
		return []receipt.Hash{w.hash(from, to)}
	}
	k := from + halve(to-from)
	switch {
	case end <= k:
		return append(w.prove(span, [2]uint64{from, k}, known), w.hash(k, to))
	case k <= start:
		return append(w.prove(span, [2]uint64{k, to}, known), w.hash(from, k))
	}
	return append(w.prove([2]uint64{k, end}, [2]uint64{k, to}, false), w.hash(from, k))
}

// aligned is the definition of a subtree: its start is a multiple of BIT_CEIL(end - start). The draft
// of today has empty ones too.
func aligned(start, end uint64) bool {
	room := uint64(1)
	for room < end-start {
		room *= 2
	}
	return start%room == 0
}

// TestSubtreeVectors folds the twin's proofs into the digest that the draft publishes for all of its
// subtrees, the empty ones included.
func TestSubtreeVectors(t *testing.T) {
	soak.NoRace(t)
	w, sum := twin{}, sha256.New()
	for n := range uint64(131) {
		for end := range n + 1 {
			for start := range end + 1 {
				if !aligned(start, end) {
					continue
				}
				fmt.Fprintf(sum, "[%d, %d) %d", start, end, n)
				if start < end {
					for _, h := range w.prove([2]uint64{start, end}, [2]uint64{0, n}, true) {
						fmt.Fprintf(sum, " %x", h)
					}
				}
				fmt.Fprintln(sum)
			}
		}
	}
	const want = "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// TestSubtreeConsistency: of every tree of up to 64 entries every subtree is accepted with the twin's
// proof, everything else is no subtree (TW-22); and no proof holds that is changed at all.
func TestSubtreeConsistency(t *testing.T) {
	soak.NoRace(t)
	w, subtrees := twin{}, 0
	for n := range uint64(65) {
		cp := receipt.Checkpoint{Origin: origin, Size: n, Root: w.hash(0, n)}
		for end := range n + 2 {
			for start := range end + 2 {
				s := receipt.Subtree{Origin: origin, Start: start, End: end}
				if start >= end || end > n || !aligned(start, end) {
					if s.CheckConsistent(cp, nil) == nil {
						t.Fatalf("[%d, %d) of %d is accepted", start, end, n)
					}
					continue
				}
				s.Hash = w.hash(start, end)
				p := w.prove([2]uint64{start, end}, [2]uint64{0, n}, true)
				if err := s.CheckConsistent(cp, p); err != nil {
					t.Fatalf("[%d, %d) of %d: %v", start, end, n, err)
				}
				tamperSubtree(t, s, cp, p)
				subtrees++
			}
		}
	}
	t.Logf("%d subtrees", subtrees)
}

// tamperSubtree changes one thing at a time.
func tamperSubtree(t *testing.T, s receipt.Subtree, cp receipt.Checkpoint, p []receipt.Hash) {
	t.Helper()
	refuse := func(what string, s receipt.Subtree, cp receipt.Checkpoint, p []receipt.Hash) {
		t.Helper()
		if s.CheckConsistent(cp, p) == nil {
			t.Fatalf("%s: %+v of %d is accepted", what, s, cp.Size)
		}
	}
	flip := func(h receipt.Hash) receipt.Hash { h[7] ^= 4; return h }
	other, grown, elsewhere := s, cp, cp
	other.Hash, grown.Root, elsewhere.Origin = flip(s.Hash), flip(cp.Root), "log.example/b"
	refuse("another hash", other, cp, p)
	refuse("another root", s, grown, p)
	refuse("another log", s, elsewhere, p)
	refuse("a hash more", s, cp, append(slices.Clone(p), cp.Root))
	refuse("a hash more at first", s, cp, append([]receipt.Hash{s.Hash}, p...))
	for i := range p {
		changed := slices.Clone(p)
		changed[i] = flip(p[i])
		refuse("a bit flipped", s, cp, changed)
		refuse("a hash less", s, cp, slices.Delete(slices.Clone(p), i, i+1))
		if i > 0 {
			changed = slices.Clone(p)
			changed[i], changed[i-1] = p[i-1], p[i]
			refuse("hashes swapped", s, cp, changed)
		}
	}
}

// TestSubtreeOfPrefix: of subtrees that begin at 0 merkle and x/mod say the same.
func TestSubtreeOfPrefix(t *testing.T) {
	reference := newTree(64)
	for n := int64(1); n <= 64; n++ {
		for m := int64(1); m <= n; m++ {
			older, newer := reference.checkpoint(m), reference.checkpoint(n)
			var theirs [][]byte
			var ours []receipt.Hash
			for _, h := range must(tlog.ProveTree(n, m, reference)) {
				theirs, ours = append(theirs, h[:]), append(ours, receipt.Hash(h))
			}
			s := receipt.Subtree{Origin: origin, End: uint64(m), Hash: older.Root}
			err := s.CheckConsistent(newer, ours)
			err2 := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(m), uint64(n), theirs,
				older.Root[:], newer.Root[:])
			if err != nil || err2 != nil {
				t.Fatalf("from %d to %d: %v, merkle %v", m, n, err, err2)
			}
		}
	}
}

// TestSubtreeOfHugeTree: the largest sizes neither overflow nor go on for ever.
func TestSubtreeOfHugeTree(t *testing.T) {
	const size = 1<<63 - 1
	cp := receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash{1}}
	for _, s := range []receipt.Subtree{
		{End: size}, {End: size - 1}, {Start: 1 << 62, End: size}, {Start: size - 1, End: size}, {End: 1 << 62},
	} {
		s.Origin = origin
		for n := range 70 {
			if s.CheckConsistent(cp, make([]receipt.Hash, n)) == nil {
				t.Errorf("%+v is accepted with %d hashes of zeros", s, n)
			}
		}
	}
}

func subtreeKey(b byte, name string) (*receipt.Cosigner, receipt.VerifierKey) {
	skey, vkey, err := receipt.GenerateKey(seed(b), receipt.MLDSA44, name)
	if err != nil {
		panic(err)
	}
	return must(receipt.NewCosigner(skey)), must(receipt.ParseVerifierKey(vkey))
}

// TestCosignSubtree: the signature holds for the very subtree that was signed, states the time 0 (CS-13,
// TW-23), and is made with ML-DSA-44 alone.
func TestCosignSubtree(t *testing.T) {
	cosigner, key := subtreeKey(3, "w.example")
	s := receipt.Subtree{Origin: origin, Start: 4, End: 7, Hash: receipt.Hash{9}}
	sig := must(cosigner.CosignSubtree(s))
	if unix := binary.BigEndian.Uint64(sig.Sig); unix != 0 {
		t.Errorf("states the time %d", unix)
	}
	if err := key.VerifySubtree(s, sig); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*receipt.Subtree){
		"origin": func(s *receipt.Subtree) { s.Origin = "log.example/b" },
		"start":  func(s *receipt.Subtree) { s.Start, s.End = 0, 7 },
		"end":    func(s *receipt.Subtree) { s.End = 8 },
		"hash":   func(s *receipt.Subtree) { s.Hash[0]++ },
	} {
		other := s
		change(&other)
		if key.VerifySubtree(other, sig) == nil {
			t.Errorf("holds for another %s", name)
		}
	}
	for _, bad := range []receipt.Subtree{
		{Origin: origin, Start: 4, End: 4}, {Origin: origin, Start: 3, End: 5}, {Origin: "a b", End: 1}, {End: 1},
		{Origin: origin, End: 1<<64 - 1}, {Origin: origin, End: 1 << 63},
		{Origin: strings.Repeat("a", 256), End: 1},
	} {
		if _, err := cosigner.CosignSubtree(bad); err == nil {
			t.Errorf("signs %+v", bad)
		}
		cp := receipt.Checkpoint{Origin: bad.Origin, Size: 4}
		if key.VerifySubtree(bad, sig) == nil || bad.CheckConsistent(cp, nil) == nil {
			t.Errorf("accepts %+v", bad)
		}
	}
	ed25519, edKey := witnessKey(4, "w.example")
	_, err := ed25519.CosignSubtree(s)
	wantError(t, err, "subtrees are signed with 0x06")
	wantError(t, edKey.VerifySubtree(s, sig), "subtrees are signed with 0x06")
}

// TestSubtreeIsNoCheckpoint: a signature over the tree from 0, which has the form of one over a
// checkpoint, makes no claim of a time; one over a checkpoint is none over a subtree (CS-13, CS-14).
func TestSubtreeIsNoCheckpoint(t *testing.T) {
	cosigner, key := subtreeKey(3, "w.example")
	cp := newTree(5).checkpoint(5)
	s := receipt.Subtree{Origin: origin, End: 5, Hash: cp.Root}
	at, err := key.VerifyCosignature(cp, must(cosigner.CosignSubtree(s)))
	if err != nil || !at.IsZero() {
		t.Errorf("as a cosignature: %v, %v", at, err)
	}
	wantError(t, key.VerifySubtree(s, must(cosigner.Cosign(cp, time.Unix(1, 0)))), "want the time 0")
}
