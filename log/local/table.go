// SPDX-License-Identifier: Apache-2.0

package local

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// tableSize is how many entries a table takes before it becomes a run.
const tableSize = 1 << 18

// table is the part of the index that is in memory: the newest entries, by the first 64 bits of their
// leaf hashes. It is an open hash table; a slot is chosen by a multiplication that nobody outside
// knows, because keys are chosen by submitters.
type table struct {
	first  uint64 // index of the first entry that it can hold
	n      int
	secret uint64
	shift  int      // 64 − the binary logarithm of the number of slots
	keys   []uint64 // a power of two
	values []uint32 // index − first + 1; 0 is an empty slot
}

func newTable(first uint64) *table {
	t := &table{keys: make([]uint64, 1<<8), values: make([]uint32, 1<<8), shift: 64 - 8}
	t.reset(first)
	return t
}

// reset empties a table for the entries from first on.
func (t *table) reset(first uint64) {
	clear(t.values)
	t.first, t.n, t.secret = first, 0, rand.Uint64()|1
}

// grow makes room for n more, so that a quarter of the slots stays empty.
func (t *table) grow(n int) {
	if 4*(t.n+n) <= 3*len(t.keys) {
		return
	}
	old := *t
	for 4*(t.n+n) > 3*(1<<(64-t.shift)) {
		t.shift--
	}
	t.keys, t.values = make([]uint64, 1<<(64-t.shift)), make([]uint32, 1<<(64-t.shift))
	for i, v := range old.values {
		if v == 0 {
			continue
		}
		slot := t.slot(old.keys[i])
		for t.values[slot] != 0 {
			slot = t.after(slot)
		}
		t.keys[slot], t.values[slot] = old.keys[i], v
	}
}

func (t *table) full() bool { return t.n >= tableSize }

func (t *table) end() uint64 { return t.first + uint64(t.n) }

// slot returns where the search for a key begins; those after it follow.
func (t *table) slot(key uint64) int { return int((key * t.secret) >> t.shift) }

func (t *table) after(slot int) int { return (slot + 1) & (len(t.keys) - 1) }

// find returns the index under key at or after a slot, and where to look for another; ok is false
// when there is none, and slot is then the one to put it.
func (t *table) find(key uint64, slot int) (index uint64, next int, ok bool) {
	for {
		v := t.values[slot]
		if v == 0 {
			return 0, slot, false
		}
		next = t.after(slot)
		if t.keys[slot] == key {
			return t.first + uint64(v) - 1, next, true
		}
		slot = next
	}
}

// put fills a slot that find has returned as empty with the next index.
func (t *table) put(key uint64, slot int) {
	t.n++
	t.keys[slot], t.values[slot] = key, uint32(t.n)
}

// drop takes back the entries put last, newest first, so that no search is cut short.
func (t *table) drop(keys []uint64) {
	for _, key := range slices.Backward(keys) {
		for slot := t.slot(key); ; slot = t.after(slot) {
			if t.values[slot] == uint32(t.n) {
				t.values[slot] = 0
				break
			}
		}
		t.n--
	}
}

// sorted returns what the table holds, ascending by key: chosen into buckets, then each bucket sorted.
func (t *table) sorted() []pair {
	const bits = 15
	var counts [1<<bits + 1]int
	for slot, v := range t.values {
		if v != 0 {
			counts[t.keys[slot]>>(64-bits)+1]++
		}
	}
	for i := range 1 << bits {
		counts[i+1] += counts[i]
	}
	pairs, at := make([]pair, t.n), counts
	for slot, v := range t.values {
		if v != 0 {
			b := t.keys[slot] >> (64 - bits)
			pairs[at[b]] = pair{t.keys[slot], t.first + uint64(v) - 1}
			at[b]++
		}
	}
	for b := range 1 << bits {
		slices.SortFunc(pairs[counts[b]:counts[b+1]], func(x, y pair) int {
			return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.index, y.index))
		})
	}
	return pairs
}
