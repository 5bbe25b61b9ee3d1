// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/binary"
	"sync"
)

// index finds entries by leaf hash. It keeps 64 bits of each hash and asks for the stored leaf
// hash before it answers: leaf hashes are chosen by submitters, who can find two that agree in 64
// bits. Those that do are kept whole. It is derived from the tree and never stored.
type index struct {
	mu     sync.RWMutex
	prefix map[uint64]uint64
	rest   map[[32]byte]uint64 // whose prefix another entry took first
}

func newIndex() *index {
	return &index{prefix: make(map[uint64]uint64), rest: make(map[[32]byte]uint64)}
}

// add records a leaf hash that is not held yet.
func (x *index) add(leaf [32]byte, i uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := binary.BigEndian.Uint64(leaf[:])
	if _, taken := x.prefix[p]; taken {
		x.rest[leaf] = i
		return
	}
	x.prefix[p] = i
}

// find returns the index of a leaf hash; leafAt reads the stored leaf hash of an index.
func (x *index) find(leaf [32]byte, leafAt func(uint64) ([32]byte, error)) (uint64, bool, error) {
	x.mu.RLock()
	i, ok := x.prefix[binary.BigEndian.Uint64(leaf[:])]
	j, collided := x.rest[leaf]
	x.mu.RUnlock()
	if collided {
		return j, true, nil
	}
	if !ok {
		return 0, false, nil
	}
	stored, err := leafAt(i)
	return i, err == nil && stored == leaf, err
}
