// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"cocket.example/receipt"
)

// seed is a source of "random" bytes for keys that are the same in every run.
func seed(s string) *bytes.Reader {
	sum := sha256.Sum256([]byte(s))
	return bytes.NewReader(sum[:])
}

// branch is a history of a log. Two branches have their first shared entries in common.
type branch struct {
	name   string
	shared int
}

var trunk = branch{name: "trunk", shared: 1 << 30}

func (b branch) leaf(i int) receipt.Hash {
	name := b.name
	if i < b.shared {
		name = "trunk"
	}
	return sha256.Sum256(fmt.Appendf(nil, "\x00%s entry %d", name, i))
}

// root is MTH of RFC 6962, 2.1, over the entries [from, to), word for word.
func (b branch) root(from, to int) receipt.Hash {
	switch n := to - from; n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return b.leaf(from)
	default:
		k := split(n)
		left, right := b.root(from, from+k), b.root(from+k, to)
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// split is the largest power of two smaller than n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// consistency is PROOF of RFC 6962, 2.1.2: from the first m entries to the first n.
func (b branch) consistency(m, n int) []receipt.Hash {
	if m == 0 || m == n {
		return nil
	}
	return b.subproof(m, 0, n, true)
}

func (b branch) subproof(m, from, to int, whole bool) []receipt.Hash {
	n := to - from
	if m == n {
		if whole {
			return nil
		}
		return []receipt.Hash{b.root(from, to)}
	}
	if k := split(n); m <= k {
		return append(b.subproof(m, from, from+k, whole), b.root(from+k, to))
	} else {
		return append(b.subproof(m-k, from+k, to, false), b.root(from, from+k))
	}
}

// testLog is a log that signs whatever a test wants.
type testLog struct {
	origin string
	signer *receipt.Signer
	key    receipt.VerifierKey
}

func newTestLog(t testing.TB, origin string) testLog {
	t.Helper()
	return newTestLogFrom(t, origin, origin)
}

// newTestLogFrom makes a log of that origin with the key that follows from the name.
func newTestLogFrom(t testing.TB, origin, name string) testLog {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(seed("log "+name), receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return testLog{origin, signer, key}
}

func (l testLog) head(b branch, size int) receipt.Checkpoint {
	return receipt.Checkpoint{Origin: l.origin, Size: uint64(size), Root: b.root(0, size)}
}

func (l testLog) sign(t testing.TB, c receipt.Checkpoint) []byte {
	t.Helper()
	signed, err := c.Sign(l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// grow is the honest request from the branch's first m entries to its first n.
func (l testLog) grow(t testing.TB, b branch, m, n int) []byte {
	t.Helper()
	return receipt.AddCheckpoint{
		Old: uint64(m), Proof: b.consistency(m, n), Checkpoint: l.sign(t, l.head(b, n)),
	}.Bytes()
}
