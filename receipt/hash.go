// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto/sha256"

	"github.com/transparency-dev/merkle/rfc6962"
)

// hasher hashes as RFC 6962 section 2.1 says. It is merkle's, but for nodes, of which a proof has many:
// there it saves the allocations.
type hasher struct{ *rfc6962.Hasher }

var sha256Tree = hasher{rfc6962.DefaultHasher}

// HashChildren returns the hash of a node, whose children have hashes of 32 bytes.
func (hasher) HashChildren(left, right []byte) []byte {
	h := parent(Hash(left), Hash(right))
	return h[:]
}

// parent returns SHA-256(0x01 ‖ left ‖ right).
func parent(left, right Hash) Hash {
	var node [1 + 2*sha256.Size]byte
	node[0] = rfc6962.RFC6962NodeHashPrefix
	copy(node[1:], left[:])
	copy(node[1+sha256.Size:], right[:])
	return sha256.Sum256(node[:])
}
