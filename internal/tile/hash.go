// SPDX-License-Identifier: Apache-2.0

package tile

import (
	"crypto/sha256"
	"math/bits"
)

// Hasher hashes leaves and nodes as RFC 6962 section 2.1 does, without an allocation for each. The
// zero value is ready; it is not for use by several goroutines at once.
type Hasher struct{ buf []byte }

// Leaf returns SHA-256(0x00 ‖ entry).
func (h *Hasher) Leaf(entry []byte) [32]byte {
	h.buf = append(append(h.buf[:0], 0), entry...)
	return sha256.Sum256(h.buf)
}

// Subtree returns the root of the complete subtree over a run of hashes, whose number is a power
// of two up to 256. Level by level it hashes pairs, in place, in a copy:
//
//	h0 h1 h2 h3      h01 h23 ·  ·      h0123 ·  ·  ·
func (h *Hasher) Subtree(hashes []byte) [32]byte {
	if n := len(hashes) / HashSize; bits.OnesCount(uint(n)) != 1 {
		panic("a complete subtree has a power of two leaves")
	}
	h.buf = append(h.buf[:0], hashes...)
	var node [1 + 2*HashSize]byte
	node[0] = 1
	for n := len(hashes); n > HashSize; n /= 2 {
		for at := 0; at < n; at += 2 * HashSize {
			copy(node[1:], h.buf[at:at+2*HashSize])
			sum := sha256.Sum256(node[:])
			copy(h.buf[at/2:], sum[:])
		}
	}
	return [32]byte(h.buf)
}

// Node returns SHA-256(0x01 ‖ left ‖ right).
func Node(left, right [32]byte) [32]byte {
	var node [1 + 2*HashSize]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+HashSize:], right[:])
	return sha256.Sum256(node[:])
}

// Subtree returns the root of the complete subtree over a run of hashes; see Hasher.Subtree.
func Subtree(hashes []byte) []byte {
	if len(hashes) == HashSize {
		return hashes
	}
	var h Hasher
	root := h.Subtree(hashes)
	return root[:]
}
